package app_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/app"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/workspace"
	"github.com/kohomai/kohomai/docs"
)

var update = flag.Bool("update", false, "write the answers into docs/exchanges")

// TestExchanges holds the server to the written exchanges: each file is one story over a
// product of its own. With -update it writes the answers instead.
func TestExchanges(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../docs/exchanges/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no exchanges", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".http")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			story, err := docs.ParseExchanges(name, string(raw))
			if err != nil {
				t.Fatal(err)
			}
			h := newHouse(t)
			h.key = h.workspace("Acme", "ada@acme.example")
			n := newNames(h.url)
			for i := range story {
				if !t.Run(story[i].Slug(), func(t *testing.T) { n.exchange(t, h, &story[i]) }) && !*update {
					break // what follows needs this answer
				}
			}
			if *update {
				var b strings.Builder
				for i, e := range story {
					if i > 0 {
						b.WriteByte('\n')
					}
					b.WriteString(e.String())
				}
				if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil { // #nosec G306 -- documentation
					t.Fatal(err)
				}
			}
		})
	}
}

// workspace makes a sandbox with an administrator and returns a key that may do anything.
func (h *house) workspace(name, admin string) string {
	h.t.Helper()
	ws, err := h.app.Workspaces.Create(h.t.Context(), workspace.Workspace{Name: name, Sandbox: true})
	if err != nil {
		h.t.Fatal(err)
	}
	inside := actor.With(h.t.Context(), actor.Actor{Kind: actor.System, Workspace: ws.ID, Sandbox: true})
	if _, _, err := h.app.Workspaces.Invite(inside, workspace.User{
		Email: admin, DisplayEmail: admin, Firstname: "Ada", Lastname: "Admin", Role: workspace.Administrator,
	}, workspace.InvitationLife); err != nil {
		h.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := app.CreateKeyIn(h.t.Context(), h.app, name, "test", []string{"admin"}, &out); err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// shown are the headers that an exchange writes down.
var shown = []string{"Allow", "Etag", "Idempotent-Replayed", "Location", "Retry-After", "Www-Authenticate"}

func (n *names) exchange(t *testing.T, h *house, e *docs.Exchange) {
	headers := []string{}
	for name, values := range e.Header {
		headers = append(headers, name, values[0])
	}
	var r reply
	for deadline := time.Now().Add(20 * time.Second); ; {
		r = h.ask(e.Verb, n.real(e.Target), n.real(e.Body), headers...)
		if e.Until == "" || strings.Contains(r.raw, e.Until) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the answer never held %s: %s", e.Until, r.raw)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if stamp := localTime.FindString(r.raw); stamp != "" {
		t.Errorf("%s is not in UTC", stamp)
	}
	got := docs.Answer{Status: r.status, Header: http.Header{}, Body: n.written(r.raw)}
	for _, name := range shown {
		if v := r.header.Get(name); v != "" {
			got.Header.Set(name, v)
		}
	}
	if media := r.header.Get("Content-Type"); media != "application/json" {
		got.Header.Set("Content-Type", media)
	}
	if r.header.Get("Request-Id") == "" || r.header.Get("Kohomai-Version") == "" {
		t.Errorf("headers are missing: %v", r.header)
	}
	if *update {
		e.Answer = got
		return
	}
	if got.Status != e.Answer.Status || !reflect.DeepEqual(got.Header, e.Answer.Header) {
		t.Fatalf("got %d %v, want %d %v: %s", got.Status, got.Header, e.Answer.Status, e.Answer.Header, r.raw)
	}
	if r.header.Get("Content-Type") == "text/event-stream" {
		if got.Body != e.Answer.Body {
			t.Fatalf("got\n%s\nwant\n%s", got.Body, e.Answer.Body)
		}
		return
	}
	if got.Status == http.StatusNoContent && got.Body == "" && e.Answer.Body == "" {
		return
	}
	if !reflect.DeepEqual(value(t, got.Body), value(t, e.Answer.Body)) {
		t.Fatalf("got\n%s\nwant\n%s", got.Body, e.Answer.Body)
	}
}

func value(t *testing.T, raw string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

// names give what is different in every run a form that is not, both ways: ids, tokens and
// times become the ones that files show.
type names struct {
	url            string
	start          time.Time
	toReal, toFile map[string]string
}

func newNames(url string) *names {
	return &names{url: url, start: time.Now(), toReal: map[string]string{}, toFile: map[string]string{}}
}

const fileURL = "http://127.0.0.1:8080"

var (
	localTime   = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[0-9:.]+[+-][0-9:]+"`)
	idMember    = regexp.MustCompile(`("(?:\w*Id)":\s*)(\d+)`)
	idInRef     = regexp.MustCompile(`(funnel|origin)-(\d+)`)
	instance    = regexp.MustCompile(`"instance":\s*"[^"]*"`)
	anyNumber   = regexp.MustCompile(`\d+`)
	tokenMember = regexp.MustCompile(`("(?:NextPage|Follow)Token":\s*)"([^"]+)"`)
	anyUUID     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyTime     = regexp.MustCompile(`"(\d{4}-\d\d-\d\dT[0-9:.]+Z)"`)
	secret      = regexp.MustCompile(`(koh_(?:test|live|pub)_|whsec_)[A-Za-z0-9_+/=…]+`)
	openFor     = regexp.MustCompile(`("SecondsOpen":\s*)[0-9.e-]+`)
	fileWord    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|page-\d+|\b7\d{3}\b`)
)

func (n *names) name(real, format string) string {
	if name, known := n.toFile[real]; known {
		return name
	}
	name := fmt.Sprintf(format, len(n.toFile)+1)
	n.toFile[real], n.toReal[name] = name, real
	return name
}

// written is an answer as the files write it.
func (n *names) written(raw string) string {
	if raw == "" {
		return ""
	}
	raw = strings.ReplaceAll(raw, n.url, fileURL)
	raw = replace(idMember, raw, func(m []string) string { return m[1] + n.name(m[2], "7%03d") })
	raw = replace(idInRef, raw, func(m []string) string { return m[1] + "-" + n.name(m[2], "7%03d") })
	raw = replace(instance, raw, func(m []string) string {
		return replace(anyNumber, m[0], func(id []string) string {
			if name, known := n.toFile[id[0]]; known {
				return name
			}
			return id[0]
		})
	})
	raw = replace(tokenMember, raw, func(m []string) string { return m[1] + `"` + n.name(m[2], "page-%d") + `"` })
	raw = replace(anyUUID, raw, func(m []string) string { return n.name(m[0], "3f2b8c1e-5d47-4a90-9e61-7c0d42a8%04d") })
	raw = replace(secret, raw, func(m []string) string { return m[1] + "…" })
	raw = openFor.ReplaceAllString(raw, "${1}0")
	raw = replace(anyTime, raw, func(m []string) string {
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil || at.Sub(n.start).Abs() > 100*24*time.Hour {
			return m[0]
		}
		// To five minutes: how long a link is valid shows, how fast the machine was does not.
		shift := at.Sub(n.start).Round(5 * time.Minute)
		return `"` + time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC).Add(shift).Format(time.RFC3339) + `"`
	})
	var out bytes.Buffer
	if json.Indent(&out, []byte(raw), "", "  ") != nil {
		return strings.TrimSpace(raw)
	}
	return strings.TrimSpace(out.String())
}

// real is a piece of a request with the names that earlier answers gave.
func (n *names) real(text string) string {
	return fileWord.ReplaceAllStringFunc(text, func(word string) string {
		if real, known := n.toReal[word]; known {
			return real
		}
		return word
	})
}

func replace(form *regexp.Regexp, text string, with func([]string) string) string {
	return form.ReplaceAllStringFunc(text, func(found string) string { return with(form.FindStringSubmatch(found)) })
}

// TestExchanges_AreForEveryDocumentedCall: what integrators were promised has an exchange.
func TestExchanges_AreForEveryDocumentedCall(t *testing.T) {
	t.Parallel()
	all, err := docs.Exchanges(docs.Files)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range all {
		target, _, _ := strings.Cut(e.Target, "?")
		have = append(have, strconv.Itoa(e.Answer.Status)+" "+e.Verb+" "+regexp.MustCompile(`/7\d{3}`).ReplaceAllString(target, "/{id}"))
	}
	for _, want := range []string{
		"201 POST /api/v1/leads", "200 POST /api/v1/leads", "409 POST /api/v1/leads", "422 POST /api/v1/leads",
		"201 POST /api/v1/journeys", "200 POST /api/v1/journeys", "201 POST /api/v1/workflows/{id}/register",
		"201 POST /api/v1/sessions", "200 GET /api/v1/journeys", "200 GET /api/v1/journeys/{id}", "200 GET /api/v1/funnels",
		"200 GET /api/v1/workflows", "200 GET /api/v1/users", "201 POST /api/v1/funnels", "200 PUT /api/v1/funnels/{id}/draft",
		"412 PUT /api/v1/funnels/{id}/draft", "428 PUT /api/v1/funnels/{id}/draft", "200 POST /api/v1/funnels/{id}/validate",
		"201 POST /api/v1/funnels/{id}/publish", "201 POST /api/v1/funnels/{id}/origins", "200 GET /api/v1/data-points",
	} {
		if !slices.Contains(have, want) {
			t.Errorf("no exchange shows %s", want)
		}
	}
}
