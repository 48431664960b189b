package docsite

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func newSite(t *testing.T, change func(*Options)) (*Site, error) {
	t.Helper()
	o := Options{
		Files: fstest.MapFS{
			"start.md":    {Data: []byte("# Start\n\nAsk http://127.0.0.1:8080/api.\n\n```exchange\nleads/new\n```\n\n<script>alert(1)</script>\n")},
			"problems.md": {Data: []byte("# Problems\n\n### not_found\n\nNothing there.\n\n### stale\n\nChanged.\n\n## More\n\nText.\n")},
		},
		Contents:  []Section{{"Guides", []string{"start"}}},
		Exchange:  func(string) (string, error) { return "GET /leads\n\nHTTP/1.1 200 OK", nil },
		PublicURL: "https://kohomai.example",
		OpenAPI: []byte(`{"tags":[{"name":"Leads","description":"People."}],"paths":{"/leads":{"get":{"operationId":"ListLeads","tags":["Leads"],"summary":"Lists <leads>.",
			"responses":{"200":{"description":"Done.","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Lead"}}}},"404":{}}}}},
			"components":{"schemas":{"Lead":{"type":"object","properties":{"Zed":{"type":["string","null"]},"Also":{"type":"array","items":{"$ref":"#/components/schemas/Lead"}}}}}}}`),
	}
	if change != nil {
		change(&o)
	}
	return New(o)
}

func get(s *Site, verb, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(verb, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestSite(t *testing.T) {
	s, err := newSite(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/docs":                    "<h1 id=\"start\">Start</h1>",
		"/docs/start.md":           "Ask https://kohomai.example/api.",
		"/docs/start":              "GET /leads",
		"/docs/problems":           `<h3 id="not_found">not_found</h3>`,
		"/docs/problems/not_found": "<h1>not_found</h1>\n<p>Nothing there.</p>",
		"/docs/reference":          "Lists &lt;leads&gt;.",
		"/docs/style.css":          "color-scheme",
	} {
		if w := get(s, "GET", path); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d, no %q in %s", path, w.Code, want, w.Body)
		}
	}
	if body := get(s, "GET", "/docs").Body.String(); strings.Contains(body, "<script") {
		t.Error("a script got through")
	}
	if body := get(s, "GET", "/docs/problems/stale").Body.String(); strings.Contains(body, "More") {
		t.Error("a problem's page goes on into the next part")
	}
	if body := get(s, "GET", "/docs/reference").Body.String(); strings.Index(body, "Zed") > strings.Index(body, "Also") {
		t.Error("fields lost their order")
	}
}

func TestSite_IsKeptByBrowsers(t *testing.T) {
	s, err := newSite(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	etag := get(s, "GET", "/docs").Header().Get("Etag")
	if w := get(s, "GET", "/docs", "If-None-Match", etag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("%d", w.Code)
	}
	if w := get(s, "HEAD", "/docs"); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("%d with %d bytes", w.Code, w.Body.Len())
	}
	if w := get(s, "POST", "/docs"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("%d", w.Code)
	}
	if w := get(s, "GET", "/docs/../docs/none"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "no such page") {
		t.Errorf("%d", w.Code)
	}
}

func TestSite_RefusesWhatDoesNotHoldTogether(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"contents": func(o *Options) { o.Contents[0].Guides = []string{"nothing"} },
		"exchange": func(o *Options) { o.Exchange = func(string) (string, error) { return "", errors.New("none") } },
		"title":    func(o *Options) { o.Files = fstest.MapFS{"start.md": {Data: []byte("no title")}} },
		"openapi":  func(o *Options) { o.OpenAPI = []byte("{") },
	} {
		if _, err := newSite(t, change); err == nil {
			t.Errorf("%s: nothing was said", name)
		}
	}
}
