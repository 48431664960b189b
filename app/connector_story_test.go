package app_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
)

// until waits for a condition.
func (h *house) until(what string, met func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !met(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("never: %s", what)
		}
	}
}

func TestStory_ConnectorsAreListedWithTheirHealth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	states := map[string]map[string]any{}
	for _, c := range h.ask("GET", "/api/v1/connectors", "").at("Connectors").([]any) {
		c := c.(map[string]any)
		states[c["Key"].(string)] = c
	}
	if c := states["form"]; c == nil || c["BuiltIn"] != true || c["State"] != "ready" {
		t.Errorf("form: %v", c)
	}
	for _, key := range []string{"calendly", "echo", "video"} {
		h.until(key+" is ready", func() bool { return h.ask("GET", "/api/v1/connectors/"+key, "").at("State") == "ready" })
		if c := states[key]; c["BuiltIn"] != false || c["Version"] != "1.0.0" || c["ConfigSchema"] == nil || c["Sandbox"] != true {
			t.Errorf("%s: %v", key, c)
		}
	}
	if got := h.ask("GET", "/api/v1/connectors/nobody", ""); got.status != 404 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestStory_ConnectorIsSetUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = "/api/v1/connectors/calendly/configuration"
	fresh := h.ask("GET", path, "")
	if fresh.status != 200 || fresh.header.Get("ETag") != `"0"` || len(fresh.at("SecretsSet").([]any)) != 0 || fresh.at("changedDate") != nil {
		t.Fatalf("%d %s %s", fresh.status, fresh.header.Get("ETag"), fresh.raw)
	}
	body := `{"Config":{"Host":"Ada","Minutes":45},"Secrets":{"Token":"pat-very-secret"}}`
	if got := h.ask("PUT", path, body); got.status != 428 {
		t.Errorf("without If-Match: %d %s", got.status, got.raw)
	}
	for wrong, field := range map[string]string{
		`{"Config":{"Minuts":45}}`:              "Config.Minuts",
		`{"Config":{"Minutes":"long"}}`:         "Config.Minutes",
		`{"Config":{"Days":["Mon","Someday"]}}`: "Config.Days[1]",
		`{"Config":{"From":"9 o'clock"}}`:       "Config.From",
		`{"Secrets":{"Password":"x"}}`:          "Secrets.Password",
		`{"Secrets":{"Token":17}}`:              "Secrets.Token",
	} {
		if got := h.ask("PUT", path, wrong, "If-Match", `"0"`); got.status != 422 || got.at("Errors", 0, "Field") != field {
			t.Errorf("%s: %d %s, want %s", wrong, got.status, got.raw, field)
		}
	}
	set := h.ask("PUT", path, body, "If-Match", `"0"`)
	if set.status != 200 || set.header.Get("ETag") != `"1"` || set.at("SecretsSet", 0) != "Token" || set.at("Config", "Host") != "Ada" || strings.Contains(set.raw, "very-secret") {
		t.Fatalf("%d %s", set.status, set.raw)
	}
	if got := h.ask("PUT", path, body, "If-Match", `"0"`); got.status != 412 {
		t.Errorf("a stale one: %d %s", got.status, got.raw)
	}
	// A secret not named stays, null takes it away.
	if got := h.ask("PUT", path, `{"Config":{"Host":"Ada"}}`, "If-Match", `"1"`); got.status != 200 || got.at("SecretsSet", 0) != "Token" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("PUT", path, `{"Config":{"Host":"Ada"},"Secrets":{"Token":null}}`, "If-Match", `"2"`); got.status != 200 || len(got.at("SecretsSet").([]any)) != 0 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	h.until("calendly is ready", func() bool { return h.ask("GET", "/api/v1/connectors/calendly", "").at("State") == "ready" })
	if got := h.ask("POST", "/api/v1/connectors/calendly/check", `{}`); got.status != 200 || got.at("Status") != "ok" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("POST", "/api/v1/connectors/calendly/check", `{"Config":{"TimeZone":"Mars/Base"}}`); got.status != 200 || got.at("Status") != "failed" ||
		got.at("Problems", 0, "Field") != "Config.TimeZone" {
		t.Errorf("%d %s", got.status, got.raw)
	}

	// What the workspace has set up reaches its activities, and completes their validation.
	r := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"eve@example.org","JourneyData":[{"Name":"company.size","Value":500}]}`)
	h.journey(r.at("Journey", "Id"), func(j reply) bool { return j.at("WaitingOn") == "Lead" })
	def := `{"Definition":{"Name":"F","Start":"s","Nodes":[{"Key":"s","Kind":"Stage","Activities":[
		{"Key":"v","Connector":"video","Assignee":{"Lead":true}}],"Next":"e"},{"Key":"e","Kind":"End","Result":"Converted"}]}}`
	validate := func() reply {
		return h.ask("POST", "/api/v1/funnels/validate", strings.TrimSuffix(strings.TrimPrefix(def, `{"Definition":`), "}"))
	}
	if got := validate(); got.at("Valid") != false || got.at("Findings", 0, "Field") != "Nodes[0].Activities[0].Config.Url" {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := h.ask("PUT", "/api/v1/connectors/video/configuration", `{"Config":{"Url":"/media/welcome.webm"}}`, "If-Match", `"0"`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := validate(); got.at("Valid") != true {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestStory_CallbacksReachTheirRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"eve@example.org","JourneyData":[{"Name":"company.size","Value":500}]}`)
	id := r.at("Journey", "Id")
	waited := func() (n int) {
		for _, e := range h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/events", id), "").at("Events").([]any) {
			if e := e.(map[string]any); e["Type"] == "activity.waiting" && strings.Contains(fmt.Sprint(e), "Key:call") {
				n++
			}
		}
		return n
	}
	h.until("the call waits", func() bool { return waited() == 1 })
	var run ident.Run
	for i := range 5 {
		a, _ := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f", id), "").at("Stages", 0, "Activities", i).(map[string]any)
		if a["Key"] == "call" {
			run = ident.Run(a["Id"].(float64))
		}
	}
	seal, err := auth.LoadSealer(filepath.Join(h.data, "kek"))
	if err != nil {
		t.Fatal(err)
	}
	ws, err := h.app.Readers.Find(t.Context(), "Demo")
	if err != nil {
		t.Fatal(err)
	}
	store := pg.NewCallbacks(h.app.Database.DB, seal)
	token, err := store.Token(actor.Systemic(t.Context(), ws.ID), run)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := store.Token(actor.Systemic(t.Context(), ws.ID), run); err != nil || again != token {
		t.Errorf("another address for the same run: %v", err)
	}
	call := func(path, body string, headers ...string) int {
		return h.ask("POST", path, body, append([]string{"Authorization", ""}, headers...)...).status
	}
	path := "/callbacks/calendly/" + token
	if got := call(path, `{"event":"invitee.created"}`); got != 204 {
		t.Fatalf("%d", got)
	}
	h.until("the connector heard it", func() bool { return waited() == 2 })
	for range 5 {
		if got := call(path, `{"event":"invitee.created"}`); got != 204 {
			t.Errorf("a repetition: %d", got)
		}
	}
	// A signature of its own makes it another one; a header nobody declared does not.
	if got := call(path, `{"event":"invitee.created"}`, "Calendly-Webhook-Signature", "t=1,v1=00"); got != 204 {
		t.Errorf("%d", got)
	}
	h.until("the other was heard", func() bool { return waited() == 3 })
	call(path, `{"event":"invitee.created"}`, "X-Other", "1")
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"an address that was never one", "POST", "/callbacks/calendly/" + strings.Repeat("x", 43), `{}`, 404},
		{"another connector's", "POST", "/callbacks/video/" + token, `{}`, 404},
		{"a token cut short", "POST", path[:len(path)-1], `{}`, 404},
		{"no token", "POST", "/callbacks/calendly/", `{}`, 404},
		{"more than 1 MiB", "POST", path, strings.Repeat("x", 1<<20+1), 413},
		{"a question", "GET", path, "", 405},
	} {
		if got := h.ask(c.method, c.path, c.body, "Authorization", ""); got.status != c.want || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %s", c.name, got.status, got.raw)
		}
	}
	if got := h.ask("POST", fmt.Sprintf("/api/v1/journeys/%.0f/activities/call/complete", id), `{}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if got := call(path, `{"event":"late"}`); got != 204 {
		t.Errorf("after the end: %d", got)
	}
	if n := waited(); n != 3 {
		t.Errorf("heard %d times", n)
	}
}

// A call whose activity is not in its plan was left out, and recalled for ever: the journey
// hung with nothing to show for it.
func TestStory_CallOutsideItsPlanFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"eve@example.org","JourneyData":[{"Name":"company.size","Value":500}]}`)
	id := r.at("Journey", "Id").(float64)
	h.until("the call waits", func() bool {
		a, _ := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f", id), "").at("Stages", 0, "Activities", 2).(map[string]any)
		return a["Key"] == "call" && a["WaitingOn"] == "Lead"
	})
	ws, err := h.app.Readers.Find(t.Context(), "Demo")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := h.app.Database.DB.SQL().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(t.Context(), "SELECT set_config('app.ws', $1, true)", ident.String(ws.ID)); err != nil {
		t.Fatal(err)
	}
	var run, call int64
	if err := tx.QueryRowContext(t.Context(), `UPDATE activity_run SET key = 'gone', call_open = true WHERE journey_id = $1 AND key = 'call'
		RETURNING id, call`, int64(id)).Scan(&run, &call); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	seal, err := auth.LoadSealer(filepath.Join(h.data, "kek"))
	if err != nil {
		t.Fatal(err)
	}
	pair := engine.Pair{Journey: ident.Journey(id), Run: ident.Run(run), Call: int(call)}
	calls := pg.NewCalls(h.app.Database.DB, h.app.Directory, seal, "", func(string) bool { return false })
	loaded, err := calls.Load(actor.Systemic(t.Context(), ws.ID), []engine.Pair{pair})
	if err != nil || len(loaded) != 1 || loaded[0].Pair != pair || loaded[0].Refused == "" {
		t.Fatalf("%+v, %v", loaded, err)
	}
}
