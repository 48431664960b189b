package journey

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
)

// Standing is how far the history of a journey goes.
type Standing struct {
	// Sequence is that of the last event.
	Sequence int64
	Open     bool
}

// Log is the history of journeys as watchers read it, in the workspace of the context's
// actor.
type Log interface {
	// Events must return a journey's events, oldest first by sequence, or NotFound.
	Events(ctx context.Context, id ident.Journey, p page.Request) (page.Of[event.Event], error)
	// Standings must return how far the journeys' histories go; unknown ones are left out.
	Standings(ctx context.Context, ids []ident.Journey) (map[ident.Journey]Standing, error)
}

// Sink is where a watcher is told. An error ends the watching.
type Sink interface {
	// Event tells what happened; it may block while the watcher is slow.
	Event(e event.Event) error
	// Alive tells that the watching goes on although nothing happens.
	Alive() error
}

// WatchLimits bound how much is watched on one node, and say how often it is looked.
type WatchLimits struct {
	// PerCaller is how many streams a key or a person may have open, Total how many all.
	PerCaller, Total int
	// Beat is how often a quiet stream says that it is alive.
	Beat time.Duration
	// Poll is how often it is looked for what other nodes committed.
	Poll time.Duration
}

// DefaultWatchLimits are those of a node.
var DefaultWatchLimits = WatchLimits{PerCaller: 100, Total: 5000, Beat: 15 * time.Second, Poll: 500 * time.Millisecond}

// mostPolled is how many journeys one question asks for.
const mostPolled = 500

// Watching lets callers follow journeys. What this node commits wakes followers by Woken;
// what other nodes commit is found by Run, at most a Poll later. A follower holds one page
// of events at a time, however far it is behind.
type Watching struct {
	log    Log
	limits WatchLimits
	over   chan struct{}
	end    func()

	mu        sync.Mutex
	followers map[ident.Journey]map[*follower]struct{}
	open      map[caller]int
	total     int
}

// caller is who holds a stream: a key, or a person.
type caller struct {
	workspace ident.Workspace
	key       ident.Key
	user      ident.User
}

type follower struct {
	who     caller
	journey ident.Journey
	wake    chan struct{}
	// seen is the last sequence that was told.
	seen atomic.Int64
}

// NewWatching makes a Watching. Keep Run running, and have Woken called after commits.
func NewWatching(log Log, l WatchLimits) *Watching {
	w := &Watching{
		log: log, limits: l, over: make(chan struct{}), followers: map[ident.Journey]map[*follower]struct{}{}, open: map[caller]int{},
	}
	w.end = sync.OnceFunc(func() { close(w.over) })
	return w
}

// Stop ends all streams, and every new one at once, with Unavailable: their callers go on
// elsewhere from where they were.
func (w *Watching) Stop() { w.end() }

// Woken tells that journeys have new events, committed. It does not block.
func (w *Watching) Woken(ids []ident.Journey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.total == 0 {
		return
	}
	for _, id := range ids {
		for f := range w.followers[id] {
			f.poke()
		}
	}
}

func (f *follower) poke() {
	select {
	case f.wake <- struct{}{}:
	default: // it will look anyhow
	}
}

