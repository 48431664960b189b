// Package funneltest makes plans for tests: a catalog with the built-in activities and two
// connectors, and conditions of package ruletest.
package funneltest

import (
	"slices"
	"testing"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/rule/ruletest"
)

// The connectors of the catalog that are not built in. Robot works by itself; Desk shows
// a person a screen. Both produce the fact "score".
const (
	Robot = "robot"
	Desk  = "desk"
)

// Catalog is an activity.Catalog.
type Catalog []activity.Manifest

// NewCatalog makes the catalog.
func NewCatalog() Catalog {
	score := map[string]rule.Type{"score": rule.Number}
	return append(Catalog(activity.Builtins()),
		activity.Manifest{ID: Robot, Version: "1", Name: "Robot", Assignees: []string{"Automatic"}, Produces: score, Reads: []string{"company.size"}},
		activity.Manifest{ID: Desk, Version: "1", Name: "Desk", Assignees: []string{"Lead", "User", "Stakeholder"}, Produces: score},
	)
}

// Manifest implements activity.Catalog.
func (c Catalog) Manifest(id string) (activity.Manifest, bool) {
	i := slices.IndexFunc(c, func(m activity.Manifest) bool { return m.ID == id })
	if i < 0 {
		return activity.Manifest{}, false
	}
	return c[i], true
}

// Manifests implements activity.Catalog.
func (c Catalog) Manifests() []activity.Manifest { return c }

// Policy is the one assignment policy that Env knows.
const Policy = "account-managers"

// Env is what definitions are judged against.
func Env() funnel.Env {
	return funnel.Env{Compiler: ruletest.Compiler{}, Catalog: NewCatalog(), DataPoints: datapoint.Builtin(), Policies: []string{Policy}}
}

// Plan compiles a definition written as JSON to version 1 of funnel 1, or fails the test.
func Plan(t testing.TB, definition string) *funnel.Plan {
	t.Helper()
	def, found := funnel.Parse([]byte(definition))
	if len(found) > 0 {
		t.Fatalf("the definition cannot be read: %v", found)
	}
	plan, found := funnel.Compile(def, Env())
	if plan == nil {
		t.Fatalf("the definition is refused: %v", found)
	}
	return plan.For(1, 1)
}
