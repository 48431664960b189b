// Package enrichtest holds the contract of enrich's ports as tests, and a cache in
// maps. It may touch nothing but memory.
package enrichtest

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/ident"
)

// Cache is enrich.Cache in maps, for tests and the simulator: it never forgets.
type Cache struct {
	mu    sync.Mutex
	kept  map[enrich.CacheKey]entry
	spent map[purse]int
}

type entry struct {
	facts datapoint.Data
	until time.Time
}

type purse struct {
	workspace ident.Workspace
	provider  string
	day       string
}

// NewCache makes an empty cache.
func NewCache() *Cache {
	return &Cache{kept: map[enrich.CacheKey]entry{}, spent: map[purse]int{}}
}

// Find implements enrich.Cache.
func (c *Cache) Find(_ context.Context, key enrich.CacheKey, at time.Time) (datapoint.Data, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.kept[key]
	if !ok || !at.Before(e.until) {
		return nil, false, nil
	}
	return maps.Clone(e.facts), true, nil
}

// Keep implements enrich.Cache.
func (c *Cache) Keep(_ context.Context, key enrich.CacheKey, facts datapoint.Data, until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[key] = entry{facts: maps.Clone(facts), until: until}
	return nil
}

// Spend implements enrich.Cache.
func (c *Cache) Spend(_ context.Context, workspace ident.Workspace, provider string, at time.Time, limit int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := purse{workspace: workspace, provider: provider, day: at.UTC().Format(time.DateOnly)}
	if c.spent[p] >= limit {
		return false, nil
	}
	c.spent[p]++
	return true, nil
}
