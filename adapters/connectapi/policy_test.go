package connectapi

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	_ "github.com/kohomai/kohomai/proto/gen/kohomai/front/v1" // its services are judged here
)

// procedures are those of every service of the public packages.
func procedures() map[string]bool {
	all := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "kohomai.") || strings.HasPrefix(string(f.Package()), "kohomai.activity") {
			return true
		}
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				all["/"+string(s.FullName())+"/"+string(s.Methods().Get(j).Name())] = true
			}
		}
		return true
	})
	return all
}

func TestPolicy_has_a_row_for_every_procedure(t *testing.T) {
	t.Parallel()
	all := procedures()
	if len(all) < 30 {
		t.Fatalf("only %d procedures were found", len(all))
	}
	for name := range all {
		if _, ok := policy[name]; !ok {
			t.Errorf("%s has no row", name)
		}
	}
	for name := range policy {
		if !all[name] {
			t.Errorf("the row %s is of no procedure", name)
		}
	}
}

// Each procedure against each kind of actor: the rows say who, and nobody else may.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	key := func(origin int64, scopes ...string) actor.Actor {
		a := actor.Actor{Kind: actor.APIKey, Workspace: 1, Scopes: scopes}
		if origin != 0 {
			a.Origin = 9
		}
		return a
	}
	for name, p := range policy {
		for _, c := range []struct {
			who  string
			a    actor.Actor
			want bool
		}{
			{"nobody", actor.Actor{}, p.open},
			{"kohomai itself", actor.Actor{Kind: actor.System, Workspace: 1}, p.open},
			{"an Administrator", actor.Actor{Kind: actor.Console, Workspace: 1, Role: "Administrator"}, p.open || p.manager || p.administrator || p.scope != ""},
			{"a Manager", actor.Actor{Kind: actor.Console, Workspace: 1, Role: "Manager"}, p.open || p.manager},
			{"one who lost the role", actor.Actor{Kind: actor.Console, Workspace: 1}, p.open},
			{"a lead", actor.Actor{Kind: actor.Front, Workspace: 1}, p.open || p.front},
			{"a lead who is an Administrator elsewhere", actor.Actor{Kind: actor.Front, Workspace: 1, Role: "Administrator"}, p.open || p.front},
			{"the admin key", key(0, "admin"), p.open || p.scope != ""},
			{"the scope's key", key(0, p.scope), p.open || p.scope != ""},
			{"a key without scope", key(0), p.open},
			{"another scope's key", key(0, "nothing:write"), p.open},
			{"an origin's key with every scope", key(9, "admin"), p.open},
		} {
			err := authorize(c.a, name)
			if (err == nil) != c.want {
				t.Errorf("%s by %s: %v", name, c.who, err)
			}
			if err != nil && (c.a.Kind == actor.None) != fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s by %s: refused with %v", name, c.who, err)
			}
		}
	}
	if err := authorize(actor.Actor{Kind: actor.Console, Role: "Administrator"}, "/kohomai.v1.NoService/Nothing"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("what is in no row: %v", err)
	}
}
