package pluginhost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
)

// build compiles the child once for each set of flags and approves it under a name in a
// folder of its own.
func build(t *testing.T, name, flags string) string {
	t.Helper()
	binary := compiled(t, flags)
	dir := t.TempDir()
	raw, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), raw, 0o755); err != nil {
		t.Fatal(err)
	}
	approve(t, dir, name, raw)
	return dir
}

func approve(t *testing.T, dir, name string, raw []byte) {
	t.Helper()
	sum := sha256.Sum256(raw)
	if err := os.WriteFile(filepath.Join(dir, SumsFile), fmt.Appendf(nil, "%s  %s\n", hex.EncodeToString(sum[:]), name), 0o600); err != nil {
		t.Fatal(err)
	}
}

var (
	compiling sync.Mutex
	binaries  = map[string]string{}
	buildDir  string
)

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "kohomai-child-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(buildDir)
	os.Exit(code)
}

func compiled(t *testing.T, flags string) string {
	t.Helper()
	compiling.Lock()
	defer compiling.Unlock()
	if path, ok := binaries[flags]; ok {
		return path
	}
	path := filepath.Join(buildDir, fmt.Sprintf("child%d", len(binaries)))
	cmd := exec.Command("go", "build", "-ldflags", flags, "-o", path, "./testdata/child")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the child: %v\n%s", err, out)
	}
	binaries[flags] = path
	return path
}

// journal is a log that tests read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

type bed struct {
	*Host
	log *journal
	// stop ends Run and waits for it.
	stop func()
}

// host runs what a folder approves until the test ends.
func host(t *testing.T, o Options) *bed {
	t.Helper()
	b := prepared(t, &o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	var once sync.Once
	b.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run: %v", err)
			}
		})
	}
	t.Cleanup(b.stop)
	return b
}

func prepared(t *testing.T, o *Options) *bed {
	t.Helper()
	b := &bed{log: &journal{}}
	o.Log = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if o.Private == "" {
		o.Private = filepath.Join(t.TempDir(), "private")
	}
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Clock == nil {
		o.Clock = &hasty{}
	}
	b.Host = New(context.Background(), *o)
	if why := b.Fault(); why != "" {
		t.Fatal(why)
	}
	return b
}

// hasty is a clock on which supervisors wait almost nothing, while all else is real.
type hasty struct {
	mu    sync.Mutex
	waits []time.Duration
}

func (*hasty) Now() time.Time { return time.Now() }

func (h *hasty) After(d time.Duration) <-chan time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waits = append(h.waits, d)
	return time.After(time.Millisecond)
}

func (*hasty) Jitter() float64 { return 1 }

func request(do string, more ...string) activity.Request {
	config := `"Do":"` + do + `"`
	for _, m := range more {
		config += "," + m
	}
	return activity.Request{
		Kind: activity.Start, Connector: "child", Workspace: 1, Journey: 2, Run: 3, Key: "step", Idempotency: "act_3",
		Attempt: 1, Sandbox: true, Config: []byte("{" + config + "}"), Now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
	}
}

// ask repeats a call as the engine does: again while the failure is retryable, counting
// attempts.
func (b *bed) ask(t *testing.T, r activity.Request) (activity.Outcome, int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		o := b.Call(context.Background(), r)
		if o.Kind != activity.Failed || !o.Retryable {
			return o, r.Attempt
		}
		if time.Now().After(deadline) {
			t.Fatalf("no end after %d attempts: %s\n%s", r.Attempt, o.Reason, b.log)
		}
		r.Attempt++
		<-tick.C
	}
}

func (b *bed) health(id string) Health {
	for _, h := range b.Health() {
		if h.ID == id {
			return h
		}
	}
	return Health{}
}

// until waits for a condition, and says what it waited for when it does not come.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !met() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-tick.C
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}
