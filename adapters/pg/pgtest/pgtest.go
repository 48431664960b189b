package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/adapters/embedpg"
)

// Env names the environment variable that holds the URL of a cluster for
// tests, as superuser, any database.
const Env = "KOHOMAI_TEST_PG"

// patience bounds everything that is done for one test.
const patience = 2 * time.Minute

// migrating is the advisory lock under which templates are made, one at a time
// in the whole cluster, because migrations make roles too.
const migrating = 0x6b6f686f // "koho"

// Template is a migrated database that tests get copies of. Programs that run
// side by side share it by the digest of its files.
type Template struct {
	migrate func(ctx context.Context, dsn string) error
	files   fs.FS
	once    sync.Once
	name    string
	cluster string // URL of the database postgres
	err     error
}

// New describes a template: migrate is run on an empty database, and must
// close its connections; files are what decides its result (the migrations).
// A nil migrate gives empty databases.
func New(migrate func(ctx context.Context, dsn string) error, files fs.FS) *Template {
	return &Template{migrate: migrate, files: files}
}

// Database returns the URL, as superuser, of a fresh copy of the template. It is
// dropped after a test that passed.
func (p *Template) Database(t testing.TB) string {
	t.Helper()
	p.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		p.err = p.prepare(ctx)
	})
	if p.err != nil {
		t.Fatalf("pgtest: %v", p.err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	if err := embedpg.Clone(ctx, p.cluster, p.name, name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if err := drop(p.cluster, name); err != nil {
			t.Errorf("pgtest: dropping the database of a test: %v", err)
		}
	})
	return in(p.cluster, name)
}

// Cluster returns a private throw-away cluster, stopped after the test.
func Cluster(t testing.TB) *embedpg.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := throwaway(ctx)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("pgtest: stopping a cluster: %v", err)
		}
	})
	return s
}

// prepare finds the cluster and makes the template in it, unless another
// program did.
func (p *Template) prepare(ctx context.Context) (err error) {
	base, err := clusterURL(ctx)
	if err != nil {
		return err
	}
	p.cluster = in(base, "postgres")
	sum, err := digest(p.files)
	if err != nil {
		return err
	}
	p.name = "template_" + sum
	if p.migrate == nil {
		p.name = "template_empty"
	}

	c, err := pgx.Connect(ctx, p.cluster)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }() // frees the lock too
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return err
	}
	var exists bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", p.name).Scan(&exists); err != nil || exists {
		return err
	}
	// The name comes last: a program that was killed half-way leaves no template.
	part := p.name + "_part"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + part + " WITH (FORCE)", "CREATE DATABASE " + part} {
		if _, err := c.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	if p.migrate != nil {
		if err := p.migrate(ctx, in(p.cluster, part)); err != nil {
			return fmt.Errorf("migrating the template: %w", err)
		}
	}
	if err := deserted(ctx, c, part); err != nil {
		return fmt.Errorf("after migrating the template: %w", err)
	}
	for _, sql := range []string{
		"ALTER DATABASE " + part + " RENAME TO " + p.name,
		"ALTER DATABASE " + p.name + " WITH ALLOW_CONNECTIONS false",
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

var own struct {
	once sync.Once
	url  string
	err  error
}

// clusterURL is the cluster of the whole run, else one of our own, which ends
// with this program.
func clusterURL(ctx context.Context) (string, error) {
	if dsn := os.Getenv(Env); dsn != "" {
		return dsn, nil
	}
	own.once.Do(func() {
		s, err := throwaway(ctx)
		if err != nil {
			own.err = err
			return
		}
		own.url = s.DSN()
	})
	return own.url, own.err
}

func throwaway(ctx context.Context) (*embedpg.Server, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	return embedpg.Throwaway(ctx, embedpg.Options{Find: embedpg.FindOptions{Roots: []string{root}}})
}

// moduleRoot is the folder of go.mod: tests run in their package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

func drop(cluster, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, cluster)
	if err != nil {
		return err
	}
	// Dropping by force waits 100 ms for whoever is connected; backends of
	// closed connections are gone within one or two. What a test leaves open
	// is forced.
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	err = deserted(short, c, name)
	if err != nil {
		// The wait was cut off, and the connection with it.
		if closeErr := c.Close(ctx); closeErr != nil {
			return closeErr
		}
		if c, err = pgx.Connect(ctx, cluster); err != nil {
			return err
		}
	}
	_, err = c.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
	return errors.Join(err, c.Close(ctx))
}

// deserted waits until nobody is connected to a database.
func deserted(ctx context.Context, c *pgx.Conn, database string) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		var n int
		if err := c.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = $1", database).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s connections to %s stay open", strconv.Itoa(n), database)
		case <-tick.C:
		}
	}
}

// digest names what the files hold.
func digest(files fs.FS) (string, error) {
	sum := sha256.New()
	if files == nil {
		return hex.EncodeToString(sum.Sum(nil)[:8]), nil
	}
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s\x00%d\x00", path, len(text))
		sum.Write(text)
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)[:8]), err
}

// in is the URL of another database of the same cluster.
func in(dsn, database string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		// Not a URL but a list of words: the last word of a name counts.
		return dsn + " dbname=" + database
	}
	u.Path = "/" + database
	return u.String()
}
