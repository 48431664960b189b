package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The rules of the house that can be read off the source. They need no database and run
// before every landing. Two more need one and stand elsewhere: migrations
// (TestUp_protects_every_tenant_table) and TestStory_EveryJobHasOneWorker here.
//
// That no exported name of core mentions a type outside the standard library and core
// follows from what core may import.

const module = "github.com/kohomai/kohomai"

// goPackage is what `go list` says about a package.
type goPackage struct {
	ImportPath, Dir  string
	Imports, GoFiles []string
}

// room is the path of a package inside the module; empty for others.
func room(importPath string) string {
	rest, ours := strings.CutPrefix(importPath, module+"/")
	if !ours {
		return ""
	}
	return rest
}

func under(p, folder string) bool { return p == folder || strings.HasPrefix(p, folder+"/") }

var packages = sync.OnceValues(func() ([]goPackage, error) {
	list := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...")
	list.Dir = ".."
	raw, err := list.Output()
	if err != nil {
		return nil, err
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})

func everyPackage(t *testing.T) []goPackage {
	t.Helper()
	all, err := packages()
	if err != nil || len(all) < 30 {
		t.Fatalf("go list found %d packages: %v", len(all), err)
	}
	return all
}

// modules of core from left to right: each may import what stands before it, and the words.
var modules = []string{"rule", "workspace", "datapoint", "lead", "enrich", "activity", "funnel", "journey", "session", "engine"}

// words are small and shared; they import one another only.
var words = []string{"fault", "unit", "job", "event", "idem", "audit", "ident", "actor", "page"}

// leaves import what they need, and no other part of core imports them.
var leaves = []string{"account", "document", "webhook", "assign", "analytics", "privacy"}

func TestArch_CoreGraph(t *testing.T) {
	t.Parallel()
	for _, p := range everyPackage(t) {
		inside, ok := strings.CutPrefix(room(p.ImportPath), "core/")
		if !ok {
			continue
		}
		noun, below, _ := strings.Cut(inside, "/")
		if !slices.Contains(modules, noun) && !slices.Contains(words, noun) && !slices.Contains(leaves, noun) {
			t.Errorf("%s: core/%s has no place in the graph: modules, words or leaves of this test (and DESIGN)", p.ImportPath, noun)
		}
		if below != "" && below != noun+"test" {
			t.Errorf("%s: a module has no folder but its %stest", p.ImportPath, noun)
		}
		for _, imported := range p.Imports {
			if why := mayCore(noun, below, imported); why != "" {
				t.Errorf("core/%s imports %s: %s", inside, imported, why)
			}
		}
	}
}

// mayCore says why a package of core may not import another; empty when it may.
func mayCore(noun, below, imported string) string {
	if room(imported) == "" {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
			return "core knows the standard library only"
		}
		return ""
	}
	other, ok := strings.CutPrefix(room(imported), "core/")
	if !ok {
		return "arrows point inward"
	}
	other, test, _ := strings.Cut(other, "/")
	switch {
	case test != "" && below == "":
		return "fixtures are for tests"
	case other == noun, slices.Contains(words, other):
		return ""
	case slices.Contains(words, noun):
		return "words import one another only"
	case slices.Contains(leaves, other):
		return "nobody imports a leaf: declare a port, wired in app"
	case slices.Contains(leaves, noun):
		return ""
	case slices.Index(modules, other) > slices.Index(modules, noun):
		return "it stands to the right"
	}
	return ""
}

// adapterExtras are what a room of adapters may import besides core, third parties and
// packages of its own.
var adapterExtras = map[string][]string{
	"connectapi": {"proto/gen/kohomai"},
	"rest":       {"proto/gen/kohomai"},
	"pluginhost": {"proto/gen/activity"},
	"pg":         {"migrations"},
}

func TestArch_Imports(t *testing.T) {
	t.Parallel()
	for _, p := range everyPackage(t) {
		here := room(p.ImportPath)
		for _, imported := range p.Imports {
			if why := may(here, imported); why != "" {
				t.Errorf("%s imports %s: %s", here, imported, why)
			}
		}
	}
}

func may(here, imported string) string {
	there := room(imported)
	top, rest, _ := strings.Cut(here, "/")
	noun, _, _ := strings.Cut(rest, "/")
	if imported == "github.com/google/wire" && top != "app" {
		return "composition is app's"
	}
	if there == "" || under(there, here) || path.Base(here) == "pgtest" {
		return ""
	}
	allowed := map[string][]string{
		"adapters":   append([]string{"core", "adapters/" + noun}, adapterExtras[noun]...),
		"app":        {"core", "adapters", "migrations", "proto/gen", "docs", "plugins/sdktest/contract"},
		"cmd":        {"app"},
		"plugins":    {"plugins/sdk", "plugins/" + noun},
		"proto":      {"proto/gen"},
		"tools":      {"tools/" + noun, "adapters/embedpg", "adapters/enrich/domainset"},
		"migrations": {},
		"docs":       {},
		"core":       {"core"}, // judged finer above
		// What integrators import: the API's messages and nothing of the server.
		"clients": {"clients", "proto/gen/kohomai"},
		// Black-box clients of the built binary.
		"bench":  {"bench"},
		"faults": {"faults"},
	}
	if under(here, "plugins/sdk") || under(here, "plugins/sdktest") {
		allowed["plugins"] = []string{"plugins/sdk", "proto/gen/activity"}
	}
	folders, known := allowed[top]
	if !known {
		return "the room " + top + " has no row in this test"
	}
	if slices.ContainsFunc(folders, func(f string) bool { return under(there, f) }) {
		return ""
	}
	return fmt.Sprintf("%s may import %v only", top, folders)
}

