package embedpg

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestStart_first_and_warm(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Lasting = true
	s := start(t, o)
	if !s.Owned() {
		t.Error("a started cluster is our own")
	}
	for setting, want := range map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on",
		"password_encryption": "scram-sha-256", "listen_addresses": "127.0.0.1", "unix_socket_directories": "",
		"max_connections": "200", "wal_compression": "pglz", "server_encoding": "UTF8", "TimeZone": "UTC",
	} {
		if got := ask(t, s.DSN(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if got := ask(t, s.DSN(), "SELECT current_database()"); got != DefaultDatabase {
		t.Errorf("database is %q", got)
	}
	if got := ask(t, s.DSN(), "SELECT lower('ÉÀ')"); got != "éà" {
		t.Errorf("lower of letters beyond ASCII is %q", got)
	}
	if got := ask(t, s.DSN(), "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"); got != "scram-sha-256" {
		t.Errorf("authentication is by %q", got)
	}
	wrong := s.Address()
	wrong.Password = "wrong"
	if _, err := tryAsk(testContext(t), wrong.DSN(DefaultDatabase), "SELECT '1'"); err == nil {
		t.Error("a wrong password was accepted")
	}
	for _, path := range []string{filepath.Join(o.DataDir, addressName), filepath.Join(s.Address().Cluster, "password"), s.Address().Log} {
		if mode := fileMode(t, path); mode != 0o600 {
			t.Errorf("%s has mode %o", path, mode)
		}
	}
	execSQL(t, s.DSN(), "CREATE TABLE kept AS SELECT 42 AS n")
	first := s.Address()
	stop(t, s)
	stop(t, s)
	if _, err := os.Stat(filepath.Join(o.DataDir, addressName)); err == nil {
		t.Error("a stopped cluster still leaves its addresses")
	}
	if alive(first.PostmasterPID) {
		t.Error("PostgreSQL outlives Stop")
	}

	s = start(t, o)
	if got := ask(t, s.DSN(), "SELECT n::text FROM kept"); got != "42" {
		t.Errorf("after a second start the row holds %q", got)
	}
	if s.Address().Cluster != first.Cluster || s.Address().Password != first.Password {
		t.Error("a second start made another cluster")
	}
}

func TestStart_after_an_interrupted_creation(t *testing.T) {
	t.Parallel()
	o := options(t)
	half := filepath.Join(o.DataDir, insideName, "data.part", "base")
	if err := makeDataDir(o.DataDir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(half, 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, o)
	if got := ask(t, s.DSN(), "SELECT 'works'"); got != "works" {
		t.Error(got)
	}
}

func TestStart_says_why_it_failed(t *testing.T) {
	t.Parallel()
	o := options(t)
	sound := o.Settings
	o.Settings = map[string]string{"shared_buffers": "a lot"}
	s, err := Start(testContext(t), o)
	if err == nil {
		stop(t, s)
		t.Fatal("a wrong setting was accepted")
	}
	if !strings.Contains(err.Error(), "shared_buffers") {
		t.Errorf("the error does not name the setting: %v", err)
	}
	o.Settings = sound
	start(t, o) // the lock was freed
}

func TestStart_refuses_binaries_of_another_release(t *testing.T) {
	t.Parallel()
	o := options(t)
	stop(t, start(t, o))
	o.Binaries = Binaries{Dir: "/elsewhere", Version: "99.1", Major: 99}
	_, err := Start(testContext(t), o)
	if err == nil || !strings.Contains(err.Error(), "99.1") {
		t.Errorf("got %v", err)
	}
}

func TestServer_restarts_a_killed_PostgreSQL(t *testing.T) {
	t.Parallel()
	o := options(t)
	changes := make(chan Change, 100)
	o.OnChange = func(c Change) { changes <- c }
	s := start(t, o)
	execSQL(t, s.DSN(), "CREATE TABLE kept (n int)")
	for round := range 3 {
		execSQL(t, s.DSN(), "INSERT INTO kept VALUES (1)")
		before := s.Address()
		if err := syscall.Kill(before.PostmasterPID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		fell := <-changes
		if fell.Up || fell.Err == nil {
			t.Fatalf("the fall was told as %+v", fell)
		}
		for c := range changes {
			if c.Up {
				break
			}
		}
		if got, want := ask(t, before.URL, "SELECT count(*)::text FROM kept"), round+1; atoi(t, got) != want {
			t.Fatalf("round %d: %s rows, want %d", round, got, want)
		}
		noted, err := readAddress(o.DataDir)
		if err != nil {
			t.Fatal(err)
		}
		if noted.PostmasterPID == before.PostmasterPID || noted.PostmasterPID != s.Address().PostmasterPID {
			t.Errorf("the addresses file names process %d, the server %d", noted.PostmasterPID, s.Address().PostmasterPID)
		}
	}
}

func TestServer_stops_while_PostgreSQL_cannot_come_back(t *testing.T) {
	t.Parallel()
	o := options(t)
	tried := make(chan Change, 1000)
	o.OnChange = func(c Change) { tried <- c }
	s := start(t, o)
	conf := filepath.Join(s.Address().Cluster, "data", confName)
	if err := os.WriteFile(conf, []byte("shared_buffers = nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(s.Address().PostmasterPID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for c := range tried {
		if c.Up {
			t.Fatal("it came back")
		}
		if c.Attempt == 2 {
			if !strings.Contains(c.Err.Error(), "shared_buffers") {
				t.Errorf("the reason is told as %v", c.Err)
			}
			break
		}
	}
	began := time.Now()
	stop(t, s)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestStart_after_the_holder_was_killed(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Lasting = true
	a, cmd, _ := startHelper(t, "start", o, nil)
	execSQL(t, a.URL, "CREATE TABLE kept AS SELECT 7 AS n")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // killed
	s := start(t, o)
	if got := ask(t, s.DSN(), "SELECT n::text FROM kept"); got != "7" {
		t.Errorf("the row holds %q", got)
	}
	if alive(a.PostmasterPID) {
		t.Error("the PostgreSQL of the killed holder still runs")
	}
}

func TestStart_after_holder_and_PostgreSQL_were_killed(t *testing.T) {
	t.Parallel()
	o := options(t)
	a, cmd, _ := startHelper(t, "start", o, nil)
	execSQL(t, a.URL, "CREATE TABLE kept AS SELECT 8 AS n")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(a.PostmasterPID, syscall.SIGKILL) // it may have ended already
	cmd.Wait()                                     // killed
	s := start(t, o)
	if got := ask(t, s.DSN(), "SELECT n::text FROM kept"); got != "8" {
		t.Errorf("the row holds %q", got)
	}
}

// A postmaster that nothing ties to its holder is left over when that one is
// killed, as on systems without a parent-death signal.
func TestStart_ends_a_leftover_postmaster(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := start(t, o)
	a := s.Address()
	h, b := s.watch.home, s.watch.bin
	stop(t, s)
	left, err := launch(h, b, a.Port, durable, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := left.ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	s = start(t, o)
	<-left.exited
	if s.Address().PostmasterPID == left.pid {
		t.Error("the leftover was taken over")
	}
}

// Two postmasters on one cluster would destroy it: a child of a killed one that
// is still there keeps the next from starting, also without its pid file.
func TestStart_waits_for_the_children_of_a_killed_postmaster(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := start(t, o)
	a := s.Address()
	h, b := s.watch.home, s.watch.bin
	stop(t, s)
	p, err := launch(h, b, a.Port, durable, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.ready(testContext(t)); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(testContext(t), a.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context())) // its server is killed
	child := int(c.PgConn().PID())
	if err := syscall.Kill(child, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(child, syscall.SIGCONT) // it may have ended
	if err := syscall.Kill(p.pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if s, err := Start(ctx, o); err == nil {
		stop(t, s)
		t.Fatal("a second postmaster started beside a child of the first")
	} else if !strings.Contains(err.Error(), "shared memory") {
		t.Errorf("the error does not say why: %v", err)
	}
	if err := syscall.Kill(child, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	start(t, o)
}

func TestStart_with_a_pid_file_of_a_stranger(t *testing.T) {
	t.Parallel()
	o := options(t)
	s := start(t, o)
	h := s.watch.home
	stop(t, s)
	stranger := exec.Command("/bin/sleep", "600")
	stranger.SysProcAttr = h.account.attributes()
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		stranger.Process.Kill() // ours
		stranger.Wait()         // killed
	}()
	pid := filepath.Join(h.data(), "postmaster.pid")
	for name, text := range map[string]string{
		"living stranger": itoa(stranger.Process.Pid) + "\n" + h.data() + "\n1\n5432\n\n\n0\nready\n",
		"empty":           "",
	} {
		if err := os.WriteFile(pid, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.account.give(pid); err != nil {
			t.Fatal(err)
		}
		s, err := Start(testContext(t), o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		stop(t, s)
		if !alive(stranger.Process.Pid) {
			t.Fatal("the stranger was ended")
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Lasting = true
	if _, err := Join(testContext(t), o.DataDir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("without a data directory: %v", err)
	}
	s := start(t, o)
	if _, err := Start(testContext(t), o); !errors.Is(err, ErrHeld) {
		t.Errorf("a second Start: %v", err)
	}
	joined, err := Open(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if joined.Owned() || joined.DSN() != s.DSN() {
		t.Errorf("joined %s, runs %s", joined.DSN(), s.DSN())
	}
	stop(t, joined)
	if got := ask(t, s.DSN(), "SELECT 'on'"); got != "on" {
		t.Error("the holder's cluster ended with the one that joined")
	}
	stop(t, s)
	if _, err := Join(testContext(t), o.DataDir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after Stop: %v", err)
	}
}

// Many short commands at once: each finds a cluster that stays for as long as
// it needs it.
func TestOpen_by_many_short_commands(t *testing.T) {
	t.Parallel()
	o := options(t)
	const commands = 5
	results := make(chan error, commands)
	for range commands {
		go func() {
			s, err := Open(testContext(t), o)
			if err == nil {
				_, err = tryAsk(testContext(t), s.DSN(), "SELECT 'x'")
				err = errors.Join(err, s.Stop())
			}
			results <- err
		}()
	}
	for range commands {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestOpen_gives_up_with_its_context(t *testing.T) {
	t.Parallel()
	o := options(t)
	start(t, o) // not lasting, and does not end
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
