package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Numbers are the numbers of the migrations this program knows, sorted.
func Numbers() []string {
	names, err := fs.Glob(files, "*.up.sql")
	if err != nil {
		panic(err) // a pattern of our own
	}
	numbers := make([]string, len(names))
	for i, name := range names {
		numbers[i], _, _ = strings.Cut(name, "_")
	}
	slices.Sort(numbers)
	return numbers
}

// Newest is the schema this program needs: the number of its last migration.
func Newest() string {
	all := Numbers()
	return all[len(all)-1]
}

// ErrNewer says that the database was migrated by a later release.
var ErrNewer = errors.New("the database's schema is newer than this program")

// ErrOlder says that migrations are missing.
var ErrOlder = errors.New("the database's schema is older than this program")

// refuseNewer is the error of a database that has migrations this program does not know.
func refuseNewer(applied []string) error {
	known := Numbers()
	unknown := slices.DeleteFunc(slices.Clone(applied), func(n string) bool { return slices.Contains(known, n) })
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("%w: it has %s, this program knows no migration after %s. Run the release that made it, or a later one: no release takes a schema back",
		ErrNewer, strings.Join(unknown, ", "), Newest())
}

// Judge compares the schema with this program, as the serving role: ErrOlder or ErrNewer.
// A newer schema serves the release before it; who only serves may go on.
func Judge(ctx context.Context, db *sql.DB) error {
	applied, err := appliedTo(ctx, db)
	if err != nil {
		return err
	}
	if err := refuseNewer(applied); err != nil {
		return err
	}
	for _, n := range Numbers() {
		if !slices.Contains(applied, n) {
			return fmt.Errorf("%w: migration %s is missing. Run kohomai migrate up, or serve with --migrate", ErrOlder, n)
		}
	}
	return nil
}

func appliedTo(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "SELECT name FROM "+Schema+".schema_migration")
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok && slices.Contains([]string{"42P01", "3F000", "42501"}, pe.Code) {
		return nil, nil // not migrated, or by a program that did not let the serving role look
	}
	if err != nil {
		return nil, fmt.Errorf("reading the schema's version: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var applied []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("reading the schema's version: %w", err)
		}
		applied = append(applied, name)
	}
	return applied, rows.Err()
}
