package pg_test

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/engine/enginetest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
)

// stateTime is the time of these journeys.
var stateTime = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// kept is a house with a real sealer and one journey in it, whose desk waits with a state.
type kept struct {
	*enginetest.House
	t     *testing.T
	owner *sql.DB
	id    ident.Journey
	desk  ident.Run
}

const stateMarker = "signing-key-of-the-provider"

func waitingWithState(t *testing.T) kept {
	t.Helper()
	dsn := template.Database(t)
	k := kept{House: openHouse(t, dsn, auth.NewSealer([32]byte{7})), t: t}
	var err error
	if k.owner, err = sql.Open("pgx", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.owner.Close() })
	l := lead.New(ident.User(k.fresh()), lead.LoadEmail("a@example.org", "a@example.org"), stateTime)
	j := journey.Start(journey.Record{ID: ident.Journey(k.fresh()), Lead: l.ID, Origin: k.Origin}, k.turn())
	k.id = j.Record().ID
	if err := j.Report(j.Latest("desk").ID, 1, activity.Outcome{
		Kind: activity.Waiting, Screen: &activity.Screen{Kind: activity.ScreenMessage}, State: []byte(stateMarker),
	}, k.turn()); err != nil {
		t.Fatal(err)
	}
	k.do(func(ctx context.Context, tx engine.Tx) error {
		if err := tx.Leads.Save(ctx, []*lead.Lead{l}); err != nil {
			return err
		}
		return tx.Journeys.Save(ctx, []*journey.Journey{j}, nil)
	})
	k.desk = j.Latest("desk").ID
	return k
}

func (k kept) fresh() int64 {
	k.t.Helper()
	ids, err := k.IDs.Reserve(k.t.Context(), 1)
	if err != nil {
		k.t.Fatal(err)
	}
	return ids[0]
}

func (k kept) turn() journey.Turn {
	return journey.Turn{Plan: k.Plan, Now: stateTime, IDs: k.fresh}
}

func (k kept) do(fn func(ctx context.Context, tx engine.Tx) error) {
	k.t.Helper()
	if err := k.Work.Do(actor.Systemic(k.t.Context(), k.One), fn); err != nil {
		k.t.Fatal(err)
	}
}

// resume has the lead answer the desk, and returns the request of the call that follows.
func (k kept) resume() activity.Request {
	k.t.Helper()
	var call int
	k.do(func(ctx context.Context, tx engine.Tx) error {
		locked, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{k.id}})
		if err != nil {
			return err
		}
		j := locked[0]
		if err := j.Submit(journey.Submission{Run: k.desk, Input: ident.Input(k.fresh()), Body: []byte(`{}`)}, k.turn()); err != nil {
			return err
		}
		call = j.Find(k.desk).Call
		return tx.Journeys.Save(ctx, locked, j.Take().Inputs)
	})
	loaded, err := k.Calls.Load(actor.Systemic(k.t.Context(), k.One), []engine.Pair{{Journey: k.id, Run: k.desk, Call: call}})
	if err != nil || len(loaded) != 1 || loaded[0].Refused != "" {
		k.t.Fatalf("loaded %+v, %v", loaded, err)
	}
	return loaded[0].Request
}

// tablesWith names the tables in which a text can be read: plain, in hexadecimal or in
// base64 at any place.
func (k kept) tablesWith(text string) []string {
	k.t.Helper()
	forms := []string{text, hex.EncodeToString([]byte(text))}
	for i := range 3 {
		whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + text))
		forms = append(forms, whole[4:len(whole)-4])
	}
	tables, err := k.owner.QueryContext(k.t.Context(), `SELECT c.oid::regclass::text FROM pg_class c
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema')`)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = tables.Close() }()
	var names, found []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			k.t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Err(); err != nil || len(names) < 20 {
		k.t.Fatalf("tables %v, %v", names, err)
	}
	for _, name := range names {
		var all string
		if err := k.owner.QueryRowContext(k.t.Context(), `SELECT COALESCE(string_agg(t::text, E'\n'), '') FROM `+name+` t`).Scan(&all); err != nil {
			k.t.Fatal(err)
		}
		for _, form := range forms {
			if strings.Contains(all, form) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

func TestRunState_NoColumnHoldsItAndResumeGetsItBack(t *testing.T) {
	t.Parallel()
	k := waitingWithState(t)
	if found := k.tablesWith("example.org"); len(found) == 0 {
		t.Fatal("the search finds nothing at all")
	}
	if found := k.tablesWith(stateMarker); len(found) > 0 {
		t.Errorf("the state can be read in %v", found)
	}
	if r := k.resume(); string(r.State) != stateMarker {
		t.Errorf("resumed with the state %q", r.State)
	}
	// The run was read and written again in between.
	if found := k.tablesWith(stateMarker); len(found) > 0 {
		t.Errorf("after a second write the state can be read in %v", found)
	}
}

func TestRunState_OfAnotherRunDoesNotOpen(t *testing.T) {
	t.Parallel()
	k := waitingWithState(t)
	if _, err := k.owner.ExecContext(t.Context(), `UPDATE kohomai.activity_run t SET call_open = true, call = 1,
		work = COALESCE(t.work, '{}') || jsonb_build_object('Sealed', s.work->'Sealed')
		FROM kohomai.activity_run s WHERE s.id = $1 AND t.key = 'auto'`, int64(k.desk)); err != nil {
		t.Fatal(err)
	}
	err := k.Work.Do(actor.Systemic(t.Context(), k.One), func(ctx context.Context, tx engine.Tx) error {
		_, err := tx.Journeys.Lock(ctx, engine.Query{IDs: []ident.Journey{k.id}})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "opening the state of run") {
		t.Errorf("a state moved to another run opened: %v", err)
	}
}

// Rows written before states were sealed still serve those who wait with them.
func TestRunState_PlainOneIsReadAndThenSealed(t *testing.T) {
	t.Parallel()
	k := waitingWithState(t)
	if _, err := k.owner.ExecContext(t.Context(), `UPDATE kohomai.activity_run SET work = (work - 'Sealed') || jsonb_build_object('State', $2::text)
		WHERE id = $1`, int64(k.desk), base64.StdEncoding.EncodeToString([]byte(stateMarker))); err != nil {
		t.Fatal(err)
	}
	if found := fmt.Sprint(k.tablesWith(stateMarker)); found != "[kohomai.activity_run]" {
		t.Fatalf("the plain state is seen in %s", found)
	}
	if r := k.resume(); string(r.State) != stateMarker {
		t.Errorf("resumed with the state %q", r.State)
	}
	if found := k.tablesWith(stateMarker); len(found) > 0 {
		t.Errorf("after the next write the state can still be read in %v", found)
	}
}
