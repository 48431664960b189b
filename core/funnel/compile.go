package funnel

import (
	"fmt"
	"regexp"
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
	// Defaults are what the workspace has set up for connectors, as JSON objects by id; an
	// activity's own Config goes before it.
	Defaults map[string][]byte
	// Policies are the names of the workspace's assignment policies.
	Policies []string
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Compile judges a definition and compiles it. The plan is nil when a finding is an error.
func Compile(def Definition, env Env) (*Plan, []Finding) {
	c := compile(def, env)
	if Blocks(c.list) {
		return nil, c.list
	}
	return c.plan, c.list
}

// Restore compiles a version that was published before. Its connectors are those of its
// publishing, whether they stand now or not. What has changed around it since (a policy or
// connector that is gone, a rule that is stricter now) does not stop it; the plan is nil only
// when there is nothing to run, and the finding says why.
func Restore(v Version, env Env) (*Plan, Finding) {
	env.Catalog = published{env.Catalog, v.Connectors}
	c := compile(v.Definition, env)
	for _, f := range c.list {
		if f.Severity == Error && (torn[f.Code] || f.Code == "invalid_condition") {
			return nil, f
		}
	}
	return c.plan, Finding{}
}

func compile(def Definition, env Env) *compiler {
	c := &compiler{
		def: def, env: env,
		plan: &Plan{
			Name: def.Name, Start: def.Start, Reentry: def.Reentry, steps: map[string]*Step{},
			dataPoints: map[string]datapoint.Definition{}, definition: def,
		},
		activities: map[string]string{}, asked: map[string]bool{},
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
	c.unprovided()
	c.plan.gatherReads()
	return c
}

type compiler struct {
	findings
	def        Definition
	env        Env
	plan       *Plan
	types      rule.Schema
	activities map[string]string // key → node
	asked      map[string]bool   // data points that forms ask for and activities set
	readings   []reading
}

// reading is a condition and where it stands.
type reading struct {
	node, field string
	facts       []string
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
	if c.def.Start == "" {
		f := c.err("", "Start", "required", "A funnel says at which node it starts.")
		if len(c.def.Nodes) > 0 {
			f.Fix = fmt.Sprintf("Set Start to %s.", c.def.Nodes[0].Key)
		}
	}
	if len(c.def.Nodes) == 0 {
		c.err("", "Nodes", "required", "A funnel needs nodes.").Fix = "Add a stage and an end."
	}
	if len(c.def.Nodes) > 500 {
		c.err("", "Nodes", "too_many", "A funnel has at most 500 nodes.")
	}
}

func (c *compiler) node(at string, n Node) {
	if !c.key(n.Key, at, n.Key) {
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
		if len(exits("", n)) > 0 || len(n.Branches) > 0 || len(n.Activities) > 0 {
			c.err(n.Key, at, "not_allowed", "An end has neither Next, Branches nor Activities.")
		}
	case "":
		c.err(n.Key, at+".Kind", "required", "A node has a Kind: Decision, Stage or End.")
	default:
		c.err(n.Key, at+".Kind", "unknown_kind", "Kind is Decision, Stage or End.")
	}
	if n.Kind != End && n.Result != "" {
		c.err(n.Key, at+".Result", "not_allowed", "Only an end has a Result.")
	}
	if n.Kind != Decision && n.Unknown != nil {
		c.err(n.Key, at+".Unknown", "not_allowed", "Only a decision has an Unknown branch.")
	}
}

// key judges the key of a node or activity.
func (c *compiler) key(node, at, key string) bool {
	switch {
	case key == "":
		c.err(node, at+".Key", "required", "A key is required.")
	case !keyForm.MatchString(key):
		f := c.err(node, at+".Key", "invalid_key", "A key starts with a letter and has lower-case letters, digits and _ only, at most 63.")
		if like := keyLike(key); like != "" {
			f.Fix = fmt.Sprintf("Use %s.", like)
		}
	default:
		return true
	}
	return false
}

// keyLike is the valid key most like a text, empty when nothing of it can stay.
func keyLike(s string) string {
	key := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(s)), "_")
	if !keyForm.MatchString(key) {
		return ""
	}
	return key
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
		switch {
		case strings.TrimSpace(b.Name) == "":
			c.err(n.Key, where+".Name", "required", "A branch needs a name.")
		case names[b.Name]:
			c.err(n.Key, where+".Name", "duplicate_name", "Another branch has this name.")
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
	if cond != nil {
		c.readings = append(c.readings, reading{node: node, field: at, facts: cond.Reads()})
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
