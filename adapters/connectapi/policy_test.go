package connectapi

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/workspace"
)

var update = flag.Bool("update", false, "write testdata/policy.txt")

// callers are one of each kind: nobody, a key of each scope alone, a publishable key that
// holds every scope, each role, and a person of the front-office.
func callers() []struct {
	name string
	who  actor.Actor
} {
	type caller = struct {
		name string
		who  actor.Actor
	}
	all := []caller{{"nobody", actor.Actor{}}}
	for _, scope := range workspace.Scopes() {
		all = append(all, caller{"key " + scope, actor.Actor{Kind: actor.APIKey, Workspace: 1, Key: 1, Scopes: []string{scope}}})
	}
	return append(
		all,
		caller{"publishable key", actor.Actor{Kind: actor.APIKey, Workspace: 1, Key: 1, Origin: 1, Scopes: workspace.Scopes()}},
		caller{"Administrator", actor.Actor{Kind: actor.Console, Workspace: 1, User: 1, Role: "Administrator"}},
		caller{"Manager", actor.Actor{Kind: actor.Console, Workspace: 1, User: 1, Role: "Manager"}},
		caller{"user without role", actor.Actor{Kind: actor.Console, Workspace: 1, User: 1}},
		caller{"front-office", actor.Actor{Kind: actor.Front, Workspace: 1, User: 1}},
	)
}

// procedures are every procedure of the proto files, whether it is served or not.
func procedures() []string {
	var all []string
	for _, name := range []protoreflect.FullName{"kohomai.v1", "kohomai.front.v1"} {
		protoregistry.GlobalFiles.RangeFilesByPackage(name, func(file protoreflect.FileDescriptor) bool {
			for i := range file.Services().Len() {
				s := file.Services().Get(i)
				for k := range s.Methods().Len() {
					all = append(all, fmt.Sprintf("/%s/%s", s.FullName(), s.Methods().Get(k).Name()))
				}
			}
			return true
		})
	}
	slices.Sort(all)
	return all
}

// TestPolicy holds the whole table, every procedure by every caller, to one that people
// read: testdata/policy.txt lists who may call what.
func TestPolicy(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for _, procedure := range procedures() {
		if _, known := policy[procedure]; !known {
			t.Errorf("%s has no row", procedure)
		}
		fmt.Fprintf(&table, "%s\n", procedure)
		if policy[procedure].open {
			table.WriteString("\teverybody\n")
			continue
		}
		for _, c := range callers() {
			err := authorize(c.who, procedure)
			switch {
			case err == nil:
				fmt.Fprintf(&table, "\t%s\n", c.name)
			case c.who.Kind == actor.None && !fault.Is(err, fault.Unauthenticated),
				c.who.Kind != actor.None && !fault.Is(err, fault.Forbidden):
				t.Errorf("%s by %s: %v", procedure, c.name, err)
			}
		}
	}
	if *update {
		if err := os.WriteFile("testdata/policy.txt", []byte(table.String()), 0o644); err != nil { // #nosec G306 -- no secret
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/policy.txt")
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != table.String() {
		t.Errorf("who may call what has changed; read the difference and run with -update:\n%s", table.String())
	}
}

// What holds whatever the table says.
func TestPolicy_Rules(t *testing.T) {
	t.Parallel()
	for _, procedure := range procedures() {
		p := policy[procedure]
		if p.open {
			continue
		}
		for _, c := range callers() {
			if authorize(c.who, procedure) != nil {
				continue
			}
			front := strings.Contains(procedure, ".front.")
			if c.name == "nobody" || c.name == "user without role" || c.name == "publishable key" || front != (c.name == "front-office") {
				t.Errorf("%s may call %s", c.name, procedure)
			}
			if strings.HasSuffix(c.name, ":read") && p.scope != strings.TrimPrefix(c.name, "key ") {
				t.Errorf("%s may call %s, which wants %s", c.name, procedure, p.scope)
			}
		}
	}
	if err := authorize(actor.Actor{Kind: actor.Console, Role: "Administrator"}, "/kohomai.v1.NewService/Forgotten"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a procedure without a row is open: %v", err)
	}
}
