package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// seller is somebody who sells facts about companies over HTTP.
type seller struct {
	*httptest.Server
	asked  atomic.Int64
	answer atomic.Pointer[http.HandlerFunc]
}

func newSeller(t *testing.T) *seller {
	t.Helper()
	s := &seller{}
	s.says(200, "application/json", `{"companies":[{"name":"Acme","headcount":"250-499"}]}`)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.Header.Get("X-Api-Key") != "k-123" || r.URL.Path != "/v1/companies/unknown-company.example" {
			http.Error(w, `{"message":"no such key or company"}`, http.StatusForbidden)
			return
		}
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *seller) says(status int, contentType, body string, headers ...string) {
	f := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	s.answer.Store(&f)
}

// setting is how the seller is set up as a provider.
func (s *seller) setting(more string) string {
	return fmt.Sprintf(`{"Enabled":true,"Position":1,"HttpJson":{"Url":"%s/v1/companies/{domain}","SecretHeader":"X-Api-Key","Fields":[
		{"Key":"company.size","Path":"/companies/0/headcount","Confidence":0.9},{"Key":"company.name","Path":"/companies/0/name"}]}%s}`, s.URL, more)
}

// sized publishes a funnel that decides by the size of the company.
func (h *house) sized() any {
	h.t.Helper()
	id := h.ask("POST", "/api/v1/funnels", `{"Definition":{"Name":"Sized","Start":"fit","Nodes":[
		{"Key":"fit","Kind":"Decision","Name":"Large?","Branches":[{"Name":"Large","When":"company.size >= 200","Next":"won"}],
			"Unknown":{"After":"30s","Next":"ask"},"Otherwise":"lost"},
		{"Key":"ask","Kind":"Stage","Name":"Ask","Activities":[{"Key":"about","Connector":"form","Assignee":{"Lead":true},"Config":{"Fields":["company.size"]}}],"Next":"won"},
		{"Key":"won","Kind":"End","Result":"Converted"},{"Key":"lost","Kind":"End","Result":"NotQualified"}]}}`).at("Id")
	if r := h.ask("POST", fmt.Sprintf("/api/v1/funnels/%.0f/publish", id), `{}`); r.status != 201 {
		h.t.Fatal(r.raw)
	}
	return id
}

