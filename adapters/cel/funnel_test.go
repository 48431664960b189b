package cel_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/adapters/yaml"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/rule"
)

// catalog has the built-in activities and three connectors.
type catalog []activity.Manifest

func newCatalog() catalog {
	people := []string{"Lead", "User", "Stakeholder"}
	return append(catalog(activity.Builtins()),
		activity.Manifest{
			ID: "calendly", Version: "1", Name: "Calendly", Assignees: people, Reads: []string{"lead.email", "lead.firstname"},
			ConfigSchema: []byte(`{"type":"object","required":["EventType"],"properties":{"EventType":{"type":"string","minLength":1}}}`),
			Produces:     map[string]rule.Type{"slot": rule.DateTime},
		},
		activity.Manifest{ID: "identity", Version: "1", Name: "Identity", Assignees: people, Produces: map[string]rule.Type{"verified": rule.Boolean}},
		activity.Manifest{
			ID: "esign", Version: "1", Name: "Signature", Assignees: people,
			ConfigSchema: []byte(`{"type":"object","required":["Document"],"properties":{"Document":{"type":"string"}}}`),
		},
	)
}

func (c catalog) Manifest(id string) (activity.Manifest, bool) {
	i := slices.IndexFunc(c, func(m activity.Manifest) bool { return m.ID == id })
	if i < 0 {
		return activity.Manifest{}, false
	}
	return c[i], true
}

func (c catalog) Manifests() []activity.Manifest { return c }

func env() funnel.Env {
	return funnel.Env{
		Compiler: cel.New(), Catalog: newCatalog(), DataPoints: datapoint.Builtin(), Policies: []string{"account-managers"},
	}
}

