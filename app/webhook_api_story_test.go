package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const endpoints = "/api/v1/webhook-endpoints"

// endpoint makes one for a receiver; more are further fields.
func (h *house) endpoint(url, more string) reply {
	h.t.Helper()
	r := h.ask("POST", endpoints, fmt.Sprintf(`{"Url":"%s"%s}`, url, more))
	if r.status != 201 {
		h.t.Fatalf("%d %s", r.status, r.raw)
	}
	return r
}

func at(e reply, path string) string { return fmt.Sprintf("%s/%.0f%s", endpoints, e.at("Id"), path) }

// deliveries of an endpoint, newest first.
func (h *house) deliveries(e reply, query string) []any {
	h.t.Helper()
	list, _ := h.ask("GET", at(e, "/deliveries?PageSize=200"+query), "").json["Deliveries"].([]any)
	return list
}

func TestStory_WebhookEndpointIsManaged(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	made := h.ask("POST", endpoints, `{"Url":"https://crm.example.com/","Events":["lead.*"],"Description":"CRM"}`, "Idempotency-Key", "e1")
	secret, _ := made.at("Secret").(string)
	if made.status != 201 || made.at("Level") != "Workspace" || !strings.HasPrefix(secret, "whsec_") || made.at("Lead") != nil || made.at("Disabled") != false {
		t.Fatalf("%d %s", made.status, made.raw)
	}
	if r := h.ask("POST", endpoints, `{"Url":"https://crm.example.com/","Events":["lead.*"],"Description":"CRM"}`, "Idempotency-Key", "e1"); r.at("Secret") != secret ||
		r.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s", r.raw)
	}
	got := h.ask("GET", at(made, ""), "")
	if got.status != 200 || got.at("Secret") != nil || got.at("Description") != "CRM" || got.header.Get("Etag") != `"1"` {
		t.Errorf("%d %s %v", got.status, got.raw, got.header)
	}
	for name, c := range map[string]struct {
		verb, path, body string
		headers          []string
		status           int
		want             string
	}{
		"twice":                {"POST", endpoints, `{"Url":"https://CRM.example.com"}`, nil, 409, "webhook_exists"},
		"no address":           {"POST", endpoints, `{}`, nil, 422, `"Field":"Url","Code":"required"`},
		"private":              {"POST", endpoints, `{"Url":"https://10.0.0.1/"}`, nil, 422, `"Field":"Url","Code":"url_not_allowed"`},
		"unknown event":        {"POST", endpoints, `{"Url":"https://a.example.com/","Events":["lead.registerd"]}`, nil, 422, "did you mean lead.registered?"},
		"two levels":           {"POST", endpoints, `{"Url":"https://a.example.com/","Lead":{"Id":1},"Journey":{"Id":2}}`, nil, 422, `"Field":"Lead","Code":"not_allowed"`},
		"no such lead":         {"POST", endpoints, `{"Url":"https://a.example.com/","Lead":{"Id":1}}`, nil, 422, `"Field":"Lead.Id","Code":"unknown_id"`},
		"no such funnel":       {"POST", endpoints, `{"Url":"https://a.example.com/","Funnel":{"Id":1}}`, nil, 422, `"Field":"Funnel.Id"`},
		"no id":                {"POST", endpoints, `{"Url":"https://a.example.com/","Funnel":{}}`, nil, 422, `"Field":"Funnel.Id","Code":"required"`},
		"unknown":              {"GET", endpoints + "/1", "", nil, 404, "not_found"},
		"unknown's log":        {"GET", endpoints + "/1/deliveries", "", nil, 404, "not_found"},
		"without If-Match":     {"PATCH", at(made, ""), `{"Ordered":true}`, nil, 428, "precondition_required"},
		"stale":                {"PATCH", at(made, ""), `{"Ordered":true}`, []string{"If-Match", `"7"`}, 412, "stale"},
		"wrong patch":          {"PATCH", at(made, ""), `{"Url":"ftp://x.example"}`, []string{"If-Match", `"1"`}, 422, `"Field":"Url"`},
		"overlap":              {"POST", at(made, "/rotate"), `{"OverlapSeconds":604801}`, nil, 422, `"Field":"OverlapSeconds"`},
		"replay of nothing":    {"POST", at(made, "/replay"), `{}`, nil, 422, `"Field":"Since","Code":"required"`},
		"replay of long ago":   {"POST", at(made, "/replay"), `{"Since":"2020-01-01T00:00:00Z"}`, nil, 422, `"Code":"too_old"`},
		"replay of the morrow": {"POST", at(made, "/replay"), `{"Since":"2199-01-01T00:00:00Z"}`, nil, 422, `"Code":"out_of_range"`},
		"unknown delivery":     {"POST", at(made, "/deliveries/1/resend"), ``, nil, 404, "not_found"},
	} {
		if r := h.ask(c.verb, c.path, c.body, c.headers...); r.status != c.status || !strings.Contains(r.raw, c.want) {
			t.Errorf("%s: %d %s", name, r.status, r.raw)
		}
	}
	changed := h.ask("PATCH", at(made, ""), `{"Ordered":true,"Events":["journey.*"],"Disabled":true}`, "If-Match", `"1"`)
	if changed.status != 200 || changed.at("Ordered") != true || changed.at("Events", 0) != "journey.*" || changed.at("Description") != "CRM" ||
		changed.at("DisabledReason") != "Requested" || changed.header.Get("Etag") != `"2"` {
		t.Errorf("%d %s", changed.status, changed.raw)
	}
	if r := h.ask("POST", at(made, "/test"), ``); r.status != 409 || r.at("Code") != "endpoint_disabled" {
		t.Errorf("%d %s", r.status, r.raw)
	}
	lead := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"ada@acme.example","WebhookInput":{"Url":"https://lead.example.com/"}}`)
	if n := h.count(endpoints, "WebhookEndpoints"); n != 2 {
		t.Errorf("%d endpoints", n)
	}
	of := h.ask("GET", fmt.Sprintf("%s?Level=Lead&Subject=%.0f", endpoints, lead.at("Id")), "")
	if of.at("WebhookEndpoints", 0, "Id") != lead.at("Webhook", "Id") || of.at("WebhookEndpoints", 0, "Lead", "Id") != lead.at("Id") {
		t.Errorf("%s", of.raw)
	}
	if n := h.count(endpoints+"?Disabled=true", "WebhookEndpoints"); n != 1 {
		t.Errorf("%d disabled ones", n)
	}
	if r := h.ask("DELETE", at(made, ""), ""); r.status != 200 {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if r := h.ask("DELETE", at(made, ""), ""); r.status != 404 {
		t.Errorf("%d %s", r.status, r.raw)
	}
}

func TestStory_WebhookIsTestedRotatedAndResent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	r := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("thanks \xff")) })
	e := h.endpoint(r.URL, "")
	first, _ := e.at("Secret").(string)
	tested := h.ask("POST", at(e, "/test"), "")
	if tested.status != 202 || tested.at("Type") != "endpoint.test" || tested.at("Status") != "Pending" {
		t.Fatalf("%d %s", tested.status, tested.raw)
	}
	path := at(e, fmt.Sprintf("/deliveries/%.0f", tested.at("Id")))
	eventually(t, "the test is delivered", func() bool { return h.ask("GET", path, "").at("Status") == "Delivered" })
	d := h.ask("GET", path, "")
	if d.at("Requests", 0, "Status") != 200.0 || d.at("Requests", 0, "Answer") != "thanks \uFFFD" || d.at("Requests", 0, "Body") != string(r.all()[0].body) ||
		d.at("MessageId") != r.all()[0].id() || d.at("Requests", 0, "Error") != nil {
		t.Errorf("%s", d.raw)
	}
	rotated := h.ask("POST", at(e, "/rotate"), "")
	second, _ := rotated.at("Secret").(string)
	if rotated.status != 200 || second == "" || second == first || rotated.at("PreviousSecretUntil") == nil {
		t.Fatalf("%d %s", rotated.status, rotated.raw)
	}
	if again := h.ask("POST", path+"/resend", ""); again.status != 202 || again.at("Status") != "Pending" {
		t.Errorf("%d %s", again.status, again.raw)
	}
	got := r.wait(t, "the resent one", func(all []message) bool { return len(all) == 2 })
	if got[1].id() != got[0].id() || string(got[1].body) != string(got[0].body) {
		t.Errorf("resending changed it: %s %s", got[0].body, got[1].body)
	}
	for _, secret := range []string{first, second} {
		verify, _ := standardwebhooks.NewWebhook(secret)
		if err := verify.Verify(got[1].body, got[1].header); err != nil {
			t.Errorf("while rotating, both verify: %v", err)
		}
	}
	h.ask("POST", at(e, "/rotate"), `{"OverlapSeconds":0}`)
	eventually(t, "the second request is in the log", func() bool { return h.ask("GET", path, "").at("Status") == "Delivered" })
	h.ask("POST", path+"/resend", "")
	got = r.wait(t, "the third one", func(all []message) bool { return len(all) == 3 })
	for _, secret := range []string{first, second} {
		verify, _ := standardwebhooks.NewWebhook(secret)
		if err := verify.Verify(got[2].body, got[2].header); err == nil {
			t.Error("without overlap an old secret verifies")
		}
	}
}

// Receivers that hang, fail, redirect, flood or are gone get what they deserve, and a
// healthy one beside them hears everything.
func TestStory_WebhookReceiversInTrouble(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	release := make(chan struct{})
	elsewhere := newReceiver(t, nil)
	healthy := newReceiver(t, nil)
	trouble := map[string]*receiver{
		"hangs": newReceiver(t, func(_ int, _ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}),
		"fails": newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }),
		"redirects": newReceiver(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}),
		"busy": newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1800")
			w.WriteHeader(503)
		}),
		"floods": newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) {
			for range 160 {
				_, _ = w.Write(make([]byte, 64<<10))
			}
		}),
		"is gone": newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }),
	}
	defer close(release)
	made := map[string]reply{}
	for name, r := range trouble {
		made[name] = h.endpoint(r.URL, "")
	}
	made["healthy"] = h.endpoint(healthy.URL, `,"Events":["lead.registered","journey.converted","endpoint.disabled"]`)
	lead := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"purchasing@amazon.com"}`)
	start := time.Now()
	h.journey(lead.at("Journey", "Id"), ended)
	healthy.wait(t, "journey.converted beside the others", has(t, "journey.converted"))
	if took := time.Since(start); took > 14*time.Second {
		t.Errorf("the healthy receiver waited %v for those in trouble", took)
	}
	got := healthy.wait(t, "endpoint.disabled", has(t, "endpoint.disabled"))
	for _, m := range got {
		if m.at(t, "type") == "endpoint.disabled" && (m.at(t, "data", "Endpoint", "Id") != made["is gone"].at("Id") ||
			m.at(t, "data", "Endpoint", "Reason") != "Gone" || m.at(t, "data", "Journey") != nil || m.at(t, "data", "Sequence") != nil) {
			t.Errorf("%s", m.body)
		}
	}
	state := func(name string) reply { return h.ask("GET", at(made[name], ""), "") }
	eventually(t, "the one that is gone is disabled", func() bool { return state("is gone").at("DisabledReason") == "Gone" })
	if n := len(h.deliveries(made["is gone"], "&Status=Pending")); n != 0 {
		t.Errorf("%d deliveries wait for an endpoint that is gone", n)
	}
	eventually(t, "the circuit of the failing one opens", func() bool { return state("fails").at("PausedUntil") != nil })
	eventually(t, "the redirect is a failure", func() bool {
		d := h.deliveries(made["redirects"], "")
		return len(d) > 0 && state("redirects").at("Failures") != 0.0
	})
	if n := len(elsewhere.all()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
	eventually(t, "Retry-After is heard", func() bool {
		paused, _ := state("busy").at("PausedUntil").(string)
		until, err := time.Parse(time.RFC3339Nano, paused)
		return err == nil && time.Until(until) > 25*time.Minute
	})
	eventually(t, "the flood is taken and bounded", func() bool {
		for _, d := range h.deliveries(made["floods"], "&Status=Delivered") {
			one := h.ask("GET", at(made["floods"], fmt.Sprintf("/deliveries/%.0f", d.(map[string]any)["Id"])), "")
			answer, _ := one.at("Requests", 0, "Answer").(string)
			return len(answer) == 64<<10
		}
		return false
	})
	eventually(t, "the administrators are told", func() bool {
		n := 0
		h.sql(func(c *pgx.Conn) error {
			return c.QueryRow(t.Context(), `SELECT count(*) FROM mail WHERE subject LIKE '%webhook%' AND body LIKE '%410 Gone%'`).Scan(&n)
		})
		return n == 1
	})
}

