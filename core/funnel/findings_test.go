package funnel_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
)

// good is a funnel without findings; each case breaks it at one place.
const good = `{"Name":"F","Start":"d","DataPoints":[{"Key":"data.plan","Name":"Plan","Type":"Choice","Options":["free","team"]}],"Nodes":[
	{"Key":"d","Kind":"Decision","Branches":[{"Name":"Big","When":"company.size >= 10","Next":"s"}],"Unknown":{"After":"10s","Next":"s"},"Otherwise":"no"},
	{"Key":"s","Kind":"Stage","MaxVisits":2,"Activities":[
		{"Key":"form","Connector":"form","Assignee":{"Lead":true},"Config":{"Fields":["data.plan"]},"Due":{"In":"1h"},"Remind":["30m"],"Timeout":"2h"},
		{"Key":"check","Connector":"approval","Assignee":{"Policy":"account-managers"},"OnFailure":{"Next":"no"},"When":"data.plan == team"}],"Next":"d2"},
	{"Key":"d2","Kind":"Decision","Branches":[{"Name":"Again","When":"activity.check.approved","Next":"s"}],"Otherwise":"yes"},
	{"Key":"yes","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}]}`

func findings(t *testing.T, definition string) []funnel.Finding {
	t.Helper()
	def, found := funnel.Parse([]byte(definition))
	if len(found) > 0 {
		return found
	}
	_, found = funnel.Compile(def, funneltest.Env())
	return found
}

