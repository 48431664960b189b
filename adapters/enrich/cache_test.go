package enrich

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/ident"
)

func TestCache_Contract(t *testing.T) {
	t.Parallel()
	enrichtest.TestCache(t, NewCache(0), func(ident.Workspace) context.Context { return t.Context() }, 1, 2)
}

func TestCache_ForgetsTheLeastRecentlyUsed(t *testing.T) {
	t.Parallel()
	c := NewCache(3)
	key := func(i int) enrich.CacheKey {
		return enrich.CacheKey{Workspace: 1, Provider: "web", Domain: fmt.Sprint(i)}
	}
	has := func(i int) bool {
		_, ok, err := c.Find(t.Context(), key(i), today())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	keep := func(i int) {
		if err := c.Keep(t.Context(), key(i), datapoint.Data{}, today().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	keep(1)
	keep(2)
	keep(3)
	keep(3)
	if !has(1) {
		t.Fatal("keeping one twice pushed another out")
	}
	keep(4)
	if has(2) || !has(1) || !has(3) || !has(4) {
		t.Errorf("left: 1 %v, 2 %v, 3 %v, 4 %v; want all but 2", has(1), has(2), has(3), has(4))
	}
	if len(c.byKey) != c.recent.Len() {
		t.Errorf("%d keys for %d answers", len(c.byKey), c.recent.Len())
	}
}
