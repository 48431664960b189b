package datapoint_test

import (
	"testing"

	"github.com/kohomai/kohomai/core/datapoint"
)

func TestIndex(t *testing.T) {
	t.Parallel()
	x := datapoint.NewIndex([]datapoint.Definition{
		{ID: 1, Key: "data.plan", Name: "Plan"}, {ID: 2, Key: "data.other", Name: "data.plan"},
	})
	for name, want := range map[string]int64{"Plan": 1, "data.plan": 1, "data.other": 2, "plan": 0, "": 0} {
		d, ok := x.Named(name)
		if int64(d.ID) != want || ok != (want != 0) {
			t.Errorf("Named(%q) is %d, %v; want %d", name, d.ID, ok, want)
		}
	}
	if d, ok := x.Find(2); !ok || d.Key != "data.other" {
		t.Errorf("Find(2) is %v, %v", d, ok)
	}
	if _, ok := x.Find(3); ok {
		t.Error("Find(3) found something")
	}
	all := x.All()
	all[0].Key = "changed"
	if d, _ := x.Find(1); d.Key != "data.plan" {
		t.Error("a change of the list reached the index")
	}
}
