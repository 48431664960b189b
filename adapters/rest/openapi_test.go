package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

type description struct {
	Openapi string
	Servers []struct{ URL string }
	Paths   map[string]map[string]struct {
		OperationID string
		Summary     string
		Parameters  []struct {
			Name, In string
			Required bool
		}
		RequestBody *struct{ Content map[string]any }
		Responses   map[string]any
	}
	Components struct{ Schemas map[string]map[string]any }
}

func describedBy(t *testing.T, m *Mapper) (description, any) {
	t.Helper()
	w := ask(m, "GET", "/api/v1/openapi.json", "")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	var d description
	var raw any
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &raw); err != nil {
		t.Fatal(err)
	}
	return d, raw
}

// Every route served is described with its verb, and nothing else is.
func TestOpenAPI_DescribesTheRoutesServed(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{})
	d, _ := describedBy(t, m)
	if d.Openapi != "3.1.0" || d.Servers[0].URL != "https://kohomai.example/api/v1" {
		t.Errorf("%s %v", d.Openapi, d.Servers)
	}
	var served, described []string
	for _, rt := range m.routes {
		served = append(served, rt.verb+" "+rt.pattern)
	}
	served = append(served, "GET /openapi.json", "GET /postman.json")
	ids := map[string]bool{}
	for pattern, verbs := range d.Paths {
		for verb, o := range verbs {
			described = append(described, strings.ToUpper(verb)+" "+pattern)
			if o.Summary == "" || ids[o.OperationID] {
				t.Errorf("%s %s has no words or no id of its own", verb, pattern)
			}
			ids[o.OperationID] = true
			// What is described answers: anything but 404 by the router and 405.
			target := Prefix + strings.NewReplacer("{id}", "1", "{key}", "k", "{number}", "1").Replace(pattern)
			w := ask(m, strings.ToUpper(verb), target, "")
			if w.Code == http.StatusMethodNotAllowed || w.Code == http.StatusNotFound {
				t.Errorf("%s %s is described, but answers %d", verb, pattern, w.Code)
			}
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served    %v\ndescribed %v", served, described)
	}
}

// Every reference leads somewhere.
func TestOpenAPI_HoldsTogether(t *testing.T) {
	t.Parallel()
	d, raw := describedBy(t, newMapper(t, &stand{}))
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if target, ok := v["$ref"].(string); ok {
				at := raw
				for part := range strings.SplitSeq(strings.TrimPrefix(target, "#/"), "/") {
					inner, _ := at.(map[string]any)
					at = inner[part]
				}
				if at == nil {
					t.Errorf("%s leads nowhere", target)
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	walk(raw)
	register := d.Paths["/leads"]["post"]
	var names []string
	for _, p := range register.Parameters {
		names = append(names, p.In+" "+p.Name)
	}
	if !slices.Equal(names, []string{"query ref", "header Idempotency-Key"}) || register.Responses["201"] == nil ||
		register.Responses["200"] == nil || register.Responses["422"] == nil || register.RequestBody == nil {
		t.Errorf("POST /leads: %+v", register)
	}
	request, answer := d.Components.Schemas["RegisterLeadRequest"], d.Components.Schemas["RegisterLeadResponse"]
	if _, ok := request["properties"].(map[string]any)["ref"]; ok || request["additionalProperties"] != false {
		t.Error("the body of POST /leads is described with its query, or as open")
	}
	if len(answer["required"].([]any)) != len(answer["properties"].(map[string]any)) {
		t.Error("an answer leaves nothing out")
	}
	draft := d.Paths["/funnels/{id}/draft"]["put"]
	if draft.RequestBody.Content["application/yaml"] == nil || draft.Responses["428"] == nil {
		t.Errorf("PUT draft: %+v", draft)
	}
}
