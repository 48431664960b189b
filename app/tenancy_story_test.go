package app_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStory_AnotherWorkspacesIdIsNobodys: every route that names a thing answers for
// another workspace's exactly as for one that never was, and changes nothing.
func TestStory_AnotherWorkspacesIdIsNobodys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	// All is known of this company, and the connectors have spoken: nothing of theirs moves
	// any more by itself.
	lead := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"theirs@amazon.com"}`)
	journey := h.journey(lead.at("Journey", "Id"), func(j reply) bool {
		activities, _ := j.at("Stages", 0, "Activities").([]any)
		return len(activities) > 0 && !slices.ContainsFunc(activities, func(a any) bool {
			party := a.(map[string]any)["WaitingOn"]
			return party == "System" || party == "Provider"
		})
	})
	id := func(v any) string { return fmt.Sprintf("%.0f", v) }
	theirs := map[string]string{
		"leads": id(lead.at("Id")), "journeys": id(journey.at("Id")), "funnels": id(journey.at("Funnel", "Id")),
		"workflows": id(journey.at("Funnel", "Id")), "keys": id(h.ask("GET", "/api/v1/keys", "").at("Keys", 0, "Id")),
		"webhook-endpoints": id(h.ask("POST", "/api/v1/webhook-endpoints", `{"Url":"https://hooks.example.com/in","Events":["document.uploaded"]}`).at("Id")),
	}
	run := id(journey.at("Stages", 0, "Activities", 0, "Id"))
	// Bodies that would be taken if the thing were there.
	bodies := map[string]string{
		"RegisterWorkflow":      `{"User":{"UsrContactPrefs":{"PersonalEmail":"x@example.org"}}}`,
		"CreateOrigin":          `{"Name":"Mine"}`,
		"ReplayWebhookEndpoint": `{"Since":"` + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) + `"}`,
		"PutDraft":              `{"Name":"Mine"}`,
	}
	h.key = h.workspace("Acme", "ada@acme.example")
	me := h.ask("GET", "/api/v1/users", "").at("Users", 0, "Id")
	bodies["AssignActivity"] = `{"User":{"Id":` + id(me) + `}}`

	var description struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal([]byte(h.ask("GET", "/api/v1/openapi.json", "").raw), &description); err != nil {
		t.Fatal(err)
	}
	before, tried := h.rows(), 0
	variable := regexp.MustCompile(`\{[a-z_]+\}`)
	for path, methods := range description.Paths {
		if !strings.Contains(path, "{") {
			continue
		}
		resource := strings.Split(path, "/")[1]
		if resource == "connectors" || resource == "enrichment-providers" {
			continue // named by a word that may be the same in every workspace
		}
		if theirs[resource] == "" {
			t.Errorf("%s: this test knows no thing of another workspace for it", path)
			continue
		}
		for verb, operation := range methods {
			body := bodies[operation.OperationID]
			if body == "" && verb != "get" {
				body = "{}"
			}
			ask := func(first string) reply {
				place := 0
				address := variable.ReplaceAllStringFunc(path, func(string) string {
					place++
					return []string{first, run, "1"}[min(place-1, 2)]
				})
				return h.ask(strings.ToUpper(verb), "/api/v1"+address, body, "If-Match", `"1"`)
			}
			foreign, none := ask(theirs[resource]), ask("123456789")
			tried++
			if foreign.status != 404 {
				t.Errorf("%s %s: %d %s", verb, path, foreign.status, foreign.raw)
			}
			for _, r := range []reply{foreign, none} {
				delete(r.json, "instance")
				delete(r.json, "RequestId")
			}
			if foreign.status != none.status || !reflect.DeepEqual(foreign.json, none.json) {
				t.Errorf("%s %s: theirs %s, none %s", verb, path, foreign.raw, none.raw)
			}
		}
	}
	if tried < 20 {
		t.Errorf("only %d operations were tried", tried)
	}
	if after := h.rows(); !reflect.DeepEqual(before, after) {
		t.Errorf("rows before %v, after %v", before, after)
	}
}