// An endpoint that has but failed for five days is disabled; what failed is replayed when
// it is enabled again.
func TestStory_WebhookIsDisabledAndReplayed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	broken := true
	r := newReceiver(t, nil)
	r.answer = func(_ int, w http.ResponseWriter, _ *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if broken {
			w.WriteHeader(500)
		}
	}
	e := h.endpoint(r.URL, `,"Events":["lead.registered"]`)
	since := time.Now().UTC().Add(-time.Minute).Format(time.RFC3339)
	h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"a@acme.example"}`)
	eventually(t, "a first failure", func() bool { return h.ask("GET", at(e, ""), "").at("Failures") == 1.0 })
	if d := h.deliveries(e, "")[0].(map[string]any); d["Status"] != "Pending" || d["Attempts"] != 1.0 || d["NextAttemptAt"] == nil {
		t.Errorf("%v", d)
	}
	h.exec(`UPDATE webhook_endpoint SET failures = 9, failing_since = now() - interval '6 days', wake_at = now(), open_until = NULL`)
	h.exec(`UPDATE webhook_delivery SET next_at = now()`)
	eventually(t, "the endpoint is disabled", func() bool { return h.ask("GET", at(e, ""), "").at("DisabledReason") == "OnlyFailures" })
	if d := h.deliveries(e, "&Status=Failed")[0].(map[string]any); d["Reason"] != "EndpointDisabled" || d["EndedAt"] == nil {
		t.Errorf("%v", d)
	}
	h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"b@acme.example"}`)
	r.mu.Lock()
	broken = false
	r.mu.Unlock()
	tag := h.ask("GET", at(e, ""), "").header.Get("Etag")
	if on := h.ask("PATCH", at(e, ""), `{"Disabled":false}`, "If-Match", tag); on.status != 200 || on.at("Failures") != 0.0 || on.at("DisabledAt") != nil {
		t.Fatalf("%d %s", on.status, on.raw)
	}
	if replay := h.ask("POST", at(e, "/replay"), fmt.Sprintf(`{"Since":"%s"}`, since)); replay.status != 202 || replay.at("Until") == nil {
		t.Fatalf("%d %s", replay.status, replay.raw)
	}
	eventually(t, "both are delivered", func() bool { return len(h.deliveries(e, "&Status=Delivered")) == 2 })
	h.ask("POST", at(e, "/replay"), fmt.Sprintf(`{"Since":"%s","IncludeDelivered":true}`, since))
	n := len(r.all())
	r.wait(t, "both once more", func(all []message) bool { return len(all) == n+2 || len(all) == 6 })
	if got := len(h.deliveries(e, "")); got != 2 {
		t.Errorf("%d deliveries of two events", got)
	}
}

