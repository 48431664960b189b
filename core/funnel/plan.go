package funnel

import (
	"maps"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// DefaultUnknownAfter is how long a decision waits for pending facts when the funnel says
// nothing.
const DefaultUnknownAfter = 30 * time.Second

// Plan is a compiled version of a funnel: immutable, safe for concurrent use.
type Plan struct {
	Funnel  ident.Funnel
	Version int
	Name    string
	Start   string
	Reentry Reentry

	steps      map[string]*Step
	reads      []string
	dataPoints map[string]datapoint.Definition
	connectors []Connector
	definition Definition
}

// Step is a compiled node.
type Step struct {
	Key, Name string
	Kind      Kind

	Branches     []PlanBranch
	UnknownAfter time.Duration
	// UnknownNext is empty when Unknown goes to Otherwise.
	UnknownNext string
	Otherwise   string

	Activities []*PlanActivity
	Next       string
	// MaxVisits is 0 where the graph itself bounds the visits.
	MaxVisits int

	Result EndResult
}

// PlanBranch is a compiled branch.
type PlanBranch struct {
	Name, Next string
	Condition  rule.Condition
}

// PlanActivity is a compiled activity.
type PlanActivity struct {
	Key, Connector, Name string
	Assignee             Assignee
	// Config is JSON.
	Config []byte
	// When is nil when the activity always runs.
	When         rule.Condition
	Due, Timeout time.Duration
	Remind       []time.Duration
	OnFailure    OnFailure
	Required     bool
	// Produces are the connector's declared facts, by name.
	Produces map[string]rule.Type
	// Reads are the facts the connector sees.
	Reads []string
}

// Node returns a step by key.
func (p *Plan) Node(key string) (*Step, bool) {
	s, ok := p.steps[key]
	return s, ok
}

// Activity returns a stage's activity by key, or nil.
func (s *Step) Activity(key string) *PlanActivity {
	for _, a := range s.Activities {
		if a.Key == key {
			return a
		}
	}
	return nil
}

// Reads lists every fact a condition or connector reads, sorted.
func (p *Plan) Reads() []string { return p.reads }

// Roles lists the stakeholder roles that activities are assigned to, sorted.
func (p *Plan) Roles() []string {
	var roles []string
	for _, s := range p.steps {
		for _, a := range s.Activities {
			if a.Assignee.Stakeholder != "" {
				roles = append(roles, a.Assignee.Stakeholder)
			}
		}
	}
	slices.Sort(roles)
	return slices.Compact(roles)
}

// DataPoints are the definitions journeys of this plan know, by key.
func (p *Plan) DataPoints() map[string]datapoint.Definition { return p.dataPoints }

// Connectors are those the activities use, sorted by id.
func (p *Plan) Connectors() []Connector { return p.connectors }

// Definition is what the plan was compiled from.
func (p *Plan) Definition() Definition { return p.definition }

// For returns a copy of the plan that says which funnel and version it is.
func (p *Plan) For(f ident.Funnel, version int) *Plan {
	c := *p
	c.Funnel, c.Version = f, version
	return &c
}

func (p *Plan) gatherReads() {
	seen := map[string]bool{}
	add := func(c rule.Condition) {
		if c == nil {
			return
		}
		for _, key := range c.Reads() {
			seen[key] = true
		}
	}
	for _, s := range p.steps {
		for _, b := range s.Branches {
			add(b.Condition)
		}
		for _, a := range s.Activities {
			add(a.When)
			for _, key := range a.Reads {
				seen[key] = true
			}
		}
	}
	p.reads = slices.Sorted(maps.Keys(seen))
}
