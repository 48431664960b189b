package pluginhost

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// State says where a connector stands.
type State string

// The states, in the order a connector goes through them.
const (
	// Absent: approved, but its program is not there or not the approved one.
	Absent State = "absent"
	// Verified: the private copy is what was approved; nothing runs yet.
	Verified State = "verified"
	Starting State = "starting"
	Ready    State = "ready"
	// Degraded: it runs but keeps failing somebody, or has just ended and will start again.
	Degraded State = "degraded"
	// Down: it ended too often in a row, or is not what it says; it stays down until the
	// server starts anew.
	Down State = "failed"
	// Disabled: the operator does not want it.
	Disabled State = "disabled"
)

const (
	// mostExits is how often in a row a connector may end without one successful call.
	mostExits = 5
	// healthyFor is how long a process must have lived to be started again at once.
	healthyFor   = 5 * time.Second
	firstBackoff = time.Second
	mostBackoff  = time.Minute
)

// Clock is the supervisor's sense of time and chance, a parameter so that tests rule it.
type Clock interface {
	Now() time.Time
	// After must deliver once when d has passed.
	After(d time.Duration) <-chan time.Time
	// Jitter must return a factor from 0.8 to 1.2.
	Jitter() float64
}

// connector is one approved program with whatever runs of it.
type connector struct {
	program program
	clock   Clock
	log     *slog.Logger
	writer  *logWriter
	clean   *redactor
	breaker breaker
	// launch and verify are steps of a start; see Host.
	launch func() (*process, error)
	verify func() error

	mu       sync.Mutex
	state    State
	manifest *manifest
	process  *process
	// changed is closed and replaced whenever state changes, to wake those who wait.
	changed   chan struct{}
	exits     int
	starts    int
	nextStart time.Time
	fault     string
}

// supervise keeps the connector running until the context ends, or it is given up.
func (c *connector) supervise(ctx context.Context) {
	defer c.halt(Verified)
	for ctx.Err() == nil {
		if c.standing() == Absent || c.standing() == Disabled || c.standing() == Down {
			<-ctx.Done()
			return
		}
		began := c.clock.Now()
		p, err := c.start(ctx)
		if err == nil {
			select {
			case <-p.ended():
				p.stop()
				err = fmt.Errorf("the process ended: %v", p.child.err) //nolint:errorlint // nil when it left by itself
			case <-ctx.Done():
				p.stop()
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		wait, again := c.ended(err, c.clock.Now().Sub(began))
		if !again {
			continue
		}
		select {
		case <-c.clock.After(wait):
		case <-ctx.Done():
		}
	}
}

// start verifies, launches and asks who it is. A program that is not what it says is given
// up at once: starting it again would not make it honest.
func (c *connector) start(ctx context.Context) (*process, error) {
	c.set(Starting, "")
	if err := c.verify(); err != nil {
		c.halt(Down)
		return nil, fmt.Errorf("checking the program: %w", err)
	}
	p, err := c.launch()
	if err != nil {
		return nil, err
	}
	w, err := p.describe(ctx)
	if err != nil {
		p.stop()
		return nil, err
	}
	m, err := readManifest(c.program.id, w)
	if err == nil {
		err = c.same(m)
	}
	if err != nil {
		p.stop()
		c.halt(Down)
		return nil, err
	}
	c.mu.Lock()
	c.manifest, c.process, c.starts = m, p, c.starts+1
	c.become(Ready, "")
	c.mu.Unlock()
	c.log.Info("connector ready", "version", m.domain.Version, "pid", p.child.ID())
	return p, nil
}

// same holds a manifest against the one this very program gave before.
func (c *connector) same(m *manifest) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.manifest != nil && c.manifest.domain.Version != m.domain.Version {
		return fmt.Errorf("the same program said before that it is version %s, and now %s", c.manifest.domain.Version, clip(m.domain.Version, 40))
	}
	return nil
}

// ended counts an end and says how long to wait before the next start, if there is one.
func (c *connector) ended(err error, lived time.Duration) (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process, c.exits = nil, c.exits+1
	said := c.clean.clean(clip(err.Error(), 500))
	if c.state == Down || c.exits >= mostExits {
		c.become(Down, said)
		c.log.Error("connector is down until the next start of the server", "error", said, "exits", c.exits)
		return 0, false
	}
	wait := time.Duration(0)
	if c.exits > 1 || lived < healthyFor {
		wait = min(firstBackoff<<min(c.exits-1, 10), mostBackoff)
		wait = time.Duration(float64(wait) * c.clock.Jitter())
	}
	c.nextStart = c.clock.Now().Add(wait)
	c.become(Degraded, said)
	c.log.Warn("connector ended, starting it again", "error", said, "in", wait.String(), "exits", c.exits)
	return wait, true
}

// succeeded forgets earlier ends.
func (c *connector) succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exits = 0
}

// ready returns the running process, waiting for one that is starting. It answers at once,
// with how long to stay away, when none is to be had now.
func (c *connector) ready(ctx context.Context) (*process, *manifest, time.Duration, error) {
	for {
		c.mu.Lock()
		p, m, state, changed, fault := c.process, c.manifest, c.state, c.changed, c.fault
		wait := c.nextStart.Sub(c.clock.Now())
		c.mu.Unlock()
		switch {
		case p != nil && !p.gone():
			return p, m, 0, nil
		case state == Absent || state == Disabled || state == Down:
			return nil, nil, time.Minute, fmt.Errorf("is %s: %s", state, fault)
		case state == Degraded && wait > 0:
			return nil, nil, wait, fmt.Errorf("has ended and starts again soon")
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, nil, 0, fmt.Errorf("has not started in time")
		}
	}
}

func (c *connector) standing() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

func (c *connector) set(s State, fault string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.become(s, fault)
}

// halt leaves a state that no process belongs to; one that is given up stays so.
func (c *connector) halt(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.process = nil
	if c.state != Down && c.state != Absent && c.state != Disabled {
		c.become(s, c.fault)
	}
}

// become is called with the lock held.
func (c *connector) become(s State, fault string) {
	c.state, c.fault = s, fault
	close(c.changed)
	c.changed = make(chan struct{})
}