// An ordered endpoint hears a journey in order, also when one is refused at first.
func TestStory_WebhookKeepsOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	r := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 2 {
			w.WriteHeader(500)
		}
	})
	e := h.endpoint(r.URL, `,"Ordered":true,"Events":["journey.*","activity.*"]`)
	lead := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"purchasing@amazon.com"}`)
	h.journey(lead.at("Journey", "Id"), ended)
	eventually(t, "the second is refused", func() bool { return len(h.deliveries(e, "&Status=Delivered")) == 1 && len(r.all()) == 2 })
	if n := len(h.deliveries(e, "&Status=Pending")); n < 5 {
		t.Errorf("%d wait behind the refused one", n)
	}
	h.exec(`UPDATE webhook_delivery SET next_at = now() WHERE status = 'Pending'`)
	h.exec(`UPDATE webhook_endpoint SET wake_at = now()`)
	got := r.wait(t, "the end", has(t, "journey.converted"))
	last := 0.0
	for i, m := range got {
		s, _ := m.at(t, "data", "Sequence").(float64)
		if i == 2 && m.id() != got[1].id() {
			t.Errorf("the refused one is not tried next")
		}
		if s < last || s == last && i != 2 {
			t.Errorf("sequence %v after %v", s, last)
		}
		last = s
	}
}

// Each level hears of its own only.
func TestStory_WebhookLevels(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	// Nobody completes anything here: the journeys stand still where the lead is asked.
	first := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"a@acme.example"}`)
	second := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"b@acme.example"}`)
	ofFunnel, ofJourney, ofLead := newReceiver(t, nil), newReceiver(t, nil), newReceiver(t, nil)
	h.endpoint(ofFunnel.URL, fmt.Sprintf(`,"Events":["journey.cancelled"],"Funnel":{"Id":%.0f}`, first.at("Journey", "Funnel", "Id")))
	h.endpoint(ofJourney.URL, fmt.Sprintf(`,"Events":["journey.*"],"Journey":{"Id":%.0f}`, second.at("Journey", "Id")))
	h.endpoint(ofLead.URL, fmt.Sprintf(`,"Events":["journey.cancelled"],"Lead":{"Id":%.0f}`, first.at("Id")))
	h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"purchasing@amazon.com"}`)
	for _, r := range []reply{first, second} {
		if c := h.ask("POST", fmt.Sprintf("/api/v1/journeys/%.0f/cancel", r.at("Journey", "Id")), `{"Reason":"test"}`); c.status != 200 {
			t.Fatalf("%d %s", c.status, c.raw)
		}
	}
	ofFunnel.wait(t, "both of the funnel", func(all []message) bool { return len(all) == 2 })
	got := ofJourney.wait(t, "the journey", has(t, "journey.cancelled"))
	for _, m := range got {
		if m.at(t, "data", "Journey", "Id") != second.at("Journey", "Id") {
			t.Errorf("another journey's: %s", m.body)
		}
		if m.at(t, "type") == "journey.cancelled" && m.at(t, "data", "Journey", "Status") != "Cancelled" {
			t.Errorf("the status is not that after the event: %s", m.body)
		}
	}
	for _, m := range ofLead.wait(t, "the lead", has(t, "journey.cancelled")) {
		if m.at(t, "data", "Lead", "Id") != first.at("Id") {
			t.Errorf("another lead's: %s", m.body)
		}
	}
}
