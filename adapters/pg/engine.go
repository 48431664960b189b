package pg

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/session"
)

// Sealer encrypts what must not be read in the tables.
type Sealer interface {
	// Seal must encrypt plain, bound to its place; Open must give it back or fail.
	Seal(plain []byte, place string) ([]byte, error)
	Open(sealed []byte, place string) ([]byte, error)
}

// EngineTx makes the engine's stores. Queue binds the job queue to a transaction.
func EngineTx(seal Sealer, queue func(*sql.Tx) job.Queue) func(*Pipe, actor.Actor) engine.Tx {
	return func(tx *Pipe, a actor.Actor) engine.Tx {
		return engine.Tx{
			Clock: clock{tx}, Idem: idemStore{tx, a.Workspace, seal}, Leads: leadStore{tx, a.Workspace},
			Journeys: journeyStore{tx, a.Workspace, seal}, Events: eventStore{tx, a.Workspace},
			Sessions: sessionStore{tx, a.Workspace}, Visits: openerStore{visitStore{tx, a.Workspace}}, Webhooks: leadWebhooks{tx, a.Workspace},
			Assigner: assigner{tx, a.Workspace}, Jobs: queue(tx.tx),
		}
	}
}

type clock struct{ pipe *Pipe }

func (c clock) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := c.pipe.ask(ctx, &now, "SELECT clock_timestamp() + (SELECT clock_offset FROM workspace)")
	return now.UTC().Truncate(time.Microsecond), err
}

type idemStore struct {
	tx   transaction
	ws   ident.Workspace
	seal Sealer
}

func (s idemStore) Lock(ctx context.Context, keys []idem.Key) (map[idem.Key]idem.Record, error) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b idem.Key) int {
		return strings.Compare(a.Holder+"\x00"+a.Route+"\x00"+a.Value, b.Holder+"\x00"+b.Route+"\x00"+b.Value)
	})
	keys = slices.Compact(keys)
	holders, routes, values := make([]string, len(keys)), make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		holders[i], routes[i], values[i] = k.Holder, k.Route, k.Value
	}
	// The lock comes first and in a statement of its own: the next one must see what the
	// holder before us committed.
	if _, err := s.tx.ExecContext(ctx, `WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', '5s', true))
		SELECT pg_advisory_xact_lock(h) FROM patience, (
			SELECT hashtextextended(concat_ws(E'\x1f', $1::bigint::text, holder, route, key), 0) AS h
			FROM unnest($2::text[], $3::text[], $4::text[]) AS k (holder, route, key) ORDER BY h) AS ordered`,
		int64(s.ws), holders, routes, values); err != nil {
		if lockTimeout(err) {
			return nil, fault.New(fault.Conflict, "idempotency_key_in_use",
				"A request with this idempotency key is still running.").Retry(time.Second)
		}
		return nil, fmt.Errorf("locking idempotency keys: %w", err)
	}
	rows, err := s.tx.QueryContext(ctx, `
		SELECT holder, route, key, fingerprint, status, answer, extract(epoch FROM now() - created_at)::bigint FROM idempotency
		JOIN unnest($2::text[], $3::text[], $4::text[]) AS k (holder, route, key) USING (holder, route, key)
		WHERE workspace_id = $1`, int64(s.ws), holders, routes, values)
	if err != nil {
		return nil, fmt.Errorf("reading idempotency records: %w", err)
	}
	defer rows.Close()
	out := map[idem.Key]idem.Record{}
	for rows.Next() {
		var r idem.Record
		var print, answer []byte
		var seconds int64
		if err := rows.Scan(&r.Request.Key.Holder, &r.Request.Key.Route, &r.Request.Key.Value, &print, &r.Answer.Status, &answer, &seconds); err != nil {
			return nil, err
		}
		copy(r.Request.Fingerprint[:], print)
		r.Answer.Age = time.Duration(max(seconds, 0)) * time.Second
		if r.Answer.Body, err = s.seal.Open(answer, s.place(r.Request.Key)); err != nil {
			return nil, fmt.Errorf("opening an idempotency record: %w", err)
		}
		out[r.Request.Key] = r
	}
	return out, rows.Err()
}

