package app

import (
	"context"

	"github.com/kohomai/kohomai/core/activity"
)

// catalog knows the connectors that stand.
type catalog struct{ all []activity.Manifest }

func newCatalog() catalog { return catalog{all: activity.Builtins()} }

// Manifest implements activity.Catalog.
func (c catalog) Manifest(id string) (activity.Manifest, bool) {
	for _, m := range c.all {
		if m.ID == id {
			return m, true
		}
	}
	return activity.Manifest{}, false
}

// Manifests implements activity.Catalog.
func (c catalog) Manifests() []activity.Manifest { return c.all }

// runners route calls by connector.
type runners map[string]activity.Runner

func newRunners(email *activity.Emailer) runners { return runners{activity.Email: email} }

// Call implements activity.Runner.
func (r runners) Call(ctx context.Context, q activity.Request) activity.Outcome {
	if runner, ok := r[q.Connector]; ok {
		return runner.Call(ctx, q)
	}
	return activity.FailedWith("host", "The connector "+q.Connector+" is not running.", true)
}
