package funnel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

// schema gathers the data points: the workspace's, the funnel's own, the activities' facts.
func (c *compiler) schema() {
	labels := map[string]string{}
	for _, d := range c.env.DataPoints {
		c.plan.dataPoints[d.Key] = d
		labels[d.Name] = d.Key
	}
	own := map[string]bool{}
	for i, d := range c.def.DataPoints {
		at := fmt.Sprintf("DataPoints[%d]", i)
		t := c.dataPoint(at, d)
		if t == rule.NoType {
			continue
		}
		if own[d.Key] {
			c.err("", at+".Key", "duplicate_key", "The data point %s stands twice.", d.Key)
			continue
		}
		own[d.Key] = true
		old, had := c.plan.dataPoints[d.Key]
		if had && old.Type != t {
			c.err("", at+".Type", typeConflict, "%s exists with the type %s.", d.Key, old.Type).Fix = fmt.Sprintf("Use the type %s, or another key.", old.Type)
			continue
		}
		name := d.Name
		if name == "" {
			name = d.Key
		}
		if other, taken := labels[name]; taken && other != d.Key {
			c.err("", at+".Name", "duplicate_name", "The data point %s has this name already.", other)
			continue
		}
		labels[name] = d.Key
		c.plan.dataPoints[d.Key] = datapoint.Definition{ID: old.ID, Key: d.Key, Name: name, Type: t, Options: d.Options}
	}
	c.types = rule.Schema{}
	for key, d := range c.plan.dataPoints {
		c.types[key] = d.Type
	}
	for _, n := range c.def.Nodes {
		for _, a := range n.Activities {
			m, ok := c.env.Catalog.Manifest(a.Connector)
			if !ok || !keyForm.MatchString(a.Key) {
				continue
			}
			for name, t := range m.Produces {
				c.types["activity."+a.Key+"."+name] = t
			}
		}
	}
}

// typeConflict is the code of a data point that exists with another type.
const typeConflict = "type_conflict"

// dataPoint judges one data point by itself and returns its type, or NoType.
func (c *compiler) dataPoint(at string, d DataPoint) rule.Type {
	if !datapoint.ValidKey(d.Key) || datapoint.Namespace(d.Key) != "data" {
		f := c.err("", at+".Key", "invalid_key", "The key of a data point of a funnel has the form data.name.")
		if like := keyLike(strings.TrimPrefix(d.Key, "data.")); like != "" {
			f.Fix = fmt.Sprintf("Use data.%s.", like)
		}
		return rule.NoType
	}
	t, ok := rule.ParseType(d.Type)
	if !ok {
		var names []string
		for _, t := range rule.Types() {
			names = append(names, t.String())
		}
		f := c.err("", at+".Type", "invalid_value", "The type of a data point is one of %s.", strings.Join(names, ", "))
		f.Fix = didYouMean(rule.Closest(d.Type, names))
		return rule.NoType
	}
	seen := map[string]bool{}
	for i, o := range d.Options {
		if strings.TrimSpace(o) != o || o == "" || seen[o] {
			c.err("", fmt.Sprintf("%s.Options[%d]", at, i), "invalid_value", "An option is a text without spaces around it, each once.")
		}
		seen[o] = true
	}
	switch {
	case t == rule.Choice && len(d.Options) == 0:
		c.err("", at+".Options", "required", "A choice needs options.")
	case t != rule.Choice && len(d.Options) > 0:
		c.err("", at+".Options", "not_allowed", "Only a choice has options.")
	}
	return t
}

// unprovided warns of conditions over facts that this funnel never comes to know: data
// that no activity asks for or sets, and results of activities that cannot have run.
func (c *compiler) unprovided() {
	arrows := map[string][]string{}
	for _, n := range c.def.Nodes {
		for _, x := range exits("", n) {
			arrows[n.Key] = append(arrows[n.Key], x.to)
		}
	}
	for _, r := range c.readings {
		for _, key := range r.facts {
			switch datapoint.Namespace(key) {
			case "data":
				if !c.asked[key] {
					c.warn(r.node, r.field, "not_provided", "No activity asks for %s: it is known only when given at registration.", key).Fix = "Ask for it in a form."
				}
			case "activity":
				parts := strings.Split(key, ".")
				if from := c.activities[parts[1]]; !reachesFrom(arrows[from], r.node, arrows) {
					c.warn(r.node, r.field, "never_known", "%s cannot be known here: its stage %s comes later or not at all.", key, from)
				}
			}
		}
	}
}

// reachesFrom reports whether one of the nodes leads to another, or is it.
func reachesFrom(starts []string, to string, arrows map[string][]string) bool {
	return slices.ContainsFunc(starts, func(s string) bool { return reach(s, arrows)[to] })
}
