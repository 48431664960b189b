package pg_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/funnel/funneltest"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/workspace"
)

// A version compiled while its connector did not stand lost that connector's facts until
// the next start.
func TestFunnels_VersionCompilesWithoutItsConnectors(t *testing.T) {
	t.Parallel()
	db, err := pg.Open(t.Context(), template.Database(t), pg.Options{Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	ids := pg.NewIDs(db)
	ws, err := workspace.NewService(pg.NewWork(db, pg.WorkspaceTx(ids, nil)), ids, noCredentials{}, time.Now).
		Create(t.Context(), workspace.Workspace{Name: "One", Sandbox: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx := actor.Systemic(t.Context(), ws.ID)
	reader := pg.NewFunnels(db)
	service := func(catalog funneltest.Catalog) *funnel.Service {
		return funnel.NewService(pg.NewWork(db, pg.FunnelTx(ids, plainSealer{})), reader, cel.New(), catalog, ids, time.Now)
	}
	def, found := funnel.Parse([]byte(`{"Name":"F","Start":"s","Nodes":[
		{"Key":"s","Kind":"Stage","Activities":[{"Key":"auto","Connector":"robot","Assignee":{"Automatic":true}}],"Next":"d"},
		{"Key":"d","Kind":"Decision","Branches":[{"Name":"High","When":"activity.auto.score >= 5","Next":"yes"}],"Otherwise":"no"},
		{"Key":"yes","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}]}`))
	if len(found) > 0 {
		t.Fatal(found)
	}
	whole := service(funneltest.NewCatalog())
	created, err := whole.Create(ctx, def, nil, idem.Once[funnel.Created]{})
	if err != nil {
		t.Fatal(err)
	}
	id := created.Value.Funnel.ID
	published, err := whole.Publish(ctx, id, "", idem.Once[funnel.Version]{})
	if err != nil {
		t.Fatal(err)
	}
	versions, err := reader.Versions(ctx, id)
	if err != nil || len(versions) != 1 {
		t.Fatalf("%v, %v", versions, err)
	}
	kept := versions[0].Connectors
	if len(kept) != 1 || kept[0].ID != funneltest.Robot || kept[0].Version != "1" || !reflect.DeepEqual(kept, published.Value.Connectors) {
		t.Errorf("kept %+v of %+v", kept, published.Value.Connectors)
	}
	plan, err := service(nil).Compile(ctx, id, versions[0])
	if err != nil {
		t.Fatalf("with an empty catalog: %v", err)
	}
	s, _ := plan.Node("s")
	if a := s.Activity("auto"); a.Produces["score"] != rule.Number || len(a.Reads) != 1 {
		t.Errorf("with an empty catalog the activity is %+v", a)
	}
}
