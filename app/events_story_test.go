package app_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestStory_FollowEvents: whoever keeps the token hears of a lead registered later, once,
// of nothing of another workspace, and may not change what is asked under way.
func TestStory_FollowEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = "/api/v1/events?Type=lead.registered"
	body := func(name string) string { return `{"Email":"` + name + `@example.org"}` }
	page := func(token string) reply {
		r := h.ask("GET", path+"&PageToken="+url.QueryEscape(token), "")
		if r.status != 200 || r.at("FollowToken") == "" {
			t.Fatalf("%d %s", r.status, r.raw)
		}
		return r
	}
	token := ""
	heard := map[any]int{}
	hear := func(n int) {
		t.Helper()
		h.until("the leads are heard of", func() bool {
			r := page(token)
			token = r.at("FollowToken").(string)
			for _, e := range r.at("Events").([]any) {
				heard[e.(map[string]any)["Lead"].(map[string]any)["Id"]]++
			}
			return len(heard) >= n
		})
	}
	var leads []any
	for _, name := range []string{"one", "two"} {
		leads = append(leads, h.ask("POST", "/api/v1/leads?ref=demo", body(name)).at("Id"))
	}
	hear(2)
	leads = append(leads, h.ask("POST", "/api/v1/leads?ref=demo", body("three")).at("Id"))
	hear(3)
	for _, id := range leads {
		if heard[id] != 1 {
			t.Errorf("the lead %v was heard of %d times", id, heard[id])
		}
	}

	other := h.ask("GET", "/api/v1/events?Type=lead.*&PageToken="+url.QueryEscape(token), "")
	if other.status != 400 || !strings.Contains(other.raw, "invalid_page_token") {
		t.Errorf("another filter under way: %d %s", other.status, other.raw)
	}
	h.key = h.workspace("Acme", "ada@acme.example")
	if r := h.ask("GET", "/api/v1/events?PageSize=200", ""); r.status != 200 || len(r.at("Events").([]any)) != 0 {
		t.Errorf("another workspace hears %s", r.raw)
	}
	h.key = h.keyWith("reader", "leads:read", "funnels:read")
	if r := h.ask("GET", path, ""); r.status != 403 {
		t.Errorf("without the scope: %d", r.status)
	}
}
