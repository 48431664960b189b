package funnel_test

import (
	"slices"
	"testing"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/rule"
)

// scored decides by a fact of a connector that is not built in.
const scored = `{"Name":"F","Start":"s","Nodes":[
	{"Key":"s","Kind":"Stage","Activities":[{"Key":"auto","Connector":"robot","Assignee":{"Automatic":true}},
		{"Key":"check","Connector":"approval","Assignee":{"Policy":"account-managers"}}],"Next":"d"},
	{"Key":"d","Kind":"Decision","Branches":[{"Name":"High","When":"activity.auto.score >= 5","Next":"yes"}],"Otherwise":"no"},
	{"Key":"yes","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}]}`

func publishedScored(t *testing.T) funnel.Version {
	t.Helper()
	def, found := funnel.Parse([]byte(scored))
	if len(found) > 0 {
		t.Fatal(found)
	}
	plan, found := funnel.Compile(def, funneltest.Env())
	if plan == nil {
		t.Fatal(found)
	}
	return funnel.Version{Number: 1, Definition: def, Connectors: plan.Connectors()}
}

func TestCompile_KeepsTheConnectorsUsed(t *testing.T) {
	t.Parallel()
	kept := publishedScored(t).Connectors
	if len(kept) != 2 || kept[0].ID != "approval" || kept[1].ID != "robot" || kept[1].Version != "1" ||
		kept[1].Produces["score"] != rule.Number || !slices.Equal(kept[1].Reads, []string{"company.size"}) {
		t.Errorf("kept %+v", kept)
	}
}

func TestRestore_WithoutItsConnector(t *testing.T) {
	t.Parallel()
	v := publishedScored(t)
	env := funneltest.Env()
	env.Catalog = funneltest.Catalog{}
	plan, why := funnel.Restore(v, env)
	if plan == nil {
		t.Fatalf("without its connector the version is broken: %s", why.String())
	}
	s, _ := plan.Node("s")
	if a := s.Activity("auto"); a.Produces["score"] != rule.Number || !slices.Equal(a.Reads, []string{"company.size"}) {
		t.Errorf("the activity is %+v", a)
	}
	if !slices.Contains(plan.Reads(), "company.size") || !slices.Contains(plan.Reads(), "activity.auto.score") {
		t.Errorf("the plan reads %v", plan.Reads())
	}
	// What was never kept cannot be known.
	v.Connectors = nil
	if plan, _ := funnel.Restore(v, env); plan != nil {
		t.Error("a condition over a fact without a type compiled")
	}
}

func TestRestore_GoesByTheConnectorOfThePublishing(t *testing.T) {
	t.Parallel()
	env := funneltest.Env()
	newer := slices.Clone(funneltest.NewCatalog())
	i := slices.IndexFunc(newer, func(m activity.Manifest) bool { return m.ID == funneltest.Robot })
	newer[i].Version, newer[i].Produces, newer[i].Reads = "2", map[string]rule.Type{"score": rule.Text}, []string{"lead.phone"}
	env.Catalog = newer
	plan, why := funnel.Restore(publishedScored(t), env)
	if plan == nil {
		t.Fatalf("a newer connector breaks the version: %s", why.String())
	}
	s, _ := plan.Node("s")
	if a := s.Activity("auto"); a.Produces["score"] != rule.Number || slices.Contains(a.Reads, "lead.phone") {
		t.Errorf("the newer connector changed what was published: %+v", a)
	}
}
