package funnel

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/rule"
)

// exit is one arrow of the graph and the field that draws it.
type exit struct{ to, field string }

// exits lists the arrows out of a node.
func exits(at string, n Node) []exit {
	var out []exit
	add := func(to, field string) {
		if to != "" {
			out = append(out, exit{to, at + field})
		}
	}
	for i, b := range n.Branches {
		add(b.Next, fmt.Sprintf(".Branches[%d].Next", i))
	}
	if n.Unknown != nil {
		add(n.Unknown.Next, ".Unknown.Next")
	}
	add(n.Otherwise, ".Otherwise")
	for i, a := range n.Activities {
		if a.OnFailure != nil && a.OnFailure.Policy == Goto {
			add(a.OnFailure.Next, fmt.Sprintf(".Activities[%d].OnFailure.Next", i))
		}
	}
	add(n.Next, ".Next")
	return out
}

// targets judges that every arrow leads somewhere.
func (c *compiler) targets() {
	keys := slices.Sorted(maps.Keys(c.plan.steps))
	if _, ok := c.plan.steps[c.def.Start]; !ok && c.def.Start != "" {
		c.err("", "Start", "unknown_node", "There is no node %q.", c.def.Start).Fix = didYouMean(rule.Closest(c.def.Start, keys))
	}
	for i, n := range c.def.Nodes {
		at := fmt.Sprintf("Nodes[%d]", i)
		for b, branch := range n.Branches {
			if branch.Next == "" {
				c.err(n.Key, fmt.Sprintf("%s.Branches[%d].Next", at, b), "required", "A branch says where it leads.")
			}
		}
		for _, x := range exits(at, n) {
			if _, ok := c.plan.steps[x.to]; !ok {
				c.err(n.Key, x.field, "unknown_node", "There is no node %q.", x.to).Fix = didYouMean(rule.Closest(x.to, keys))
			}
		}
	}
}

// torn are the codes of findings that leave the graph incomplete: judging it would only
// say the same again.
var torn = map[string]bool{"unknown_node": true, "required": true, "invalid_key": true, "duplicate_key": true, "unknown_kind": true}

// graph judges what can be reached and that loops are bounded.
func (c *compiler) graph() {
	if slices.ContainsFunc(c.list, func(f Finding) bool { return torn[f.Code] && f.Severity == Error }) {
		return
	}
	arrows := map[string][]string{}
	bounded := map[string]bool{}
	for _, n := range c.def.Nodes {
		bounded[n.Key] = n.MaxVisits > 0
		for _, x := range exits("", n) {
			arrows[n.Key] = append(arrows[n.Key], x.to)
		}
	}
	reached := reach(c.def.Start, arrows)
	converts := false
	for i, n := range c.def.Nodes {
		at := fmt.Sprintf("Nodes[%d]", i)
		if !reached[n.Key] {
			c.warn(n.Key, at, "unreachable", "No way leads to this node.").Fix = "Lead a branch here, or delete it."
			continue
		}
		converts = converts || n.Kind == End && n.Result == Converted
		if n.Kind != End && !reachesEnd(n.Key, arrows, c.plan) {
			c.err(n.Key, at, "dead_end", "From here no end can be reached.")
		}
	}
	if !converts {
		c.err("", "Nodes", "no_conversion", "No end with the result Converted can be reached.")
	}
	// A loop is bounded when one of its nodes is: without the bounded ones no loop may remain.
	free := map[string][]string{}
	for from, list := range arrows {
		if bounded[from] {
			continue
		}
		for _, to := range list {
			if !bounded[to] {
				free[from] = append(free[from], to)
			}
		}
	}
	known := map[string]bool{}
	for i, n := range c.def.Nodes {
		if known[n.Key] || !reachesFrom(free[n.Key], n.Key, free) {
			continue
		}
		var loop []string
		for _, m := range c.def.Nodes {
			if m.Key == n.Key || reach(n.Key, free)[m.Key] && reach(m.Key, free)[n.Key] {
				loop, known[m.Key] = append(loop, m.Key), true
			}
		}
		c.err(n.Key, fmt.Sprintf("Nodes[%d].MaxVisits", i), "unbounded_loop", "The loop of %s has no bound.", strings.Join(loop, ", ")).Fix = "Set MaxVisits on a stage of the loop."
	}
}

func reach(from string, arrows map[string][]string) map[string]bool {
	seen := map[string]bool{from: true}
	for todo := []string{from}; len(todo) > 0; {
		at := todo[0]
		todo = todo[1:]
		for _, to := range arrows[at] {
			if !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return seen
}

func reachesEnd(from string, arrows map[string][]string, p *Plan) bool {
	for key := range reach(from, arrows) {
		if s, ok := p.steps[key]; ok && s.Kind == End {
			return true
		}
	}
	return false
}
