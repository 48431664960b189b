package journey_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
)

// history is a journey.Log of workspace 1; journeys that were never told of are none.
type history struct {
	mu     sync.Mutex
	events map[ident.Journey][]event.Type
	pages  int
	away   error
}

func (h *history) add(id ident.Journey, types ...event.Type) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.events == nil {
		h.events = map[ident.Journey][]event.Type{}
	}
	h.events[id] = append(h.events[id], types...)
}

func (h *history) Events(_ context.Context, id ident.Journey, p page.Request) (page.Of[event.Event], error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages++
	var out page.Of[event.Event]
	for i, t := range h.events[id] {
		if n := int64(i + 1); n > p.After.ID && len(out.Items) < p.Limit() {
			out.Items = append(out.Items, event.Event{Journey: id, Sequence: n, Type: t})
			out.Next = nil
			if i+1 < len(h.events[id]) {
				out.Next = &page.Cursor{ID: n}
			}
		}
	}
	return out, h.away
}

func (h *history) Standings(ctx context.Context, ids []ident.Journey) (map[ident.Journey]journey.Standing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[ident.Journey]journey.Standing{}
	for _, id := range ids {
		if all := h.events[id]; len(all) > 0 && actor.From(ctx).Workspace == 1 {
			out[id] = journey.Standing{Sequence: int64(len(all)), Open: !slices.Contains(all, event.JourneyConverted)}
		}
	}
	return out, h.away
}

// told is a sink that remembers; 0 is a sign of life.
type told struct {
	mu   sync.Mutex
	all  []int64
	fail error
}

func (t *told) put(n int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, n)
	return t.fail
}

func (t *told) Event(e event.Event) error { return t.put(e.Sequence) }
func (t *told) Alive() error              { return t.put(0) }

func (t *told) want(tb testing.TB, what string, want ...int64) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Equal(t.all, want) {
		tb.Errorf("%s: told %v, want %v", what, t.all, want)
	}
}

var (
	limits = journey.WatchLimits{PerCaller: 2, Total: 3, Beat: 15 * time.Second, Poll: 500 * time.Millisecond}
	mine   = actor.Actor{Kind: actor.APIKey, Workspace: 1, Key: 5}
)

// watch follows in the background; the returned function waits for its end.
func watch(ctx context.Context, w *journey.Watching, id ident.Journey, after int64, to journey.Sink) (end func() error) {
	done := make(chan error, 1)
	go func() { done <- w.Follow(ctx, id, after, to) }()
	return func() error { return <-done }
}

func TestWatching_TellsToTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, to := &history{}, &told{}
		h.add(7, event.JourneyStarted, event.ActivityStarted)
		w := journey.NewWatching(h, limits)
		end := watch(actor.With(t.Context(), mine), w, 7, 1, to)
		synctest.Wait()
		to.want(t, "resumed", 0, 2)
		h.add(7, event.ActivityDone)
		synctest.Wait()
		to.want(t, "before anybody said so", 0, 2)
		w.Woken([]ident.Journey{8, 7})
		synctest.Wait()
		to.want(t, "after a commit", 0, 2, 3)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		to.want(t, "when quiet", 0, 2, 3, 0)
		h.add(7, event.StageCompleted, event.JourneyConverted, event.SessionOpened)
		w.Woken([]ident.Journey{7})
		if err := end(); err != nil {
			t.Error(err)
		}
		to.want(t, "at the end", 0, 2, 3, 0, 4, 5, 6)
		over := &told{}
		if err := w.Follow(actor.With(t.Context(), mine), 7, 6, over); err != nil {
			t.Error(err)
		}
		over.want(t, "behind the end")
	})
}

func TestWatching_OtherNodesAreHeardWithinAPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, to := &history{}, &told{}
		h.add(7, event.JourneyStarted)
		w := journey.NewWatching(h, limits)
		ctx, stop := context.WithCancel(actor.With(t.Context(), mine))
		go func() { _ = w.Run(ctx) }()
		end := watch(ctx, w, 7, 0, to)
		synctest.Wait()
		h.add(7, event.ActivityStarted)
		time.Sleep(limits.Poll)
		synctest.Wait()
		to.want(t, "another node committed", 0, 1, 2)
		h.mu.Lock()
		pages := h.pages
		h.mu.Unlock()
		time.Sleep(10 * limits.Poll)
		synctest.Wait()
		h.mu.Lock()
		if h.pages != pages {
			t.Errorf("nothing happened and %d pages were read", h.pages-pages)
		}
		h.mu.Unlock()
		stop()
		if err := end(); !errors.Is(err, context.Canceled) {
			t.Errorf("the caller is gone: %v", err)
		}
	})
}

func TestWatching_TellsMoreThanAPage(t *testing.T) {
	t.Parallel()
	h, to := &history{}, &told{}
	var want []int64
	for n := range int64(3*page.MaxSize - 1) {
		h.add(7, event.ActivityStarted)
		want = append(want, n+1)
	}
	h.add(7, event.JourneyConverted)
	if err := journey.NewWatching(h, limits).Follow(actor.With(t.Context(), mine), 7, 0, to); err != nil {
		t.Error(err)
	}
	to.want(t, "a long history", append([]int64{0}, append(want, 3*page.MaxSize)...)...)
}

func TestWatching_Refuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		h.add(7, event.JourneyStarted)
		w := journey.NewWatching(h, limits)
		ctx := actor.With(t.Context(), mine)
		refused := func(what string, ctx context.Context, id ident.Journey, after int64, kind fault.Kind) {
			t.Helper()
			to := &told{}
			if err := w.Follow(ctx, id, after, to); !fault.Is(err, kind) {
				t.Errorf("%s: %v", what, err)
			}
			to.want(t, what)
		}
		refused("no journey", ctx, 8, 0, fault.NotFound)
		refused("another workspace's", actor.With(t.Context(), actor.Actor{Kind: actor.APIKey, Workspace: 2, Key: 9}), 7, 0, fault.NotFound)
		refused("an event to come", ctx, 7, 2, fault.Malformed)
		refused("no sequence", ctx, 7, -1, fault.Malformed)
		one, two := watch(ctx, w, 7, 0, &told{}), watch(ctx, w, 7, 0, &told{})
		synctest.Wait()
		refused("a third of one key", ctx, 7, 0, fault.Limited)
		other := actor.With(t.Context(), actor.Actor{Kind: actor.Console, Workspace: 1, User: 4})
		three := watch(other, w, 7, 0, &told{})
		synctest.Wait()
		refused("a fourth of all", other, 7, 0, fault.Limited)
		w.Stop()
		for _, end := range []func() error{one, two, three} {
			if err := end(); !fault.Is(err, fault.Unavailable) {
				t.Errorf("at a stop: %v", err)
			}
		}
		if err := w.Follow(ctx, 7, 0, &told{}); !fault.Is(err, fault.Unavailable) {
			t.Errorf("after a stop: %v", err)
		}
	})
}

func TestWatching_EndsWithWhatFails(t *testing.T) {
	t.Parallel()
	h, gone := &history{}, errors.New("gone")
	h.add(7, event.JourneyStarted)
	w := journey.NewWatching(h, limits)
	ctx := actor.With(t.Context(), mine)
	for range 2 * limits.PerCaller { // each gives its place back
		if err := w.Follow(ctx, 7, 0, &told{fail: gone}); !errors.Is(err, gone) {
			t.Errorf("a sink that fails: %v", err)
		}
	}
	h.away = errors.New("away")
	if err := w.Follow(ctx, 7, 0, &told{}); !errors.Is(err, h.away) {
		t.Errorf("a log that fails: %v", err)
	}
}
