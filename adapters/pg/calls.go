package pg

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
)

// Calls is engine.Calls.
type Calls struct {
	db  *DB
	dir *Directory
}

// NewCalls makes the reader.
func NewCalls(db *DB, dir *Directory) *Calls { return &Calls{db: db, dir: dir} }

// Abandoned implements engine.Calls.
func (c *Calls) Abandoned(ctx context.Context, runs []ident.Run) ([]activity.Request, error) {
	pairs := make([]engine.Pair, len(runs))
	for i, run := range runs {
		pairs[i] = engine.Pair{Run: run, Call: whichever}
	}
	loaded, err := c.Load(ctx, pairs)
	out := make([]activity.Request, len(loaded))
	for i, l := range loaded {
		out[i] = l.Request
	}
	return out, err
}

// whichever stands for a run's latest call, open or not.
const whichever = -1

// Load implements engine.Calls.
func (c *Calls) Load(ctx context.Context, pairs []engine.Pair) ([]engine.Loaded, error) {
	wanted := make(map[ident.Run]int, len(pairs))
	ids := make([]int64, len(pairs))
	for i, p := range pairs {
		wanted[p.Run], ids[i] = p.Call, int64(p.Run)
	}
	ws, err := c.dir.Workspace(ctx)
	if err != nil {
		return nil, err
	}
	type found struct {
		run *journey.Run
		rec journey.Record
	}
	var all []found
	inputs := map[ident.Input]activity.Input{}
	err = c.db.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+`, j.funnel_id, j.version, j.data FROM activity_run r
			JOIN journey j ON j.workspace_id = r.workspace_id AND j.id = r.journey_id
			WHERE r.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND r.id = ANY($1)`, ids)
		if err != nil {
			return fmt.Errorf("reading calls: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var f found
			var data []byte
			if f.run, err = scanRun(rows, &f.rec.Funnel, &f.rec.Version, &data); err != nil {
				return err
			}
			if err := fromJSON(data, &f.rec.Data); err != nil {
				return err
			}
			if call := wanted[f.run.ID]; call == whichever && f.run.CallKind != 0 || f.run.CallOpen && f.run.Call == call {
				all = append(all, f)
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, f := range all {
			if f.run.Input == 0 {
				continue
			}
			in := activity.Input{ID: f.run.Input}
			if err := tx.QueryRowContext(ctx, `SELECT source, body FROM activity_input WHERE id = $1`, int64(f.run.Input)).Scan(&in.From, &in.Body); err != nil {
				return fmt.Errorf("reading an input: %w", err)
			}
			inputs[in.ID] = in
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []engine.Loaded
	for _, f := range all {
		plan, err := c.dir.Plan(ctx, f.rec.Funnel, f.rec.Version)
		if err != nil {
			return nil, err
		}
		step, ok := plan.Node(f.run.Stage)
		if !ok || step.Activity(f.run.Key) == nil {
			continue
		}
		a := step.Activity(f.run.Key)
		r := activity.Request{
			Kind: f.run.CallKind, Connector: f.run.Connector, Workspace: actor.From(ctx).Workspace, Journey: f.run.Journey,
			Run: f.run.ID, Key: f.run.Key, Idempotency: "act_" + ident.String(f.run.ID), Attempt: f.run.Attempts + 1,
			Sandbox: ws.Sandbox, Config: a.Config, Facts: map[string]rule.Value{}, State: f.run.State,
			Input: inputs[f.run.Input], Now: c.dir.now().Add(ws.ClockOffset).UTC().Truncate(time.Microsecond),
		}
		if f.run.CallKind == activity.Resume {
			r.Idempotency += "_" + ident.String(f.run.Input)
		}
		for _, key := range a.Reads {
			if v, known := f.rec.Data.Fact(key); known {
				r.Facts[key] = v
			}
		}
		out = append(out, engine.Loaded{Pair: engine.Pair{Journey: f.run.Journey, Run: f.run.ID, Call: f.run.Call}, Request: r})
	}
	return out, nil
}
