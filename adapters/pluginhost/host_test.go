package pluginhost

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/rule"
)

var _ activity.Runner = (*Host)(nil)

func TestHost_Call(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})

	t.Run("a completed call carries its facts", func(t *testing.T) {
		o, _ := b.ask(t, request("complete"))
		if o.Kind != activity.Completed || o.Facts["said"].Text() != "act_3" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("only facts that the manifest reads are sent", func(t *testing.T) {
		r := request("facts")
		email, _ := rule.Read(rule.Email, nil, "anna@example.com")
		r.Facts = map[string]rule.Value{
			"lead.email": email, "company.name": rule.TextValue("Acme"), "lead.phone": rule.TextValue("secret"), "data.x": rule.TextValue("secret"),
		}
		o, _ := b.ask(t, r)
		if got := o.Facts["said"].Text(); got != "anna@example.com Acme 2" {
			t.Fatalf("the child saw %q", got)
		}
	})
	t.Run("waiting carries screen, state and time, and goes on", func(t *testing.T) {
		r := request("wait")
		o, _ := b.ask(t, r)
		if o.Kind != activity.Waiting || o.Screen == nil || o.Screen.Kind != activity.ScreenSlots ||
			o.Screen.Slots[0].ID != "2026-03-01T09:00:00Z" || string(o.State) != "kept" || !o.Until.Equal(r.Now.Add(time.Hour)) || o.External != "ref-1" {
			t.Fatalf("got %+v %+v", o, o.Screen)
		}
		r.Kind, r.State, r.Input = activity.Resume, o.State, activity.Input{ID: 9, From: "person", Body: []byte(`{"Slot":"x"}`)}
		if o, _ = b.ask(t, r); o.Facts["said"].Text() != `Person {"Slot":"x"} kept ` {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a callback arrives byte for byte with its headers", func(t *testing.T) {
		r := request("complete")
		body, _ := json.Marshal(activity.Callback{Headers: map[string]string{"x-signature": "sig"}, Body: []byte("raw\x00body")})
		r.Kind, r.Input = activity.Resume, activity.Input{ID: 9, From: "callback", Body: body}
		if o, _ := b.ask(t, r); o.Facts["said"].Text() != "Callback raw\x00body  sig" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("cancel reaches the connector", func(t *testing.T) {
		ledger := filepath.Join(t.TempDir(), "ledger")
		r := request("complete", `"Ledger":"`+ledger+`"`)
		r.Kind = activity.Cancel
		if o, _ := b.ask(t, r); o.Kind != activity.Completed || !slices.Equal(lines(t, ledger), []string{"cancel act_3 1"}) {
			t.Fatalf("got %+v, ledger %q", o, lines(t, ledger))
		}
	})
	t.Run("an undeclared fact is refused for good", func(t *testing.T) {
		o := b.Call(context.Background(), request("undeclared"))
		if o.Kind != activity.Failed || o.Retryable || o.Source != "connector" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a configuration that does not fit is told as such", func(t *testing.T) {
		o := b.Call(context.Background(), request("complete", `"Nonsense":1`))
		if o.Kind != activity.Failed || o.Retryable || o.Source != "configuration" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a panic is a retryable failure and the process lives on", func(t *testing.T) {
		before := b.health("child")
		o := b.Call(context.Background(), request("panic"))
		if o.Kind != activity.Failed || !o.Retryable || o.Source != "connector" {
			t.Fatalf("got %+v", o)
		}
		if after := b.health("child"); after.PID != before.PID {
			t.Fatalf("process %s became %s", before.PID, after.PID)
		}
	})
	t.Run("a live workspace is refused by a connector that has a sandbox only", func(t *testing.T) {
		r := request("complete")
		r.Sandbox = false
		if o := b.Call(context.Background(), r); o.Source != "configuration" || o.Retryable {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("an unknown connector is the host's failure", func(t *testing.T) {
		r := request("complete")
		r.Connector = "nobody"
		if o := b.Call(context.Background(), r); o.Source != "host" || !o.Retryable {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a call that does not answer ends at its deadline", func(t *testing.T) {
		r := request("slow")
		r.Deadline = time.Now().Add(200 * time.Millisecond)
		began := time.Now()
		o := b.Call(context.Background(), r)
		if o.Kind != activity.Failed || !o.Retryable || o.Source != "connector" || time.Since(began) > 5*time.Second {
			t.Fatalf("after %s: %+v", time.Since(began), o)
		}
		// A handler that listens to nothing hinders no other call.
		r = request("hang")
		r.Deadline = time.Now().Add(200 * time.Millisecond)
		if o := b.Call(context.Background(), r); o.Kind != activity.Failed {
			t.Fatalf("got %+v", o)
		}
		if o, _ := b.ask(t, request("complete")); o.Kind != activity.Completed {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("the environment holds nothing of the host's", func(t *testing.T) {
		o, _ := b.ask(t, request("env"))
		for _, line := range strings.Split(o.Facts["said"].Text(), "\n") {
			name, _, _ := strings.Cut(line, "=")
			// A certificate in PEM has lines without a name; all else must be known.
			known := []string{"PATH", "TZ", "LANG", "GOMEMLIMIT", "GOMAXPROCS", hostSocketKey, hostTokenKey, cookieKey}
			if strings.Contains(line, "=") && !slices.Contains(known, name) && !strings.HasPrefix(name, "PLUGIN_") && strings.ToUpper(name) == name && len(name) < 40 && !strings.ContainsAny(name, "+/") {
				t.Errorf("the child sees %s", name)
			}
		}
	})
	t.Run("standard input is empty", func(t *testing.T) {
		if o, _ := b.ask(t, request("stdin")); o.Facts["said"].Text() != "0 <nil>" {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("many at once", func(t *testing.T) {
		var all sync.WaitGroup
		for i := range 64 {
			all.Go(func() {
				r := request("complete")
				r.Idempotency = fmt.Sprint("act_", i)
				if o, _ := b.ask(t, r); o.Facts["said"].Text() != r.Idempotency {
					t.Errorf("got %+v", o)
				}
			})
		}
		all.Wait()
	})
	if m := b.Manifests(); len(m) != 1 || m[0].ID != "child" || m[0].Produces["count"] != rule.Number || !m[0].Sandbox {
		t.Fatalf("manifests %+v", m)
	}
}

func TestHost_Crash(t *testing.T) {
	t.Parallel()
	for _, when := range []struct {
		do   string
		want []string
	}{
		{"crash-before", []string{"start act_3 4"}},
		{"crash-after", []string{"start act_3 1", "start act_3 4"}},
	} {
		t.Run(when.do, func(t *testing.T) {
			t.Parallel()
			b := host(t, Options{Dir: build(t, "child", "")})
			ledger := filepath.Join(t.TempDir(), "ledger")
			r := request(when.do, `"Ledger":"`+ledger+`"`, `"Until":4`)
			first := b.Call(context.Background(), r)
			if first.Kind != activity.Failed || !first.Retryable || first.Source != "host" {
				t.Fatalf("the crashed call: %+v", first)
			}
			r.Attempt = 4
			o, _ := b.ask(t, r)
			if o.Kind != activity.Completed {
				t.Fatalf("got %+v", o)
			}
			got := lines(t, ledger)
			// The engine counts attempts; whichever it was that went well comes last and alone.
			last := got[len(got)-1]
			if len(got) != len(when.want) || !strings.HasPrefix(last, "start act_3 ") {
				t.Fatalf("ledger %q", got)
			}
			if h := b.health("child"); h.Starts < 2 || h.Exits != 0 || h.State != Ready {
				t.Fatalf("health %+v", h)
			}
		})
	}
}

func TestHost_KilledDuringCalls(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})
	ledger := filepath.Join(t.TempDir(), "ledger")
	if o, _ := b.ask(t, request("complete")); o.Kind != activity.Completed {
		t.Fatal(o)
	}
	for round := range 5 {
		// The kill comes when the call is surely in the middle: its mark is in the ledger.
		pid, err := strconv.Atoi(b.health("child").PID)
		if err != nil {
			t.Fatal(err)
		}
		answer := make(chan activity.Outcome, 1)
		go func() { answer <- b.Call(context.Background(), request("slow", `"Ledger":"`+ledger+`"`)) }()
		until(t, "the call is in the middle", func() bool { return len(lines(t, ledger)) == round+1 })
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if o := <-answer; o.Kind != activity.Failed || !o.Retryable || o.Source != "host" {
			t.Fatalf("round %d: %+v", round, o)
		}
		if o, _ := b.ask(t, request("complete")); o.Kind != activity.Completed {
			t.Fatalf("round %d: %+v", round, o)
		}
	}
	if h := b.health("child"); h.State == Down {
		t.Fatalf("health %+v", h)
	}
}

func TestHost_GivesUpAfterExitsInARow(t *testing.T) {
	t.Parallel()
	clock := &hasty{}
	b := host(t, Options{Dir: build(t, "child", "-X main.dies=yes"), Clock: clock})
	until(t, "the connector is down", func() bool { return b.health("child").State == Down })
	if h := b.health("child"); h.Exits != mostExits || h.Starts != 0 {
		t.Fatalf("health %+v", h)
	}
	clock.mu.Lock()
	waits := slices.Clone(clock.waits)
	clock.mu.Unlock()
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}; !slices.Equal(waits, want) {
		t.Fatalf("waited %v, want %v", waits, want)
	}
	if o := b.Call(context.Background(), request("complete")); o.Source != "host" || !o.Retryable || o.RetryAfter < time.Minute {
		t.Fatalf("got %+v", o)
	}
	if len(b.Manifests()) != 0 {
		t.Fatal("a connector that is down is in the catalog")
	}
}

func TestHost_Digest(t *testing.T) {
	t.Parallel()
	t.Run("another file than the approved one never runs", func(t *testing.T) {
		t.Parallel()
		dir := build(t, "child", "")
		approve(t, dir, "child", []byte("something else"))
		b := host(t, Options{Dir: dir})
		if h := b.health("child"); h.State != Absent || h.Starts != 0 || !strings.Contains(h.Fault, SumsFile) {
			t.Fatalf("health %+v", h)
		}
		if o := b.Call(context.Background(), request("complete")); o.Source != "host" || !o.Retryable {
			t.Fatalf("got %+v", o)
		}
	})
	t.Run("a link is no program", func(t *testing.T) {
		t.Parallel()
		dir := build(t, "child", "")
		real := filepath.Join(t.TempDir(), "real")
		if err := os.Rename(filepath.Join(dir, "child"), real); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(real, filepath.Join(dir, "child")); err != nil {
			t.Fatal(err)
		}
		b := host(t, Options{Dir: dir})
		if h := b.health("child"); h.State != Absent {
			t.Fatalf("health %+v", h)
		}
	})
	t.Run("a private copy that was changed is not started again", func(t *testing.T) {
		t.Parallel()
		dir := build(t, "child", "")
		o := Options{Dir: dir, Private: filepath.Join(t.TempDir(), "private")}
		b := host(t, o)
		if got, _ := b.ask(t, request("complete")); got.Kind != activity.Completed {
			t.Fatal(got)
		}
		h := b.health("child")
		copied := filepath.Join(o.Private, h.Digest, "child")
		if err := os.Rename(copied, copied+".old"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, []byte("#!/bin/sh\nsleep 100\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		pid, _ := strconv.Atoi(h.PID)
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		until(t, "the connector is down", func() bool { return b.health("child").State == Down })
		if h := b.health("child"); h.Starts != 2 || !strings.Contains(h.Fault, SumsFile) {
			t.Fatalf("health %+v", h)
		}
	})
	t.Run("a catalog that makes no sense is an error", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for _, content := range []string{"zz  child\n", strings.Repeat("a", 64) + "  ../child\n", strings.Repeat("a", 64) + "  a\n" + strings.Repeat("b", 64) + "  a\n"} {
			if err := os.WriteFile(filepath.Join(dir, SumsFile), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readCatalog(dir); err == nil {
				t.Errorf("%q was read", content)
			}
		}
		if all, err := readCatalog(filepath.Join(dir, "none")); err != nil || len(all) != 0 {
			t.Errorf("an absent catalog: %v, %v", all, err)
		}
	})
}

func TestHost_Lies(t *testing.T) {
	t.Parallel()
	t.Run("about its name", func(t *testing.T) {
		t.Parallel()
		b := host(t, Options{Dir: build(t, "other", "")})
		until(t, "it is down", func() bool { return b.health("other").State == Down })
	})
	t.Run("about being built in", func(t *testing.T) {
		t.Parallel()
		b := host(t, Options{Dir: build(t, "approval", "-X main.id=approval")})
		until(t, "it is down", func() bool { return b.health("approval").State == Down })
	})
	t.Run("about its version, from one start to the next", func(t *testing.T) {
		t.Parallel()
		b := host(t, Options{Dir: build(t, "child", "-X main.flips="+filepath.Join(t.TempDir(), "starts"))})
		until(t, "it is down", func() bool { return b.health("child").State == Down })
		if h := b.health("child"); !strings.Contains(h.Fault, "version") {
			t.Fatalf("health %+v", h)
		}
	})
}

func TestHost_Logs(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})
	r := request("log")
	r.Secrets = []byte(`{"Token":"very-secret-token","Short":"a"}`)
	email, _ := rule.Read(rule.Email, nil, "bert@example.com")
	r.Facts = map[string]rule.Value{"lead.email": email}
	if o, _ := b.ask(t, r); o.Kind != activity.Completed {
		t.Fatal(o)
	}
	until(t, "both lines are in the log", func() bool {
		return strings.Contains(b.log.String(), "talking") && strings.Contains(b.log.String(), "plain words for")
	})
	for _, leak := range []string{"very-secret-token", "bert@example.com", "anna@example.com"} {
		if strings.Contains(b.log.String(), leak) {
			t.Errorf("the log holds %s", leak)
		}
	}
	r = request("fail")
	r.Secrets = []byte(`{"Token":"very-secret-token"}`)
	if o := b.Call(context.Background(), r); strings.Contains(o.Reason, "very-secret-token") || o.Source != "downstream" {
		t.Errorf("the reason: %+v", o)
	}
	if o, _ := b.ask(t, request("flood")); o.Kind != activity.Completed {
		t.Fatal(o)
	}
	until(t, "the cap is told", func() bool { return strings.Contains(b.log.String(), "logs too much") })
	// A log of 4 MB was written; what is kept is the cap and its packaging.
	if n := len(b.log.String()); n > 2*logCap {
		t.Errorf("%d bytes of log are kept", n)
	}
}

func TestHost_Breaker(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})
	for range breakAfter {
		if o := b.Call(context.Background(), request("fail")); o.Source != "downstream" {
			t.Fatalf("got %+v", o)
		}
	}
	o := b.Call(context.Background(), request("complete"))
	if o.Source != "host" || !o.Retryable || o.RetryAfter <= 0 || o.RetryAfter > breakFor {
		t.Fatalf("got %+v", o)
	}
	other := request("complete")
	other.Workspace = 2
	if o := b.Call(context.Background(), other); o.Kind != activity.Completed {
		t.Fatalf("another workspace: %+v", o)
	}
	if h := b.health("child"); h.State != Degraded || h.HeldBack != 1 {
		t.Fatalf("health %+v", h)
	}
}

func TestHost_Services(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/huge":
			_, _ = w.Write(make([]byte, 2<<20))
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
		default:
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, "%s %s", r.Method, body)
		}
	}))
	t.Cleanup(site.Close)
	if o, _ := b.ask(t, request("http", `"URL":"`+site.URL+`/"`)); o.Facts["said"].Text() != "200 POST ping" {
		t.Fatalf("got %+v", o)
	}
	if o, _ := b.ask(t, request("http", `"URL":"`+site.URL+`/away"`)); !strings.HasPrefix(o.Facts["said"].Text(), "302") {
		t.Fatalf("a redirect was followed: %+v", o)
	}
	if o := b.Call(context.Background(), request("http", `"URL":"`+site.URL+`/huge"`)); o.Kind != activity.Failed || o.Source != "downstream" {
		t.Fatalf("got %+v", o)
	}
	if o := b.Call(context.Background(), request("undeclared-host")); o.Kind != activity.Failed || o.Retryable || !strings.Contains(o.Reason, "does not declare") {
		t.Fatalf("got %+v", o)
	}
}

func TestHost_EndsWithAllItStarted(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", "")})
	o, _ := b.ask(t, request("grandchild"))
	pids := []int{int(o.Facts["count"].Number())}
	pid, err := strconv.Atoi(b.health("child").PID)
	if err != nil || pids[0] == 0 {
		t.Fatalf("got %+v %v", o, err)
	}
	pids = append(pids, pid)
	sockets := b.sockets
	b.stop()
	for _, pid := range pids {
		until(t, fmt.Sprint("process ", pid, " is gone"), func() bool { return !alive(pid) })
	}
	if _, err := os.Stat(sockets); !os.IsNotExist(err) {
		t.Errorf("the sockets are left: %v", err)
	}
}

// alive reports whether a process runs; one that only waits to be reaped does not.
func alive(pid int) bool {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	after := raw[strings.LastIndexByte(string(raw), ')')+1:]
	return !strings.HasPrefix(strings.TrimSpace(string(after)), "Z")
}

func TestNew_RemembersManifests(t *testing.T) {
	t.Parallel()
	starts := filepath.Join(t.TempDir(), "starts")
	o := Options{Dir: build(t, "child", "-X main.flips="+starts), Private: filepath.Join(t.TempDir(), "private")}
	first := prepared(t, &o)
	second := prepared(t, &o)
	if raw, _ := os.ReadFile(starts); len(raw) != 1 {
		t.Fatalf("the program was started %d times to be asked", len(raw))
	}
	if a, b := first.Manifests(), second.Manifests(); len(a) != 1 || len(b) != 1 || a[0].Version != b[0].Version {
		t.Fatalf("manifests %+v and %+v", a, b)
	}
	info, err := os.Stat(o.Private)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the private folder: %v %v", info.Mode(), err)
	}
}

func TestHost_Disabled(t *testing.T) {
	t.Parallel()
	b := host(t, Options{Dir: build(t, "child", ""), Disabled: []string{"child"}})
	if o := b.Call(context.Background(), request("complete")); o.Source != "host" || !o.Retryable {
		t.Fatalf("got %+v", o)
	}
	if h := b.health("child"); h.State != Disabled || h.Starts != 0 || len(b.Manifests()) != 0 {
		t.Fatalf("health %+v", h)
	}
}
