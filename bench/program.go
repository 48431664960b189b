package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// program is the running product, over a PostgreSQL of its own that counts statements.
type program struct {
	data, url, key, dsn, ref string
	server                   *exec.Cmd
	callers                  *callers
}

// begin starts the program on an empty folder and publishes the standard journey.
func begin(ctx context.Context, binary string) (*program, error) {
	data, err := os.MkdirTemp("", "kohomai-bench-")
	if err != nil {
		return nil, err
	}
	p := &program{data: data}
	if err := p.prepare(ctx, binary); err != nil {
		p.end()
		return nil, err
	}
	p.callers = newCallers(strings.TrimPrefix(p.url, "http://"), p.key, p.ref)
	return p, nil
}

// prepare starts the program twice: the first start makes the cluster, the second runs
// with its statements counted.
func (p *program) prepare(ctx context.Context, binary string) error {
	if err := p.start(ctx, binary); err != nil {
		return err
	}
	if err := p.count(ctx); err != nil {
		return err
	}
	p.stop()
	if err := p.start(ctx, binary); err != nil {
		return err
	}
	return p.publish(ctx)
}

func (p *program) start(ctx context.Context, binary string) error {
	p.server = exec.CommandContext(ctx, binary, "serve", "--demo") // #nosec G204 -- the program under test
	p.server.Env = append(os.Environ(), "DATABASE_URL=", "KOHOMAI_ADDR=127.0.0.1:0", "KOHOMAI_RATE_LIMIT=off", "KOHOMAI_DATA_DIR="+p.data)
	var log bytes.Buffer
	p.server.Stderr = &log
	if err := p.server.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(p.data, "server.json")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the program did not start: %s", log.String())
		}
	}
	var demo struct{ URL, ApiKey string } // the published names
	var address struct{ URL string }
	for name, into := range map[string]any{"demo.json": &demo, "pg.json": &address} {
		raw, err := os.ReadFile(filepath.Join(p.data, name)) // #nosec G304 -- our own folder
		if err != nil {
			return err
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return err
		}
	}
	p.url, p.key, p.dsn = demo.URL, demo.ApiKey, address.URL
	return nil
}

func (p *program) count(ctx context.Context) error {
	c, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	_, err = c.Exec(ctx, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
	return err
}

func (p *program) stop() {
	if p.server != nil && p.server.Process != nil {
		_ = p.server.Process.Signal(syscall.SIGTERM)
		_ = p.server.Wait()
	}
}

func (p *program) end() {
	p.stop()
	// A program run as root keeps its cluster where PostgreSQL's own user can reach it.
	if raw, err := os.ReadFile(filepath.Join(p.data, "postgres.path")); err == nil { // #nosec G304 G703 -- our own folder, and the one the program under test named there
		_ = os.RemoveAll(strings.TrimSpace(string(raw)))
	}
	_ = os.RemoveAll(p.data)
}

// publish makes the standard journey a funnel of the demo workspace.
func (p *program) publish(ctx context.Context) error {
	var f struct {
		Id      int64 // the published name
		Origins []struct{ Ref string }
	}
	if err := p.ask(ctx, "/funnels", `{"Definition":`+definition()+`}`, &f); err != nil {
		return err
	}
	p.ref = f.Origins[0].Ref
	return p.ask(ctx, fmt.Sprintf("/funnels/%d/publish", f.Id), `{}`, nil)
}

func (p *program) ask(ctx context.Context, path, body string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.key)
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
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
func (p *program) register(_ context.Context, n int64) error {
	if err := p.callers.register(n); err != nil {
		return err
	}
	acknowledged.kohomai.Add(1)
	return nil
}

// standard is the standard journey: data points of the lead, its address and the
// registration, two decisions, three stages of two automatic activities without effect.
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
