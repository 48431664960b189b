package enrichtest_test

import (
	"context"
	"testing"

	"github.com/kohomai/kohomai/core/enrich/enrichtest"
	"github.com/kohomai/kohomai/core/ident"
)

func TestCache_Contract(t *testing.T) {
	t.Parallel()
	enrichtest.TestCache(t, enrichtest.NewCache(), func(ident.Workspace) context.Context { return t.Context() }, 1, 2)
}
