package faults_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// leads is how many are registered while the program is killed.
const leads = 200

// build makes the program with its connectors beside it, as `make build` does.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	binary, plugins := filepath.Join(dir, "kohomai"), filepath.Join(dir, "plugins")
	for into, from := range map[string]string{binary: "../cmd/kohomai", plugins + "/": "../plugins/..."} {
		out, err := exec.CommandContext(t.Context(), "go", "build", "-o", into, from).CombinedOutput() // #nosec G204 -- ours
		if err != nil {
			t.Fatalf("building: %v\n%s", err, out)
		}
	}
	files, err := os.ReadDir(plugins)
	if err != nil {
		t.Fatal(err)
	}
	var sums []byte
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(plugins, f.Name())) // #nosec G304 -- built above
		if err != nil {
			t.Fatal(err)
		}
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(raw), f.Name())
	}
	if err := os.WriteFile(filepath.Join(plugins, "SHA256SUMS"), sums, 0o600); err != nil {
		t.Fatal(err)
	}
	return binary
}

// server is a running kohomai over one data directory.
type server struct {
	t      *testing.T
	binary string
	data   string
	cmd    *exec.Cmd
	log    bytes.Buffer
}

func (s *server) start() {
	s.t.Helper()
	s.log.Reset()
	s.cmd = exec.CommandContext(context.Background(), s.binary, "serve", "--demo") // #nosec G204 -- built above
	s.cmd.Env = append(os.Environ(), "KOHOMAI_ADDR=127.0.0.1:0", "KOHOMAI_RATE_LIMIT=off", "KOHOMAI_DATA_DIR="+s.data)
	if root, err := filepath.Abs(".."); err == nil {
		s.cmd.Dir = root
	}
	s.cmd.Stderr = &s.log
	_ = os.Remove(filepath.Join(s.data, "server.json"))
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.wait(func() bool { _, err := os.Stat(filepath.Join(s.data, "server.json")); return err == nil })
}

func (s *server) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
}

// killConnector kills the running process of a connector, once there is one: a child of the
// server whose program has that name.
func (s *server) killConnector(name string) {
	s.t.Helper()
	s.wait(func() bool {
		pid := childOf(s.cmd.Process.Pid, name)
		return pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
	})
}

// childOf finds a process by its parent and the name of its program; 0 for none.
func childOf(parent int, name string) int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, path := range stats {
		raw, err := os.ReadFile(path) // #nosec G304 -- of the kernel
		if err != nil {
			continue // it has ended
		}
		var pid, ppid int
		var comm, state string
		if n, _ := fmt.Sscanf(string(raw), "%d %s %s %d", &pid, &comm, &state, &ppid); n == 4 && ppid == parent && comm == "("+name+")" && state != "Z" {
			return pid
		}
	}
	return 0
}

// killPostgreSQL kills the postmaster the program started.
func (s *server) killPostgreSQL() {
	raw, err := os.ReadFile(filepath.Join(s.data, "pg.json"))
	var address struct{ PostmasterPID int }
	if err != nil || json.Unmarshal(raw, &address) != nil || address.PostmasterPID == 0 {
		s.t.Errorf("no postmaster to kill: %s, %v", raw, err)
		return
	}
	_ = syscall.Kill(address.PostmasterPID, syscall.SIGKILL)
}

func (s *server) wait(until func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !until(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("it never came so far; the log:\n%s", s.log.String())
		}
	}
}

func (s *server) demo() (url, key string) {
	raw, err := os.ReadFile(filepath.Join(s.data, "demo.json"))
	var d struct{ URL, ApiKey string } // the published names
	if err != nil || json.Unmarshal(raw, &d) != nil {
		return "", ""
	}
	return d.URL, d.ApiKey
}

// ask returns the status, 0 when nobody answered.
func (s *server) ask(method, path, body, idempotency string) (int, map[string]any) {
	url, key := s.demo()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url+"/api/v1"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/json")
	if idempotency != "" {
		r.Header.Set("Idempotency-Key", idempotency)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		return 0, nil
	}
	var v map[string]any
	_ = json.Unmarshal(raw, &v)
	return w.StatusCode, v
}

// TestKill kills the server, a connector and PostgreSQL in the middle of registrations. Whoever got no
// answer asks again under the same key. Every acknowledged lead ends Converted, once.
func TestKill(t *testing.T) {
	s := &server{t: t, binary: build(t), data: t.TempDir()}
	s.start()
	t.Cleanup(func() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		_ = s.cmd.Wait()
	})
	var done atomic.Int64
	journeys := make([]float64, leads)
	var clients sync.WaitGroup
	next := make(chan int)
	for range 8 {
		clients.Go(func() {
			for i := range next {
				body := fmt.Sprintf(`{"Email":"lead%d@example.org"}`, i)
				for deadline := time.Now().Add(120 * time.Second); ; time.Sleep(20 * time.Millisecond) {
					status, answer := s.ask("POST", "/leads?ref=demo-auto", body, fmt.Sprintf("kill-%d", i))
					if status == 201 {
						journeys[i] = answer["Journey"].(map[string]any)["Id"].(float64)
						done.Add(1)
						break
					}
					if status != 0 && status < 500 || time.Now().After(deadline) {
						t.Errorf("lead %d: %d %v", i, status, answer)
						break
					}
				}
			}
		})
	}
	go func() {
		for i := range leads {
			next <- i
		}
		close(next)
	}()
	s.wait(func() bool { return done.Load() > leads/10 })
	// Often enough that calls are under way, and seldom enough that the supervisor does not
	// give it up: every end is followed by calls that succeed.
	for i := range 3 {
		s.wait(func() bool { return int(done.Load()) > leads/10+i*leads/30 })
		s.killConnector("echo")
	}
	s.wait(func() bool { return done.Load() > leads/5 })
	s.kill()
	s.start()
	s.wait(func() bool { return done.Load() > 2*leads/5 })
	s.killPostgreSQL()
	s.wait(func() bool { return done.Load() > 3*leads/5 })
	s.kill()
	s.start()
	clients.Wait()

	seen := map[float64]bool{}
	for i, id := range journeys {
		if seen[id] {
			t.Errorf("journey %.0f was acknowledged to two leads", id)
		}
		seen[id] = true
		var j map[string]any
		s.wait(func() bool {
			_, j = s.ask("GET", fmt.Sprintf("/journeys/%.0f", id), "", "")
			return j["Status"] == "Converted"
		})
		if email := j["Lead"].(map[string]any)["Email"]; email != fmt.Sprintf("lead%d@example.org", i) {
			t.Errorf("journey %.0f belongs to %v", id, email)
		}
		_, events := s.ask("GET", fmt.Sprintf("/journeys/%.0f/events", id), "", "")
		converted := 0
		list, _ := events["Events"].([]any)
		for n, e := range list {
			event := e.(map[string]any)
			if event["Sequence"] != float64(n+1) {
				t.Errorf("journey %.0f: event %d has the sequence %v", id, n+1, event["Sequence"])
			}
			if event["Type"] == "journey.converted" {
				converted++
			}
		}
		if converted != 1 {
			t.Errorf("journey %.0f was converted %d times", id, converted)
		}
	}
	_, first := s.ask("GET", "/leads?PageSize=200", "", "")
	if n := len(first["Leads"].([]any)); n != leads || first["NextPageToken"] != nil {
		t.Errorf("%d leads stand, and more: %v", n, first["NextPageToken"] != nil)
	}
}
