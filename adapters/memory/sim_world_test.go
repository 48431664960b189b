package memory_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/kohomai/kohomai/adapters/memory"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/workspace"
)

const (
	ws      ident.Workspace = 1
	manager                 = 31
	signer  ident.User      = 32
)

var (
	errCrash = errors.New("the process died")
	epoch    = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
)

// world is one simulated installation: a funnel, its leads, an engine that may die at any
// step, and what the world outside remembers of it.
type world struct {
	seed   uint64
	r      *rand.Rand
	now    time.Time
	db     *memory.DB
	plan   *funnel.Plan
	origin workspace.Origin
	mutant mutant
	ctx    context.Context

	engine *engine.Engine
	stop   func()
	gated  atomic.Bool
	gate   chan struct{}
	// crashIn counts steps down to a crash, troubleIn to one failing step; dead is set
	// between a crash and the restart.
	crashIn, troubleIn int
	dead               bool

	// mu guards what callers that are answered at the same time write down.
	mu       sync.Mutex
	emails   []lead.Email
	requests int
	trace    []string
	known    map[ident.Journey]*memoryOf
	seen     int
	answers  map[string]string // by idempotency key
	// swept are the journeys that a sweep postponed and nobody has woken yet.
	swept map[ident.Journey]bool
	// ticked is when each journey was woken last.
	ticked    map[ident.Journey]time.Time
	crashes   int
	reminders int
}

// memoryOf is what was seen of a journey, to compare with.
type memoryOf struct {
	sequence int64
	last     map[ident.Run]event.Type
	decided  int
	ended    *journey.Record
}

func newWorld(seed uint64, m mutant) (*world, error) {
	w := &world{
		seed: seed, r: rand.New(rand.NewPCG(seed, 1)), now: epoch, mutant: m, gate: make(chan struct{}), // #nosec G404 -- a simulation
		known: map[ident.Journey]*memoryOf{}, answers: map[string]string{}, swept: map[ident.Journey]bool{}, ticked: map[ident.Journey]time.Time{},
		origin: workspace.Origin{ID: 6, Workspace: ws, Funnel: 5, Name: "API", Ref: "api"},
	}
	w.db = memory.New(func() time.Time { return w.now })
	w.db.AddWorkspace(workspace.Workspace{ID: ws, Sandbox: true}, funneltest.Policy)
	if w.r.IntN(4) > 0 {
		w.db.AddMember(ws, funneltest.Policy, manager)
	}
	w.db.AddOrigin(w.origin)
	w.db.Interrupt(w.interrupt)
	def := funnelOf(w.r)
	plan, err := compiled(def)
	if err != nil {
		return nil, err
	}
	w.plan = plan.For(5, 1)
	shown := w.plan
	if m.definition != nil {
		if plan, err = compiled(m.definition(def)); err != nil {
			return nil, err
		}
		shown = plan.For(5, 1)
	}
	w.db.Publish(ws, shown)
	for i := range 12 {
		w.emails = append(w.emails, lead.LoadEmail(fmt.Sprintf("lead%d@example.org", i), ""))
	}
	w.ctx = actor.With(context.Background(), actor.Actor{Kind: actor.APIKey, Workspace: ws, KeyName: "sim", Sandbox: true})
	w.start()
	return w, nil
}

// interrupt is called by memory at every step of a transaction.
func (w *world) interrupt(step string) error {
	if w.dead {
		return errCrash
	}
	if w.crashIn > 0 {
		if w.crashIn--; w.crashIn == 0 {
			w.dead = true
			w.crashes++
			w.note("crash at %s", step)
			return errCrash
		}
	}
	if w.troubleIn > 0 && step != "committed" {
		if w.troubleIn--; w.troubleIn == 0 {
			w.note("trouble at %s", step)
			return fault.New(fault.Unavailable, "unavailable", "The database does not answer now.")
		}
	}
	return nil
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, fmt.Sprintf(format, args...))
}

// start makes a new engine over what the database holds.
func (w *world) start() {
	w.dead = false
	ctx, cancel := context.WithCancel(context.Background())
	w.engine = engine.New(gatedWork{w}, memory.NewDirectory(w.db), enricher{}, w.db, &secrets{}, func() time.Time { return w.now })
	var running sync.WaitGroup
	e := w.engine
	running.Go(func() { _ = e.Run(ctx) })
	w.stop = func() {
		cancel()
		running.Wait()
	}
}

// call makes the commands arrive together, in order, and lets the engine work them off one
// transaction at a time. What a crash or a fault of the database leaves unanswered is asked
// again, as callers do.
func (w *world) call(commands ...func() error) error {
	left := commands
	for try := 0; len(left) > 0; try++ {
		if try == 20 {
			return errors.New("a command is never answered")
		}
		errs := make([]error, len(left))
		var callers sync.WaitGroup
		w.gated.Store(true)
		for i, c := range left {
			callers.Go(func() { errs[i] = c() })
			synctest.Wait()
		}
		for open := true; open; {
			select {
			case w.gate <- struct{}{}:
				synctest.Wait()
			default:
				open = false
			}
		}
		w.gated.Store(false)
		callers.Wait()
		if w.dead {
			w.stop()
			w.start()
		}
		var again []func() error
		for i, err := range errs {
			switch {
			case err == nil:
			case errors.Is(err, errCrash) || fault.Is(err, fault.Unavailable):
				again = append(again, left[i])
			default:
				return err
			}
		}
		left = again
	}
	return nil
}

// gatedWork lets transactions begin one by one, and lets a mutant spoil them.
type gatedWork struct{ w *world }

func (g gatedWork) Do(ctx context.Context, fn func(ctx context.Context, tx engine.Tx) error) error {
	if g.w.gated.Load() {
		<-g.w.gate
	}
	inner := g.w.db.Engine()
	if g.w.mutant.work != nil {
		inner = g.w.mutant.work(g.w, inner)
	}
	return inner.Do(ctx, fn)
}

// enricher has a local fact for some leads, and providers that may know two more.
type enricher struct{}

func (enricher) Local(_ context.Context, e lead.Email) engine.Facts {
	if e.Local() < "lead3" {
		return engine.Facts{"company.size": {Value: number(3), Source: "bundled", Confidence: 0.5}}
	}
	return nil
}

func (enricher) Askable(context.Context) (func(string) bool, error) {
	return func(key string) bool { return key == "company.size" || key == "company.founded" }, nil
}

func number(n float64) rule.Value {
	v, err := rule.NumberValue(n)
	if err != nil {
		panic(err)
	}
	return v
}

func provided(n float64, at time.Time) datapoint.Datum {
	return datapoint.Datum{Value: number(n), Source: "website", Confidence: 0.7, ObservedAt: at}
}

type secrets struct{ n atomic.Int64 }

func (s *secrets) Token() string { return fmt.Sprint("token ", s.n.Add(1)) }