// Follow tells the sink every event of a journey behind a sequence, in order and each once,
// and returns nil when the journey has ended and all is told. A journey that is followed
// from its very end tells nothing, not even Alive. Refusals: NotFound; Limited, too many
// streams; Malformed, a sequence that is none of the journey's; Unavailable at a stop.
func (w *Watching) Follow(ctx context.Context, id ident.Journey, after int64, to Sink) error {
	f, err := w.enter(actor.From(ctx), id)
	if err != nil {
		return err
	}
	defer w.leave(f)
	// From here on nothing is missed: whatever is committed after this look wakes.
	found, err := w.log.Standings(ctx, []ident.Journey{id})
	if err != nil {
		return err
	}
	at, known := found[id]
	switch {
	case !known:
		return fault.New(fault.NotFound, "not_found", "There is no such journey.")
	case after < 0 || after > at.Sequence:
		return unknownSequence()
	case !at.Open && after == at.Sequence:
		return nil
	}
	if err := to.Alive(); err != nil {
		return err
	}
	f.seen.Store(after)
	beat := time.NewTicker(w.limits.Beat)
	defer beat.Stop()
	for {
		told, ended, err := w.tell(ctx, f, to)
		if err != nil {
			return err
		}
		at.Open = at.Open && !ended
		if !at.Open {
			return nil
		}
		if told {
			beat.Reset(w.limits.Beat)
		}
		for waiting := true; waiting; {
			select {
			case <-f.wake:
				waiting = false
			case <-beat.C:
				if err := to.Alive(); err != nil {
					return err
				}
			case <-w.over:
				return fault.New(fault.Unavailable, "unavailable", "The server is stopping.").Retry(time.Second)
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

// unknownSequence refuses to go on from where nobody can have been.
func unknownSequence() error {
	return &fault.Error{
		Kind: fault.Malformed, Code: "invalid_query", Detail: "The query is not acceptable.",
		Fields: []fault.Field{{Path: "After", Code: "out_of_range", Message: "The journey has no event of this sequence."}},
	}
}

// tell tells all there is by now, page by page. Ended is set when the end of the journey
// was among it.
func (w *Watching) tell(ctx context.Context, f *follower, to Sink) (told, ended bool, err error) {
	for {
		some, err := w.log.Events(ctx, f.journey, page.Request{Size: page.MaxSize, After: &page.Cursor{ID: f.seen.Load()}})
		if err != nil {
			return told, ended, err
		}
		for _, e := range some.Items {
			if err := to.Event(e); err != nil {
				return told, ended, err
			}
			f.seen.Store(e.Sequence)
			told = true
			switch e.Type { //nolint:exhaustive // only these end a journey
			case event.JourneyConverted, event.JourneyNotFit, event.JourneyCancelled:
				ended = true
			}
		}
		if some.Next == nil {
			return told, ended, nil
		}
	}
}

func (w *Watching) enter(a actor.Actor, id ident.Journey) (*follower, error) {
	f := &follower{who: caller{a.Workspace, a.Key, a.User}, journey: id, wake: make(chan struct{}, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[f.who] >= w.limits.PerCaller || w.total >= w.limits.Total {
		return nil, fault.New(fault.Limited, "too_many_streams", "Too many journeys are being watched at once.").Retry(10 * time.Second)
	}
	w.total++
	w.open[f.who]++
	if w.followers[id] == nil {
		w.followers[id] = map[*follower]struct{}{}
	}
	w.followers[id][f] = struct{}{}
	return f, nil
}

func (w *Watching) leave(f *follower) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total--
	if w.open[f.who]--; w.open[f.who] == 0 {
		delete(w.open, f.who)
	}
	delete(w.followers[f.journey], f)
	if len(w.followers[f.journey]) == 0 {
		delete(w.followers, f.journey)
	}
}

// Run looks for what other nodes committed, until the context ends.
func (w *Watching) Run(ctx context.Context) error {
	ticker := time.NewTicker(w.limits.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			w.look(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// look wakes those who are behind. When the database is away, who is woken later finds out.
func (w *Watching) look(ctx context.Context) {
	for ws, ids := range w.watched() {
		for some := range slices.Chunk(ids, mostPolled) {
			found, err := w.log.Standings(actor.Systemic(ctx, ws), some)
			if err != nil {
				continue
			}
			w.mu.Lock()
			for id, at := range found {
				for f := range w.followers[id] {
					if at.Sequence > f.seen.Load() {
						f.poke()
					}
				}
			}
			w.mu.Unlock()
		}
	}
}

func (w *Watching) watched() map[ident.Workspace][]ident.Journey {
	w.mu.Lock()
	defer w.mu.Unlock()
	sets := map[ident.Workspace]map[ident.Journey]struct{}{}
	for id, all := range w.followers {
		for f := range all {
			if sets[f.who.workspace] == nil {
				sets[f.who.workspace] = map[ident.Journey]struct{}{}
			}
			sets[f.who.workspace][id] = struct{}{}
		}
	}
	out := make(map[ident.Workspace][]ident.Journey, len(sets))
	for ws, set := range sets {
		out[ws] = slices.Collect(maps.Keys(set))
	}
	return out
}
