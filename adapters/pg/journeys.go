package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
)

type journeyStore struct {
	tx   transaction
	ws   ident.Workspace
	seal Sealer
}

const journeyColumns = `j.id, j.funnel_id, j.version, j.lead_id, j.origin_id, j.owner_id, j.external_id, j.status, j.waiting_on,
	j.blocked_reason, j.sequence, j.state, j.data, j.redirect_url, j.wake_at, j.created_at, j.changed_at, j.ended_at`

// journeyRow scans the columns above; more follows them.
func journeyRow(row interface{ Scan(...any) error }, more ...any) (journey.Record, error) {
	var r journey.Record
	var owner *int64
	var external *string
	var state, data []byte
	var wake, ended *time.Time
	into := append([]any{
		&r.ID, &r.Funnel, &r.Version, &r.Lead, &r.Origin, &owner, &external, &r.Status, &r.WaitingOn,
		&r.BlockedReason, &r.Sequence, &state, &data, &r.RedirectURL, &wake, &r.CreatedAt, &r.ChangedAt, &ended,
	}, more...)
	if err := row.Scan(into...); err != nil {
		return r, err
	}
	r.Owner, r.ExternalID, r.WakeAt, r.EndedAt = ident.User(deref(owner)), deref(external), moment(wake), moment(ended)
	r.CreatedAt, r.ChangedAt = r.CreatedAt.UTC(), r.ChangedAt.UTC()
	if err := fromJSON(state, &r.State); err != nil {
		return r, err
	}
	return r, fromJSON(data, &r.Data)
}

