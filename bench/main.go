package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	binary  = flag.String("binary", "bin/kohomai", "the built program")
	seconds = flag.Duration("for", 10*time.Second, "how long each turn lasts")
	turns   = flag.Int("turns", 2, "how often the two take turns")
	callers = flag.Int("callers", 128, "how many registrations are in flight")
)

// standard is the standard journey: six data points, two decisions, three stages of two
// automatic activities without effect.
const standard = `{"Name":"Standard journey","Start":"one",
"DataPoints":[{"Key":"data.a","Name":"A","Type":"Number"},{"Key":"data.b","Name":"B","Type":"Text"},{"Key":"data.c","Name":"C","Type":"Boolean"}],
"Nodes":[
{"Key":"one","Kind":"Decision","Branches":[{"Name":"Yes","When":"data.a > 10 && data.c","Next":"first"}],"Otherwise":"lost"},
{"Key":"first","Kind":"Stage","Next":"two","Activities":[%s,%s]},
{"Key":"two","Kind":"Decision","Branches":[{"Name":"Yes","When":"data.b == \"x\"","Next":"second"}],"Otherwise":"lost"},
{"Key":"second","Kind":"Stage","Next":"third","Activities":[%s,%s]},
{"Key":"third","Kind":"Stage","Next":"won","Activities":[%s,%s]},
{"Key":"won","Kind":"End","Result":"Converted"},{"Key":"lost","Kind":"End","Result":"NotQualified"}]}`

func definition() string {
	var a []any
	for i := range 6 {
		a = append(a, fmt.Sprintf(`{"Key":"act%d","Connector":"set","Assignee":{"Automatic":true},"Config":{"Values":{}}}`, i))
	}
	return fmt.Sprintf(standard, a...)
}

func main() {
	flag.Parse()
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	data, err := os.MkdirTemp("", "kohomai-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(data) }()
	server := exec.CommandContext(ctx, *binary, "serve", "--demo") // #nosec G204 -- the program under test
	server.Env = append(os.Environ(), "KOHOMAI_ADDR=127.0.0.1:0", "KOHOMAI_DATA_DIR="+data)
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	}()
	p, err := attach(data)
	if err != nil {
		return err
	}
	ladder, err := newRung(ctx, p.dsn)
	if err != nil {
		return err
	}
	var product, hand []float64
	var commits, walProduct, walHand []float64
	for range *turns {
		h, err := measure(ctx, p.dsn, "bench", ladder.register)
		if err != nil {
			return err
		}
		r, err := measure(ctx, p.dsn, "kohomai", p.register)
		if err != nil {
			return err
		}
		hand, product = append(hand, h.rate), append(product, r.rate)
		commits, walProduct, walHand = append(commits, r.commits), append(walProduct, r.wal), append(walHand, h.wal)
	}
	fmt.Printf("%-34s %12s %14s %16s\n", "", "journeys/s", "WAL bytes each", "commits each")
	fmt.Printf("%-34s %12.0f %14.0f\n", "hand-written, same batch", median(hand), median(walHand))
	fmt.Printf("%-34s %12.0f %14.0f %16.3f\n", "product through its HTTP API", median(product), median(walProduct), median(commits))
	ratio := median(product) / median(hand)
	fmt.Printf("P1 %.2f (goal of this stage 0.25, full goal 0.50) %s\n", ratio, verdict(ratio >= 0.25))
	fmt.Printf("P1 commits %.3f a journey (goal of this stage 0.2) %s\n", median(commits), verdict(median(commits) <= 0.2))
	return nil
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "NOT met"
}

func median(x []float64) float64 {
	x = slices.Clone(x)
	slices.Sort(x)
	return x[len(x)/2]
}

type result struct{ rate, commits, wal float64 }

// measure keeps the callers busy for a turn and counts what the database did meanwhile.
func measure(ctx context.Context, dsn, database string, register func(context.Context, int64) error) (result, error) {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return result{}, err
	}
	defer func() { _ = c.Close(ctx) }()
	count := func() (commits, wal float64, err error) {
		err = c.QueryRow(ctx, `SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = $1)::float8,
			(pg_current_wal_lsn() - '0/0')::float8`, database).Scan(&commits, &wal)
		return commits, wal, err
	}
	commits, wal, err := count()
	if err != nil {
		return result{}, err
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	begin := time.Now()
	stop := begin.Add(*seconds)
	var group sync.WaitGroup
	for range *callers {
		group.Go(func() {
			for time.Now().Before(stop) && failed.Load() == nil {
				if err := register(ctx, serial.Add(1)); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return result{}, *err
	}
	took := time.Since(begin).Seconds()
	time.Sleep(1200 * time.Millisecond) // backends report their counts once a second
	commits2, wal2, err := count()
	n := float64(done.Load())
	return result{rate: n / took, commits: (commits2 - commits) / n, wal: (wal2 - wal) / n}, err
}

var serial atomic.Int64

// program is the running product.
type program struct {
	url, key, dsn string
	client        *http.Client
}

func attach(data string) (*program, error) {
	p := &program{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(data, "server.json")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the server did not start")
		}
	}
	var demo struct{ URL, ApiKey string } //nolint:revive // the published names
	var address struct{ URL string }
	for name, into := range map[string]any{"demo.json": &demo, "pg.json": &address} {
		raw, err := os.ReadFile(filepath.Join(data, name)) // #nosec G304 -- our own folder
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return nil, err
		}
	}
	p.url, p.key, p.dsn = demo.URL, demo.ApiKey, address.URL
	var f struct {
		Id      int64                  //nolint:revive // the published name
		Origins []struct{ Ref string } // the funnel's own
	}
	if err := p.ask(context.Background(), "/funnels", `{"Definition":`+definition()+`}`, &f); err != nil {
		return nil, err
	}
	if err := p.ask(context.Background(), fmt.Sprintf("/funnels/%d/publish", f.Id), `{}`, nil); err != nil {
		return nil, err
	}
	ref = f.Origins[0].Ref
	return p, nil
}

var ref string

func (p *program) ask(ctx context.Context, path, body string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/v1"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	r.Header.Set("Content-Type", "application/json")
	w, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		return err
	}
	if w.StatusCode >= 300 {
		return fmt.Errorf("%s: %s: %s", path, w.Status, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// register registers one lead and insists on a journey that is converted by the answer.
func (p *program) register(ctx context.Context, n int64) error {
	var answer struct{ Journey struct{ Status string } }
	body := fmt.Sprintf(`{"Email":"lead%d@bench.example.org","Firstname":"Ada","JourneyData":[{"Name":"data.a","Value":42},{"Name":"data.b","Value":"x"},{"Name":"data.c","Value":true}]}`, n)
	if err := p.ask(ctx, "/leads?ref="+ref, body, &answer); err != nil {
		return err
	}
	if answer.Journey.Status != "Converted" {
		return fmt.Errorf("lead %d is %s", n, answer.Journey.Status)
	}
	return nil
}

func inDatabase(dsn, name string) string {
	before, after, _ := strings.Cut(dsn, "?")
	i := strings.LastIndex(before, "/")
	if after != "" {
		after = "?" + after
	}
	return before[:i+1] + name + after
}
