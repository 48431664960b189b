package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/rest"
)

// What the proto files annotate, what the description says and what is answered are the
// same routes.
func TestArch_RoutesAreDescribed(t *testing.T) {
	t.Parallel()
	reached := ""
	mapper, err := rest.New(rest.Options{
		Services: connectapi.Services(), PublicURL: "https://kohomai.example.com",
		Connect: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached = r.URL.Path
			w.WriteHeader(http.StatusServiceUnavailable)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		var body *strings.Reader
		if body = strings.NewReader(""); method != http.MethodGet && method != http.MethodDelete {
			body = strings.NewReader("{}")
		}
		r := httptest.NewRequest(method, path, body)
		r.Header.Set("Content-Type", "application/json")
		mapper.ServeHTTP(w, r)
		return w
	}

	annotated := map[string]string{}
	for _, s := range connectapi.Services() {
		for i := range s.Methods().Len() {
			m := s.Methods().Get(i)
			rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
			for _, one := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
				for method, path := range map[string]string{
					http.MethodGet: one.GetGet(), http.MethodPost: one.GetPost(), http.MethodPut: one.GetPut(),
					http.MethodPatch: one.GetPatch(), http.MethodDelete: one.GetDelete(),
				} {
					if path != "" {
						annotated[method+" "+shape(path)] = "/" + string(s.FullName()) + "/" + string(m.Name())
					}
				}
			}
		}
	}

	var description struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(ask(http.MethodGet, "/api/v1/openapi.json").Body.Bytes(), &description); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, operations := range description.Paths {
		for verb := range operations {
			method := strings.ToUpper(verb)
			if method == "PARAMETERS" || method == "SUMMARY" || method == "DESCRIPTION" {
				continue
			}
			described[method+" "+shape(path)] = true
			reached = ""
			ask(method, "/api/v1"+parameter.ReplaceAllString(strings.TrimPrefix(path, "/api/v1"), "17"))
			if want := annotated[method+" "+shape(path)]; reached != want {
				t.Errorf("%s %s is described and leads to %q, not to %q", method, path, reached, want)
			}
		}
	}
	for route, procedure := range annotated {
		if !described[route] {
			t.Errorf("%s (%s) is served and not described", route, procedure)
		}
	}
	if len(annotated) < 30 {
		t.Errorf("only %d routes", len(annotated))
	}
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// shape is a path without its prefix and the names of its parameters.
func shape(path string) string {
	return parameter.ReplaceAllString(strings.TrimPrefix(path, "/api/v1"), "{}")
}