func (s journeyStore) Lock(ctx context.Context, q engine.Query) ([]*journey.Journey, error) {
	inLead, inFunnel := make([]int64, len(q.In)), make([]int64, len(q.In))
	for i, in := range q.In {
		inLead[i], inFunnel[i] = int64(in.Lead), int64(in.Funnel)
	}
	rows, err := s.tx.QueryContext(ctx, `
		SELECT `+journeyColumns+` FROM journey j WHERE j.workspace_id = $1 AND (
			j.id = ANY($2)
			OR (j.lead_id = ANY($5) AND j.status IN ('InProgress', 'Blocked'))
			OR j.id IN (
				SELECT DISTINCT ON (n.lead_id, n.funnel_id) n.id FROM journey n
				JOIN unnest($3::bigint[], $4::bigint[]) AS w (lead_id, funnel_id) USING (lead_id, funnel_id)
				WHERE n.workspace_id = $1
				ORDER BY n.lead_id, n.funnel_id, n.status IN ('InProgress', 'Blocked') DESC,
					n.created_at DESC, n.id DESC))
		ORDER BY j.id FOR UPDATE`,
		int64(s.ws), numbers(q.IDs), inLead, inFunnel, numbers(q.OpenOf))
	if err != nil {
		return nil, fmt.Errorf("locking journeys: %w", err)
	}
	defer rows.Close()
	var records []journey.Record
	var ids []int64
	for rows.Next() {
		r, err := journeyRow(rows)
		if err != nil {
			return nil, err
		}
		records, ids = append(records, r), append(ids, int64(r.ID))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	runs, err := runsOf(ctx, s.tx, runState{s.ws, s.seal}, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*journey.Journey, len(records))
	for i, r := range records {
		out[i] = journey.Load(r, runs[r.ID])
	}
	return out, nil
}

// runWork is what only the state machine reads of a run.
type runWork struct {
	Overdue   bool              `json:",omitempty"`
	Reminded  int               `json:",omitempty"`
	TimeoutAt time.Time         `json:",omitzero"`
	CallKind  activity.CallKind `json:",omitempty"`
	Input     ident.Input       `json:",omitempty"`
	RetryAt   time.Time         `json:",omitzero"`
	Queue     []ident.Input     `json:",omitempty"`
	Heard     []string          `json:",omitempty"`
	Until     time.Time         `json:",omitzero"`
	External  string            `json:",omitempty"`
	// Sealed is the connector's state; State is a plain one of before (runState).
	State  []byte                `json:",omitempty"`
	Sealed []byte                `json:",omitempty"`
	Screen *activity.Screen      `json:",omitempty"`
	Result map[string]rule.Value `json:",omitempty"`
}

const runColumns = `r.id, r.journey_id, r.key, r.name, r.stage, r.visit, r.position, r.connector, r.assignee_kind, r.assignee_user,
	r.assignee_role, r.assignee_policy, r.required, r.status, r.waiting_on, r.reason, r.started_at, r.completed_at,
	r.due_at, r.call, r.call_open, r.attempts, r.work`

func scanRun(row interface{ Scan(...any) error }, state runState, more ...any) (*journey.Run, error) {
	var r journey.Run
	var user *int64
	var started, completed, due *time.Time
	var raw []byte
	into := append([]any{
		&r.ID, &r.Journey, &r.Key, &r.Name, &r.Stage, &r.Visit, &r.Position, &r.Connector, &r.Assignee.Kind, &user,
		&r.Assignee.Role, &r.Assignee.Policy, &r.Required, &r.Status, &r.WaitingOn, &r.Reason, &started, &completed,
		&due, &r.Call, &r.CallOpen, &r.Attempts, &raw,
	}, more...)
	if err := row.Scan(into...); err != nil {
		return nil, err
	}
	var w runWork
	if err := fromJSON(raw, &w); err != nil {
		return nil, err
	}
	r.Assignee.User, r.StartedAt, r.CompletedAt, r.DueAt = ident.User(deref(user)), moment(started), moment(completed), moment(due)
	r.Reminded = w.Reminded
	r.Overdue, r.TimeoutAt, r.CallKind, r.Input, r.RetryAt = w.Overdue, w.TimeoutAt, w.CallKind, w.Input, w.RetryAt
	r.Queue, r.Heard = w.Queue, w.Heard
	r.Until, r.External, r.Screen, r.Result = w.Until, w.External, w.Screen, w.Result
	return &r, state.read(&r, w)
}

func runsOf(ctx context.Context, tx transaction, state runState, journeys []int64) (map[ident.Journey][]*journey.Run, error) {
	if len(journeys) == 0 {
		return nil, nil
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+` FROM activity_run r
		WHERE r.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND r.journey_id = ANY($1) ORDER BY r.id`, journeys)
	if err != nil {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	defer rows.Close()
	out := map[ident.Journey][]*journey.Run{}
	for rows.Next() {
		r, err := scanRun(rows, state)
		if err != nil {
			return nil, err
		}
		out[r.Journey] = append(out[r.Journey], r)
	}
	return out, rows.Err()
}

func (s journeyStore) Save(ctx context.Context, journeys []*journey.Journey, inputs []journey.Input) error {
	var fresh, changed []journey.Record
	var freshRuns, changedRuns []*journey.Run
	for _, j := range journeys {
		if j.New() {
			fresh = append(fresh, j.Record())
		} else {
			changed = append(changed, j.Record())
		}
		for _, r := range j.Runs() {
			switch {
			case r.New:
				freshRuns = append(freshRuns, r)
			case r.Changed:
				changedRuns = append(changedRuns, r)
			}
		}
	}
	if err := s.saveRecords(ctx, fresh, changed); err != nil {
		return err
	}
	if err := s.saveRuns(ctx, freshRuns, changedRuns); err != nil {
		return err
	}
	return s.saveInputs(ctx, inputs)
}

const journeyUnnest = `unnest($2::bigint[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[],
	$10::text[], $11::text[], $12::bigint[], $13::jsonb[], $14::jsonb[], $15::text[], $16::timestamptz[], $17::timestamptz[],
	$18::timestamptz[], $19::timestamptz[])`

func (s journeyStore) saveRecords(ctx context.Context, fresh, changed []journey.Record) error {
	if len(fresh) > 0 {
		args, err := journeyArrays(s.ws, fresh)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			INSERT INTO journey (workspace_id, id, funnel_id, version, lead_id, origin_id, owner_id, external_id, status, waiting_on,
				blocked_reason, sequence, state, data, redirect_url, wake_at, created_at, changed_at, ended_at)
			SELECT $1, * FROM `+journeyUnnest, args...); err != nil {
			return classify(fmt.Errorf("inserting journeys: %w", err))
		}
	}
	if len(changed) > 0 {
		args, err := journeyArrays(s.ws, changed)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			UPDATE journey j SET owner_id = n.owner_id, external_id = n.external_id, status = n.status, waiting_on = n.waiting_on,
				blocked_reason = n.blocked_reason, sequence = n.sequence, state = n.state, data = n.data,
				redirect_url = n.redirect_url, wake_at = n.wake_at, changed_at = n.changed_at, ended_at = n.ended_at
			FROM `+journeyUnnest+` AS n (id, funnel_id, version, lead_id, origin_id, owner_id, external_id, status, waiting_on,
				blocked_reason, sequence, state, data, redirect_url, wake_at, created_at, changed_at, ended_at)
			WHERE j.workspace_id = $1 AND j.id = n.id`, args...); err != nil {
			return classify(fmt.Errorf("updating journeys: %w", err))
		}
	}
	return nil
}

func journeyArrays(ws ident.Workspace, records []journey.Record) ([]any, error) {
	n := len(records)
	ids, funnels, versions, leads := make([]int64, n), make([]int64, n), make([]int32, n), make([]int64, n)
	origins, owners, externals := make([]int64, n), make([]*int64, n), make([]*string, n)
	statuses, waiting, reasons, sequences := make([]string, n), make([]string, n), make([]string, n), make([]int64, n)
	states, data, redirects := make([]string, n), make([]string, n), make([]string, n)
	wakes, created, changed, ended := make([]*time.Time, n), make([]time.Time, n), make([]time.Time, n), make([]*time.Time, n)
	var buffer []byte
	for i, r := range records {
		var err error
		if states[i], err = toJSON(r.State); err != nil {
			return nil, err
		}
		if buffer, err = appendData(buffer[:0], r.Data); err != nil {
			return nil, err
		}
		data[i] = string(buffer)
		ids[i], funnels[i], versions[i], leads[i] = int64(r.ID), int64(r.Funnel), int32(r.Version), int64(r.Lead) // #nosec G115 -- small
		origins[i], owners[i], externals[i] = int64(r.Origin), orNull(r.Owner), textOrNull(r.ExternalID)
		statuses[i], waiting[i], reasons[i], sequences[i] = string(r.Status), string(r.WaitingOn), r.BlockedReason, r.Sequence
		redirects[i], wakes[i], created[i], changed[i], ended[i] = r.RedirectURL, at(r.WakeAt), r.CreatedAt, r.ChangedAt, at(r.EndedAt)
	}
	return []any{
		int64(ws), ids, funnels, versions, leads, origins, owners, externals, statuses, waiting, reasons, sequences,
		states, data, redirects, wakes, created, changed, ended,
	}, nil
}

const runUnnest = `unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::text[], $10::text[],
	$11::bigint[], $12::text[], $13::text[], $14::boolean[], $15::text[], $16::text[], $17::text[], $18::timestamptz[],
	$19::timestamptz[], $20::timestamptz[], $21::int[], $22::boolean[], $23::int[], $24::jsonb[])`

func (s journeyStore) saveRuns(ctx context.Context, fresh, changed []*journey.Run) error {
	if len(fresh) > 0 {
		args, err := runArrays(runState{s.ws, s.seal}, fresh)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			INSERT INTO activity_run (workspace_id, id, journey_id, key, name, stage, visit, position, connector, assignee_kind,
				assignee_user, assignee_role, assignee_policy, required, status, waiting_on, reason, started_at, completed_at,
				due_at, call, call_open, attempts, work)
			SELECT $1, * FROM `+runUnnest, args...); err != nil {
			return classify(fmt.Errorf("inserting runs: %w", err))
		}
	}
	if len(changed) > 0 {
		args, err := runArrays(runState{s.ws, s.seal}, changed)
		if err != nil {
			return err
		}
		if _, err := s.tx.ExecContext(ctx, `
			UPDATE activity_run r SET assignee_kind = n.assignee_kind, assignee_user = n.assignee_user,
				assignee_role = n.assignee_role, assignee_policy = n.assignee_policy, status = n.status, waiting_on = n.waiting_on,
				reason = n.reason, started_at = n.started_at, completed_at = n.completed_at, due_at = n.due_at, call = n.call,
				call_open = n.call_open, attempts = n.attempts, work = n.work
			FROM `+runUnnest+` AS n (id, journey_id, key, name, stage, visit, position, connector, assignee_kind, assignee_user,
				assignee_role, assignee_policy, required, status, waiting_on, reason, started_at, completed_at, due_at, call,
				call_open, attempts, work)
			WHERE r.workspace_id = $1 AND r.id = n.id`, args...); err != nil {
			return classify(fmt.Errorf("updating runs: %w", err))
		}
	}
	return nil
}

func runArrays(state runState, runs []*journey.Run) ([]any, error) {
	n := len(runs)
	ids, journeys, keys, names, stages := make([]int64, n), make([]int64, n), make([]string, n), make([]string, n), make([]string, n)
	visits, positions, connectors := make([]int32, n), make([]int32, n), make([]string, n)
	kinds, users, roles, policies := make([]string, n), make([]*int64, n), make([]string, n), make([]string, n)
	required, statuses, waiting, reasons := make([]bool, n), make([]string, n), make([]string, n), make([]string, n)
	started, completed, due := make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
	calls, open, attempts, work := make([]int32, n), make([]bool, n), make([]int32, n), make([]*string, n)
	for i, r := range runs {
		sealed, err := state.keep(r)
		if err != nil {
			return nil, err
		}
		w := runWork{
			Overdue: r.Overdue, Reminded: r.Reminded, TimeoutAt: r.TimeoutAt, CallKind: r.CallKind, Input: r.Input, RetryAt: r.RetryAt, Queue: r.Queue, Heard: r.Heard, Until: r.Until,
			External: r.External, Sealed: sealed, Screen: r.Screen, Result: r.Result,
		}
		raw, err := toJSON(w)
		if err != nil {
			return nil, err
		}
		if raw != "{}" {
			work[i] = &raw
		}
		ids[i], journeys[i], keys[i], names[i], stages[i] = int64(r.ID), int64(r.Journey), r.Key, r.Name, r.Stage
		visits[i], positions[i], connectors[i] = int32(r.Visit), int32(r.Position), r.Connector // #nosec G115 -- small
		kinds[i], users[i], roles[i], policies[i] = string(r.Assignee.Kind), orNull(r.Assignee.User), r.Assignee.Role, r.Assignee.Policy
		required[i], statuses[i], waiting[i], reasons[i] = r.Required, string(r.Status), string(r.WaitingOn), r.Reason
		started[i], completed[i], due[i] = at(r.StartedAt), at(r.CompletedAt), at(r.DueAt)
		calls[i], open[i], attempts[i] = int32(r.Call), r.CallOpen, int32(r.Attempts) // #nosec G115 -- small
	}
	return []any{
		int64(state.ws), ids, journeys, keys, names, stages, visits, positions, connectors, kinds, users, roles, policies, required,
		statuses, waiting, reasons, started, completed, due, calls, open, attempts, work,
	}, nil
}

func (s journeyStore) saveInputs(ctx context.Context, inputs []journey.Input) error {
	if len(inputs) == 0 {
		return nil
	}
	n := len(inputs)
	ids, runs, sources, bodies, times := make([]int64, n), make([]int64, n), make([]string, n), make([][]byte, n), make([]time.Time, n)
	for i, in := range inputs {
		ids[i], runs[i], sources[i], bodies[i], times[i] = int64(in.ID), int64(in.Run), in.From, in.Body, in.At
	}
	_, err := s.tx.ExecContext(ctx, `INSERT INTO activity_input (workspace_id, id, run_id, source, body, at)
		SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bytea[], $6::timestamptz[])`,
		int64(s.ws), ids, runs, sources, bodies, times)
	if err != nil {
		return fmt.Errorf("inserting inputs: %w", err)
	}
	return nil
}
