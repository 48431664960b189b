package rest

import (
	"encoding/json"
	"strings"
	"testing"
)

// Every call is in the collection, with its body, its variables and a key of its own where
// it changes something.
func TestPostman_HoldsEveryCall(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{})
	w := ask(m, "GET", "/api/v1/postman.json", "")
	var c struct {
		Info     struct{ Schema string }
		Variable []struct{ Key, Value string }
		Item     []struct {
			Name string
			Item []struct {
				Name    string
				Request struct {
					Method string
					Header []struct{ Key, Value string }
					Body   *struct{ Raw string }
					URL    struct {
						Raw      string
						Path     []string
						Variable []struct{ Key string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.Info.Schema, "v2.1.0") || len(c.Variable) != 2 || c.Variable[0].Value != "https://kohomai.example/api/v1" {
		t.Errorf("%+v %+v", c.Info, c.Variable)
	}
	calls := map[string]bool{}
	for _, folder := range c.Item {
		for _, call := range folder.Item {
			r := call.Request
			calls[r.Method+" "+r.URL.Raw] = true
			if call.Name == "" || "{{baseUrl}}/"+strings.Join(r.URL.Path, "/") != r.URL.Raw || strings.Count(r.URL.Raw, ":") != len(r.URL.Variable) {
				t.Errorf("%s: %+v", call.Name, r)
			}
			key := false
			for _, h := range r.Header {
				key = key || h.Key == "Idempotency-Key"
			}
			if key != (r.Method == "POST" || r.Method == "PATCH") || r.Body != nil && !json.Valid([]byte(r.Body.Raw)) {
				t.Errorf("%s %s: %+v", r.Method, r.URL.Raw, r)
			}
		}
	}
	for _, rt := range m.routes {
		if name := rt.verb + " {{baseUrl}}" + pathVariable.ReplaceAllString(rt.pattern, ":$1"); !calls[name] {
			t.Errorf("%s is missing", name)
		}
	}
	if len(calls) != len(m.routes) {
		t.Errorf("%d calls for %d routes", len(calls), len(m.routes))
	}
}
