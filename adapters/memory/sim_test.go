package memory_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kohomai/kohomai/adapters/memory"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/unit"
)

// The simulator: random funnels and commands, crashes between any two steps, jobs at least
// once and in any order, a clock of its own; after each step everything that must hold is
// judged. One seed is one story, told again by
//
//	KOHOMAI_SIM_SEED=17 go test ./adapters/memory -run TestSimulator -v
//
// More of them: go test ./adapters/memory -run TestSimulator -sim.journeys=100000.
var (
	journeys = flag.Int("sim.journeys", 1000, "how many journeys the simulator takes through random funnels")
	first    = flag.Uint64("sim.seed", 1, "the first seed")
)

const seedVariable = "KOHOMAI_SIM_SEED"

func TestSimulator(t *testing.T) {
	t.Parallel()
	if text := os.Getenv(seedVariable); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			w, err := simulate(seed, mutant{})
			t.Log("\n" + strings.Join(w.trace, "\n"))
			if err != nil {
				t.Fatal(err)
			}
		})
		return
	}
	var done, crashes, reminders int
	statuses := map[journey.Status]int{}
	for seed := *first; done < *journeys; seed++ {
		synctest.Test(t, func(t *testing.T) {
			w, err := simulate(seed, mutant{})
			if err != nil {
				t.Fatalf("seed %d: %v\n(%s=%d tells the story)", seed, err, seedVariable, seed)
			}
			for _, v := range w.views() {
				statuses[v.Record.Status]++
			}
			done, crashes, reminders = done+len(w.known), crashes+w.crashes, reminders+w.reminders
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d journeys from seed %d: %v, %d crashes, %d reminders", done, *first, statuses, crashes, reminders)
	if *journeys >= 1000 {
		for _, s := range []journey.Status{journey.Converted, journey.NotQualified, journey.Cancelled, journey.Blocked} {
			if statuses[s] == 0 {
				t.Errorf("no journey ever is %s: the simulator tries too little", s)
			}
		}
	}
}

func TestSimulator_OneSeedIsOneStory(t *testing.T) {
	t.Parallel()
	digest := func() (sum uint64) {
		synctest.Test(t, func(t *testing.T) {
			w, err := simulate(7, mutant{})
			if err != nil {
				t.Fatal(err)
			}
			h := fnv.New64a()
			for _, e := range w.db.Log(ws) {
				_, _ = fmt.Fprintln(h, e)
			}
			sum = h.Sum64()
		})
		return sum
	}
	if a, b := digest(), digest(); a != b {
		t.Errorf("the same seed told two stories")
	}
}

// simulate plays one world: a hundred and twenty steps at random, then everybody does
// their part until nothing more can happen.
func simulate(seed uint64, m mutant) (w *world, err error) {
	w, err = newWorld(seed, m)
	if err != nil {
		return &world{}, err
	}
	defer func() { w.stop() }()
	for i := range 120 {
		if err := w.step(); err != nil {
			return w, fmt.Errorf("step %d: %w", i, err)
		}
		if m.after != nil {
			m.after(w)
		}
		if err := w.check(); err != nil {
			return w, fmt.Errorf("after step %d: %w", i, err)
		}
	}
	return w, w.finish()
}

// finish lets everything happen that can: afterwards every journey has ended or is blocked.
func (w *world) finish() error {
	w.note("everybody does their part")
	for range 400 {
		w.crashIn, w.troubleIn = 0, 0
		for _, j := range w.db.Jobs() {
			if err := w.do(j); err != nil {
				return err
			}
			w.db.Done(j.ID)
		}
		if len(w.db.Jobs()) > 0 {
			continue
		}
		if err := w.checkLeads(); err != nil {
			return err
		}
		moved, err := w.everybody()
		if err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return err
		}
		if moved || len(w.db.Jobs()) > 0 {
			continue
		}
		at := w.nextWake()
		if at.IsZero() {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
		if err := w.sweep(); err != nil {
			return err
		}
	}
	for _, v := range w.views() {
		if v.Record.Status == journey.InProgress {
			return fmt.Errorf("journey %d never ends: it stands at %s", v.Record.ID, v.Record.State.Position)
		}
	}
	return nil
}

// everybody answers what waits for a person, once each.
func (w *world) everybody() (moved bool, err error) {
	for _, v := range w.views() {
		if v.Record.Status != journey.InProgress {
			continue
		}
		for _, r := range v.Runs {
			d := engine.Deed{Command: journey.CommandSubmit, Run: r.ID, User: manager, Body: []byte(`{"data.n":4}`)}
			switch {
			case r.Status == journey.RunBlocked:
				d.Command = journey.CommandAssign
			case r.Status != journey.RunInProgress || r.Screen == nil || r.CallOpen:
				continue
			case r.Connector == "task", r.Connector == "approval":
				d.Body = []byte(`{}`)
			}
			before := w.view(v.Record.ID).Record.Sequence
			if err := w.act(v.Record.ID, d); err != nil {
				return moved, err
			}
			moved = moved || w.view(v.Record.ID).Record.Sequence != before || len(w.db.Jobs()) > 0
		}
	}
	return moved, nil
}

func (w *world) lead(id ident.User) lead.Lead {
	l, err := memory.NewLeads(w.db).Get(w.ctx, id)
	if err != nil {
		panic(err)
	}
	return l
}

// mutant is a fault put into the engine or below it. It exists to show that the simulator
// would notice.
type mutant struct {
	definition func(funnel.Definition) funnel.Definition
	work       func(*world, unit.Work[engine.Tx]) unit.Work[engine.Tx]
	pair       func(*world, engine.Pair) engine.Pair
	after      func(*world)
}

func TestSimulator_NoticesFaults(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]mutant{
		"late outcomes are accepted": {pair: func(w *world, p engine.Pair) engine.Pair {
			for _, r := range w.view(p.Journey).Runs {
				if r.ID == p.Run && r.CallOpen {
					p.Call = r.Call
				}
			}
			return p
		}},
		"the barrier is forgotten": {definition: func(def funnel.Definition) funnel.Definition {
			no := false
			for i := range def.Nodes {
				def.Nodes[i].Activities = append([]funnel.Activity(nil), def.Nodes[i].Activities...)
				for k := range def.Nodes[i].Activities {
					if k > 0 {
						def.Nodes[i].Activities[k].Required = &no
					}
				}
			}
			return def
		}},
		"the wake-up is dropped": {after: func(w *world) {
			w.db.Tamper(ws, func(r *journey.Record) { r.WakeAt = time.Time{} })
		}},
		"explanations are dropped": {after: func(w *world) {
			w.db.Tamper(ws, func(r *journey.Record) {
				for i := range r.State.Decisions {
					r.State.Decisions[i].Explanation = nil
				}
			})
		}},
		"an event is lost": {work: spoiled(func(w *world, tx engine.Tx) engine.Tx {
			tx.Events = lossy{w, tx.Events}
			return tx
		})},
		"jobs of calls are lost": {work: spoiled(func(w *world, tx engine.Tx) engine.Tx {
			tx.Jobs = forgetful{w, tx.Jobs}
			return tx
		})},
		"answered before the commit": {work: func(w *world, inner unit.Work[engine.Tx]) unit.Work[engine.Tx] {
			return hasty{w, inner}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 40; seed++ {
				var found error
				synctest.Test(t, func(*testing.T) { _, found = simulate(seed, m) })
				if found != nil {
					t.Logf("seed %d: %v", seed, found)
					return
				}
			}
			t.Error("the simulator did not notice")
		})
	}
}

type spoiledWork struct {
	inner unit.Work[engine.Tx]
	spoil func(engine.Tx) engine.Tx
}

func spoiled(spoil func(*world, engine.Tx) engine.Tx) func(*world, unit.Work[engine.Tx]) unit.Work[engine.Tx] {
	return func(w *world, inner unit.Work[engine.Tx]) unit.Work[engine.Tx] {
		return spoiledWork{inner, func(tx engine.Tx) engine.Tx { return spoil(w, tx) }}
	}
}

func (s spoiledWork) Do(ctx context.Context, fn func(context.Context, engine.Tx) error) error {
	return s.inner.Do(ctx, func(ctx context.Context, tx engine.Tx) error { return fn(ctx, s.spoil(tx)) })
}

type lossy struct {
	w *world
	engine.EventStore
}

func (l lossy) Append(ctx context.Context, events []event.Event) error {
	if l.w.r.IntN(10) == 0 {
		events = events[:len(events)-1]
	}
	return l.EventStore.Append(ctx, events)
}

type forgetful struct {
	w *world
	job.Queue
}

func (f forgetful) Enqueue(ctx context.Context, items ...job.Item) error {
	if f.w.r.IntN(5) == 0 {
		return nil
	}
	return f.Queue.Enqueue(ctx, items...)
}

type hasty struct {
	w     *world
	inner unit.Work[engine.Tx]
}

func (h hasty) Do(ctx context.Context, fn func(context.Context, engine.Tx) error) error {
	if h.w.r.IntN(15) > 0 {
		return h.inner.Do(ctx, fn)
	}
	lost := errors.New("rolled back")
	err := h.inner.Do(ctx, func(ctx context.Context, tx engine.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return lost
	})
	if errors.Is(err, lost) {
		return nil
	}
	return err
}
