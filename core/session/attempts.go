package session

import (
	"net/netip"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/fault"
)

// mostSubjects bounds the memory of Attempts.
const mostSubjects = 10_000

// Attempts bounds how often something may be tried from one place, on this node. NewAttempts
// makes it; it is safe for concurrent use.
type Attempts struct {
	most   int
	window time.Duration

	mu    sync.Mutex
	known map[string]attempts
}

type attempts struct {
	since time.Time
	count int
}

// NewAttempts allows so many attempts in a window of time that begins with the first one.
func NewAttempts(most int, window time.Duration) *Attempts {
	return &Attempts{most: most, window: window, known: map[string]attempts{}}
}

// Try counts an attempt from a place, or refuses it as Limited.
func (a *Attempts) Try(place string, now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen, ok := a.known[place]
	if !ok || now.Sub(seen.since) >= a.window {
		if len(a.known) >= mostSubjects {
			a.sweep(now)
		}
		seen = attempts{since: now}
	}
	if seen.count >= a.most {
		return TooMany(seen.since.Add(a.window).Sub(now))
	}
	seen.count++
	a.known[place] = seen
	return nil
}

// sweep forgets the places whose window is over, and all of them when none is: whoever
// comes from ten thousand places at once is not stopped by counting places.
func (a *Attempts) sweep(now time.Time) {
	for place, seen := range a.known {
		if now.Sub(seen.since) >= a.window {
			delete(a.known, place)
		}
	}
	if len(a.known) >= mostSubjects {
		clear(a.known)
	}
}

// TooMany is the refusal of an attempt that comes too early.
func TooMany(wait time.Duration) error {
	return fault.New(fault.Limited, "too_many_attempts", "There were too many attempts. Wait a moment and try again.").Retry(wait)
}

// Network is the part of an address, with or without a port, by which attempts are counted:
// one person often has a whole /64 of IPv6 and rarely more than a /24 of IPv4. What is no
// address is one network.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if withPort, e := netip.ParseAddrPort(address); e == nil {
		ip, err = withPort.Addr(), nil
	}
	if err != nil {
		return ""
	}
	bits := 64
	if ip = ip.Unmap(); ip.Is4() {
		bits = 24
	}
	network, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}
