package enrich

import (
	"container/list"
	"context"
	"maps"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/ident"
)

// Cache is enrich.Cache in this process's memory, bounded by a number of answers: the
// least recently used leaves first. Each node has its own, and a restart empties it and
// its count of questions; where budgets must hold across nodes, use a shared one.
type Cache struct {
	most int

	mu     sync.Mutex
	byKey  map[enrich.CacheKey]*list.Element
	recent *list.List // of kept, the most recently used in front
	day    string
	spent  map[purse]int
}

type kept struct {
	key   enrich.CacheKey
	facts datapoint.Data
	until time.Time
}

type purse struct {
	workspace ident.Workspace
	provider  string
}

// NewCache makes an empty cache of at most most answers; below 1 it is 10,000, some
// 20 MB when all are full.
func NewCache(most int) *Cache {
	if most < 1 {
		most = 10_000
	}
	return &Cache{most: most, byKey: map[enrich.CacheKey]*list.Element{}, recent: list.New(), spent: map[purse]int{}}
}

// Find implements enrich.Cache.
func (c *Cache) Find(_ context.Context, key enrich.CacheKey, at time.Time) (datapoint.Data, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false, nil
	}
	k := e.Value.(*kept) //nolint:forcetypeassert // the list holds nothing else
	if !at.Before(k.until) {
		c.drop(e)
		return nil, false, nil
	}
	c.recent.MoveToFront(e)
	return maps.Clone(k.facts), true, nil
}

// Keep implements enrich.Cache.
func (c *Cache) Keep(_ context.Context, key enrich.CacheKey, facts datapoint.Data, until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[key]; ok {
		c.drop(e)
	}
	c.byKey[key] = c.recent.PushFront(&kept{key: key, facts: maps.Clone(facts), until: until})
	for c.recent.Len() > c.most {
		c.drop(c.recent.Back())
	}
	return nil
}

func (c *Cache) drop(e *list.Element) {
	delete(c.byKey, c.recent.Remove(e).(*kept).key) //nolint:forcetypeassert // the list holds nothing else
}

// Spend implements enrich.Cache. It counts one day at a time: the first question of a
// later day forgets the days before, a late one of an earlier day counts with the later.
func (c *Cache) Spend(_ context.Context, workspace ident.Workspace, provider string, at time.Time, limit int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if day := at.UTC().Format(time.DateOnly); day > c.day {
		c.day = day
		clear(c.spent)
	}
	p := purse{workspace: workspace, provider: provider}
	if c.spent[p] >= limit {
		return false, nil
	}
	c.spent[p]++
	return true, nil
}
