package app_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var snake = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// codeAt says which argument of a call is a code, by the called name.
var codeAt = map[string]int{
	"New": 1, "WrapAs": 2, "InvalidField": 1, "Add": 1, "refuse": 1, "badQuery": 1, "err": 2, "warn": 2,
}

// codesUsed are the codes that the server's source gives to problems, wrong fields and
// findings.
func codesUsed(t *testing.T) map[string]string {
	t.Helper()
	used := map[string]string{}
	note := func(e ast.Expr, where string) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil && snake.MatchString(s) {
				used[s] = where
			}
		}
	}
	for _, root := range []string{"../core", "../adapters", "../app"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "node_modules") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if e := codeArgument(n); e != nil {
						note(e, path)
					}
				case *ast.KeyValueExpr:
					if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
						note(n.Value, path)
					}
				case *ast.ReturnStmt: // a value, its code and a message
					if len(n.Results) == 3 && strings.HasSuffix(path, "rest/query.go") {
						note(n.Results[1], path)
					}
				case *ast.AssignStmt:
					for i, l := range n.Lhs {
						if x, ok := l.(*ast.Ident); ok && x.Name == "code" && i < len(n.Rhs) {
							note(n.Rhs[i], path)
						}
					}
				case *ast.ValueSpec:
					if path == "../core/funnel/data.go" && n.Names[0].Name == "typeConflict" {
						note(n.Values[0], path)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return used
}

func codeArgument(n *ast.CallExpr) ast.Expr {
	name, from := "", ""
	switch f := n.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok {
			from = x.Name
		}
	}
	i, counts := codeAt[name]
	if !counts || (name == "New" || name == "WrapAs") && from != "fault" || len(n.Args) < i+2 {
		return nil
	}
	return n.Args[i]
}

// Every code has its place in the documentation, and nothing stands there that no code says.
func TestDocs_EveryCodeIsDocumented(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^### ([a-z0-9_]+)$").FindAllStringSubmatch(string(raw), -1) {
		if documented[m[1]] {
			t.Errorf("%s stands twice", m[1])
		}
		documented[m[1]] = true
	}
	used := codesUsed(t)
	for _, code := range slices.Sorted(maps.Keys(used)) {
		if !documented[code] {
			t.Errorf("%s of %s is not documented", code, used[code])
		}
	}
	for code := range documented {
		if used[code] == "" {
			t.Errorf("%s is documented and never used", code)
		}
	}
}

// Every page is served, everything it links to is there, and nothing on it comes from
// elsewhere.
func TestDocs_PagesHoldTogether(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	seen := map[string]reply{}
	var follow func(from, address string)
	follow = func(from, address string) {
		path, anchor, _ := strings.Cut(address, "#")
		if path == "" {
			path = from
		}
		r, known := seen[path]
		if !known {
			r = h.ask("GET", path, "", "Authorization", "")
			seen[path] = r
			if r.status != 200 {
				t.Errorf("%s links to %s: %d", from, path, r.status)
			}
			if strings.HasPrefix(path, "/docs") && path != "/docs/style.css" {
				if csp := r.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
					t.Errorf("%s: %s", path, csp)
				}
				for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(r.raw, -1) {
					if strings.HasPrefix(m[1], "http") {
						continue // led to, not loaded
					}
					follow(path, m[1])
				}
				if loaded := regexp.MustCompile(`<(?:script|img|iframe|link)[^>]*(?:https?:)?//`).FindString(r.raw); loaded != "" {
					t.Errorf("%s loads from elsewhere: %s", path, loaded)
				}
			}
		}
		if anchor != "" && r.status == 200 && !strings.Contains(r.raw, `id="`+anchor+`"`) {
			t.Errorf("%s links to %s, which has no such part", from, address)
		}
	}
	follow("the start", "/docs")
	for code := range codesUsed(t) {
		follow("a problem", "/docs/problems/"+code)
	}
	if len(seen) < 100 {
		t.Errorf("only %d pages", len(seen))
	}
	if r := h.ask("GET", "/docs/nothing", ""); r.status != 404 || !strings.Contains(r.raw, "no such page") {
		t.Errorf("%d %s", r.status, r.raw)
	}
}

// The commands of the guides run as they stand, in order, one shell a guide.
func TestDocs_CommandsRun(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("the guides are tried with curl, which is not installed")
	}
	h := newHouse(t)
	guides, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, file := range guides {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var script strings.Builder
		script.WriteString("set -euo pipefail\ncurl() { command curl --fail-with-body --silent --show-error \"$@\"; }\n")
		blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(raw), -1)
		commands := 0
		for _, m := range blocks {
			commands += strings.Count(m[1], "curl \"$KOHOMAI")
			script.WriteString(m[1])
		}
		if commands == 0 {
			continue // for operators, on a machine of theirs
		}
		tried += commands
		t.Run(filepath.Base(file), func(t *testing.T) {
			text := strings.ReplaceAll(strings.ReplaceAll(script.String(), fileURL, h.url), ".data/", h.data+"/")
			run := exec.CommandContext(t.Context(), "bash", "-c", text)
			run.Dir = t.TempDir()
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s\n%s", err, text, out)
			}
		})
	}
	if tried < 6 {
		t.Errorf("only %d commands were found", tried)
	}
}
