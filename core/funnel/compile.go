package funnel

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

// Env is what a definition is judged against.
type Env struct {
	Compiler rule.Compiler
	Catalog  activity.Catalog
	// DataPoints are the workspace's definitions, built-in ones included.
	DataPoints []datapoint.Definition
	// Policies are the names of the workspace's assignment policies.
	Policies []string
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Compile judges a definition and compiles it. The plan is nil when a finding is an error.
func Compile(def Definition, env Env) (*Plan, []Finding) {
	c := &compiler{
		def: def, env: env,
		plan: &Plan{
			Name: def.Name, Start: def.Start, Reentry: def.Reentry, steps: map[string]*Step{},
			dataPoints: map[string]datapoint.Definition{}, definition: def,
		},
		activities: map[string]string{},
	}
	if c.plan.Reentry == "" {
		c.plan.Reentry = Continue
	}
	c.head()
	c.schema()
	for i, n := range def.Nodes {
		c.node(fmt.Sprintf("Nodes[%d]", i), n)
	}
	c.targets()
	c.graph()
	if Blocks(c.list) {
		return nil, c.list
	}
	c.plan.gatherReads()
	return c.plan, c.list
}

type compiler struct {
	findings
	def        Definition
	env        Env
	plan       *Plan
	types      rule.Schema
	activities map[string]string // key → node
}

func (c *compiler) head() {
	if strings.TrimSpace(c.def.Name) == "" || len(c.def.Name) > 200 {
		c.err("", "Name", "required", "A funnel needs a name of at most 200 characters.")
	}
	switch c.plan.Reentry {
	case Continue, Restart, Refuse:
	default:
		c.err("", "Reentry", "invalid_value", "Reentry is Continue, Restart or Refuse.")
	}
	if len(c.def.Nodes) == 0 {
		c.err("", "Nodes", "required", "A funnel needs nodes.").Fix = "Add a stage and an end."
	}
	if len(c.def.Nodes) > 500 {
		c.err("", "Nodes", "too_many", "A funnel has at most 500 nodes.")
	}
}

// schema gathers the data points: the workspace's, the funnel's own, the activities' facts.
func (c *compiler) schema() {
	for _, d := range c.env.DataPoints {
		c.plan.dataPoints[d.Key] = d
	}
	for i, d := range c.def.DataPoints {
		at := fmt.Sprintf("DataPoints[%d]", i)
		t, ok := rule.ParseType(d.Type)
		switch {
		case !datapoint.ValidKey(d.Key) || datapoint.Namespace(d.Key) != "data":
			c.err("", at+".Key", "invalid_key", "The key of a data point of a funnel has the form data.name.")
			continue
		case !ok:
			c.err("", at+".Type", "invalid_value", "%s is not a type of data points.", d.Type)
			continue
		case t == rule.Choice && len(d.Options) == 0:
			c.err("", at+".Options", "required", "A choice needs options.")
		case t != rule.Choice && len(d.Options) > 0:
			c.err("", at+".Options", "not_allowed", "Only a choice has options.")
		}
		if old, had := c.plan.dataPoints[d.Key]; had && old.Type != t {
			c.err("", at+".Type", "type_conflict", "%s exists with the type %s.", d.Key, old.Type)
			continue
		}
		name := d.Name
		if name == "" {
			name = d.Key
		}
		c.plan.dataPoints[d.Key] = datapoint.Definition{Key: d.Key, Name: name, Type: t, Options: d.Options}
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

func (c *compiler) node(at string, n Node) {
	if !keyForm.MatchString(n.Key) {
		c.err(n.Key, at+".Key", "invalid_key", "A key starts with a letter and has lower-case letters, digits and _ only.")
		return
	}
	if _, twice := c.plan.steps[n.Key]; twice {
		c.err(n.Key, at+".Key", "duplicate_key", "Another node has this key.")
		return
	}
	s := &Step{Key: n.Key, Name: n.Name, Kind: n.Kind, Next: n.Next, MaxVisits: n.MaxVisits, Otherwise: n.Otherwise, Result: n.Result}
	if s.Name == "" {
		s.Name = n.Key
	}
	c.plan.steps[n.Key] = s
	if n.MaxVisits < 0 || n.MaxVisits > 1000 {
		c.err(n.Key, at+".MaxVisits", "out_of_range", "MaxVisits is 0 to 1000.")
	}
	switch n.Kind {
	case Decision:
		c.decision(at, n, s)
	case Stage:
		c.stage(at, n, s)
	case End:
		if n.Result != Converted && n.Result != NotQualified {
			c.err(n.Key, at+".Result", "invalid_value", "Result is Converted or NotQualified.")
		}
		if n.Next != "" {
			c.err(n.Key, at+".Next", "not_allowed", "An end has no Next.")
		}
	default:
		c.err(n.Key, at+".Kind", "invalid_value", "Kind is Decision, Stage or End.")
	}
}

func (c *compiler) decision(at string, n Node, s *Step) {
	if len(n.Branches) == 0 {
		c.err(n.Key, at+".Branches", "required", "A decision needs branches.")
	}
	if n.Otherwise == "" {
		c.err(n.Key, at+".Otherwise", "required", "A decision says where it goes otherwise.").Fix = "Set Otherwise to a node."
	}
	if len(n.Activities) > 0 || n.Next != "" {
		c.err(n.Key, at, "not_allowed", "A decision has neither Activities nor Next.")
	}
	s.UnknownAfter = DefaultUnknownAfter
	if n.Unknown != nil {
		s.UnknownNext = n.Unknown.Next
		if n.Unknown.After > 0 {
			s.UnknownAfter = time.Duration(n.Unknown.After)
		}
	}
	names := map[string]bool{}
	for i, b := range n.Branches {
		where := fmt.Sprintf("%s.Branches[%d]", at, i)
		if b.Name == "" || names[b.Name] {
			c.err(n.Key, where+".Name", "invalid_value", "A branch needs a name that no other branch has.")
		}
		names[b.Name] = true
		s.Branches = append(s.Branches, PlanBranch{Name: b.Name, Next: b.Next, Condition: c.condition(n.Key, where+".When", b.When)})
	}
}

func (c *compiler) condition(node, at, source string) rule.Condition {
	if strings.TrimSpace(source) == "" {
		c.err(node, at, "required", "A condition is required.")
		return nil
	}
	cond, problems := c.env.Compiler.Compile(source, c.types)
	for _, p := range problems {
		message := p.Message
		if p.Offset >= 0 {
			message = fmt.Sprintf("At character %d: %s", p.Offset+1, p.Message)
		}
		c.err(node, at, "invalid_condition", "%s", message)
	}
	return cond
}

func (c *compiler) stage(at string, n Node, s *Step) {
	if len(n.Activities) == 0 {
		c.err(n.Key, at+".Activities", "required", "A stage needs activities.")
	}
	if n.Next == "" {
		c.err(n.Key, at+".Next", "required", "A stage says what comes next.").Fix = "Set Next to a node."
	}
	if len(n.Branches) > 0 || n.Otherwise != "" {
		c.err(n.Key, at, "not_allowed", "A stage has neither Branches nor Otherwise.")
	}
	for i, a := range n.Activities {
		s.Activities = append(s.Activities, c.activity(fmt.Sprintf("%s.Activities[%d]", at, i), n.Key, a))
	}
}

func (c *compiler) activity(at, node string, a Activity) *PlanActivity {
	if !keyForm.MatchString(a.Key) {
		c.err(node, at+".Key", "invalid_key", "A key starts with a letter and has lower-case letters, digits and _ only.")
	} else if other, twice := c.activities[a.Key]; twice {
		c.err(node, at+".Key", "duplicate_key", "The activity key %s stands in %s already.", a.Key, other)
	}
	c.activities[a.Key] = node
	p := &PlanActivity{
		Key: a.Key, Connector: a.Connector, Name: a.Name, Assignee: a.Assignee, Required: a.Required == nil || *a.Required,
		Timeout: time.Duration(a.Timeout), OnFailure: OnFailure{Policy: Block},
	}
	if p.Name == "" {
		p.Name = a.Key
	}
	if a.OnFailure != nil {
		p.OnFailure = *a.OnFailure
	}
	if a.Due != nil {
		p.Due = time.Duration(a.Due.In)
	}
	for _, r := range a.Remind {
		p.Remind = append(p.Remind, time.Duration(r))
	}
	if a.When != "" {
		p.When = c.condition(node, at+".When", a.When)
	}
	config := a.Config
	if config == nil {
		config = map[string]any{}
	}
	p.Config, _ = json.Marshal(config)
	m, ok := c.env.Catalog.Manifest(a.Connector)
	if !ok {
		c.err(node, at+".Connector", "unknown_connector", "There is no connector %q.", a.Connector)
		return p
	}
	p.Produces, p.Reads = m.Produces, m.Reads
	c.assignee(at+".Assignee", node, a.Assignee, m)
	for _, problem := range checkSchema(m.ConfigSchema, p.Config) {
		c.err(node, at+".Config"+problem.path, "invalid_config", "%s", problem.message)
	}
	c.builtin(at+".Config", node, a)
	return p
}

func (c *compiler) assignee(at, node string, a Assignee, m activity.Manifest) {
	var kinds []string
	for kind, set := range map[string]bool{
		"Lead": a.Lead, "Automatic": a.Automatic, "User": a.User != 0 || a.Policy != "", "Stakeholder": a.Stakeholder != "",
	} {
		if set {
			kinds = append(kinds, kind)
		}
	}
	switch {
	case len(kinds) != 1 || a.User != 0 && a.Policy != "":
		c.err(node, at, "invalid_value", "Exactly one of Lead, Automatic, User, Stakeholder and Policy is set.")
	case !slices.Contains(m.Assignees, kinds[0]):
		c.err(node, at, "not_allowed", "%s cannot be assigned so; it takes %s.", m.Name, strings.Join(m.Assignees, ", "))
	case a.Policy != "" && !slices.Contains(c.env.Policies, a.Policy):
		c.err(node, at+".Policy", "unknown_policy", "There is no assignment policy %q.", a.Policy)
	}
}

// builtin judges what a schema cannot say of the built-in activities.
func (c *compiler) builtin(at, node string, a Activity) {
	switch a.Connector {
	case activity.Form:
		for _, list := range []string{"Fields", "Optional"} {
			keys, _ := a.Config[list].([]any)
			for i, k := range keys {
				key, _ := k.(string)
				if _, ok := c.plan.dataPoints[key]; !ok {
					c.err(node, fmt.Sprintf("%s.%s[%d]", at, list, i), "unknown_data_point", "There is no data point %q.", key)
				}
			}
		}
	case activity.Set:
		values, _ := a.Config["Values"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			d, ok := c.plan.dataPoints[key]
			if !ok {
				c.err(node, at+".Values."+key, "unknown_data_point", "There is no data point %q.", key)
			} else if _, err := rule.Read(d.Type, d.Options, values[key]); err != nil {
				c.err(node, at+".Values."+key, "invalid_value", "The value does not fit: %s.", err.Error())
			}
		}
	case activity.Wait:
		if text, ok := a.Config["For"].(string); ok {
			if _, err := ParseDuration(text); err != nil {
				c.err(node, at+".For", "invalid_value", "For: %s.", err.Error())
			}
		}
	}
}