func (s idemStore) place(k idem.Key) string {
	return fmt.Sprintf("idempotency|%d|%s|%s|%s", s.ws, k.Holder, k.Route, k.Value)
}

func (s idemStore) Save(ctx context.Context, records []idem.Record) error {
	n := len(records)
	holders, routes, keys := make([]string, n), make([]string, n), make([]string, n)
	prints, statuses, answers := make([][]byte, n), make([]int32, n), make([][]byte, n)
	for i, r := range records {
		sealed, err := s.seal.Seal(r.Answer.Body, s.place(r.Request.Key))
		if err != nil {
			return err
		}
		holders[i], routes[i], keys[i] = r.Request.Key.Holder, r.Request.Key.Route, r.Request.Key.Value
		prints[i], statuses[i], answers[i] = r.Request.Fingerprint[:], int32(r.Answer.Status), sealed // #nosec G115 -- an HTTP status
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO idempotency (workspace_id, holder, route, key, fingerprint, status, answer)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::int[], $7::bytea[])`,
		int64(s.ws), holders, routes, keys, prints, statuses, answers)
	if err != nil {
		return fmt.Errorf("keeping idempotency records: %w", err)
	}
	return nil
}

type eventStore struct {
	tx transaction
	ws ident.Workspace
}

// Append implements engine.EventStore: one statement for the events of a month, which is
// all of a batch but at a month's turn.
func (s eventStore) Append(ctx context.Context, events []event.Event) error {
	for len(events) > 0 {
		month := monthOf(events[0])
		n := 1
		for n < len(events) && monthOf(events[n]).Equal(month) {
			n++
		}
		if err := s.insert(ctx, month, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

// ofRun are the details of an event that the row of its run tells: they are not stored
// again, and the view event_in_full puts them back.
var ofRun = []string{"Key", "Name", "Stage", "Connector"}

func monthOf(e event.Event) time.Time {
	return time.Date(e.At.Year(), e.At.Month(), 1, 0, 0, 0, 0, time.UTC)
}

func (s eventStore) insert(ctx context.Context, month time.Time, events []event.Event) error {
	n := len(events)
	ids, types, times := make([]int64, n), make([]string, n), make([]time.Time, n)
	leads, journeys, sequences := make([]int64, n), make([]int64, n), make([]int64, n)
	runs, by, data := make([]int64, n), make([]int64, n), make([]string, n)
	var buffer []byte
	for i, e := range events {
		var told []string
		if e.Run != 0 {
			told = ofRun
		}
		var err error
		if buffer, err = appendObject(buffer[:0], e.Data, told...); err != nil {
			return err
		}
		if len(buffer) > len("{}") {
			data[i] = string(buffer)
		}
		ids[i], types[i], times[i] = int64(e.ID), string(e.Type), e.At
		leads[i], journeys[i], sequences[i] = int64(e.Lead), int64(e.Journey), e.Sequence
		runs[i], by[i] = int64(e.Run), int64(e.By)
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO event (workspace_id, month, id, type, at, lead_id, journey_id, sequence, run_id, by_user, data)
		SELECT $1, $2, id, type, at, NULLIF(lead, 0), NULLIF(journey, 0), NULLIF(sequence, 0), NULLIF(run, 0), NULLIF(who, 0),
			NULLIF(data, '')::jsonb
		FROM unnest($3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[],
			$10::bigint[], $11::text[]) AS n (id, type, at, lead, journey, sequence, run, who, data)`,
		int64(s.ws), month, ids, types, times, leads, journeys, sequences, runs, by, data)
	if err != nil {
		return fmt.Errorf("appending events: %w", err)
	}
	return nil
}

type sessionStore struct {
	tx transaction
	ws ident.Workspace
}

