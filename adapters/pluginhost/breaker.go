package pluginhost

import (
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

const (
	// breakAfter is how many failures in a row open the breaker.
	breakAfter = 5
	// breakFor is how long it stays open before one call may try.
	breakFor = 30 * time.Second
)

// breaker keeps calls from a connector that keeps failing, for each workspace by itself: one
// tenant's dead provider is no other tenant's. The zero value is closed.
type breaker struct {
	mu    sync.Mutex
	state map[ident.Workspace]*circuit
}

type circuit struct {
	failures int
	open     time.Time // until when
	trying   bool
}

// allow says whether a call may be made now, and how long to wait where not.
func (b *breaker) allow(ws ident.Workspace, now time.Time) (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.state[ws]
	if c == nil || c.failures < breakAfter {
		return 0, true
	}
	if wait := c.open.Sub(now); wait > 0 {
		return wait, false
	}
	if c.trying {
		return time.Second, false
	}
	c.trying = true
	return 0, true
}

// verdict is what an allowed call says about its connector.
type verdict uint8

const (
	// unclear: the process ended in the middle, which is the supervisor's to judge. One end
	// takes many calls with it and must not rest all that follow.
	unclear verdict = iota
	good
	bad
)

// done tells how an allowed call went.
func (b *breaker) done(ws ident.Workspace, v verdict, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch v {
	case good:
		delete(b.state, ws)
		return
	case unclear:
		if c := b.state[ws]; c != nil {
			c.trying = false
		}
		return
	case bad:
	}
	if b.state == nil {
		b.state = map[ident.Workspace]*circuit{}
	}
	c := b.state[ws]
	if c == nil {
		c = &circuit{}
		b.state[ws] = c
	}
	c.failures, c.trying = c.failures+1, false
	if c.failures >= breakAfter {
		c.open = now.Add(breakFor)
	}
}

// opened counts the workspaces whose calls are held back.
func (b *breaker) opened() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.state {
		if c.failures >= breakAfter {
			n++
		}
	}
	return n
}
