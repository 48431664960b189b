package pgtest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
)

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx) // only read
	var answer string
	if err := c.QueryRow(ctx, sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func counting(runs *atomic.Int32, table string) func(context.Context, string) error {
	return func(ctx context.Context, dsn string) error {
		runs.Add(1)
		c, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, "CREATE TABLE "+table+" (n int)")
		return errors.Join(err, c.Close(ctx))
	}
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	var runs atomic.Int32
	files := fstest.MapFS{"0001.sql": {Data: []byte("pgtest's own " + t.Name())}}
	// Two templates of the same files are what two programs have.
	first, second := New(counting(&runs, "made"), files), New(counting(&runs, "made"), files)
	var seen [2]string
	t.Run("tests", func(t *testing.T) {
		for i, p := range []*Template{first, second} {
			t.Run("clone", func(t *testing.T) {
				t.Parallel()
				dsn := p.Database(t)
				seen[i] = query(t, dsn, "SELECT current_database()")
				if got := query(t, dsn, "WITH x AS (INSERT INTO made VALUES (1) RETURNING n) SELECT count(*)::text FROM x"); got != "1" {
					t.Errorf("inserted %s", got)
				}
			})
		}
	})
	if runs.Load() > 1 {
		t.Errorf("the template was migrated %d times", runs.Load())
	}
	if seen[0] == seen[1] {
		t.Errorf("both tests got %s", seen[0])
	}
	for _, name := range seen {
		if got := query(t, first.cluster, "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"); got != "0" {
			t.Errorf("%s outlives its test", name)
		}
	}
	if got := query(t, first.Database(t), "SELECT count(*)::text FROM made"); got != "0" {
		t.Errorf("a fresh database holds %s rows", got)
	}
}

func TestDatabase_after_a_failed_migration(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"0001.sql": {Data: []byte("pgtest's own " + t.Name())}}
	p := New(func(context.Context, string) error { return errors.New("no such table") }, files)
	if err := p.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Fatalf("got %v", err)
	}
	var runs atomic.Int32
	dsn := New(counting(&runs, "mended"), files).Database(t)
	if got := query(t, dsn, "SELECT count(*)::text FROM mended"); got != "0" || runs.Load() != 1 {
		t.Errorf("%s rows after %d migrations", got, runs.Load())
	}
}

func TestDatabase_drops_what_a_test_left_connected(t *testing.T) {
	t.Parallel()
	p := New(nil, nil)
	var name string
	t.Run("leaves a connection", func(t *testing.T) {
		dsn := p.Database(t)
		name = query(t, dsn, "SELECT current_database()")
		c, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
	if got := query(t, p.cluster, "SELECT count(*)::text FROM pg_database WHERE datname = '"+name+"'"); got != "0" {
		t.Errorf("%s outlives its test", name)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	s := Cluster(t)
	if got := query(t, s.DSN(), "SELECT current_database()"); got != "kohomai" {
		t.Errorf("database %s", got)
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i, files := range []fstest.MapFS{
		{"a.sql": {Data: []byte("x")}},
		{"a.sql": {Data: []byte("y")}},
		{"b.sql": {Data: []byte("x")}},
		{"a.sql": {Data: []byte("x")}, "b.sql": {}},
		{"d/a.sql": {Data: []byte("x")}},
	} {
		sum, err := digest(files)
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[sum]; ok {
			t.Errorf("sets %d and %d have the same digest", before, i)
		}
		seen[sum] = i
	}
}
