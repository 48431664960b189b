package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/pg/pgtest"
	"github.com/kohomai/kohomai/app"
	"github.com/kohomai/kohomai/migrations"
)

var template = pgtest.New(migrations.Up, migrations.Files())

// house is the whole product over a database of its own, with the demo seeded.
type house struct {
	t    *testing.T
	app  *app.App
	url  string
	key  string
	data string
	dsn  string
}

func newHouse(t *testing.T, env ...string) *house {
	t.Helper()
	data, dsn := t.TempDir(), template.Database(t)
	c, err := app.LoadConfig(append([]string{
		"DATABASE_URL=" + dsn, "KOHOMAI_DATA_DIR=" + data, "KOHOMAI_PLUGIN_DIR=" + plugins(t), "KOHOMAI_RATE_LIMIT=off",
	}, env...), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c, app.Options{Work: true, Throwaway: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = a.Engine.Run(ctx) })
	running.Go(func() { _ = a.Work(ctx) })
	running.Go(func() { _ = a.Watching.Run(ctx) })
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	handler, err := a.API(url, url)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	t.Cleanup(func() {
		a.Watching.Stop()
		server.Close()
		stop()
		running.Wait()
		a.Close()
	})
	if err := a.Demo(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(data, "demo.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file app.DemoFile
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return &house{t: t, app: a, url: url, key: file.ApiKey, data: data, dsn: dsn}
}

type reply struct {
	status int
	header http.Header
	raw    string
	json   map[string]any
}

func (h *house) ask(method, path, body string, headers ...string) reply {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.key)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	out := reply{status: w.StatusCode, header: w.Header, raw: string(raw)}
	if err := json.Unmarshal(raw, &out.json); err != nil && bytes.HasPrefix(raw, []byte("{")) {
		h.t.Fatalf("%s: %v", raw, err)
	}
	return out
}

func (r reply) at(path ...any) any {
	var v any = r.json
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			l, _ := v.([]any)
			if s >= len(l) {
				return nil
			}
			v = l[s]
		}
	}
	return v
}

// journey waits until a journey is as wanted.
func (h *house) journey(id any, until func(reply) bool) reply {
	h.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		j := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f", id), "")
		if until(j) {
			return j
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the journey never came so far: %s", j.raw)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (h *house) count(path, list string) int {
	items, _ := h.ask("GET", path, "").json[list].([]any)
	return len(items)
}

func ended(r reply) bool { return r.at("Status") != "InProgress" }

func TestStory_AutomaticLeadIsConverted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"purchasing@amazon.com"}`)
	if r.status != 201 || r.at("Email") != "purchasing@amazon.com" || r.at("UUID") == nil {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	j := h.journey(r.at("Journey", "Id"), ended)
	if j.at("Status") != "Converted" || j.at("ConvertedAt") == nil {
		t.Fatalf("%s", j.raw)
	}
	if got := j.at("Decisions", 0, "Branch"); got != "Enterprise" {
		t.Errorf("branch %v", got)
	}
	if got := j.at("Decisions", 0, "Explanation", 1, "Facts", 0, "Source"); got != "bundled" {
		t.Errorf("source %v", got)
	}
	for _, stage := range j.at("Stages").([]any) {
		for _, a := range stage.(map[string]any)["Activities"].([]any) {
			m := a.(map[string]any)
			if m["Status"] != "Completed" || m["StartedAt"] == nil || m["CompletedAt"] == nil {
				t.Errorf("activity %v", m)
			}
		}
	}
	events := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/events", j.at("Id")), "")
	for i, e := range events.at("Events").([]any) {
		if got := e.(map[string]any)["Sequence"]; got != float64(i+1) {
			t.Errorf("event %d has the sequence %v", i, got)
		}
	}
	again := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":" Purchasing@AMAZON.com ","Firstname":"Pat"}`)
	if again.status != 200 || again.at("Journey", "Id") != r.at("Journey", "Id") || again.at("Firstname") != "Pat" {
		t.Errorf("%d %s", again.status, again.raw)
	}
}

