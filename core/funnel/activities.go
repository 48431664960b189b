package funnel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

func (c *compiler) activity(at, node string, a Activity) *PlanActivity {
	if c.key(node, at, a.Key) {
		if other, twice := c.activities[a.Key]; twice {
			c.err(node, at+".Key", "duplicate_key", "The activity key %s stands in %s already.", a.Key, other)
		}
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
	slices.Sort(p.Remind)
	if a.When != "" {
		p.When = c.condition(node, at+".When", a.When)
	}
	config := a.Config
	if config == nil {
		config = map[string]any{}
	}
	p.Config, _ = json.Marshal(config)
	c.times(at, node, a, p)
	m, ok := c.env.Catalog.Manifest(a.Connector)
	switch {
	case a.Connector == "":
		c.err(node, at+".Connector", "required", "An activity has a connector.")
		return p
	case !ok:
		var ids []string
		for _, m := range c.env.Catalog.Manifests() {
			ids = append(ids, m.ID)
		}
		c.err(node, at+".Connector", "unknown_connector", "There is no connector %q.", a.Connector).Fix = didYouMean(rule.Closest(a.Connector, ids))
		return p
	}
	p.Produces, p.Reads = m.Produces, m.Reads
	c.plan.keepConnector(m)
	c.assignee(at+".Assignee", node, a.Assignee, m)
	for _, problem := range activity.CheckSchema(m.ConfigSchema, activity.MergeConfig(c.env.Defaults[a.Connector], p.Config)) {
		c.err(node, at+".Config"+problem.Path, "invalid_config", "%s", problem.Message).Fix = problem.Fix
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
		c.err(node, at+".Policy", "unknown_policy", "There is no assignment policy %q.", a.Policy).Fix = didYouMean(rule.Closest(a.Policy, c.env.Policies))
	case a.Stakeholder != "" && !keyForm.MatchString(a.Stakeholder):
		c.err(node, at+".Stakeholder", "invalid_key", "A stakeholder role has lower-case letters, digits and _ only.")
	case a.User < 0:
		c.err(node, at+".User", "invalid_value", "User is the id of a user.")
	}
}

const mostReminders = 10

// times judges due date, reminders, timeout and what a failure does.
func (c *compiler) times(at, node string, a Activity, p *PlanActivity) {
	if p.Due < 0 || p.Timeout < 0 {
		c.err(node, at, "out_of_range", "A time is not negative.")
	}
	if a.Due != nil && p.Due == 0 {
		c.err(node, at+".Due.In", "required", "Due says after how long.")
	}
	if p.Timeout > 0 && p.Due > p.Timeout {
		c.warn(node, at+".Due.In", "after_timeout", "The activity times out before it is due.")
	}
	if len(p.Remind) > mostReminders {
		c.err(node, at+".Remind", "too_many", "An activity reminds at most %d times.", mostReminders)
	}
	for i, written := range a.Remind {
		r := time.Duration(written)
		where := fmt.Sprintf("%s.Remind[%d]", at, i)
		switch {
		case r <= 0:
			c.err(node, where, "out_of_range", "A reminder comes some time after the start.")
		case p.Timeout > 0 && r >= p.Timeout:
			c.warn(node, where, "after_timeout", "The activity times out before this reminder.")
		}
	}
	switch p.OnFailure.Policy {
	case Block, ContinueOnFail:
	case Goto:
		if p.OnFailure.Next == "" {
			c.err(node, at+".OnFailure.Next", "required", "OnFailure says where it goes.")
		}
	default:
		c.err(node, at+".OnFailure", "invalid_value", "OnFailure is Block, Continue or {Next: node}.")
	}
}

// builtin judges what a schema cannot say of the built-in activities.
func (c *compiler) builtin(at, node string, a Activity) {
	switch a.Connector {
	case activity.Form:
		asks := 0
		for _, list := range []string{"Fields", "Optional"} {
			keys, _ := a.Config[list].([]any)
			for i, k := range keys {
				key, _ := k.(string)
				c.writes(fmt.Sprintf("%s.%s[%d]", at, list, i), node, key)
			}
			asks += len(keys)
		}
		if asks == 0 {
			c.err(node, at+".Fields", "required", "A form asks for something.")
		}
	case activity.Set:
		values, _ := a.Config["Values"].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if !c.writes(at+".Values."+key, node, key) {
				continue
			}
			d := c.plan.dataPoints[key]
			if _, err := rule.Read(d.Type, d.Options, values[key]); err != nil {
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

// writes judges that an activity may write a data point, and notes that it does.
func (c *compiler) writes(at, node, key string) bool {
	_, ok := c.plan.dataPoints[key]
	switch {
	case !ok:
		c.err(node, at, "unknown_data_point", "There is no data point %q.", key).Fix = didYouMean(rule.Closest(key, slices.Sorted(maps.Keys(c.plan.dataPoints))))
		return false
	case key == "lead.email" || datapoint.Namespace(key) == "journey":
		c.err(node, at, "not_writable", "No activity may write %s.", key)
		return false
	}
	c.asked[key] = true
	return true
}