func (s sessionStore) Insert(ctx context.Context, links []session.Link) error {
	n := len(links)
	ids, users, journeys, hashes := make([]int64, n), make([]int64, n), make([]*int64, n), make([][]byte, n)
	redirects, created, valid := make([]string, n), make([]time.Time, n), make([]time.Time, n)
	for i, l := range links {
		ids[i], users[i], journeys[i], hashes[i] = int64(l.ID), int64(l.User), orNull(l.Journey), l.TokenHash
		redirects[i], created[i], valid[i] = l.RedirectURL, l.CreatedAt, l.ValidUntil
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO session (workspace_id, id, user_id, journey_id, token_hash, redirect_url, created_at, valid_until)
		SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::text[], $7::timestamptz[], $8::timestamptz[])`,
		int64(s.ws), ids, users, journeys, hashes, redirects, created, valid)
	if err != nil {
		return fmt.Errorf("keeping links: %w", err)
	}
	return nil
}

// assigner is plain round robin over a policy's members, in their order.
type assigner struct {
	tx transaction
	ws ident.Workspace
}

func (s assigner) Pick(ctx context.Context, policies []string) ([]ident.User, error) {
	rows, err := s.tx.QueryContext(ctx, `
		WITH locked AS (SELECT name, turn FROM policy WHERE workspace_id = $1 AND name = ANY($2) ORDER BY name FOR UPDATE)
		SELECT l.name, l.turn, COALESCE(array_agg(m.user_id ORDER BY m.position, m.user_id) FILTER (WHERE m.user_id IS NOT NULL), '{}')::text
		FROM locked l LEFT JOIN policy_member m ON m.workspace_id = $1 AND m.policy = l.name GROUP BY l.name, l.turn`,
		int64(s.ws), policies)
	if err != nil {
		return nil, fmt.Errorf("locking policies: %w", err)
	}
	defer rows.Close()
	turns, members := map[string]int64{}, map[string][]ident.User{}
	for rows.Next() {
		var name, list string
		var turn int64
		if err := rows.Scan(&name, &turn, &list); err != nil {
			return nil, err
		}
		turns[name] = turn
		for _, s := range strings.Split(strings.Trim(list, "{}"), ",") {
			if id, ok := ident.Parse[ident.User](s); ok {
				members[name] = append(members[name], id)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	out := make([]ident.User, len(policies))
	for i, name := range policies {
		if m := members[name]; len(m) > 0 {
			out[i] = m[turns[name]%int64(len(m))]
			turns[name]++
		}
	}
	names, next := make([]string, 0, len(turns)), make([]int64, 0, len(turns))
	for name, turn := range turns {
		names, next = append(names, name), append(next, turn)
	}
	_, err = s.tx.ExecContext(ctx, `UPDATE policy p SET turn = n.turn FROM unnest($2::text[], $3::bigint[]) AS n (name, turn)
		WHERE p.workspace_id = $1 AND p.name = n.name`, int64(s.ws), names, next)
	return out, err
}

// Sweeper is engine.Sweeper.
type Sweeper struct{ db *DB }

// NewSweeper makes the sweeper.
func NewSweeper(db *DB) *Sweeper { return &Sweeper{db: db} }

// Due implements engine.Sweeper.
func (s *Sweeper) Due(ctx context.Context, n int) ([]engine.Wake, error) {
	rows, err := s.db.sql.QueryContext(ctx, "SELECT workspace_id, id FROM due_journeys($1)", n)
	if err != nil {
		return nil, classify(fmt.Errorf("looking for due journeys: %w", err))
	}
	defer rows.Close()
	var out []engine.Wake
	for rows.Next() {
		var w engine.Wake
		if err := rows.Scan(&w.Workspace, &w.Journey); err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, classify(rows.Err())
}

// Stale returns open calls whose job may be lost.
func (s *Sweeper) Stale(ctx context.Context, n int) ([]engine.CallJob, error) {
	rows, err := s.db.sql.QueryContext(ctx, "SELECT workspace_id, journey_id, id, call, connector FROM stale_calls($1)", n)
	if err != nil {
		return nil, classify(fmt.Errorf("looking for stale calls: %w", err))
	}
	defer rows.Close()
	var out []engine.CallJob
	for rows.Next() {
		j := engine.CallJob{Pairs: make([]engine.Pair, 1)}
		if err := rows.Scan(&j.Workspace, &j.Pairs[0].Journey, &j.Pairs[0].Run, &j.Pairs[0].Call, &j.Connector); err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return out, classify(rows.Err())
}
