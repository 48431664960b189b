package embedpg

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

// Back-off between starts after a fall: short first, because the children of a
// killed postmaster need a moment to go, capped because the reason (a full
// disk) may be mended at any time.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 5 * time.Second
)

// supervisor keeps one postmaster running until it is told to end.
type supervisor struct {
	options Options
	home    home
	bin     Binaries
	mode    mode
	port    int
	pid     atomic.Int64
	address atomic.Pointer[Address] // as announced; nil before that

	careless atomic.Bool // end with an immediate shutdown

	// release ends everything. It is kept here, not in Server, because the
	// running goroutine keeps it alive: the lock and the guard's pipe would
	// close with the last reference to them.
	release func() error

	quit chan struct{} // closed by end
	done chan struct{} // closed when the postmaster is gone for good
}

// supervise starts the postmaster and returns when it is ready; from then on a
// goroutine starts it again whenever it ends by itself. ctx bounds the first
// start only.
func supervise(ctx context.Context, o Options, h home, b Binaries, m mode) (*supervisor, error) {
	w := &supervisor{options: o, home: h, bin: b, mode: m, quit: make(chan struct{}), done: make(chan struct{})}
	up := make(chan error, 1)
	go w.run(ctx, up)
	if err := <-up; err != nil {
		<-w.done
		return nil, err
	}
	return w, nil
}

func (w *supervisor) currentPID() int { return int(w.pid.Load()) }

// end stops the postmaster and waits until it is gone.
func (w *supervisor) end() error {
	close(w.quit)
	<-w.done
	return nil
}

// kill ends the postmaster without the care for what it holds, and waits until
// it is gone.
func (w *supervisor) kill() error {
	w.careless.Store(true)
	return w.end()
}

// run owns the postmaster. It is locked to its thread, never unlocked, because
// the postmaster is to end with us: the kernel ties it to the thread that
// forked it.
func (w *supervisor) run(ctx context.Context, up chan<- error) {
	runtime.LockOSThread()
	defer close(w.done)

	p, err := w.first(ctx)
	up <- err
	if err != nil {
		return
	}
	for {
		select {
		case <-w.quit:
			if w.careless.Load() {
				p.stop(stops[1:])
			} else {
				p.stop(stops)
			}
			return
		case <-p.exited:
		}
		fell := time.Now()
		w.options.Log.Error("PostgreSQL ended by itself; starting it again", "error", p.err, "log", w.home.log())
		w.options.OnChange(Change{Err: fmt.Errorf("PostgreSQL ended by itself: %w", ended(p.err))})
		if p = w.again(fell); p == nil {
			return
		}
	}
}

// first starts the postmaster for the first time, on a free port.
func (w *supervisor) first(ctx context.Context) (*postmaster, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		var err error
		if w.port, err = pickPort(w.options.Rand); err != nil {
			return nil, err
		}
		p, err := w.start(ctx)
		if err == nil {
			return p, nil
		}
		var failed *startError
		if !errors.As(err, &failed) || !failed.portTaken() && !failed.survivors() {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}

// again starts the postmaster until it runs, on the same port, or until end is
// called; then it returns nil.
func (w *supervisor) again(fell time.Time) *postmaster {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-w.quit:
			cancel()
		case <-ctx.Done():
		}
	}()
	pause := firstPause
	for attempt := 1; ; attempt++ {
		p, err := w.start(ctx)
		if err == nil {
			if err := w.announce(); err != nil {
				w.options.Log.Error("the addresses file of PostgreSQL could not be written", "error", err)
			}
			w.options.Log.Info("PostgreSQL is back", "attempt", attempt, "down", time.Since(fell))
			w.options.OnChange(Change{Up: true, Attempt: attempt, Down: time.Since(fell)})
			return p
		}
		if ctx.Err() != nil {
			return nil
		}
		var failed *startError
		if !errors.As(err, &failed) || !failed.survivors() {
			w.options.Log.Error("PostgreSQL does not come back", "attempt", attempt, "error", err)
		}
		w.options.OnChange(Change{Err: err, Attempt: attempt, Down: time.Since(fell)})
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// start launches one postmaster and waits until it is ready.
func (w *supervisor) start(ctx context.Context) (*postmaster, error) {
	p, err := launch(w.home, w.bin, w.port, w.mode.fixed, w.mode.parting)
	if err != nil {
		return nil, err
	}
	if err := p.ready(ctx); err != nil {
		p.stop(stops)
		return nil, err
	}
	w.pid.Store(int64(p.pid))
	return p, nil
}

// announce writes the address down for other processes.
func (w *supervisor) announce() error {
	a := w.address.Load()
	if a == nil || w.mode.announce == nil {
		return nil
	}
	now := *a
	now.PostmasterPID = w.currentPID()
	return w.mode.announce(now)
}

// ended is why a program ended that exited with success, unasked.
func ended(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
