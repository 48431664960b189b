package migrations_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/adapters/pg/pgtest"
	"github.com/kohomai/kohomai/migrations"
)

var empty = pgtest.New(nil, nil)

func TestUp_down_and_up_again(t *testing.T) {
	t.Parallel()
	dsn := empty.Database(t)
	for range 2 {
		if err := migrations.Up(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
		if _, missing, err := migrations.Status(t.Context(), dsn); err != nil || len(missing) > 0 {
			t.Fatalf("missing %v, %v", missing, err)
		}
		if err := migrations.Down(t.Context(), dsn); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUp_protects_every_tenant_table(t *testing.T) {
	t.Parallel()
	dsn := empty.Database(t)
	if err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	rows, err := c.Query(t.Context(), `
		SELECT t.relname, t.relrowsecurity AND t.relforcerowsecurity,
			(SELECT count(*) FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname IN ('ws', 'sys'))
		FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'workspace_id'
		WHERE t.relkind IN ('r', 'p') AND t.relnamespace = 'kohomai'::regnamespace`)
	if err != nil {
		t.Fatal(err)
	}
	tables := 0
	for rows.Next() {
		var name string
		var forced bool
		var policies int
		if err := rows.Scan(&name, &forced, &policies); err != nil {
			t.Fatal(err)
		}
		tables++
		if !forced || policies != 2 {
			t.Errorf("%s: forced %v, %d policies", name, forced, policies)
		}
	}
	if rows.Err() != nil || tables < 20 {
		t.Errorf("%d tables, %v", tables, rows.Err())
	}
}

func TestUp_leaves_no_rights_to_strangers(t *testing.T) {
	t.Parallel()
	dsn := empty.Database(t)
	if err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var bad int
	err = c.QueryRow(t.Context(), `
		SELECT count(*) FROM pg_roles WHERE rolname IN ('kohomai_app', 'kohomai_sys', 'kohomai_owner')
		AND (rolsuper OR rolbypassrls OR rolcanlogin)`).Scan(&bad)
	if err != nil || bad != 0 {
		t.Errorf("%d roles may too much, %v", bad, err)
	}
}
