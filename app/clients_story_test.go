package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// example is a program of clients/ that registers the lead it is given and waits for
// conversion.
type example struct {
	language, program string
	arguments         []string
	// build makes what it needs, or skips the test; nil for nothing.
	build func(*testing.T)
}

var examples = []example{
	{language: "go", program: "go", arguments: []string{"run", "./clients/go/example"}},
	{language: "typescript", program: "node", arguments: []string{"clients/typescript/example/register.mjs"}, build: buildTypeScript},
	{language: "python", program: "python3", arguments: []string{"clients/python/example.py"}},
}

// run starts it with the address and key given, as the guide says.
func (e example) run(t *testing.T, address, key string, arguments ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath(e.program)
	if err != nil {
		t.Skipf("SKIPPED: %s is not installed, the example in %s was not tried", e.program, e.language)
	}
	if e.build != nil {
		e.build(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // go run compiles
	defer cancel()
	cmd := exec.CommandContext(ctx, program, append(e.arguments, arguments...)...) // #nosec G204 -- our own examples
	cmd.Dir, cmd.Env = "..", append(os.Environ(), "KOHOMAI_URL="+address, "KOHOMAI_API_KEY="+key)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The examples of the clients register a lead against the whole product and see it convert.
func TestStory_ClientExamples(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, e := range examples {
		t.Run(e.language, func(t *testing.T) {
			t.Parallel()
			email := e.language + "@amazon.com"
			for range 2 { // the second time under the same idempotency key
				out, err := e.run(t, h.url, h.key, email)
				if err != nil || !strings.Contains(out, " is Converted") {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			list := h.ask("GET", "/api/v1/leads?Email="+url.QueryEscape(email), "")
			leads, _ := list.at("Leads").([]any)
			journeys := h.ask("GET", fmt.Sprintf("/api/v1/journeys?LeadId=%.0f", list.at("Leads", 0, "Id")), "")
			if len(leads) != 1 || journeys.at("Journeys", 0, "Status") != "Converted" || journeys.at("Journeys", 1) != nil {
				t.Errorf("%s\n%s", list.raw, journeys.raw)
			}
			// What is refused ends it, and names the field.
			if out, err := e.run(t, h.url, h.key, "no address"); err == nil || !strings.Contains(out, "Email: This is not an e-mail address.") {
				t.Errorf("a wrong address: %v\n%s", err, out)
			}
		})
	}
}

// The example in Python tells messages of ours from others.
func TestDocs_PythonExampleVerifies(t *testing.T) {
	t.Parallel()
	python := examples[2]
	const body = `{"type":"lead.registered","data":{"Id":7,"Name":"Zoë"}}`
	secret, other := "whsec_"+strings.Repeat("QUJD", 11), "whsec_"+strings.Repeat("WFla", 11)
	for name, c := range map[string]struct {
		signer, body string
		at           time.Time
		good         bool
	}{
		"ours":           {secret, body, time.Now(), true},
		"another secret": {other, body, time.Now(), false},
		"another body":   {secret, body + " ", time.Now(), false},
		"old":            {secret, body, time.Now().Add(-10 * time.Minute), false},
	} {
		w, err := standardwebhooks.NewWebhook(c.signer)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := w.Sign("evt_7", c.at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		message, err := json.Marshal(map[string]any{"body": c.body, "headers": map[string]string{
			"webhook-id": "evt_7", "webhook-timestamp": fmt.Sprint(c.at.Unix()), "webhook-signature": "v1,AAAA " + signature,
		}})
		if err != nil {
			t.Fatal(err)
		}
		program, err := exec.LookPath(python.program)
		if err != nil {
			t.Skip("SKIPPED: python3 is not installed, verification in Python was not tried")
		}
		cmd := exec.CommandContext(t.Context(), program, "../"+python.arguments[0], "verify", secret) // #nosec G204 -- our own example
		cmd.Stdin = strings.NewReader(string(message))
		out, err := cmd.CombinedOutput()
		if (err == nil) != c.good || c.good && string(out) != "lead.registered\n" {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
