package enrich

import (
	"context"
	"sync"

	"github.com/kohomai/kohomai/core/datapoint"
)

// flights let questions of the same key that meet in time share one answer: two hundred
// registrations from one company ask its web site once. The zero value is ready.
type flights struct {
	mu  sync.Mutex
	now map[CacheKey]*flight
}

type flight struct {
	done  chan struct{}
	facts datapoint.Data
	err   error
}

// do runs fn, or waits for the one that is running under the key. Who waits stops when
// its own context ends; the answer is shared and must not be changed.
func (f *flights) do(ctx context.Context, key CacheKey, fn func() (datapoint.Data, error)) (datapoint.Data, error) {
	f.mu.Lock()
	if running, ok := f.now[key]; ok {
		f.mu.Unlock()
		select {
		case <-running.done:
			return running.facts, running.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	mine := &flight{done: make(chan struct{}), err: context.Canceled}
	if f.now == nil {
		f.now = map[CacheKey]*flight{}
	}
	f.now[key] = mine
	f.mu.Unlock()
	defer func() { // also when fn panics: nobody may wait for ever
		f.mu.Lock()
		delete(f.now, key)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.facts, mine.err = fn()
	return mine.facts, mine.err
}