func TestArch_ImportRulesRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"adapters/rest", module + "/adapters/pg"},
		{"adapters/rest", module + "/proto/gen/activity/v1"},
		{"adapters/pg", module + "/app"},
		{"cmd/kohomai", module + "/core/lead"},
		{"plugins/echo", module + "/core/activity"},
		{"adapters/pg", "github.com/google/wire"},
		{"bench", module + "/app"},
		{"clients/go", module + "/core/fault"},
		{"elsewhere", module + "/core/lead"},
	} {
		if may(c[0], c[1]) == "" {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
	for _, c := range [][3]string{
		{"lead", "", module + "/core/enrich"},
		{"lead", "", module + "/core/webhook"},
		{"fault", "", module + "/core/lead"},
		{"lead", "", "github.com/google/uuid"},
		{"lead", "", module + "/core/lead/leadtest"},
		{"webhook", "", module + "/core/privacy"},
		{"lead", "", module + "/adapters/pg"},
	} {
		if mayCore(c[0], c[1], c[2]) == "" {
			t.Errorf("core/%s may import %s", c[0], c[2])
		}
	}
}

// mostMethods of a port.
const mostMethods = 5

func TestArch_PortsAreSmall(t *testing.T) {
	t.Parallel()
	for _, p := range everyPackage(t) {
		here := room(p.ImportPath)
		if !under(here, "core") && !under(here, "adapters") && !under(here, "plugins") {
			continue
		}
		ports := map[string]*ast.InterfaceType{}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(file) {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.TypeSpec); ok {
					if i, ok := s.Type.(*ast.InterfaceType); ok {
						ports[s.Name.Name] = i
					}
				}
				return true
			})
		}
		for name, port := range ports {
			if n := methods(port, ports); n > mostMethods {
				t.Errorf("%s.%s has %d methods; a port has at most %d: split it by who calls", here, name, n, mostMethods)
			}
		}
	}
}

// methods counts those of an interface and of the ones of its package inside it.
func methods(i *ast.InterfaceType, in map[string]*ast.InterfaceType) int {
	n := 0
	for _, m := range i.Methods.List {
		switch embedded := m.Type.(type) {
		case *ast.FuncType:
			n += len(m.Names)
		case *ast.Ident:
			if other := in[embedded.Name]; other != nil {
				n += methods(other, in)
			}
		case *ast.SelectorExpr:
			n++ // at least
		}
	}
	return n
}

var (
	constant = regexp.MustCompile(`(\w+Procedure)\s*=\s*"(/kohomai\.[^"]+)"`)
	row      = regexp.MustCompile(`(?m)^\s*\w+\.(\w+Procedure):\s+\{[^}]`)
)

// Every procedure has a row in the policy table, and every row says who.
func TestArch_EveryProcedureHasAPolicy(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../adapters/connectapi/policy.go")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]int{}
	for _, m := range row.FindAllStringSubmatch(string(table), -1) {
		rows[m[1]]++
	}
	procedures := 0
	for _, file := range sources(t, "../proto/gen/kohomai", ".connect.go") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(raw), -1) {
			procedures++
			if rows[m[1]] != 1 {
				t.Errorf("%s has %d rows in adapters/connectapi/policy.go", m[2], rows[m[1]])
			}
		}
	}
	if procedures < 30 || len(rows) > procedures {
		t.Errorf("%d procedures, %d rows", procedures, len(rows))
	}
}

// Migrations are numbered once each, go both ways, and run in a transaction unless their
// name says otherwise.
func TestArch_Migrations(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^(\d{14})_[a-z0-9_]+(\.tx)?\.(up|down)\.sql$`)
	seen, directions := map[string]string{}, map[string]int{}
	for _, file := range sources(t, "../migrations", ".sql") {
		base := filepath.Base(file)
		m := name.FindStringSubmatch(base)
		if m == nil {
			t.Errorf("%s: expected 20261124093000_topic.tx.up.sql", base)
			continue
		}
		topic := strings.TrimSuffix(strings.TrimSuffix(base, ".up.sql"), ".down.sql")
		if other := seen[m[1]]; other != "" && other != topic {
			t.Errorf("%s and %s have one number", other, topic)
		}
		seen[m[1]] = topic
		directions[topic]++
	}
	for topic, n := range directions {
		if n != 2 {
			t.Errorf("%s goes one way only", topic)
		}
	}
}

// longFile is where a file most likely has two subjects. It is told, not refused.
const longFile = 400

func TestArch_FilesAreShort(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t, "..", ".go") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(raw), "\n"); n > longFile && !strings.Contains(string(raw[:200]), "DO NOT EDIT") {
			t.Logf("%s has %d lines", strings.TrimPrefix(file, "../"), n)
		}
	}
}

// sources are the files of a folder and below whose names end so, built and installed
// things left out.
func sources(t *testing.T, folder, end string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "bin" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(p, end) {
			found = append(found, p)
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("%s holds no %s: %v", folder, end, err)
	}
	return found
}
