package unit

import (
	"context"
	"errors"
	"sync"

	"github.com/kohomai/kohomai/core/fault"
)

// ErrStopped is returned to callers of a batch that no longer runs.
var ErrStopped = errors.New("unit: the batch has stopped")

// Batch gathers commands while the previous gathering is being committed and applies
// them together: many commands, one commit. At low load a gathering holds one command
// and nothing waits for company.
//
// Commands of one lane are applied in order of arrival. A lane works on one gathering at
// a time; two lanes keep the database busy while the other prepares.
type Batch[C, R any] struct {
	apply func(ctx context.Context, group string, commands []C) ([]Result[R], error)
	lanes []*lane[C, R]
	most  int
}

// Result is what one command of a gathering came to.
type Result[R any] struct {
	Value R
	Err   error
}

type lane[C, R any] struct {
	mu      sync.Mutex
	queue   []*waiting[C, R]
	ready   chan struct{}
	stopped bool
}

type waiting[C, R any] struct {
	ctx     context.Context
	group   string
	command C
	done    chan Result[R]
}

// NewBatch makes a batch with a number of lanes that applies at most so many commands in
// one commit. Apply is called with commands of one group only (a workspace); it must
// commit before it returns nil, and on error nothing may have been stored: the gathering
// is then halved until the command that poisons it stands alone and gets the error. An
// error that is an Unavailable fault poisons nothing: everybody gets it at once.
func NewBatch[C, R any](lanes, most int, apply func(ctx context.Context, group string, commands []C) ([]Result[R], error)) *Batch[C, R] {
	b := &Batch[C, R]{apply: apply, most: most}
	for range lanes {
		b.lanes = append(b.lanes, &lane[C, R]{ready: make(chan struct{}, 1)})
	}
	return b
}

// Submit queues a command and waits for its commit. Hash chooses the lane: commands that
// touch the same rows should share one. A caller whose context ends gets its error; the
// command may then still be applied.
func (b *Batch[C, R]) Submit(ctx context.Context, group string, hash uint64, command C) (R, error) {
	var none R
	w := &waiting[C, R]{ctx: ctx, group: group, command: command, done: make(chan Result[R], 1)}
	l := b.lanes[hash%uint64(len(b.lanes))]
	l.mu.Lock()
	if l.stopped {
		l.mu.Unlock()
		return none, ErrStopped
	}
	l.queue = append(l.queue, w)
	l.mu.Unlock()
	select {
	case l.ready <- struct{}{}:
	default:
	}
	select {
	case r := <-w.done:
		return r.Value, r.Err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Run works the lanes until the context ends, then applies what is queued already and
// refuses what comes after with ErrStopped.
func (b *Batch[C, R]) Run(ctx context.Context) error {
	var group sync.WaitGroup
	for _, l := range b.lanes {
		group.Go(func() { b.work(ctx, l) })
	}
	group.Wait()
	return nil
}

func (b *Batch[C, R]) work(ctx context.Context, l *lane[C, R]) {
	// A commit under way is finished even when the process is asked to stop.
	commits := context.WithoutCancel(ctx)
	for {
		select {
		case <-l.ready:
			b.drain(commits, l)
		case <-ctx.Done():
			l.mu.Lock()
			l.stopped = true
			l.mu.Unlock()
			b.drain(commits, l)
			return
		}
	}
}

func (b *Batch[C, R]) drain(ctx context.Context, l *lane[C, R]) {
	for {
		l.mu.Lock()
		n := min(len(l.queue), b.most)
		taken := l.queue[:n:n]
		l.queue = l.queue[n:]
		l.mu.Unlock()
		if n == 0 {
			return
		}
		var order []string
		groups := map[string][]*waiting[C, R]{}
		for _, w := range taken {
			if w.ctx.Err() != nil {
				w.done <- Result[R]{Err: w.ctx.Err()}
				continue
			}
			if groups[w.group] == nil {
				order = append(order, w.group)
			}
			groups[w.group] = append(groups[w.group], w)
		}
		for _, name := range order {
			b.applyGroup(ctx, name, groups[name])
		}
	}
}

// applyGroup applies and answers, halving on failure.
func (b *Batch[C, R]) applyGroup(ctx context.Context, name string, group []*waiting[C, R]) {
	commands := make([]C, len(group))
	for i, w := range group {
		commands[i] = w.command
	}
	results, err := b.apply(ctx, name, commands)
	if err == nil && len(results) != len(group) {
		err = errors.New("unit: apply answered another number of commands")
	}
	switch {
	case err == nil:
		for i, w := range group {
			w.done <- results[i]
		}
	case len(group) == 1 || fault.Is(err, fault.Unavailable):
		// When the database is away no command is to blame, and every half would fail too.
		for _, w := range group {
			w.done <- Result[R]{Err: err}
		}
	default:
		half := len(group) / 2
		b.applyGroup(ctx, name, group[:half])
		b.applyGroup(ctx, name, group[half:])
	}
}