func onboarding(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/onboarding.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func parse(t *testing.T, text string) (funnel.Definition, *yaml.Document, []funnel.Finding) {
	t.Helper()
	doc, err := yaml.Convert([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	def, found := funnel.Parse(doc.JSON)
	return def, doc, found
}

// The documented definition compiles without a finding, whole.
func TestOnboarding(t *testing.T) {
	t.Parallel()
	def, _, found := parse(t, onboarding(t))
	if len(found) > 0 {
		t.Fatal(found)
	}
	plan, found := funnel.Compile(def, env())
	if len(found) > 0 {
		t.Fatal(found)
	}
	if want := []string{"company.revenue", "company.size", "email.freemail"}; !containsAll(plan.Reads(), want) || !slices.IsSorted(plan.Reads()) {
		t.Errorf("reads %v", plan.Reads())
	}
	if !slices.Contains(plan.Reads(), "lead.firstname") {
		t.Error("what connectors read is missing")
	}
	fit, _ := plan.Node("fit")
	if fit.UnknownAfter != 30*time.Second || fit.UnknownNext != "ask" || fit.Otherwise != "declined" || len(fit.Branches) != 2 {
		t.Errorf("fit is %+v", fit)
	}
	size, _ := rule.NumberValue(250)
	if got := fit.Branches[0].Condition.Eval(facts{"company.size": size, "email.freemail": rule.BooleanValue(false)}); got != rule.True {
		t.Errorf("the first branch is %v", got)
	}
	kickoff, _ := plan.Node("kickoff")
	call := kickoff.Activity("call")
	if call.Due != 72*time.Hour || call.Timeout != 14*24*time.Hour || len(call.Remind) != 2 || !call.Required || call.When != nil ||
		string(call.Config) != `{"EventType":"kick-off"}` || call.Produces["slot"] != rule.DateTime {
		t.Errorf("call is %+v", call)
	}
	if check := kickoff.Activity("check"); check.OnFailure != (funnel.OnFailure{Policy: funnel.Goto, Next: "declined"}) {
		t.Errorf("check is %+v", check)
	}
	if kickoff.Activity("verify").When == nil || kickoff.Activity("nobody") != nil {
		t.Error("activities by key are wrong")
	}
	ask, _ := plan.Node("ask")
	if ask.MaxVisits != 2 {
		t.Errorf("ask is %+v", ask)
	}
	if of := plan.For(7, 3); of.Funnel != 7 || of.Version != 3 || plan.Version != 0 {
		t.Error("For changed the plan or did not name it")
	}

	// The same definition through JSON, YAML and back.
	raw, err := json.Marshal(def)
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Format(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, _, found := parse(t, string(text))
	if diff := cmp.Diff(def, again); diff != "" || len(found) > 0 {
		t.Errorf("%v %s", found, diff)
	}
}

func containsAll(have, want []string) bool {
	return !slices.ContainsFunc(want, func(s string) bool { return !slices.Contains(have, s) })
}

// Every fault is found at its node and field, on its line, with the fix where there is one.
func TestOnboarding_Faults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, put          string
		node, field, code string
		say, fix          string
		line              int
		severity          funnel.Severity
	}{
		"misspelled fact": {
			old: "company.size < 200", put: "company.siz < 200", node: "fit", field: "Nodes[0].Branches[1].When",
			code: "invalid_condition", say: "At character 1: there is no data point company.siz; did you mean company.size?", line: 11,
		},
		"condition of the wrong type": {old: "company.size < 200", put: "company.size < `x`", node: "fit", field: "Nodes[0].Branches[1].When", code: "invalid_condition", line: 11},
		"target":                      {old: "Next: kickoff}", put: "Next: kickof}", node: "fit", field: "Nodes[0].Branches[0].Next", code: "unknown_node", fix: "Did you mean kickoff?", line: 10},
		"unknown target":              {old: "Next: ask}", put: "Next: asking}", node: "fit", field: "Nodes[0].Unknown.Next", code: "unknown_node", line: 12},
		"failure target":              {old: "OnFailure: {Next: declined}", put: "OnFailure: {Next: refused}", node: "kickoff", field: "Nodes[2].Activities[2].OnFailure.Next", code: "unknown_node", line: 27},
		"start":                       {old: "Start: fit", put: "Start: fits", field: "Start", code: "unknown_node", fix: "Did you mean fit?", line: 2},
		"no otherwise":                {old: "  Otherwise: declined\n", put: "", node: "fit", field: "Nodes[0].Otherwise", code: "required", line: 6},
		"no bound":                    {old: "  MaxVisits: 2 ", put: "  ", node: "fit", field: "Nodes[0].MaxVisits", code: "unbounded_loop", say: "fit, ask", fix: "Set MaxVisits", line: 6},
		"connector":                   {old: "Connector: calendly", put: "Connector: calendli", node: "kickoff", field: "Nodes[2].Activities[0].Connector", code: "unknown_connector", fix: "Did you mean calendly?", line: 25},
		"setting":                     {old: "EventType: kick-off", put: "EvenType: kick-off", node: "kickoff", field: "Nodes[2].Activities[0].Config.EvenType", code: "invalid_config", fix: "Did you mean EventType?", line: 25},
		"setting's type":              {old: "EventType: kick-off", put: "EventType: 5", node: "kickoff", field: "Nodes[2].Activities[0].Config.EventType", code: "invalid_config", say: "Expected a text.", line: 25},
		"policy":                      {old: "Policy: account-managers", put: "Policy: account-manager", node: "kickoff", field: "Nodes[2].Activities[2].Assignee.Policy", code: "unknown_policy", fix: "Did you mean account-managers?", line: 27},
		"two assignees":               {old: "Assignee: {Automatic: true}", put: "Assignee: {Automatic: true, Lead: true}", node: "welcome", field: "Nodes[3].Activities[0].Assignee", code: "invalid_value", line: 30},
		"assignee":                    {old: "Assignee: {Automatic: true}", put: "Assignee: {Lead: true}", node: "welcome", field: "Nodes[3].Activities[0].Assignee", code: "not_allowed", say: "Automatic", line: 30},
		"form field":                  {old: "[company.size, data.plan]", put: "[company.size, data.plans]", node: "ask", field: "Nodes[1].Activities[0].Config.Fields[1]", code: "unknown_data_point", fix: "Did you mean data.plan?", line: 18},
		"form over e-mail":            {old: "[company.size, data.plan]", put: "[lead.email]", node: "ask", field: "Nodes[1].Activities[0].Config.Fields[0]", code: "not_writable", line: 18},
		"empty form":                  {old: "[company.size, data.plan]", put: "[]", node: "ask", field: "Nodes[1].Activities[0].Config.Fields", code: "required", line: 18},
		"node key twice":              {old: "Key: declined, Kind", put: "Key: done, Kind", node: "done", field: "Nodes[5].Key", code: "duplicate_key", line: 32},
		"activity twice":              {old: "Key: verify,", put: "Key: about,", node: "kickoff", field: "Nodes[2].Activities[1].Key", code: "duplicate_key", say: "ask", line: 26},
		"key form":                    {old: "Key: verify,", put: "Key: Verify-It,", node: "kickoff", field: "Nodes[2].Activities[1].Key", code: "invalid_key", fix: "Use verify_it.", line: 26},
		"kind":                        {old: "Kind: Decision", put: "Kind: decision", node: "fit", field: "Nodes[0].Kind", code: "unknown_kind", line: 7},
		"result":                      {old: "Result: Converted", put: "Result: Won", node: "done", field: "Nodes[4].Result", code: "invalid_value", line: 31},
		"no conversion":               {old: "Result: Converted", put: "Result: NotQualified", field: "Nodes", code: "no_conversion", line: 6},
		"reentry":                     {old: "Reentry: Continue", put: "Reentry: Again", field: "Reentry", code: "invalid_value", line: 4},
		"no options":                  {old: ", Options: [free, team, enterprise]", put: "", field: "DataPoints[0].Options", code: "required", line: 3},
		"options of text":             {old: "Type: Choice", put: "Type: Text", field: "DataPoints[0].Options", code: "not_allowed", line: 3},
		"data point type":             {old: "Type: Choice", put: "Type: Chioce", field: "DataPoints[0].Type", code: "invalid_value", fix: "Did you mean Choice?", line: 3},
		"data point key":              {old: "Key: data.plan, Name", put: "Key: company.plan, Name", field: "DataPoints[0].Key", code: "invalid_key", line: 3},
		"label taken":                 {old: "Name: Plan,", put: "Name: Job title,", field: "DataPoints[0].Name", code: "duplicate_name", say: "lead.title", line: 3},
		"branch twice":                {old: "Name: Team, ", put: "Name: Enterprise, ", node: "fit", field: "Nodes[0].Branches[1].Name", code: "duplicate_name", line: 11},
		"result too early":            {old: "company.size < 200", put: "activity.call.slot > '2026-01-01'", node: "fit", field: "Nodes[0].Branches[1].When", code: "never_known", severity: funnel.Warning, say: "kickoff", line: 11},
		"due too late":                {old: "Timeout: 14d", put: "Timeout: 36h", node: "kickoff", field: "Nodes[2].Activities[0].Due.In", code: "after_timeout", severity: funnel.Warning, line: 25},
		"unreachable":                 {old: "company.size < 200', Next: welcome", put: "company.size < 200', Next: kickoff", node: "welcome", field: "Nodes[3]", code: "unreachable", severity: funnel.Warning, line: 30},
		"unknown field":               {old: "  Name: Good fit?", put: "  Titel: Good fit?", node: "fit", field: "Nodes[0].Titel", code: "unknown_field", line: 8},
		"field's case":                {old: "  Otherwise: declined", put: "  otherwise: declined", node: "fit", field: "Nodes[0].otherwise", code: "unknown_field", fix: "Did you mean Otherwise?", line: 13},
		"wrong type":                  {old: "MaxVisits: 2", put: "MaxVisits: two", node: "ask", field: "Nodes[1].MaxVisits", code: "wrong_type", say: "Expected a whole number.", line: 20},
		"duration":                    {old: "Timeout: 14d", put: "Timeout: fortnight", node: "kickoff", field: "Nodes[2].Activities[0].Timeout", code: "wrong_type", say: "14d", line: 25},
		"duration number":             {old: "After: 30s", put: "After: 30", node: "fit", field: "Nodes[0].Unknown.After", code: "wrong_type", line: 12},
		"on failure":                  {old: "OnFailure: {Next: declined}", put: "OnFailure: Stop", node: "kickoff", field: "Nodes[2].Activities[2].OnFailure", code: "wrong_type", line: 27},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := onboarding(t)
			if !strings.Contains(whole, c.old) {
				t.Fatalf("%q is not in the definition", c.old)
			}
			put := strings.NewReplacer("`", `"`, "'2026-01-01'", `"2026-01-01"`).Replace(c.put)
			def, doc, found := parse(t, strings.Replace(whole, c.old, put, 1))
			if len(found) == 0 {
				var plan *funnel.Plan
				plan, found = funnel.Compile(def, env())
				if (plan == nil) != funnel.Blocks(found) {
					t.Errorf("plan %v with %v", plan, found)
				}
			}
			want := c.severity
			if want == "" {
				want = funnel.Error
			}
			i := slices.IndexFunc(found, func(f funnel.Finding) bool { return f.Field == c.field && f.Code == c.code })
			if i < 0 {
				t.Fatalf("found %+v", found)
			}
			f := found[i]
			if f.Node != c.node || f.Severity != want || !strings.Contains(f.Message, c.say) || !strings.Contains(f.Fix, c.fix) || doc.Line(f.Field) != c.line {
				t.Errorf("line %d, found %+v", doc.Line(f.Field), f)
			}
		})
	}
}
