package app_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/kohomai/kohomai/app"
	"github.com/kohomai/kohomai/tools/tsclient"
)

// The TypeScript client has the types and calls of the API as it is served. With -update
// (`make gen/clients`) they are written instead.
func TestClients_TypesAreFresh(t *testing.T) {
	t.Parallel()
	const file = "../clients/typescript/src/api.gen.ts"
	description, err := app.OpenAPI("http://127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	want, err := tsclient.Generate(description)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is stale (%v): run make gen/clients and commit it", file, err)
	}
}

const typeScript = "../clients/typescript"

// compiled is the TypeScript client, compiled once for the tests that run it.
var compiled = sync.OnceValue(func() error {
	build := exec.Command("node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json")
	build.Dir = typeScript
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("compiling %s: %w\n%s", typeScript, err, out)
	}
	return nil
})

func buildTypeScript(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(typeScript + "/node_modules/typescript"); err != nil {
		t.Skip("SKIPPED: the TypeScript client was not tried: its compiler is not installed; make test installs it")
	}
	if err := compiled(); err != nil {
		t.Fatal(err)
	}
}

// The TypeScript client passes its own tests.
func TestClients_TypeScript(t *testing.T) {
	t.Parallel()
	buildTypeScript(t)
	run := exec.CommandContext(t.Context(), "node", "--test", "dist/test/client.test.js", "dist/test/webhook.test.js")
	run.Dir = typeScript
	if out, err := run.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("\n# fail 0\n")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// shownIn is the first code of a language in a guide.
func shownIn(t *testing.T, guide, language string) string {
	t.Helper()
	raw, err := os.ReadFile("../docs/" + guide)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindSubmatch(raw)
	if m == nil {
		t.Fatalf("%s has no code in %s", guide, language)
	}
	return string(m[1])
}

// The code that the guide shows compiles against the clients as they are.
func TestDocs_ClientSamplesCompile(t *testing.T) {
	t.Parallel()
	compile := func(t *testing.T, parent string, files map[string]string, program string, arguments ...string) {
		t.Helper()
		if err := os.MkdirAll(parent, 0o750); err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp(parent, "guide-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run := exec.CommandContext(t.Context(), program, arguments...) // #nosec G204 -- go or node
		run.Dir = dir
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		compile(t, "testdata", map[string]string{"guide.go": `package guide

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"

	kohomai "github.com/kohomai/kohomai/clients/go"
	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

func guide(ctx context.Context, email string, body []byte, request *http.Request, secret string) error {
` + shownIn(t, "clients.md", "go") + `
	log.Print(journey, message)
	return err
}
`}, "go", "build", ".")
	})
	t.Run("ts", func(t *testing.T) {
		t.Parallel()
		buildTypeScript(t)
		compile(t, typeScript+"/dist", map[string]string{
			"guide.ts": `declare const body: string, secret: string, request: { headers: Headers };
` + shownIn(t, "clients.md", "ts"),
			"tsconfig.json": `{"extends": "../../tsconfig.json", "compilerOptions": {"noEmit": true, "rootDir": "../.."}, "include": ["guide.ts"], "exclude": []}`,
		}, "node", "../../node_modules/typescript/bin/tsc", "-p", ".")
	})
}
