package app_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// message is a request that a receiver got.
type message struct {
	header http.Header
	body   []byte
}

func (m message) id() string { return m.header.Get("webhook-id") }

func (m message) at(t *testing.T, path ...any) any {
	t.Helper()
	r := reply{}
	if err := json.Unmarshal(m.body, &r.json); err != nil {
		t.Fatalf("%s: %v", m.body, err)
	}
	return r.at(path...)
}

// receiver keeps what it gets and answers as it is told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []message
	answer func(n int, w http.ResponseWriter, r *http.Request) // n counts from 1
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		r.got = append(r.got, message{q.Header.Clone(), body})
		n := len(r.got)
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(n, w, q)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.got...)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (r *receiver) wait(t *testing.T, what string, is func([]message) bool) []message {
	t.Helper()
	eventually(t, what, func() bool { return is(r.all()) })
	return r.all()
}

func has(t *testing.T, typ string) func([]message) bool {
	return func(all []message) bool {
		for _, m := range all {
			if m.at(t, "type") == typ {
				return true
			}
		}
		return false
	}
}

const loopbackAllowed = "KOHOMAI_EGRESS_ALLOW=127.0.0.1"

// A lead's own webhook hears of everything from its registration to its end, once each,
// signed by Standard Webhooks.
func TestStory_WebhookHearsOfItsLead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, loopbackAllowed)
	r := newReceiver(t, nil)
	body := fmt.Sprintf(`{"Email":"purchasing@amazon.com","WebhookInput":{"Url":"%s/hooks"}}`, r.URL)
	lead := h.ask("POST", "/api/v1/leads?ref=demo-auto", body)
	secret, _ := lead.at("Webhook", "Secret").(string)
	if lead.status != 201 || secret == "" {
		t.Fatalf("%s", lead.raw)
	}
	h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"sales@microsoft.com"}`)
	j := h.journey(lead.at("Journey", "Id"), ended)
	r.wait(t, "journey.converted", has(t, "journey.converted"))
	events, _ := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/events?PageSize=200", j.at("Id")), "").json["Events"].([]any)
	got := r.wait(t, "every event", func(all []message) bool { return len(all) > len(events) })

	verify, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	seen, sequences := map[string]bool{}, map[float64]bool{}
	for _, m := range got {
		if err := verify.Verify(m.body, m.header); err != nil {
			t.Errorf("%v\n%s", err, m.body)
		}
		if seen[m.id()] {
			t.Errorf("%s came twice", m.id())
		}
		seen[m.id()] = true
		if m.id() != fmt.Sprintf("evt_%.0f", m.at(t, "data", "Id")) {
			t.Errorf("the id %s of %s", m.id(), m.body)
		}
		if m.at(t, "data", "Lead", "Id") != lead.at("Id") || m.at(t, "data", "Workspace", "Id") == nil {
			t.Errorf("another lead's: %s", m.body)
		}
		if s, ok := m.at(t, "data", "Sequence").(float64); ok {
			sequences[s] = true
		} else if m.at(t, "data", "Journey") != nil {
			t.Errorf("a journey without sequence: %s", m.body)
		}
		if strings.Contains(string(m.body), "amazon") {
			t.Errorf("personal data: %s", m.body)
		}
	}
	for i := range events {
		if !sequences[float64(i+1)] {
			t.Errorf("no event of sequence %d among %d", i+1, len(got))
		}
	}

	other, _ := standardwebhooks.NewWebhook("whsec_" + strings.Repeat("A", 44))
	forged := got[0]
	if err := other.Verify(forged.body, forged.header); err == nil {
		t.Error("another secret verifies")
	}
	if err := verify.Verify(append([]byte(" "), forged.body...), forged.header); err == nil {
		t.Error("a changed body verifies")
	}
	replayed := forged.header.Clone()
	replayed.Set("webhook-id", "evt_1")
	if err := verify.Verify(forged.body, replayed); err == nil {
		t.Error("another id verifies")
	}
	old := forged.header.Clone()
	at := time.Now().Add(-10 * time.Minute)
	signature, _ := verify.Sign(forged.id(), at, forged.body)
	old.Set("webhook-timestamp", fmt.Sprint(at.Unix()))
	old.Set("webhook-signature", signature)
	if err := verify.Verify(forged.body, old); err == nil {
		t.Error("a message ten minutes old verifies")
	}
}
