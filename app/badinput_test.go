package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/app"
)

// bad is a request that must be refused exactly so.
type bad struct {
	name, verb, path, body string
	headers                []string
	status                 int
	code                   string
	// fields are the wrong ones with their codes, "Field code", in order of the answer.
	fields []string
}

// TestStory_BadInputIsNamedAndStoresNothing: the exact problem for each kind of nonsense,
// every wrong field at once, and not a row more than before.
func TestStory_BadInputIsNamedAndStoresNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	foreign := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"theirs@example.org"}`)
	theirs := fmt.Sprintf("/api/v1/journeys/%.0f", foreign.at("Journey", "Id"))
	theirLead := fmt.Sprintf("%.0f", foreign.at("Id"))

	h.key = h.workspace("Acme", "ada@acme.example")
	made := h.ask("POST", "/api/v1/funnels", `{"Name":"Onboarding","Definition":{"Start":"done","Nodes":[{"Key":"done","Kind":"End","Result":"Converted"}]}}`)
	funnel := fmt.Sprintf("/api/v1/funnels/%.0f", made.at("Id"))
	unpublished := fmt.Sprintf("/api/v1/workflows/%.0f/register", made.at("Id"))
	for _, step := range []string{"/publish", "/origins"} {
		if r := h.ask("POST", funnel+step, map[string]string{"/publish": "{}", "/origins": `{"Name":"Web","Ref":"acme"}`}[step]); r.status != 201 {
			t.Fatal(r.raw)
		}
	}
	used := h.ask("POST", "/api/v1/leads?ref=acme", `{"Email":"ann@acme.example","ExternalId":"crm-1"}`, "Idempotency-Key", "used")
	if used.status != 201 {
		t.Fatal(used.raw)
	}

	reader := h.keyWith("reader", "leads:read")
	expired, revoked := h.keyWith("expired", "admin"), h.keyWith("revoked", "admin")
	h.exec(`UPDATE api_key SET expires_at = now() - interval '1 second' WHERE name = 'expired'`)
	h.exec(`UPDATE api_key SET revoked_at = now() WHERE name = 'revoked'`)

	const leads, journeys = "/api/v1/leads?ref=acme", "/api/v1/journeys?ref=acme"
	as := func(key string) []string { return []string{"Authorization", key} }
	idem := func(key string) []string { return []string{"Idempotency-Key", key} }
	email := `{"Email":"bo@acme.example"}`
	for _, c := range []bad{
		{"cut off", "POST", leads, `{"Email":`, nil, 400, "malformed_json", nil},
		{"no JSON", "POST", leads, `Email=bo`, nil, 400, "malformed_json", nil},
		{"two values", "POST", leads, email + email, nil, 400, "malformed_json", nil},
		{"twice the same name", "POST", leads, `{"Email":"a@b.example","Email":"c@d.example"}`, nil, 400, "duplicate_field", nil},
		{"depth bomb", "POST", leads, `{"JourneyData":` + strings.Repeat("[", 400_000), nil, 400, "too_deep", nil},
		{"depth of 33", "POST", leads, `{"Email":"a@b.example","JourneyData":[{"Name":"x","Value":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}]}`, nil, 400, "too_deep", nil},
		{"no body", "POST", leads, ``, []string{"Content-Type", "application/json"}, 422, "invalid", []string{"Email required"}},
		{"not an object", "POST", leads, `[]`, nil, 422, "invalid", []string{" wrong_type"}},
		{"2 MiB", "POST", leads, `{"Email":"` + strings.Repeat("a", 2<<20) + `"}`, nil, 413, "body_too_large", nil},
		{
			"wrong types", "POST", leads, `{"Email":7,"Firstname":["a"],"JourneyData":{"Name":"x"}}`, nil, 422, "invalid",
			[]string{"Email wrong_type", "Firstname wrong_type", "JourneyData wrong_type"},
		},
		{
			"unknown fields", "POST", leads, `{"Email":"a@b.example","Id":7,"Journey":{"Status":"Converted"},"WorkspaceId":1}`, nil, 422, "invalid",
			[]string{"Id unknown_field", "Journey unknown_field", "WorkspaceId unknown_field"},
		},
		{
			"too long", "POST", leads, `{"Email":"a@b.example","Firstname":"` + strings.Repeat("a", 256) + `","ExternalId":"` + strings.Repeat("a", 256) + `"}`, nil, 422, "invalid",
			[]string{"Firstname too_long", "ExternalId too_long"},
		},
		{"no e-mail", "POST", leads, `{"Email":null}`, nil, 422, "invalid", []string{"Email required"}},
		{"e-mail without domain", "POST", leads, `{"Email":"nobody"}`, nil, 422, "invalid", []string{"Email invalid_email"}},
		{"e-mail with a line", "POST", leads, `{"Email":"a@b.example\nBcc: c@d.example"}`, nil, 422, "invalid", []string{"Email invalid_email"}},
		{"U+0000", "POST", leads, `{"Email":"a@b.example","Firstname":"a\u0000b"}`, nil, 422, "invalid", []string{"Firstname invalid_text"}},
		{
			"everything at once", "POST", "/api/v1/leads?ref=nope", `{"Email":"x","RedirectURL":"https://evil.example/","JourneyData":[
			{"Name":"company.sise","Value":1},{"Name":"company.size","Value":"many"},{"Name":"lead.email","Value":"x@y.example"}]}`, nil, 422, "invalid",
			[]string{
				"Email invalid_email", "RedirectURL redirect_not_allowed", "ref unknown_ref", "JourneyData[0].Name unknown_data_point",
				"JourneyData[1].Value invalid_value", "JourneyData[2].Value read_only",
			},
		},
		{"no ref", "POST", "/api/v1/leads", email, nil, 422, "invalid", []string{"ref required"}},
		{"another workspace's ref", "POST", "/api/v1/leads?ref=demo", email, nil, 422, "invalid", []string{"ref unknown_ref"}},
		{"ref in the body", "POST", "/api/v1/leads", `{"ref":"acme","Email":"a@b.example"}`, nil, 422, "invalid", []string{"ref unknown_field"}},
		{
			"unknown parameters", "GET", "/api/v1/journeys?PageSise=3&Status=Done&PageSize=1&PageSize=2", "", nil, 400, "invalid_query",
			[]string{"PageSise unknown_parameter", "PageSize duplicate_parameter", "Status unknown_value"},
		},
		{"page too large", "GET", "/api/v1/journeys?PageSize=1000000", "", nil, 400, "invalid_query", []string{"PageSize out_of_range"}},
		{"page of nothing", "GET", "/api/v1/leads?PageSize=0", "", nil, 400, "invalid_query", []string{"PageSize out_of_range"}},
		{"page token made up", "GET", "/api/v1/leads?PageToken=abc", "", nil, 400, "invalid_query", []string{"PageToken invalid_page_token"}},
		{"page token of no time", "GET", "/api/v1/leads?PageToken=eyJzIjoieCIsImkiOjEsImYiOjF9", "", nil, 400, "invalid_query", []string{"PageToken invalid_page_token"}},
		{"e-mail filter", "GET", "/api/v1/leads?Email=x", "", nil, 400, "invalid_query", []string{"Email invalid_email"}},
		{"another workspace's journey", "GET", theirs, "", nil, 404, "not_found", nil},
		{"no such journey", "GET", "/api/v1/journeys/123456789", "", nil, 404, "not_found", nil},
		{"id that is none", "GET", "/api/v1/journeys/abc", "", nil, 404, "not_found", nil},
		{"id too large", "GET", "/api/v1/journeys/9007199254740992", "", nil, 404, "not_found", nil},
		{"another workspace's lead", "POST", "/api/v1/sessions", `{"User":{"Id":` + theirLead + `}}`, nil, 404, "not_found", nil},
		{"no such address", "GET", "/api/v1/nothing", "", nil, 404, "not_found", nil},
		{"wrong verb", "DELETE", "/api/v1/journeys", "", nil, 405, "method_not_allowed", nil},
		{"media type", "POST", leads, email, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type", nil},
		{"charset", "POST", leads, email, []string{"Content-Type", "application/json; charset=latin1"}, 415, "unsupported_media_type", nil},
		{"YAML where there is none", "POST", leads, "Email: a@b.example", []string{"Content-Type", "application/yaml"}, 415, "unsupported_media_type", nil},
		{"no key", "POST", leads, email, as(""), 401, "unauthenticated", nil},
		{"made-up key", "POST", leads, email, as("Bearer koh_test_x"), 401, "invalid_key", nil},
		{"other scheme", "POST", leads, email, as("Basic YTpi"), 401, "invalid_key", nil},
		{"expired key", "POST", leads, email, as("Bearer " + expired), 401, "invalid_key", nil},
		{"revoked key", "POST", leads, email, as("Bearer " + revoked), 401, "invalid_key", nil},
		{"missing scope", "POST", leads, email, as("Bearer " + reader), 403, "forbidden", nil},
		{"missing scope to list", "GET", "/api/v1/funnels", "", as("Bearer " + reader), 403, "forbidden", nil},
		{"long idempotency key", "POST", leads, email, idem(strings.Repeat("k", 256)), 400, "invalid_idempotency_key", nil},
		{"empty idempotency key", "POST", leads, email, idem(`""`), 400, "invalid_idempotency_key", nil},
		{"reused idempotency key", "POST", leads, email, idem("used"), 422, "idempotency_key_reused", nil},
		{"taken external id", "POST", leads, `{"Email":"bo@acme.example","ExternalId":"crm-1"}`, nil, 409, "external_id_taken", nil},
		{"nested and flat", "POST", journeys, `{"Email":"a@b.example","Journey":{"User":{"ContactPrefs":{"Email":"c@d.example"}}}}`, nil, 422, "invalid", []string{"Email not_allowed"}},
		{"no user", "POST", unpublished, `{}`, nil, 422, "invalid", []string{"User.UsrContactPrefs.PersonalEmail required"}},
		{"session of nobody", "POST", "/api/v1/sessions", `{"RedirectURL":"javascript:alert(1)"}`, nil, 422, "invalid", []string{"Journey required", "RedirectURL redirect_not_allowed"}},
		{"name taken", "POST", "/api/v1/funnels", `{"Name":"ONBOARDING"}`, nil, 409, "name_taken", nil},
		{"no name", "POST", "/api/v1/funnels", `{}`, nil, 422, "invalid", []string{"Name required"}},
		{"ref taken elsewhere", "POST", funnel + "/origins", `{"Name":"Web","Ref":"demo"}`, nil, 409, "ref_taken", nil},
		{"origin without sense", "POST", funnel + "/origins", `{"Ref":"No Spaces!","Kind":"Carrier"}`, nil, 422, "invalid", []string{"Kind unknown_value"}},
		{"draft unseen", "PUT", funnel + "/draft", `{"Name":"x"}`, nil, 428, "precondition_required", nil},
		{"draft changed", "PUT", funnel + "/draft", `{"Name":"x"}`, []string{"If-Match", `"7"`}, 412, "stale", nil},
		{"YAML bomb", "POST", "/api/v1/funnels/validate", yamlBomb(), []string{"Content-Type", "application/yaml"}, 400, "malformed_yaml", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.rows()
			r := h.ask(c.verb, c.path, c.body, c.headers...)
			if r.status != c.status || r.at("Code") != c.code {
				t.Fatalf("want %d %s, got %d %s", c.status, c.code, r.status, r.raw)
			}
			var got []string
			for _, f := range r.at("Errors").([]any) {
				m := f.(map[string]any)
				got = append(got, m["Field"].(string)+" "+m["Code"].(string))
				if m["Message"] == "" {
					t.Errorf("%s says nothing", m["Field"])
				}
			}
			if !slices.Equal(got, c.fields) {
				t.Errorf("want %q, got %q", c.fields, got)
			}
			checkProblem(t, h, r)
			if after := h.rows(); !maps.Equal(before, after) {
				t.Errorf("rows before %v, after %v", before, after)
			}
		})
	}
	t.Run("another workspace's thing looks like none", func(t *testing.T) {
		a, b := h.ask("GET", theirs, ""), h.ask("GET", "/api/v1/journeys/123456789", "")
		for _, member := range []string{"type", "title", "status", "detail", "Code"} {
			if a.at(member) != b.at(member) {
				t.Errorf("%s: %v and %v", member, a.at(member), b.at(member))
			}
		}
	})
}

// yamlBomb is small as text and 10^9 values when its aliases are followed.
func yamlBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

// checkProblem holds an answer to RFC 9457 and to the headers every answer has.
func checkProblem(t *testing.T, h *house, r reply) {
	t.Helper()
	if r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("media type %q", r.header.Get("Content-Type"))
	}
	if r.at("RequestId") == "" || r.at("RequestId") != r.header.Get("Request-Id") {
		t.Errorf("RequestId %v, Request-Id %q", r.at("RequestId"), r.header.Get("Request-Id"))
	}
	if r.at("status") != float64(r.status) || r.at("type") != h.url+"/docs/problems/"+fmt.Sprint(r.at("Code")) || r.at("title") == "" {
		t.Errorf("%s", r.raw)
	}
	checkHeaders(t, r)
}

func checkHeaders(t *testing.T, r reply) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, name := range []string{"Request-Id", "Kohomai-Version"} {
		if r.header.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	if (r.status == http.StatusUnauthorized) != (r.header.Get("Www-Authenticate") != "") {
		t.Errorf("WWW-Authenticate %q with %d", r.header.Get("Www-Authenticate"), r.status)
	}
	if r.status == http.StatusMethodNotAllowed && r.header.Get("Allow") == "" {
		t.Error("no Allow")
	}
}

// TestStory_EveryAnswerHasItsHeaders: good ones and a failure of ours too.
func TestStory_EveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, c := range []struct {
		verb, path string
		status     int
	}{
		{"GET", "/api/v1/journeys", 200},
		{"GET", "/api/v1/openapi.json", 200},
		{"HEAD", "/api/v1/leads", 200},
		{"GET", "/api/v1", 404},
		{"POST", "/api/v1/leads/1", 405},
	} {
		r := h.ask(c.verb, c.path, "")
		if r.status != c.status {
			t.Errorf("%s %s: %d %s", c.verb, c.path, r.status, r.raw)
		}
		checkHeaders(t, r)
	}
	h.exec(`ALTER TABLE app_user RENAME COLUMN lead_since TO lead_since_hidden`)
	r := h.ask("GET", "/api/v1/leads", "")
	if r.status != 500 || r.at("Code") != "internal" || strings.Contains(r.raw, "lead_since") {
		t.Errorf("%d %s", r.status, r.raw)
	}
	checkProblem(t, h, r)
}

// keyWith makes a key of the workspace Acme.
func (h *house) keyWith(name string, scopes ...string) string {
	h.t.Helper()
	var out bytes.Buffer
	if err := app.CreateKeyIn(h.t.Context(), h.app, "Acme", name, scopes, &out); err != nil {
		h.t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// exec changes the database behind the server's back.
func (h *house) exec(text string, args ...any) {
	h.t.Helper()
	h.sql(func(c *pgx.Conn) error { _, err := c.Exec(h.t.Context(), text, args...); return err })
}

func (h *house) sql(do func(*pgx.Conn) error) {
	h.t.Helper()
	c, err := pgx.Connect(h.t.Context(), h.dsn)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = c.Close(h.t.Context()) }()
	if _, err := c.Exec(h.t.Context(), "SET search_path = kohomai"); err != nil {
		h.t.Fatal(err)
	}
	if err := do(c); err != nil {
		h.t.Fatal(err)
	}
}

// rows counts every tenant table, all workspaces together.
func (h *house) rows() map[string]int {
	h.t.Helper()
	counts := map[string]int{}
	h.sql(func(c *pgx.Conn) error {
		rows, err := c.Query(h.t.Context(), `SELECT c.relname, (xpath('/row/n/text()',
				query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), true, true, '')))[1]::text::int
				FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
				WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'kohomai'::regnamespace ORDER BY 1`)
		if err != nil {
			return err
		}
		var name string
		var n int
		_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error { counts[name] = n; return nil })
		return err
	})
	if len(counts) < 20 {
		h.t.Fatalf("only %d tables were counted", len(counts))
	}
	return counts
}

// TestStory_KeysAreLimited: what is too much is refused with when to come back; what is
// not tells how much is left.
func TestStory_KeysAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "KOHOMAI_RATE_LIMIT=1/3")
	for left := 2; left >= 0; left-- {
		r := h.ask("GET", "/api/v1/leads", "")
		if want := fmt.Sprintf(`"key";r=%d;`, left); r.status != 200 || !strings.HasPrefix(r.header.Get("RateLimit"), want) {
			t.Fatalf("%d %q, want %s", r.status, r.header.Get("RateLimit"), want)
		}
	}
	r := h.ask("GET", "/api/v1/leads", "")
	if r.status != 429 || r.at("Code") != "rate_limited" || r.header.Get("Retry-After") != "1" || r.header.Get("RateLimit-Policy") != `"key";q=3;w=3` {
		t.Errorf("%d %v %s", r.status, r.header, r.raw)
	}
	checkProblem(t, h, r)
	if r := h.ask("GET", "/docs", "", "Authorization", ""); r.status != 200 || r.header.Get("RateLimit") != "" {
		t.Errorf("%d %v", r.status, r.header)
	}
}
