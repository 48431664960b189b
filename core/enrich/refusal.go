package enrich

import (
	"sync"
	"time"
)

// Refusal is an answer of a provider that is none.
type Refusal struct {
	// Reason is one sentence for people. It holds no secret.
	Reason string
	// After is how long the provider is left alone; zero asks it again at the next need.
	After time.Duration
	// Lasting says that asking again is in vain until somebody changes the setting.
	Lasting bool
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// mostPause is the longest a provider can have itself left alone.
const mostPause = 24 * time.Hour

// gate keeps questions from a provider that wants to be left alone.
type gate struct {
	mu    sync.Mutex
	until time.Time
	why   Refusal
}

// closed returns the refusal that still holds, with what is left of its pause; else nil.
func (g *gate) closed(now time.Time) *Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !now.Before(g.until) {
		return nil
	}
	r := g.why
	r.After = g.until.Sub(now)
	return &r
}

// close heeds a refusal.
func (g *gate) close(r Refusal, now time.Time) {
	if r.After <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := now.Add(min(r.After, mostPause)); until.After(g.until) {
		g.until, g.why = until, r
	}
}