// A funnel reads the size of a company nobody knows; a seller of facts knows it, and the
// decision shows who said so.
func TestStory_AProviderOfOnesOwnDecides(t *testing.T) {
	t.Parallel()
	h, s := newHouse(t, "KOHOMAI_EGRESS_ALLOW=127.0.0.1"), newSeller(t)
	h.key = h.workspace("Acme", "ada@acme.example")
	funnel := h.sized()
	if r := h.ask("PUT", "/api/v1/enrichment-providers/website", `{"Enabled":false}`, "If-Match", `"0"`); r.status != 200 || r.at("State") != "Off" {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	set := h.ask("PUT", "/api/v1/enrichment-providers/seller", s.setting(`,"Secret":"k-123"`), "If-Match", `"0"`)
	if set.status != 200 || set.header.Get("ETag") != `"1"` || set.at("SecretSet") != true || strings.Contains(set.raw, "k-123") {
		t.Fatalf("%d %s", set.status, set.raw)
	}
	register := func(email string) reply {
		t.Helper()
		return h.ask("POST", fmt.Sprintf("/api/v1/leads?ref=funnel-%.0f", funnel), `{"Email":"`+email+`"}`)
	}
	j := h.journey(register("jane@unknown-company.example").at("Journey", "Id"), ended)
	if j.at("Status") != "Converted" || j.at("Decisions", 0, "Branch") != "Large" {
		t.Fatalf("%s", j.raw)
	}
	fact, _ := j.at("Decisions", 0, "Explanation", 0, "Facts", 0).(map[string]any)
	if fact["Key"] != "company.size" || fact["Source"] != "seller" {
		t.Errorf("the decision does not say who knew: %v", fact)
	}
	found := false
	for _, d := range j.at("JourneyData").([]any) {
		d := d.(map[string]any)
		if d["DataPoint"].(map[string]any)["Key"] == "company.size" {
			// The lower end of a range is a conclusion.
			found = d["NumberValue"] == 250.0 && d["Source"] == "seller" && d["Confidence"] == 0.9 && d["Inferred"] == true && d["ObservedAt"] != nil
		}
	}
	if !found {
		t.Errorf("%s", j.raw)
	}
	// A colleague is served from the kept answer, and it is counted once.
	if j := h.journey(register("joe@unknown-company.example").at("Journey", "Id"), ended); j.at("Status") != "Converted" {
		t.Errorf("%s", j.raw)
	}
	if got := h.ask("GET", "/api/v1/enrichment-providers/seller", ""); s.asked.Load() != 1 || got.at("AskedToday") != 1.0 {
		t.Errorf("%d requests, %s", s.asked.Load(), got.raw)
	}
	// Another workspace has neither the provider nor its answers.
	h.key = h.workspace("Other", "bo@other.example")
	if got := h.ask("GET", "/api/v1/enrichment-providers/seller", ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("POST", "/api/v1/enrichment-providers/seller/test", `{"Email":"jane@unknown-company.example"}`); got.status != 404 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// Whatever is the matter with a provider, the journey goes on, and a test tells what it is.
func TestStory_AProviderThatRefuses(t *testing.T) {
	t.Parallel()
	h, s := newHouse(t, "KOHOMAI_EGRESS_ALLOW=127.0.0.1"), newSeller(t)
	h.key = h.workspace("Acme", "ada@acme.example")
	funnel := h.sized()
	h.ask("PUT", "/api/v1/enrichment-providers/website", `{"Enabled":false}`, "If-Match", `"0"`)
	s.says(429, "application/json", `{"message":"slow down"}`, "Retry-After", "120")
	if r := h.ask("PUT", "/api/v1/enrichment-providers/seller", s.setting(`,"Secret":"k-123"`), "If-Match", `"0"`); r.status != 200 {
		t.Fatal(r.raw)
	}
	for range 3 {
		r := h.ask("POST", fmt.Sprintf("/api/v1/leads?ref=funnel-%.0f", funnel), fmt.Sprintf(`{"Email":"p%d@unknown-company.example"}`, s.asked.Load()))
		j := h.journey(r.at("Journey", "Id"), func(j reply) bool { return j.at("WaitingOn") == "Lead" })
		if j.at("Decisions", 0, "Branch") == "Large" {
			t.Errorf("%s", j.raw)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("asked %d times although it wants to be left alone", n)
	}
	if got := h.ask("GET", "/api/v1/enrichment-providers/seller", ""); got.at("State") != "Paused" || got.at("Fault") != "It is asked too often (429): slow down." || got.at("PausedUntil") == nil {
		t.Errorf("%s", got.raw)
	}
	test := func() reply {
		return h.ask("POST", "/api/v1/enrichment-providers/seller/test", `{"Email":"jane@unknown-company.example"}`)
	}
	if got := test(); got.status != 424 || got.at("Code") != "provider_refused" || got.at("detail") != "It is asked too often (429): slow down." || got.header.Get("Retry-After") != "120" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	s.says(200, "text/html", "<html>Sign in")
	if got := test(); got.status != 424 || got.at("detail") != "The answer is not the JSON that was expected (text/html)." {
		t.Errorf("%d %s", got.status, got.raw)
	}
	s.says(200, "application/json", `{"companies":[{"headcount":42}]}`)
	if got := test(); got.status != 200 || got.at("Facts", 0, "NumberValue") != 42.0 || got.at("Facts", 0, "Source") != "seller" || got.at("Unknown", 0) != "company.name" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("POST", "/api/v1/enrichment-providers/seller/test", `{"Email":"jane@gmail.com"}`); got.status != 422 || got.at("Errors", 0, "Code") != "no_company" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if r := h.ask("PUT", "/api/v1/enrichment-providers/seller", s.setting(`,"Secret":"wrong"`), "If-Match", `"1"`); r.status != 200 {
		t.Fatal(r.raw)
	}
	if got := test(); got.status != 424 || got.at("detail") != "The secret is not accepted (403): no such key or company." {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if r := h.ask("PUT", "/api/v1/enrichment-providers/seller", s.setting(`,"DailyBudget":1`), "If-Match", `"2"`); r.status != 200 || r.at("State") != "Spent" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if got := test(); got.status != 429 || got.at("Code") != "budget_spent" {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

// A workspace cannot be made to ask the inside of the operator's network.
func TestStory_ProvidersStayOutside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, address := range []string{"http://127.0.0.1:8080/", "https://10.0.0.1/", "https://[::1]/", "https://localhost/", "https://x.example:22/", "https://169.254.169.254/"} {
		body := fmt.Sprintf(`{"Enabled":true,"HttpJson":{"Url":"%s{domain}","Fields":[{"Key":"company.size","Path":"/n"}]}}`, address)
		got := h.ask("PUT", "/api/v1/enrichment-providers/inside", body, "If-Match", `"0"`)
		if got.status != 422 || got.at("Errors", 0, "Field") != "HttpJson.Url" {
			t.Errorf("%s: %d %s", address, got.status, got.raw)
		}
	}
	if got := h.ask("PUT", "/api/v1/enrichment-providers/wikidata", `{"Enabled":true}`); got.status != 428 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("DELETE", "/api/v1/enrichment-providers/wikidata", ""); got.status != 409 || got.at("Code") != "state_forbids" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("GET", "/api/v1/enrichment-providers", "", "Authorization", ""); got.status != 401 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}
