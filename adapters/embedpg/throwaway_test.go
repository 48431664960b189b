package embedpg

import (
	"os"
	"testing"
)

func TestThrowaway(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.DataDir = ""
	s, err := Throwaway(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s.DSN(), "SHOW fsync"); got != "off" {
		t.Errorf("fsync is %s", got)
	}
	execSQL(t, s.DSN(), "CREATE TABLE cloned AS SELECT 5 AS n")
	if err := Clone(testContext(t), s.DSNFor("postgres"), DefaultDatabase, "a copy"); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s.DSNFor("a copy"), "SELECT n::text FROM cloned"); got != "5" {
		t.Errorf("the clone holds %q", got)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if alive(s.Address().PostmasterPID) {
		t.Error("PostgreSQL outlives Stop")
	}
	if _, err := os.Stat(s.Address().Cluster); !os.IsNotExist(err) {
		t.Errorf("the cluster is still there: %v", err)
	}
}

// Whoever only needs the URL may forget the server.
func TestThrowaway_outlives_its_last_reference(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.DataDir = openDir(t)
	a, cmd, in := startHelper(t, "forgotten", o, nil)
	if got := ask(t, a.URL, "SELECT 'here'"); got != "here" {
		t.Error(got)
	}
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster was removed", func() bool {
		_, err := os.Stat(a.Cluster)
		return os.IsNotExist(err)
	})
}

func TestThrowaway_goes_with_a_killed_process(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.DataDir = openDir(t)
	a, cmd, _ := startHelper(t, "throwaway", o, nil)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "PostgreSQL ended", func() bool { return !alive(a.PostmasterPID) })
	eventually(t, "the cluster was removed", func() bool {
		_, err := os.Stat(a.Cluster)
		return os.IsNotExist(err)
	})
}
