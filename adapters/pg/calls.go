package pg

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
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
	db        *DB
	dir       *Directory
	seal      Sealer
	callbacks *Callbacks
	// public is the installation's public address, empty for none.
	public string
	// takesCallbacks tells whether a connector has providers that call back.
	takesCallbacks func(connector string) bool
}

// NewCalls makes the reader. Public is the installation's public address, under which
// providers call back; where it is empty, none do.
func NewCalls(db *DB, dir *Directory, seal Sealer, public string, takesCallbacks func(connector string) bool) *Calls {
	return &Calls{
		db: db, dir: dir, seal: seal, callbacks: NewCallbacks(db, seal), public: strings.TrimSuffix(public, "/"), takesCallbacks: takesCallbacks,
	}
}

// Abandoned implements engine.Calls. A run that cannot be called has nothing to take back.
func (c *Calls) Abandoned(ctx context.Context, runs []ident.Run) ([]activity.Request, error) {
	pairs := make([]engine.Pair, len(runs))
	for i, run := range runs {
		pairs[i] = engine.Pair{Run: run, Call: whichever}
	}
	loaded, err := c.Load(ctx, pairs)
	var out []activity.Request
	for _, l := range loaded {
		if l.Refused == "" {
			out = append(out, l.Request)
		}
	}
	return out, err
}

// whichever stands for a run's latest call, open or not.
const whichever = -1

// wanted is a run to call, with what its journey knows.
type wanted struct {
	run *journey.Run
	rec journey.Record
}

// Load implements engine.Calls.
func (c *Calls) Load(ctx context.Context, pairs []engine.Pair) ([]engine.Loaded, error) {
	ws, err := c.dir.Workspace(ctx)
	if err != nil {
		return nil, err
	}
	var all []wanted
	inputs := map[ident.Input]activity.Input{}
	set := map[string]activity.Configuration{}
	err = c.db.read(ctx, func(tx *sql.Tx) error {
		if all, err = current(ctx, tx, runState{ws.ID, c.seal}, pairs); err != nil {
			return err
		}
		if err := readInputs(ctx, tx, all, inputs); err != nil {
			return err
		}
		return c.configurations(ctx, tx, all, set)
	})
	if err != nil {
		return nil, err
	}
	out := make([]engine.Loaded, 0, len(all))
	for _, f := range all {
		plan, err := c.dir.Plan(ctx, f.rec.Funnel, f.rec.Version)
		if err != nil {
			return nil, err
		}
		l := engine.Loaded{Pair: engine.Pair{Journey: f.run.Journey, Run: f.run.ID, Call: f.run.Call}}
		step, ok := plan.Node(f.run.Stage)
		if !ok || step.Activity(f.run.Key) == nil {
			l.Refused = fmt.Sprintf("The activity %s is not in version %d of the funnel.", f.run.Key, f.rec.Version)
			out = append(out, l)
			continue
		}
		a := step.Activity(f.run.Key)
		l.Request = activity.Request{
			Kind: f.run.CallKind, Connector: f.run.Connector, Workspace: actor.From(ctx).Workspace, Journey: f.run.Journey,
			Run: f.run.ID, Key: f.run.Key, Idempotency: "act_" + ident.String(f.run.ID), Attempt: f.run.Attempts + 1,
			Sandbox: ws.Sandbox, Config: activity.MergeConfig(set[f.run.Connector].Config, a.Config), Secrets: set[f.run.Connector].Secrets,
			Facts: map[string]rule.Value{}, State: f.run.State, External: f.run.External,
			Input: inputs[f.run.Input], Now: c.dir.now().Add(ws.ClockOffset).UTC().Truncate(time.Microsecond),
		}
		if f.run.CallKind == activity.Resume {
			l.Request.Idempotency += "_" + ident.String(f.run.Input)
		}
		for key := range f.rec.Data {
			if v, known := f.rec.Data.Fact(key); known && reads(a.Reads, key) {
				l.Request.Facts[key] = v
			}
		}
		if c.public != "" && c.takesCallbacks(f.run.Connector) {
			token, err := c.callbacks.Token(ctx, f.run.ID)
			if err != nil {
				return nil, err
			}
			l.Request.CallbackURL = c.public + "/callbacks/" + f.run.Connector + "/" + token
		}
		out = append(out, l)
	}
	return out, nil
}

// reads reports whether a manifest's list covers a key; company.* means the namespace.
func reads(list []string, key string) bool {
	return slices.ContainsFunc(list, func(r string) bool {
		namespace, all := strings.CutSuffix(r, "*")
		return r == key || all && strings.HasPrefix(key, namespace)
	})
}

// current reads the runs whose call is the one asked for and still open.
func current(ctx context.Context, tx *sql.Tx, state runState, pairs []engine.Pair) ([]wanted, error) {
	calls := make(map[ident.Run]int, len(pairs))
	ids := make([]int64, len(pairs))
	for i, p := range pairs {
		calls[p.Run], ids[i] = p.Call, int64(p.Run)
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+runColumns+`, j.funnel_id, j.version, j.data FROM activity_run r
		JOIN journey j ON j.workspace_id = r.workspace_id AND j.id = r.journey_id
		WHERE r.workspace_id = NULLIF(current_setting('app.ws', true), '')::bigint AND r.id = ANY($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("reading calls: %w", err)
	}
	defer rows.Close()
	var all []wanted
	for rows.Next() {
		var f wanted
		var data []byte
		if f.run, err = scanRun(rows, state, &f.rec.Funnel, &f.rec.Version, &data); err != nil {
			return nil, err
		}
		if err := fromJSON(data, &f.rec.Data); err != nil {
			return nil, err
		}
		if call := calls[f.run.ID]; call == whichever && f.run.CallKind != 0 || f.run.CallOpen && f.run.Call == call {
			all = append(all, f)
		}
	}
	return all, rows.Err()
}

func readInputs(ctx context.Context, tx *sql.Tx, all []wanted, into map[ident.Input]activity.Input) error {
	for _, f := range all {
		if f.run.Input == 0 {
			continue
		}
		in := activity.Input{ID: f.run.Input}
		if err := tx.QueryRowContext(ctx, `SELECT source, body FROM activity_input WHERE id = $1`, int64(f.run.Input)).Scan(&in.From, &in.Body); err != nil {
			return fmt.Errorf("reading an input: %w", err)
		}
		into[in.ID] = in
	}
	return nil
}

// configurations reads how the workspace has set up the connectors of the runs.
func (c *Calls) configurations(ctx context.Context, tx *sql.Tx, all []wanted, into map[string]activity.Configuration) error {
	var ids []string
	for _, f := range all {
		if !slices.Contains(ids, f.run.Connector) {
			ids = append(ids, f.run.Connector)
		}
	}
	rows, err := tx.QueryContext(ctx, `SELECT `+configurationColumns+` FROM connector_config WHERE connector = ANY($1)`, ids)
	if err != nil {
		return fmt.Errorf("reading the configuration of connectors: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		set, err := scanConfiguration(rows, actor.From(ctx).Workspace, c.seal)
		if err != nil {
			return err
		}
		into[set.Connector] = set
	}
	return rows.Err()
}
