package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/app"
)

const pushed = `# a comment stays in the file
Name: Pushed
Start: fit
Nodes:
- Key: fit
  Kind: Decision
  Name: Good fit?
  Branches:
  - {Name: Large, When: 'company.size > 100', Next: done}
  Otherwise: lost
- {Key: done, Kind: End, Name: Done, Result: Converted}
- {Key: lost, Kind: End, Name: Lost, Result: NotQualified}
`

func TestStory_DefinitionsAsFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	client := app.Client{URL: h.url, Key: h.key}
	path := filepath.Join(t.TempDir(), "pushed.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	push := func(publish bool) (string, error) {
		var out bytes.Buffer
		err := app.Push(t.Context(), client, path, publish, "why", &out)
		return out.String(), err
	}

	write(pushed)
	if out, err := push(false); err != nil || !strings.Contains(out, "created Pushed") {
		t.Fatalf("%s %v", out, err)
	}
	// What is wrong is told by file and line, and stops publishing only.
	write(strings.Replace(pushed, "company.size > 100", "company.sise > 100", 1))
	out, err := push(true)
	if err == nil || !strings.Contains(out, path+":9: error: fit Nodes[0].Branches[0].When: ") || !strings.Contains(out, "drafted Pushed") {
		t.Fatalf("%s %v", out, err)
	}
	write(pushed)
	if out, err := push(true); err != nil || !strings.Contains(out, "published version 1") {
		t.Fatalf("%s %v", out, err)
	}

	var shown bytes.Buffer
	if err := app.Pull(t.Context(), client, "pushed", 0, "-", &shown); err != nil {
		t.Fatal(err)
	}
	text := shown.String()
	if !strings.HasPrefix(text, "Name: Pushed\nStart: fit\n") || !strings.Contains(text, "company.size > 100") {
		t.Errorf("%s", text)
	}
	// What was pulled is what was pushed.
	back := filepath.Join(t.TempDir(), "back.yaml")
	if err := app.Pull(t.Context(), client, "Pushed", 1, back, &shown); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(back)
	if err != nil || string(raw) != text {
		t.Errorf("%s %v", raw, err)
	}
	path = back
	if out, err := push(true); err == nil && strings.Contains(out, "error:") {
		t.Errorf("%s", out)
	}
	if err := app.Pull(t.Context(), client, "none such", 0, "-", &shown); err == nil || !strings.Contains(err.Error(), "no funnel") {
		t.Errorf("%v", err)
	}
	client.Key = "koh_test_x"
	if _, err := push(false); err == nil || !strings.Contains(err.Error(), "401 invalid_key") {
		t.Errorf("%v", err)
	}
}