func TestCompile_EveryFindingNamesNodeAndField(t *testing.T) {
	t.Parallel()
	if found := findings(t, good); len(found) != 0 {
		t.Fatalf("the good funnel has findings: %v", found)
	}
	for _, c := range []struct {
		old, new          string
		node, field, code string
		severity          funnel.Severity
	}{
		{`"Name":"F"`, `"Name":" "`, "", "Name", "required", funnel.Error},
		{`"Start":"d"`, `"Start":"e"`, "", "Start", "unknown_node", funnel.Error},
		{`"Start":"d"`, `"Start":"d","Reentry":"Sometimes"`, "", "Reentry", "invalid_value", funnel.Error},
		{`"Start":"d"`, `"Start":"d","Stop":"x"`, "", "Stop", "unknown_field", funnel.Error},
		{`"Key":"data.plan"`, `"Key":"plan"`, "", "DataPoints[0].Key", "invalid_key", funnel.Error},
		{`"Type":"Choice"`, `"Type":"Choise"`, "", "DataPoints[0].Type", "invalid_value", funnel.Error},
		{`"Options":["free","team"]`, `"Options":[]`, "", "DataPoints[0].Options", "required", funnel.Error},
		{`"Options":["free","team"]`, `"Options":["free","free"]`, "", "DataPoints[0].Options[1]", "invalid_value", funnel.Error},
		{`"Name":"Plan"`, `"Name":"E-mail"`, "", "DataPoints[0].Name", "duplicate_name", funnel.Error},
		{`"Key":"d2"`, `"Key":"D2"`, "D2", "Nodes[2].Key", "invalid_key", funnel.Error},
		{`"Key":"yes"`, `"Key":"s"`, "s", "Nodes[3].Key", "duplicate_key", funnel.Error},
		{`"Key":"s","Kind":"Stage"`, `"Key":"s","Kind":"Stadium"`, "s", "Nodes[1].Kind", "unknown_kind", funnel.Error},
		{`"Key":"s","Kind":"Stage"`, `"Key":"s"`, "s", "Nodes[1].Kind", "required", funnel.Error},
		{`"MaxVisits":2,`, ``, "s", "Nodes[1].MaxVisits", "unbounded_loop", funnel.Error},
		{`"MaxVisits":2,`, `"MaxVisits":-1,`, "s", "Nodes[1].MaxVisits", "out_of_range", funnel.Error},
		{`"MaxVisits":2,`, `"MaxVisits":"2",`, "s", "Nodes[1].MaxVisits", "wrong_type", funnel.Error},
		{`"Name":"Big","When":"company.size >= 10"`, `"Name":"Big","When":"company.sice >= 10"`, "d", "Nodes[0].Branches[0].When", "invalid_condition", funnel.Error},
		{`"Name":"Big","When":"company.size >= 10"`, `"Name":"Big","When":""`, "d", "Nodes[0].Branches[0].When", "required", funnel.Error},
		{`"Name":"Big"`, `"Name":""`, "d", "Nodes[0].Branches[0].Name", "required", funnel.Error},
		{`"Otherwise":"no"`, `"Otherwise":"nowhere"`, "d", "Nodes[0].Otherwise", "unknown_node", funnel.Error},
		{`,"Otherwise":"no"`, ``, "d", "Nodes[0].Otherwise", "required", funnel.Error},
		{`"After":"10s","Next":"s"`, `"After":"10s","Next":"x"`, "d", "Nodes[0].Unknown.Next", "unknown_node", funnel.Error},
		{`"After":"10s"`, `"After":"soon"`, "d", "Nodes[0].Unknown.After", "wrong_type", funnel.Error},
		{`"Connector":"form"`, `"Connector":"from"`, "s", "Nodes[1].Activities[0].Connector", "unknown_connector", funnel.Error},
		{`"Assignee":{"Lead":true}`, `"Assignee":{}`, "s", "Nodes[1].Activities[0].Assignee", "invalid_value", funnel.Error},
		{`"Assignee":{"Lead":true}`, `"Assignee":{"Automatic":true}`, "s", "Nodes[1].Activities[0].Assignee", "not_allowed", funnel.Error},
		{`"Assignee":{"Lead":true}`, `"Assignee":{"Lead":true,"User":4}`, "s", "Nodes[1].Activities[0].Assignee", "invalid_value", funnel.Error},
		{`"Policy":"account-managers"`, `"Policy":"account-manager"`, "s", "Nodes[1].Activities[1].Assignee.Policy", "unknown_policy", funnel.Error},
		{`"Fields":["data.plan"]`, `"Fields":["data.plans"]`, "s", "Nodes[1].Activities[0].Config.Fields[0]", "unknown_data_point", funnel.Error},
		{`"Fields":["data.plan"]`, `"Fields":["lead.email"]`, "s", "Nodes[1].Activities[0].Config.Fields[0]", "not_writable", funnel.Error},
		{`"Fields":["data.plan"]`, `"Fields":[]`, "s", "Nodes[1].Activities[0].Config.Fields", "required", funnel.Error},
		{`"Fields":["data.plan"]`, `"Fields":"data.plan"`, "s", "Nodes[1].Activities[0].Config.Fields", "invalid_config", funnel.Error},
		{`"Fields":["data.plan"]`, `"Fields":["data.plan"],"Color":"red"`, "s", "Nodes[1].Activities[0].Config.Color", "invalid_config", funnel.Error},
		{`"Due":{"In":"1h"}`, `"Due":{"In":"0s"}`, "s", "Nodes[1].Activities[0].Due.In", "required", funnel.Error},
		{`"Due":{"In":"1h"}`, `"Due":{"In":"3h"}`, "s", "Nodes[1].Activities[0].Due.In", "after_timeout", funnel.Warning},
		{`"Remind":["30m"]`, `"Remind":["30m","0s"]`, "s", "Nodes[1].Activities[0].Remind[1]", "out_of_range", funnel.Error},
		{`"Remind":["30m"]`, `"Remind":["3h"]`, "s", "Nodes[1].Activities[0].Remind[0]", "after_timeout", funnel.Warning},
		{`"OnFailure":{"Next":"no"}`, `"OnFailure":{"Next":"nope"}`, "s", "Nodes[1].Activities[1].OnFailure.Next", "unknown_node", funnel.Error},
		{`"OnFailure":{"Next":"no"}`, `"OnFailure":"Explode"`, "s", "Nodes[1].Activities[1].OnFailure", "wrong_type", funnel.Error},
		{`"Key":"check"`, `"Key":"form"`, "s", "Nodes[1].Activities[1].Key", "duplicate_key", funnel.Error},
		{`"Next":"d2"`, `"Next":"d3"`, "s", "Nodes[1].Next", "unknown_node", funnel.Error},
		{`,"Next":"d2"`, ``, "s", "Nodes[1].Next", "required", funnel.Error},
		{`"Result":"Converted"`, `"Result":"Won"`, "yes", "Nodes[3].Result", "invalid_value", funnel.Error},
		{`"Result":"Converted"`, `"Result":"NotQualified"`, "", "Nodes", "no_conversion", funnel.Error},
		{`"Result":"Converted"}`, `"Result":"Converted","Next":"d"}`, "yes", "Nodes[3]", "not_allowed", funnel.Error},
		{`{"Key":"no","Kind":"End","Result":"NotQualified"}`, `{"Key":"no","Kind":"End","Result":"NotQualified"},{"Key":"lone","Kind":"End","Result":"Converted"}`, "lone", "Nodes[5]", "unreachable", funnel.Warning},
		{`"Otherwise":"yes"`, `"Otherwise":"d2"`, "d2", "Nodes[2].MaxVisits", "unbounded_loop", funnel.Error},
		{`"When":"company.size >= 10"`, `"When":"activity.check.approved"`, "d", "Nodes[0].Branches[0].When", "never_known", funnel.Warning},
	} {
		broken := strings.Replace(good, c.old, c.new, 1)
		if broken == good {
			t.Fatalf("%s does not stand in the good funnel", c.old)
		}
		found := findings(t, broken)
		if !slices.ContainsFunc(found, func(f funnel.Finding) bool {
			return f.Node == c.node && f.Field == c.field && f.Code == c.code && f.Severity == c.severity && f.Message != ""
		}) {
			t.Errorf("%s: want %s %s at %q %s, found %+v", c.new, c.severity, c.code, c.node, c.field, found)
		}
		if funnel.Blocks(found) != (c.severity == funnel.Error) {
			t.Errorf("%s blocks: %v", c.new, funnel.Blocks(found))
		}
	}
}

