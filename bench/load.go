package main

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// serial numbers the leads of a run, over all turns.
var serial atomic.Int64

// turn is one side's turn at saturation, each journey's share of the counts.
type turn struct {
	rate                    float64
	commits, statements     float64
	wal                     float64
	client, server, backend time.Duration
}

// closed keeps the callers busy for a turn and counts what the database did meanwhile.
func closed(ctx context.Context, w *watch, database string, p plan, register func(context.Context, int64) error) (turn, error) {
	before, err := w.read(ctx, database)
	if err != nil {
		return turn{}, err
	}
	var done atomic.Int64
	var failed atomic.Pointer[error]
	begin := time.Now()
	stop := begin.Add(p.turn)
	var group sync.WaitGroup
	for range p.callers {
		group.Go(func() {
			for time.Now().Before(stop) && failed.Load() == nil {
				if err := register(ctx, serial.Add(1)); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(begin).Seconds()
	if err := failed.Load(); err != nil {
		return turn{}, *err
	}
	time.Sleep(1200 * time.Millisecond) // backends report their counts once a second
	after, err := w.read(ctx, database)
	return after.since(before, float64(done.Load()), took), err
}

// latency gathers how long calls took from the moment they were due.
type latency struct {
	mu   sync.Mutex
	took []time.Duration
}

func (l *latency) at(quantile float64) time.Duration {
	if len(l.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(l.took))
	return sorted[min(len(sorted)-1, int(math.Ceil(quantile*float64(len(sorted)))))]
}

// open calls at a fixed rate whether or not earlier calls have ended, and counts each
// from its due moment: a queue shows as latency rather than as a lower rate.
func open(ctx context.Context, rate float64, last time.Duration, l *latency, call func(context.Context, int64) error) error {
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	begin := time.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if due.Sub(begin) >= last || failed.Load() != nil {
			break
		}
		time.Sleep(time.Until(due))
		group.Go(func() {
			if err := call(ctx, serial.Add(1)); err != nil {
				failed.Store(&err)
				return
			}
			l.mu.Lock()
			l.took = append(l.took, time.Since(due))
			l.mu.Unlock()
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
