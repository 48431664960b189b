package enrich

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/ident"
)

// rosterFor is how long a workspace's settings are taken as they were read.
const rosterFor = 5 * time.Second

// Roster knows which providers over the network each workspace asks, from settings read at
// most five seconds ago.
type Roster struct {
	reader SettingReader
	maker  Maker
	now    func() time.Time

	mu sync.Mutex
	by map[ident.Workspace]*crew
}

// crew is the providers of a workspace, in the order they are asked.
type crew struct {
	mu        sync.Mutex
	read      bool
	until     time.Time
	providers []provider
}

// NewRoster makes a roster. Now is real time.
func NewRoster(reader SettingReader, maker Maker, now func() time.Time) *Roster {
	return &Roster{reader: reader, maker: maker, now: now, by: map[ident.Workspace]*crew{}}
}

// providers are those of the workspace of the context's actor that are on. Who asks while
// they are read waits for the same reading; when it fails, those known before still count.
func (r *Roster) providers(ctx context.Context) ([]provider, error) {
	ws := actor.From(ctx).Workspace
	r.mu.Lock()
	c := r.by[ws]
	if c == nil {
		c = &crew{}
		r.by[ws] = c
	}
	r.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	now := r.now()
	if now.Before(c.until) {
		return c.providers, nil
	}
	settings, err := r.reader.Settings(context.WithoutCancel(ctx))
	if err != nil {
		if c.read {
			return c.providers, nil
		}
		return nil, err
	}
	c.read, c.until, c.providers = true, now.Add(rosterFor), r.make(whole(settings), c.providers)
	return c.providers, nil
}

// stale has the settings of the workspace of the context's actor read at the next need:
// who changed them sees it at once, on this node.
func (r *Roster) stale(ctx context.Context) {
	r.mu.Lock()
	c := r.by[actor.From(ctx).Workspace]
	r.mu.Unlock()
	if c != nil {
		c.mu.Lock()
		c.until = time.Time{}
		c.mu.Unlock()
	}
}

// make builds what is on; what has not changed keeps its pause.
func (r *Roster) make(settings []Setting, before []provider) []provider {
	var all []provider
	for _, s := range settings {
		if !s.Enabled {
			continue
		}
		p := r.one(s)
		for _, old := range before {
			if old.name == p.name && old.etag == p.etag && old.changed.Equal(p.changed) {
				p = old
			}
		}
		all = append(all, p)
	}
	return all
}

func (r *Roster) one(s Setting) provider {
	p := describe(r.maker.Make(s))
	p.local, p.aDay, p.etag, p.changed, p.gate = false, s.ADay, s.Etag, s.ChangedAt, &gate{}
	if s.Revision > 0 {
		p.kept = p.name + "#" + strconv.FormatInt(s.Revision, 10)
	}
	return p
}

// paused answers which providers of the workspace of the context's actor want to be left
// alone, by key, as this node knows.
func (r *Roster) paused(ctx context.Context, now time.Time) map[string]Refusal {
	r.mu.Lock()
	c := r.by[actor.From(ctx).Workspace]
	r.mu.Unlock()
	all := map[string]Refusal{}
	if c == nil {
		return all
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.providers {
		if refusal := p.gate.closed(now); refusal != nil {
			all[p.name] = *refusal
		}
	}
	return all
}