func TestRestore_OutlivesWhatChangedAround(t *testing.T) {
	t.Parallel()
	def, _ := funnel.Parse([]byte(good))
	env := funneltest.Env()
	env.Policies = nil
	if plan, _ := funnel.Compile(def, env); plan != nil {
		t.Error("an unknown policy is published")
	}
	plan, why := funnel.Restore(funnel.Version{Definition: def}, env)
	if plan == nil {
		t.Fatalf("a published version no longer runs: %v", why)
	}
	if step, ok := plan.Node("s"); !ok || step.Activity("check").Assignee.Policy != funneltest.Policy || step.MaxVisits != 2 {
		t.Errorf("restored as %+v", step)
	}
	if reads := plan.Reads(); !slices.IsSorted(reads) || !slices.Contains(reads, "company.size") || !slices.Contains(reads, "data.plan") {
		t.Errorf("reads %v", reads)
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "1h30m": 90 * time.Minute, "14d": 14 * 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1.5h": 90 * time.Minute, "0s": 0, " 5m ": 5 * time.Minute,
	} {
		got, err := funnel.ParseDuration(text)
		if err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
		written, err := funnel.Duration(got).MarshalText()
		var read funnel.Duration
		if err != nil || read.UnmarshalText(written) != nil || time.Duration(read) != got {
			t.Errorf("%v is written %q and read %v", got, written, read)
		}
	}
	for _, text := range []string{"", "5", "m", "5x", "-5m", "5m5", "NaNs", "1e300w", "11y", "600w", "∞s"} {
		if got, err := funnel.ParseDuration(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