func TestStory_LeadAndTeamCompleteTheirs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/journeys?ref=demo", `{"Journey":{"User":{"Firstname":"Ann","ContactPrefs":{"Email":"ann@example.org"}},
		"JourneyData":[{"NumberValue":500,"DataPoint":{"Key":"company.size"}}]},"RedirectURL":"http://localhost:3000/done"}`)
	if r.status != 201 || r.at("Journey", "Status") != "InProgress" || r.at("RedirectURL") != "http://localhost:3000/done" {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	id := r.at("Journey", "Id")
	j := h.journey(id, func(j reply) bool { return j.at("WaitingOn") == "Lead" })
	if j.at("Stages", 0, "Activities", 3, "Assignee", "User", "Firstname") != "Ada" || j.at("Owner") == nil {
		t.Errorf("the policy picked nobody: %s", j.raw)
	}
	path := fmt.Sprintf("/api/v1/journeys/%.0f/activities/", id)
	if bad := h.ask("POST", path+"needs/complete", `{"Input":{"data.plan":"gold","x":1}}`); bad.status != 422 || len(bad.at("Errors").([]any)) != 2 {
		t.Errorf("%d %s", bad.status, bad.raw)
	}
	for _, key := range []string{"film", "call"} {
		if done := h.ask("POST", path+key+"/complete", `{}`); done.status != 200 {
			t.Errorf("%s: %d %s", key, done.status, done.raw)
		}
	}
	if done := h.ask("POST", path+"needs/complete", `{"Input":{"data.plan":"team"}}`); done.status != 200 || done.at("WaitingOn") != "Team" {
		t.Errorf("%d %s", done.status, done.raw)
	}
	if twice := h.ask("POST", path+"needs/complete", `{"Input":{"data.plan":"team"}}`); twice.status != 409 || twice.at("Code") != "state_forbids" {
		t.Errorf("%d %s", twice.status, twice.raw)
	}
	if ok := h.ask("POST", path+"check/complete", `{}`); ok.status != 200 {
		t.Errorf("%d %s", ok.status, ok.raw)
	}
	if end := h.journey(id, ended); end.at("Status") != "Converted" {
		t.Errorf("%s", end.raw)
	}
}

func TestStory_RefusedApprovalDeclines(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"bo@example.org","JourneyData":[{"Name":"Company size (employees)","Value":900}]}`)
	path := fmt.Sprintf("/api/v1/journeys/%.0f/activities/check/fail", r.at("Journey", "Id"))
	j := h.ask("POST", path, `{"Reason":"Not our market"}`)
	if j.status != 200 || j.at("Status") != "NotQualified" || j.at("Stages", 0, "Status") != "Cancelled" {
		t.Errorf("%d %s", j.status, j.raw)
	}
}

func TestStory_OneKeyOneEffect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const twins = 100
	var bodies sync.Map
	var group sync.WaitGroup
	for range twins {
		group.Go(func() {
			r := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"one@example.org"}`, "Idempotency-Key", `"k1"`)
			if r.status != 201 {
				t.Errorf("%d %s", r.status, r.raw)
			}
			bodies.Store(r.raw, true)
		})
	}
	group.Wait()
	n := 0
	bodies.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d different answers", n)
	}
	if leads := h.count("/api/v1/leads", "Leads"); leads != 1 {
		t.Errorf("%d leads", leads)
	}
	r := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"two@example.org"}`, "Idempotency-Key", "k1")
	if r.status != 422 || r.at("Code") != "idempotency_key_reused" {
		t.Errorf("%d %s", r.status, r.raw)
	}
}

func TestStory_PagesMissNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var group sync.WaitGroup
	for i := range 25 {
		group.Go(func() {
			h.ask("POST", "/api/v1/leads?ref=demo-auto", fmt.Sprintf(`{"Email":"p%d@example.org"}`, i))
		})
	}
	group.Wait()
	seen := map[any]bool{}
	for path := "/api/v1/leads?PageSize=10"; ; {
		r := h.ask("GET", path, "")
		for _, l := range r.at("Leads").([]any) {
			id := l.(map[string]any)["Id"]
			if seen[id] {
				t.Errorf("lead %v came twice", id)
			}
			seen[id] = true
		}
		token, more := r.at("NextPageToken").(string)
		if !more {
			break
		}
		if bad := h.ask("GET", "/api/v1/journeys?PageToken="+token, ""); bad.status != 400 {
			t.Errorf("a token of another list was taken: %d", bad.status)
		}
		path = "/api/v1/leads?PageSize=10&PageToken=" + token
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25 leads", len(seen))
	}
}

func TestStory_OtherWorkspacesSeeNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"mine@example.org"}`)
	var out bytes.Buffer
	if err := app.CreateWorkspaceIn(t.Context(), h.app, "Other", "root@example.org", "", &out); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := app.CreateKeyIn(t.Context(), h.app, "Other", "k", []string{"admin"}, &out); err != nil {
		t.Fatal(err)
	}
	foreign := []string{"Authorization", "Bearer " + strings.TrimSpace(out.String())}
	for _, path := range []string{
		fmt.Sprintf("/api/v1/journeys/%.0f", r.at("Journey", "Id")), fmt.Sprintf("/api/v1/leads/%.0f", r.at("Id")),
	} {
		theirs, none := h.ask("GET", path, "", foreign...), h.ask("GET", path[:strings.LastIndex(path, "/")]+"/123456789", "", foreign...)
		if theirs.status != 404 || theirs.at("Code") != none.at("Code") || theirs.at("detail") != none.at("detail") {
			t.Errorf("%s: %d %s", path, theirs.status, theirs.raw)
		}
	}
	if got := h.ask("POST", "/api/v1/leads?ref=demo-auto", `{"Email":"x@example.org"}`, foreign...); got.status != 422 {
		t.Errorf("another workspace's ref was taken: %d %s", got.status, got.raw)
	}
	if list := h.ask("GET", "/api/v1/leads", "", foreign...); len(list.at("Leads").([]any)) != 0 {
		t.Errorf("%s", list.raw)
	}
}
