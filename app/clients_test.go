package app_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
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
		t.Skip("SKIPPED: the TypeScript client was not tried: its compiler is not installed; make clients installs it")
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
