package unit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/unit"
)

// book records the gatherings that were applied.
type book struct {
	mu      sync.Mutex
	applied []string
	gate    chan struct{}
	fail    func(commands []string) error
}

func (b *book) apply(_ context.Context, group string, commands []string) ([]unit.Result[string], error) {
	<-b.gate
	b.mu.Lock()
	defer b.mu.Unlock()
	b.applied = append(b.applied, group+fmt.Sprint(commands))
	if b.fail != nil {
		if err := b.fail(commands); err != nil {
			return nil, err
		}
	}
	results := make([]unit.Result[string], len(commands))
	for i, c := range commands {
		results[i].Value = "did " + c
	}
	return results, nil
}

// playing runs a batch of one lane in a bubble and stops it at the end.
func playing(t *testing.T, b *book, most int, play func(t *testing.T, batch *unit.Batch[string, string], stop func())) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b.gate = make(chan struct{}) // it belongs to the bubble
		batch := unit.NewBatch(1, most, b.apply)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = batch.Run(ctx) })
		play(t, batch, func() { cancel() })
		cancel()
		running.Wait()
	})
}

// submit lets commands arrive in order while the first is under way.
func submit(batch *unit.Batch[string, string], commands ...string) (wait func() []error) {
	errs := make([]error, len(commands))
	var callers sync.WaitGroup
	for i, c := range commands {
		callers.Go(func() {
			group, _, _ := cut(c)
			got, err := batch.Submit(context.Background(), group, 0, c)
			if err == nil && got != "did "+c {
				err = fmt.Errorf("%s was answered %q", c, got)
			}
			errs[i] = err
		})
		synctest.Wait()
	}
	return func() []error {
		callers.Wait()
		return errs
	}
}

func cut(c string) (group, rest string, ok bool) { return c[:1], c[1:], true }

func TestBatch_GathersWhileACommitIsUnderWay(t *testing.T) {
	t.Parallel()
	b := &book{}
	playing(t, b, 3, func(t *testing.T, batch *unit.Batch[string, string], _ func()) {
		wait := submit(batch, "a1", "a2", "b1", "a3", "a4", "a5")
		for range 4 {
			b.gate <- struct{}{}
			synctest.Wait()
		}
		if err := errors.Join(wait()...); err != nil {
			t.Error(err)
		}
	})
	// The first alone, then three at a time, by workspace, each in order of arrival.
	if want := []string{"a[a1]", "a[a2 a3]", "b[b1]", "a[a4 a5]"}; !slices.Equal(b.applied, want) {
		t.Errorf("applied %v, want %v", b.applied, want)
	}
}

func TestBatch_FindsThePoison(t *testing.T) {
	t.Parallel()
	poison := errors.New("poison")
	b := &book{fail: func(commands []string) error {
		if slices.Contains(commands, "a4") {
			return poison
		}
		return nil
	}}
	playing(t, b, 100, func(t *testing.T, batch *unit.Batch[string, string], _ func()) {
		wait := submit(batch, "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8")
		for range 20 {
			select {
			case b.gate <- struct{}{}:
			default:
			}
			synctest.Wait()
		}
		for i, err := range wait() {
			if poisoned := i == 4; errors.Is(err, poison) != poisoned || !poisoned && err != nil {
				t.Errorf("a%d got %v", i, err)
			}
		}
	})
	if want := []string{
		"a[a0]", "a[a1 a2 a3 a4 a5 a6 a7 a8]", "a[a1 a2 a3 a4]", "a[a1 a2]", "a[a3 a4]", "a[a3]", "a[a4]", "a[a5 a6 a7 a8]",
	}; !slices.Equal(b.applied, want) {
		t.Errorf("applied %v, want %v", b.applied, want)
	}
}

func TestBatch_DoesNotHalveWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	b := &book{fail: func(commands []string) error {
		if len(commands) > 1 {
			return fault.New(fault.Unavailable, "unavailable", "away")
		}
		return nil
	}}
	playing(t, b, 100, func(t *testing.T, batch *unit.Batch[string, string], _ func()) {
		wait := submit(batch, "a0", "a1", "a2", "a3")
		b.gate <- struct{}{}
		b.gate <- struct{}{}
		errs := wait()
		if errs[0] != nil || !fault.Is(errs[1], fault.Unavailable) || !fault.Is(errs[3], fault.Unavailable) {
			t.Errorf("answered %v", errs)
		}
	})
	if len(b.applied) != 2 {
		t.Errorf("applied %v", b.applied)
	}
}

func TestBatch_StopsAfterWhatIsQueued(t *testing.T) {
	t.Parallel()
	b := &book{}
	playing(t, b, 1, func(t *testing.T, batch *unit.Batch[string, string], stop func()) {
		wait := submit(batch, "a1", "a2", "a3")
		stop()
		for range 3 {
			b.gate <- struct{}{}
			synctest.Wait()
		}
		if err := errors.Join(wait()...); err != nil {
			t.Errorf("what was queued: %v", err)
		}
		if _, err := batch.Submit(context.Background(), "a", 0, "a4"); !errors.Is(err, unit.ErrStopped) {
			t.Errorf("after the stop: %v", err)
		}
	})
}

func TestBatch_ACallerMayLeave(t *testing.T) {
	t.Parallel()
	b := &book{}
	playing(t, b, 10, func(t *testing.T, batch *unit.Batch[string, string], _ func()) {
		first := submit(batch, "a1")
		ctx, leave := context.WithCancel(context.Background())
		var got error
		var caller sync.WaitGroup
		caller.Go(func() { _, got = batch.Submit(ctx, "a", 0, "a2") })
		synctest.Wait()
		leave()
		caller.Wait()
		second := submit(batch, "a3")
		b.gate <- struct{}{}
		b.gate <- struct{}{}
		if err := errors.Join(append(first(), second()...)...); err != nil {
			t.Error(err)
		}
		if !errors.Is(got, context.Canceled) {
			t.Errorf("the caller who left got %v", got)
		}
	})
	if want := []string{"a[a1]", "a[a3]"}; !slices.Equal(b.applied, want) {
		t.Errorf("applied %v: what nobody waits for any more is left", b.applied)
	}
}

func TestBatch_TooFewAnswersAreNoAnswers(t *testing.T) {
	t.Parallel()
	batch := unit.NewBatch(1, 10, func(context.Context, string, []string) ([]unit.Result[string], error) { return nil, nil })
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = batch.Run(ctx) })
	if _, err := batch.Submit(t.Context(), "a", 0, "a1"); err == nil {
		t.Error("a command without a result was acknowledged")
	}
	cancel()
	running.Wait()
}
