package memory_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
)

// funnelOf draws a funnel that is valid by construction: every node leads on to the next,
// and every node that an arrow goes back to has a bound of visits.
func funnelOf(r *rand.Rand) funnel.Definition {
	g := &generator{r: r, nodes: 2 + r.IntN(5)}
	def := funnel.Definition{
		Name: "Simulated", Start: "n0", Reentry: pick(r, funnel.Continue, funnel.Continue, funnel.Continue, funnel.Restart, funnel.Refuse),
		DataPoints: []funnel.DataPoint{{Key: "data.n", Name: "N", Type: "Number"}},
	}
	for i := range g.nodes {
		g.at = i
		if r.IntN(5) < 2 {
			def.Nodes = append(def.Nodes, g.decision())
		} else {
			def.Nodes = append(def.Nodes, g.stage())
		}
	}
	for i := range def.Nodes {
		if g.backTo[i] {
			def.Nodes[i].MaxVisits = 1 + r.IntN(3)
		}
	}
	return withEnds(def)
}

func withEnds(def funnel.Definition) funnel.Definition {
	def.Nodes = append(def.Nodes,
		funnel.Node{Key: "won", Kind: funnel.End, Result: funnel.Converted},
		funnel.Node{Key: "lost", Kind: funnel.End, Result: funnel.NotQualified})
	return def
}

type generator struct {
	r      *rand.Rand
	nodes  int
	at     int
	keys   []string
	backTo map[int]bool
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// onward is the way that always exists; anywhere may be an end, ahead or back.
func (g *generator) onward() string {
	if g.at+1 < g.nodes {
		return fmt.Sprintf("n%d", g.at+1)
	}
	return "won"
}

func (g *generator) anywhere() string {
	switch g.r.IntN(6) {
	case 0:
		return "lost"
	case 1:
		return "won"
	case 2:
		to := g.r.IntN(g.at + 1)
		if g.backTo == nil {
			g.backTo = map[int]bool{}
		}
		g.backTo[to] = true
		return fmt.Sprintf("n%d", to)
	default:
		return g.onward()
	}
}

func (g *generator) condition(depth int) string {
	r := g.r
	if depth > 0 && r.IntN(2) == 0 {
		return fmt.Sprintf("(%s %s %s)", g.condition(depth-1), pick(r, "&&", "||"), g.condition(depth-1))
	}
	keys := []string{"company.size", "company.founded", "data.n", "journey.visits"}
	for _, k := range g.keys {
		keys = append(keys, "activity."+k+".score")
	}
	not := ""
	if r.IntN(4) == 0 {
		not = "!"
	}
	return fmt.Sprintf("%s(%s >= %d)", not, pick(r, keys...), r.IntN(10))
}

func (g *generator) decision() funnel.Node {
	n := funnel.Node{Key: fmt.Sprintf("n%d", g.at), Kind: funnel.Decision, Otherwise: g.onward()}
	for i := range 1 + g.r.IntN(3) {
		n.Branches = append(n.Branches, funnel.Branch{Name: fmt.Sprintf("B%d", i), When: g.condition(1), Next: g.anywhere()})
	}
	if g.r.IntN(2) == 0 {
		n.Unknown = &funnel.UnknownBranch{After: funnel.Duration(time.Duration(5+g.r.IntN(60)) * time.Second), Next: g.anywhere()}
	}
	return n
}

func (g *generator) stage() funnel.Node {
	n := funnel.Node{Key: fmt.Sprintf("n%d", g.at), Kind: funnel.Stage, Next: g.onward()}
	for i := range 1 + g.r.IntN(4) {
		n.Activities = append(n.Activities, g.activity(fmt.Sprintf("a%d_%d", g.at, i)))
	}
	return n
}

func (g *generator) activity(key string) funnel.Activity {
	r := g.r
	a := funnel.Activity{Key: key}
	people := func() funnel.Assignee {
		return pick(r, funnel.Assignee{Lead: true}, funnel.Assignee{Policy: funneltest.Policy}, funnel.Assignee{User: manager},
			funnel.Assignee{Stakeholder: "signatory"})
	}
	switch r.IntN(9) {
	case 0, 1, 2:
		a.Connector, a.Assignee = funneltest.Robot, funnel.Assignee{Automatic: true}
	case 3:
		a.Connector, a.Assignee = funneltest.Desk, people()
	case 4:
		a.Connector, a.Assignee = pick(r, "task", "approval"), people()
	case 5:
		a.Connector, a.Assignee = "form", funnel.Assignee{Lead: true}
		a.Config = map[string]any{"Fields": []any{"data.n"}, "Optional": []any{"company.size"}}
	case 6:
		a.Connector, a.Assignee = "set", funnel.Assignee{Automatic: true}
		a.Config = map[string]any{"Values": map[string]any{pick(r, "data.n", "company.founded"): float64(r.IntN(10))}}
	case 7:
		a.Connector, a.Assignee = "wait", funnel.Assignee{Automatic: true}
		a.Config = map[string]any{"For": pick(r, "10s", "5m", "1h")}
	case 8:
		a.Connector, a.Assignee = "email", funnel.Assignee{Automatic: true}
		a.Config = map[string]any{"Template": "welcome"}
	}
	if a.Connector == funneltest.Robot || a.Connector == funneltest.Desk {
		g.keys = append(g.keys, key)
	}
	if r.IntN(3) == 0 {
		a.When = g.condition(1)
	}
	if r.IntN(4) == 0 {
		a.Due = &funnel.Due{In: funnel.Duration(time.Duration(1+r.IntN(60)) * time.Minute)}
	}
	if r.IntN(4) == 0 {
		a.Remind = []funnel.Duration{funnel.Duration(10 * time.Minute), funnel.Duration(time.Duration(20+r.IntN(60)) * time.Minute)}
	}
	if r.IntN(4) == 0 {
		a.Timeout = funnel.Duration(time.Duration(1+r.IntN(180)) * time.Minute)
	}
	switch r.IntN(5) {
	case 0:
		a.OnFailure = &funnel.OnFailure{Policy: funnel.ContinueOnFail}
	case 1, 2:
		a.OnFailure = &funnel.OnFailure{Policy: funnel.Goto, Next: g.anywhere()}
	}
	if r.IntN(4) == 0 {
		no := false
		a.Required = &no
	}
	return a
}

// compiled judges a drawn funnel by the product's own validation.
func compiled(def funnel.Definition) (*funnel.Plan, error) {
	raw, err := json.Marshal(def)
	if err != nil {
		return nil, err
	}
	read, found := funnel.Parse(raw)
	if len(found) > 0 {
		return nil, fmt.Errorf("the definition cannot be read: %v\n%s", found, raw)
	}
	plan, found := funnel.Compile(read, funneltest.Env())
	if plan == nil {
		return nil, fmt.Errorf("the definition is refused: %v\n%s", found, raw)
	}
	return plan, nil
}
