package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/adapters/embedpg"
	"github.com/kohomai/kohomai/app"
	"github.com/kohomai/kohomai/migrations"
)

// cluster is a PostgreSQL of a test's own: roles belong to all databases of one.
type cluster struct {
	t     *testing.T
	super string
}

func newCluster(t *testing.T, bin string) cluster {
	t.Helper()
	s, err := embedpg.Throwaway(t.Context(), embedpg.Options{Find: embedpg.FindOptions{Bin: bin}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster{t, s.DSN()}
}

// as is the address of a database for a login role.
func (c cluster) as(role, database string) string {
	c.t.Helper()
	u, err := url.Parse(c.super)
	if err != nil {
		c.t.Fatal(err)
	}
	if role != "" {
		u.User = url.UserPassword(role, "word")
	}
	u.Path = "/" + database
	return u.String()
}

func (c cluster) exec(dsn string, statements ...string) {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), dsn)
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, s := range statements {
		if _, err := conn.Exec(c.t.Context(), s); err != nil {
			c.t.Fatalf("%s: %v", s, err)
		}
	}
}

// open opens the app over an address, and closes it.
func (c cluster) open(o app.Options, entries ...string) error {
	c.t.Helper()
	config, err := app.LoadConfig(append(entries, "KOHOMAI_DATA_DIR="+c.t.TempDir()), slog.New(slog.DiscardHandler))
	if err != nil {
		c.t.Fatal(err)
	}
	a, err := app.Open(c.t.Context(), config, o)
	if err != nil {
		return err
	}
	defer a.Close()
	if o.Migrate {
		return a.Demo(c.t.Context(), "http://127.0.0.1:1")
	}
	_, err = a.Readers.Find(c.t.Context(), "Demo")
	return err
}

func refused(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("want %q, got %v", want, err)
	}
}

var throwaway = app.Options{Throwaway: true}

func TestDatabase_ExternalWithOneLoginRole(t *testing.T) {
	t.Parallel()
	for name, bin := range map[string]string{"17": "", "15": "/usr/lib/postgresql/15/bin"} {
		t.Run("PostgreSQL "+name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(bin); bin != "" && err != nil {
				t.Skip("there is no PostgreSQL 15 in " + bin)
			}
			c := newCluster(t, bin)
			c.exec(c.super, "CREATE ROLE one LOGIN CREATEROLE PASSWORD 'word'", "CREATE DATABASE d OWNER one")
			one := "DATABASE_URL=" + c.as("one", "d")

			refused(t, c.open(throwaway, one), "the database is not prepared")
			if err := c.open(app.Options{Throwaway: true, Migrate: true}, one); err != nil {
				t.Fatal(err)
			}
			if err := c.open(throwaway, one); err != nil {
				t.Errorf("a second start: %v", err)
			}
			refused(t, c.open(app.Options{}, one), "the database is not durable: fsync is off")

			// Serving needs no more than to become kohomai_app.
			c.exec(c.super, "CREATE ROLE serving LOGIN PASSWORD 'word'")
			serving := "DATABASE_URL=" + c.as("serving", "d")
			refused(t, c.open(throwaway, serving), "GRANT kohomai_app TO it")
			c.exec(c.super, "GRANT kohomai_app TO serving")
			if err := c.open(throwaway, serving, "KOHOMAI_MIGRATE_URL="+c.as("one", "d")); err != nil {
				t.Errorf("a serving role of its own: %v", err)
			}
			refused(t, c.open(throwaway, "DATABASE_URL="+c.as("one", "nowhere")), "make it first")
			refused(t, c.open(throwaway, "DATABASE_URL="+strings.Replace(c.as("one", "d"), ":word@", ":other@", 1)), "refuses the login")
		})
	}
}

func TestDatabase_RolesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.exec(c.super, `CREATE ROLE "poor one" LOGIN PASSWORD 'word'`, `CREATE DATABASE p OWNER "poor one"`)
	poor := c.as("poor one", "p")
	migrate := app.Options{Throwaway: true, Migrate: true}
	err := c.open(migrate, "DATABASE_URL="+poor)
	if !errors.Is(err, migrations.ErrRoles) {
		t.Fatalf("%v", err)
	}
	_, script, found := strings.Cut(err.Error(), "try again:\n")
	if !found || !strings.Contains(script, `"poor one"`) {
		t.Fatalf("no SQL for the administrator: %v", err)
	}
	// What the administrator is told to run is what was missing.
	c.exec(c.as("", "p"), script)
	if err := c.open(migrate, "DATABASE_URL="+poor); err != nil {
		t.Error(err)
	}
}

func TestDatabase_PowerfulRolesDoNotServe(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.exec(c.super, "CREATE DATABASE d")
	u, err := url.Parse(c.super)
	if err != nil {
		t.Fatal(err)
	}
	d := "DATABASE_URL=" + strings.Replace(c.super, u.Path, "/d", 1)
	if err := c.open(app.Options{Throwaway: true, Migrate: true}, d); err != nil {
		t.Fatal(err)
	}
	for power, words := range map[string][2]string{
		"bypasses row-level security true": {"ALTER ROLE kohomai_app BYPASSRLS", "ALTER ROLE kohomai_app NOBYPASSRLS"},
		"superuser true":                   {"ALTER ROLE kohomai_app SUPERUSER", "ALTER ROLE kohomai_app NOSUPERUSER"},
		"owner true":                       {"ALTER TABLE kohomai.policy OWNER TO kohomai_app", "ALTER TABLE kohomai.policy OWNER TO kohomai_owner"},
	} {
		dsn := strings.TrimPrefix(d, "DATABASE_URL=")
		c.exec(dsn, words[0])
		refused(t, c.open(throwaway, d), power)
		c.exec(dsn, words[1])
	}
	if err := c.open(throwaway, d); err != nil {
		t.Error(err)
	}

	// A schema of a later release is not taken back, and an earlier one is told to be brought up.
	dsn := strings.TrimPrefix(d, "DATABASE_URL=")
	c.exec(dsn, "INSERT INTO kohomai.schema_migration (name, group_id) VALUES ('29990101000000', 9)")
	err = c.open(app.Options{Throwaway: true, Migrate: true}, d)
	refused(t, err, "it has 29990101000000, this program knows no migration after "+migrations.Newest())
	if !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("%v", err)
	}
	if err := c.open(throwaway, d); err != nil {
		t.Errorf("a release serves on the schema of the next one: %v", err)
	}
	c.exec(dsn, "DELETE FROM kohomai.schema_migration WHERE name IN ('29990101000000', '"+migrations.Newest()+"')")
	refused(t, c.open(throwaway, d), "migration "+migrations.Newest()+" is missing. Run kohomai migrate up")
}
