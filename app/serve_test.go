package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/embedpg"
)

// binary is the program, built once for the tests that run it as operators do.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kohomai-binary-*")
	if err != nil {
		return "", err
	}
	binaryDir = dir
	path := filepath.Join(dir, "kohomai")
	build := exec.Command("go", "build", "-o", path, "../cmd/kohomai")
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)))
	}
	return path, nil
})

// binaryDir is removed after all tests.
var binaryDir string

// process is a running kohomai.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	mu   sync.Mutex
	out  bytes.Buffer
	done chan error
}

// Write implements io.Writer, for both outputs.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func begin(t *testing.T, data string, entries []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, args...), done: make(chan error, 1)}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "KOHOMAI_") && !strings.HasPrefix(e, "DATABASE_URL=") {
			p.cmd.Env = append(p.cmd.Env, e)
		}
	}
	p.cmd.Env = append(append(p.cmd.Env, "KOHOMAI_DATA_DIR="+data, "KOHOMAI_ADDR=127.0.0.1:0"), entries...)
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if root, err := filepath.Abs(".."); err == nil {
		p.cmd.Dir = root // where tools/postgres is
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// waits until something is said, or the process ends.
func (p *process) waits(for_ string) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !strings.Contains(p.said(), for_); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("it never said %q:\n%s", for_, p.said())
		}
		select {
		case err := <-p.done:
			p.done <- err
			if !strings.Contains(p.said(), for_) {
				p.t.Fatalf("it ended (%v) before it said %q:\n%s", err, for_, p.said())
			}
		default:
		}
	}
}

