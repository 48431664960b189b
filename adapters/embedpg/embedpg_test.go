package embedpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The test program doubles as the process that runs a cluster, so that tests
// can kill it.
const helperEnv = "EMBEDPG_TEST_HELPER"

func TestMain(m *testing.M) {
	if what := os.Getenv(helperEnv); what != "" {
		os.Exit(helper(what))
	}
	os.Exit(m.Run())
}

// helper starts a cluster as told, prints its address, and holds it until its
// standard input ends.
func helper(what string) int {
	var o Options
	if err := json.Unmarshal([]byte(os.Getenv("EMBEDPG_TEST_OPTIONS")), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	start := Start
	if what != "start" {
		start = Throwaway
	}
	s, err := start(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	a := s.Address()
	if what == "forgotten" {
		s = nil
		// Finalizers run between collections, in their own goroutine.
		for range 5 {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(a); err != nil {
		return 1
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	if s == nil {
		return 0
	}
	if err := s.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// helperOptions are the options that cross to the helper.
func helperOptions(o Options) string {
	text, err := json.Marshal(map[string]any{
		"DataDir": o.DataDir, "Binaries": o.Binaries, "Find": o.Find, "Lasting": o.Lasting,
		"Accounts": o.Accounts, "SharedRoot": o.SharedRoot, "Settings": o.Settings,
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// startHelper runs the helper, as another user when one is given, and returns
// the address that it printed.
func startHelper(t *testing.T, what string, o Options, as *syscall.Credential) (Address, *exec.Cmd, io.Closer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if as != nil {
		to := filepath.Join(openDir(t), "helper")
		if err := copyFile(program, to); err != nil {
			t.Fatal(err)
		}
		program = to
	}
	cmd := exec.Command(program)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), helperEnv+"="+what, "EMBEDPG_TEST_OPTIONS="+helperOptions(o))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait() // some tests have waited, some have killed it
	})
	var a Address
	if err := json.NewDecoder(out).Decode(&a); err != nil {
		t.Fatalf("the helper printed no address: %v", err)
	}
	return a, cmd, in
}

// options are for a cluster of this test alone. The binaries are the module's.
func options(t *testing.T) Options {
	t.Helper()
	return Options{
		DataDir:    filepath.Join(openDir(t), "data"),
		Find:       FindOptions{Roots: []string{moduleRoot(t)}},
		SharedRoot: filepath.Join(openDir(t), "shared"),
		// Tests that kill PostgreSQL for good leave nothing in shared memory.
		Settings: map[string]string{"dynamic_shared_memory_type": "mmap"},
		Log:      slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("not inside a module")
		}
		dir = filepath.Dir(dir)
	}
}

// openDir is a temporary folder that every user may pass through, which those
// of t.TempDir are not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "embedpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	limit := time.Now().Add(time.Minute)
	for !cond() {
		if time.Now().After(limit) {
			t.Fatalf("after a minute still not: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func execSQL(t *testing.T, dsn, sql string) {
	t.Helper()
	ctx := testContext(t)
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask(t *testing.T, dsn, sql string) string {
	t.Helper()
	answer, err := tryAsk(testContext(t), dsn, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func tryAsk(ctx context.Context, dsn, sql string) (answer string, err error) {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	err = c.QueryRow(ctx, sql).Scan(&answer)
	return answer, err
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, not run: only root can drop to another user")
	}
}

func fileMode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }
