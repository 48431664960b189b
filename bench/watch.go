package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// watch reads what work cost: from PostgreSQL's own counters and from /proc.
type watch struct {
	c          *pgx.Conn
	server     int
	postmaster string
}

// reading is the state of all counters at one moment.
type reading struct {
	commits, statements, wal float64
	client, server, backend  time.Duration
}

func newWatch(ctx context.Context, p *program) (*watch, error) {
	c, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return nil, err
	}
	w := &watch{c: c, server: p.server.Process.Pid}
	if fields, ok := stat(strconv.Itoa(int(c.PgConn().PID()))); ok {
		w.postmaster = fields[parentField]
	}
	_, err = c.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
	return w, err
}

func (w *watch) close(ctx context.Context) { _ = w.c.Close(ctx) }

func (w *watch) read(ctx context.Context, database string) (reading, error) {
	var r reading
	err := w.c.QueryRow(ctx, `SELECT
		(SELECT xact_commit FROM pg_stat_database WHERE datname = $1)::float8,
		(SELECT COALESCE(sum(s.calls), 0) FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1)::float8,
		(pg_current_wal_lsn() - '0/0')::float8`, database).Scan(&r.commits, &r.statements, &r.wal)
	if err != nil {
		return r, fmt.Errorf("reading the counters: %w", err)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return r, err
	}
	r.client = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	if fields, ok := stat(strconv.Itoa(w.server)); ok {
		r.server = busy(fields)
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		if fields, ok := stat(filepath.Base(dir)); ok && fields[parentField] == w.postmaster {
			r.backend += busy(fields)
		}
	}
	return r, nil
}

func (r reading) since(before reading, n, seconds float64) turn {
	each := func(d time.Duration) time.Duration { return time.Duration(float64(d) / n) }
	return turn{
		rate: n / seconds, commits: (r.commits - before.commits) / n, statements: (r.statements - before.statements) / n,
		wal: (r.wal - before.wal) / n, client: each(r.client - before.client), server: each(r.server - before.server),
		backend: each(r.backend - before.backend),
	}
}

// statements lists what the time in PostgreSQL went into.
func (w *watch) statements(ctx context.Context, out io.Writer) error {
	rows, err := w.c.Query(ctx, `SELECT d.datname, calls, total_exec_time, rows, wal_bytes::float8, regexp_replace(query, '\s+', ' ', 'g')
		FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE total_exec_time > 5 AND d.datname IN ('bench', 'kohomai')
		ORDER BY d.datname, total_exec_time DESC`)
	if err != nil {
		return err
	}
	defer rows.Close()
	fmt.Fprintf(out, "%-8s %8s %9s %9s %12s\n", "", "calls", "ms", "rows", "WAL bytes")
	for rows.Next() {
		var calls, n int64
		var ms, wal float64
		var database, text string
		if err := rows.Scan(&database, &calls, &ms, &n, &wal, &text); err != nil {
			return err
		}
		fmt.Fprintf(out, "%-8s %8d %9.0f %9d %12.0f  %.110s\n", database, calls, ms, n, wal, text)
	}
	return rows.Err()
}

// Fields of /proc/PID/stat, counted behind the program's name.
const (
	parentField = 1
	userField   = 11
	systemField = 12
)

func stat(pid string) ([]string, bool) {
	raw, err := os.ReadFile(filepath.Join("/proc", filepath.Base(pid), "stat")) // #nosec G304 -- the system's own
	if err != nil {
		return nil, false
	}
	_, rest, ok := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	return fields, ok && len(fields) > systemField
}

// busy is the processor time of a process; the clock of /proc ticks a hundred times a second.
func busy(fields []string) time.Duration {
	user, err := strconv.ParseInt(fields[userField], 10, 64)
	system, err2 := strconv.ParseInt(fields[systemField], 10, 64)
	if errors.Join(err, err2) != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
