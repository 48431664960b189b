package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A registration with WebhookInput is answered with the webhook's secret, once.
func TestStory_WebhookInputIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const asked = `{"Email":"ada@acme.example","WebhookInput":{"Url":"https://CRM.example.com:443/hooks","Events":["journey.*","lead.registered"]}}`
	body := asked
	first := h.ask("POST", "/api/v1/leads?ref=demo", body, "Idempotency-Key", "w1")
	secret, _ := first.at("Webhook", "Secret").(string)
	if first.status != 201 || !strings.HasPrefix(secret, "whsec_") || first.at("Webhook", "Id") == nil {
		t.Fatalf("%d %s", first.status, first.raw)
	}
	replayed := h.ask("POST", "/api/v1/leads?ref=demo", body, "Idempotency-Key", "w1")
	if replayed.header.Get("Idempotent-Replayed") != "true" || replayed.at("Webhook", "Secret") != secret {
		t.Errorf("a replay keeps the secret: %s", replayed.raw)
	}
	again := h.ask("POST", "/api/v1/leads?ref=demo", strings.Replace(body, `["journey.*","lead.registered"]`, `["activity.*"]`, 1))
	if again.status != 200 || again.at("Webhook", "Id") != first.at("Webhook", "Id") || again.at("Webhook", "Secret") != nil {
		t.Errorf("a repeat answers the Id with Secret null: %s", again.raw)
	}
	body = `{"Email":"ada@acme.example","WebhookInput":{"Url":"https://other.example.com/"}}`
	if other := h.ask("POST", "/api/v1/journeys?ref=demo", body); other.status != 200 {
		t.Errorf("%s", other.raw)
	}
	if known := h.ask("POST", "/api/v1/leads?ref=demo", body); known.at("Webhook", "Id") == nil ||
		known.at("Webhook", "Id") == first.at("Webhook", "Id") || known.at("Webhook", "Secret") != nil {
		t.Errorf("another address is another webhook, made by the other call: %s", known.raw)
	}
	without := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"eve@acme.example"}`)
	if v, there := without.json["Webhook"]; !there || v != nil {
		t.Errorf("none is null: %s", without.raw)
	}

	c, err := pgx.Connect(t.Context(), h.app.Database.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(t.Context()) }()
	var level, url, events string
	var lead int64
	err = c.QueryRow(t.Context(), `SELECT level, subject_id, url, events::text FROM kohomai.webhook_endpoint WHERE id = $1
		AND position($2::bytea in secret_sealed) = 0`, int64(first.at("Webhook", "Id").(float64)), secret).Scan(&level, &lead, &url, &events)
	if err != nil || level != "Lead" || float64(lead) != first.at("Id") || url != "https://crm.example.com/hooks" || events != "{activity.*}" {
		t.Errorf("stored %s %d %s %s, %v", level, lead, url, events, err)
	}
	if _, err := c.Exec(t.Context(), `UPDATE kohomai.idempotency SET created_at = created_at - interval '11 minutes'`); err != nil {
		t.Fatal(err)
	}
	late := h.ask("POST", "/api/v1/leads?ref=demo", asked, "Idempotency-Key", "w1")
	if late.at("Webhook", "Secret") != nil || late.at("Webhook", "Id") != first.at("Webhook", "Id") || late.at("UUID") != nil {
		t.Errorf("after ten minutes what is shown once is blank: %s", late.raw)
	}
}

// What is wrong with a WebhookInput is said by field, beside what else is wrong, and
// leaves nothing behind.
func TestStory_WebhookInputIsJudged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo",
		`{"Email":"nobody","WebhookInput":{"Url":"http://127.0.0.1:9/","Events":["journey.started","journey.ended"]}}`)
	var paths []string
	for _, f := range r.at("Errors").([]any) {
		m := f.(map[string]any)
		paths = append(paths, fmt.Sprint(m["Field"], " ", m["Code"]))
	}
	want := "Email invalid_email, WebhookInput.Url url_not_allowed, WebhookInput.Events[1] unknown_event"
	if got := strings.Join(paths, ", "); r.status != 422 || got != want {
		t.Errorf("%d %s", r.status, r.raw)
	}
	for i := range 20 {
		body := fmt.Sprintf(`{"Email":"ada@acme.example","WebhookInput":{"Url":"https://crm.example.com/%d"}}`, i)
		if r := h.ask("POST", "/api/v1/leads?ref=demo", body); r.at("Webhook", "Secret") == nil {
			t.Fatalf("%s", r.raw)
		}
	}
	before := h.count("/api/v1/leads", "Leads")
	r = h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"ada@acme.example","Firstname":"Changed","WebhookInput":{"Url":"https://crm.example.com/x"}}`)
	if r.status != 409 || r.at("Code") != "too_many_webhooks" || h.count("/api/v1/leads", "Leads") != before {
		t.Errorf("%d %s", r.status, r.raw)
	}
	if l := h.ask("GET", "/api/v1/leads?Email=ada@acme.example", ""); l.at("Leads", 0, "Firstname") != nil {
		t.Errorf("a refusal left a trace: %s", l.raw)
	}
}

// Registrations of one lead side by side make one webhook, and exactly one learns its secret.
func TestStory_WebhookInputSideBySide(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const n = 24
	replies := make(chan reply, n)
	for range n {
		go func() {
			replies <- h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"ada@acme.example","WebhookInput":{"Url":"https://crm.example.com/"}}`)
		}()
	}
	ids, secrets := map[any]bool{}, 0
	deadline := time.After(30 * time.Second)
	for range n {
		select {
		case r := <-replies:
			ids[r.at("Webhook", "Id")] = true
			if r.at("Webhook", "Secret") != nil {
				secrets++
			}
		case <-deadline:
			t.Fatal("no answer")
		}
	}
	if len(ids) != 1 || secrets != 1 {
		t.Errorf("%d webhooks, %d secrets", len(ids), secrets)
	}
}