// ends waits for the end and returns the exit status.
func (p *process) ends() int {
	p.t.Helper()
	select {
	case err := <-p.done:
		p.done <- err
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(2 * time.Minute):
		p.t.Fatalf("it does not end:\n%s", p.said())
		return -1
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// refuses runs a command that must fail and say so.
func refuses(t *testing.T, data string, entries []string, want string, args ...string) {
	t.Helper()
	p := begin(t, data, entries, args...)
	if code := p.ends(); code != 1 || !strings.Contains(p.said(), want) {
		t.Errorf("kohomai %v: exit %d, want %q in:\n%s", args, code, want, p.said())
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url, key string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = w.Body.Close() }()
	raw, _ := io.ReadAll(w.Body)
	return w.StatusCode, string(raw)
}

// The program through a day of an operator, in a home that nobody else may enter: as root
// embedded PostgreSQL then lives elsewhere.
func TestServe_StartsDrainsAndFindsEverythingAgain(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(home, "data")
	t.Cleanup(func() {
		if err := embedpg.Erase(context.Background(), data); err != nil {
			t.Errorf("the cluster stays behind: %v", err)
		}
	})

	connectors := "KOHOMAI_PLUGIN_DIR=" + plugins(t)
	var server struct{ URL string }
	var demo struct{ URL, ApiKey string }
	first := begin(t, data, []string{connectors, "KOHOMAI_METRICS_ADDR=127.0.0.1:0"}, "serve", "--demo")
	first.waits(`"msg":"ready"`)
	read(t, filepath.Join(data, "server.json"), &server)
	read(t, filepath.Join(data, "demo.json"), &demo)
	if info, err := os.Stat(filepath.Join(data, "demo.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("demo.json: %v %v", info, err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 404, "/api/v1/openapi.json": 200} {
		if code, body := get(t, server.URL+path, ""); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	lead := begin(t, data, nil, "demo", "lead", "purchasing@amazon.com")
	if code := lead.ends(); code != 0 {
		t.Errorf("the demo's lead: exit %d\n%s", code, lead.said())
	}
	leads := func(url string) int {
		code, body := get(t, url+"/api/v1/leads", demo.ApiKey)
		var list struct{ Leads []any }
		if json.Unmarshal([]byte(body), &list) != nil || code != 200 {
			t.Errorf("%d %s", code, body)
		}
		return len(list.Leads)
	}
	if n := leads(server.URL); n != 1 {
		t.Errorf("%d leads", n)
	}

	// Others find it at work: a second server is sent away, commands and workers join.
	refuses(t, data, nil, "a server runs over "+data+" already, at "+server.URL, "serve")
	doctor := begin(t, data, []string{connectors}, "doctor")
	if code := doctor.ends(); code != 0 || !strings.Contains(doctor.said(), server.URL+" is ready") || !strings.Contains(doctor.said(), "0 errors") {
		t.Errorf("doctor: %d\n%s", code, doctor.said())
	}
	workers := begin(t, data, []string{connectors}, "work")
	workers.waits(`"msg":"ready"`)
	workers.signal(os.Interrupt)
	if code := workers.ends(); code != 0 {
		t.Errorf("workers: exit %d\n%s", code, workers.said())
	}

	// SIGTERM: not ready at once, still answering, then gone.
	first.signal(syscall.SIGTERM)
	first.waits(`"msg":"draining"`)
	if code, body := get(t, server.URL+"/readyz", ""); code != 503 || !strings.Contains(body, "draining") {
		t.Errorf("while draining: %d %s", code, body)
	}
	if n := leads(server.URL); n != 1 {
		t.Errorf("%d leads while draining", n)
	}
	if code := first.ends(); code != 0 || !strings.Contains(first.said(), `"msg":"stopped"`) {
		t.Errorf("exit %d\n%s", code, first.said())
	}
	if _, err := os.Stat(filepath.Join(data, "server.json")); err == nil {
		t.Error("server.json outlives its server")
	}
	for line := range strings.Lines(first.said()) {
		if strings.Contains(line, demo.ApiKey) || strings.Contains(line, "@amazon.com") {
			t.Errorf("the log tells %s", line)
		}
	}

	second := begin(t, data, []string{connectors}, "serve", "--demo")
	second.waits(`"msg":"ready"`)
	key := demo.ApiKey
	read(t, filepath.Join(data, "server.json"), &server)
	read(t, filepath.Join(data, "demo.json"), &demo)
	if n := leads(server.URL); n != 1 || demo.ApiKey != key {
		t.Errorf("after the restart: %d leads, the same key %v", n, demo.ApiKey == key)
	}
	if code, body := get(t, server.URL+"/metrics", ""); code != 200 || !strings.Contains(body, "kohomai_jobs{state=") ||
		!strings.Contains(body, `route="/api/v1/leads"`) || !strings.Contains(body, "kohomai_journeys_due 0") {
		t.Errorf("/metrics: %d %s", code, body)
	}
	second.signal(os.Interrupt)
	if code := second.ends(); code != 0 || strings.Contains(second.said(), `"msg":"draining"`) {
		t.Errorf("Ctrl-C: exit %d\n%s", code, second.said())
	}
}

func TestServe_RefusesInWords(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	refuses(t, data, []string{"KOHOMAI_ADDR=here", "KOHOMAI_ADRR=x"}, "KOHOMAI_ADRR: there is no such setting", "serve")
	if _, err := os.Stat(data); err == nil {
		t.Error("a wrong configuration made something")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	at := taken.Addr().String()
	refuses(t, data, []string{"KOHOMAI_ADDR=" + at}, "KOHOMAI_ADDR: "+at+" is taken by another program", "serve")
	refuses(t, data, nil, "KOHOMAI_ADDR: "+at+" is taken by another program", "serve", "--addr", at)
	refuses(t, data, []string{"KOHOMAI_ADDR=192.0.2.1:80"}, "is no address of this machine", "serve")
	refuses(t, data, []string{"DATABASE_URL=postgres://u:geheim@127.0.0.1:1/d"}, "DATABASE_URL: PostgreSQL does not answer at 127.0.0.1:1", "serve")
	refuses(t, filepath.Join("/dev/null", "x"), nil, "KOHOMAI_DATA_DIR: ", "serve")
	refuses(t, data, nil, "no server runs over this data directory", "funnel", "pull", "x")
}
