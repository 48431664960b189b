package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/app"
)

const (
	account = "/kohomai.v1.AccountService/"
	front   = "/kohomai.front.v1.FrontService/"
)

// browser is a person's: it keeps cookies, says where its requests come from, and follows
// no redirect by itself.
type browser struct {
	h      *house
	client *http.Client
}

func (h *house) browser() *browser {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) do(method, path, body string, headers ...string) reply {
	b.h.t.Helper()
	r, err := http.NewRequestWithContext(b.h.t.Context(), method, b.h.url+path, strings.NewReader(body))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	raw, err := io.ReadAll(w.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	out := reply{status: w.StatusCode, header: w.Header, raw: string(raw)}
	_ = json.Unmarshal(raw, &out.json) // pages are none
	return out
}

// call asks a procedure by Connect.
func (b *browser) call(procedure, body string, headers ...string) reply {
	b.h.t.Helper()
	return b.do(http.MethodPost, procedure, body, headers...)
}

// reason is the code of a refusal by Connect.
func (r reply) reason() any {
	details, _ := r.json["details"].([]any)
	for _, d := range details {
		debug, _ := d.(map[string]any)["debug"].(map[string]any)
		if reason, ok := debug["reason"]; ok {
			return reason
		}
	}
	return nil
}

func (h *house) signInToken() string {
	h.t.Helper()
	raw, err := os.ReadFile(filepath.Join(h.data, "demo.json"))
	if err != nil {
		h.t.Fatal(err)
	}
	var file app.DemoFile
	if err := json.Unmarshal(raw, &file); err != nil {
		h.t.Fatal(err)
	}
	u, err := url.Parse(file.SignInURL)
	if err != nil || u.Path != "/p/signin" || !strings.HasPrefix(file.SignInURL, h.url) {
		h.t.Fatalf("SignInURL %q", file.SignInURL)
	}
	return u.Query().Get("token")
}

func TestStory_SignInByLink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.signInToken()
	ada := h.browser()
	if r := ada.call(account+"GetMe", `{}`); r.status != 401 {
		t.Errorf("nobody is somebody: %d %s", r.status, r.raw)
	}
	if r := ada.call(account+"SignInWithLink", `{"Token":"nonsense"}`); r.status != 401 || r.reason() != "invalid_link" {
		t.Errorf("a wrong link: %d %s", r.status, r.raw)
	}
	r := ada.call(account+"SignInWithLink", `{"Token":"`+token+`"}`)
	if r.status != 200 || r.at("Me", "User", "Role") != "ROLE_ADMINISTRATOR" || r.at("Me", "Workspace", "Sandbox") != true || r.at("Me", "HasPassword") == true {
		t.Fatalf("%d %s", r.status, r.raw)
	}
	if c := r.header.Get("Set-Cookie"); !strings.HasPrefix(c, "koh_console=") || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Lax") {
		t.Errorf("cookie %q", c)
	}
	if me := ada.call(account+"GetMe", `{}`); me.status != 200 || me.at("Me", "User", "Email") != "admin@demo.example.com" {
		t.Errorf("%d %s", me.status, me.raw)
	}
	if list := ada.call("/kohomai.v1.LeadService/ListLeads", `{}`); list.status != 200 {
		t.Errorf("%d %s", list.status, list.raw)
	}
	if other := h.browser().call(account+"SignInWithLink", `{"Token":"`+token+`"}`); other.status != 401 || other.reason() != "invalid_link" {
		t.Errorf("a used link: %d %s", other.status, other.raw)
	}
	if out := ada.call(account+"SignOut", `{}`); out.status != 200 {
		t.Errorf("%d %s", out.status, out.raw)
	}
	if me := ada.call(account+"GetMe", `{}`); me.status != 401 {
		t.Errorf("after signing out: %d", me.status)
	}
}

func TestStory_WorkspaceComesWithSandboxAndWaysIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var out bytes.Buffer
	if err := app.CreateWorkspaceIn(t.Context(), h.app, "Acme", "Root@Example.org", "", &out); err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`token=(\S+)`).FindAllStringSubmatch(out.String(), -1)
	if len(links) != 2 || !strings.Contains(out.String(), "workspace  ") || !strings.Contains(out.String(), "sandbox    ") {
		t.Fatalf("%s", out.String())
	}
	for i, name := range []string{"Acme", "Acme sandbox"} {
		in := h.browser().call(account+"SignInWithLink", `{"Token":"`+links[i][1]+`"}`)
		if in.status != 200 || in.at("Me", "Workspace", "Name") != name || (in.at("Me", "Workspace", "Sandbox") == true) != (i == 1) {
			t.Errorf("%d %s", in.status, in.raw)
		}
	}
	if err := app.CreateWorkspaceIn(t.Context(), h.app, "Acme", "root@example.org", "", &out); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second workspace of one name: %v", err)
	}
	out.Reset()
	if err := app.InviteIn(t.Context(), h.app, "Acme", "max@example.org", "Manager", &out); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	maxine := h.browser()
	if in := maxine.call(account+"SignInWithLink", `{"Token":"`+u.Query().Get("token")+`"}`); in.at("Me", "User", "Role") != "ROLE_MANAGER" {
		t.Errorf("%d %s", in.status, in.raw)
	}
	if got := maxine.call("/kohomai.v1.MailService/ListMails", `{}`); got.status != 403 {
		t.Errorf("a Manager read mail: %d %s", got.status, got.raw)
	}
}

func TestStory_PasswordSignsInAndEndsOtherVisits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.browser()
	ada.call(account+"SignInWithLink", `{"Token":"`+h.signInToken()+`"}`)
	if got := ada.call(account+"SetPassword", `{"Password":"too short"}`); got.status != 400 || !strings.Contains(got.raw, "wrong_length") {
		t.Errorf("%d %s", got.status, got.raw)
	}
	const first, second = "correct horse battery", "another horse battery"
	if got := ada.call(account+"SetPassword", `{"Password":"`+first+`"}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	phone := h.browser()
	signIn := func(b *browser, email, password string) reply {
		return b.call(account+"SignInWithPassword", `{"Email":"`+email+`","Password":"`+password+`"}`)
	}
	if got := signIn(phone, " Admin@DEMO.example.com ", first); got.status != 200 || got.at("Me", "HasPassword") != true {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	wrong, unknown := signIn(h.browser(), "admin@demo.example.com", "wrong horse battery"), signIn(h.browser(), "nobody@example.org", first)
	if wrong.status != 401 || wrong.reason() != "wrong_credentials" || wrong.raw != unknown.raw {
		t.Errorf("the answers tell who is known: %s %s", wrong.raw, unknown.raw)
	}
	if got := ada.call(account+"SetPassword", `{"Password":"`+second+`"}`); got.status != 400 || !strings.Contains(got.raw, "wrong_password") {
		t.Errorf("changed without the present one: %d %s", got.status, got.raw)
	}
	if got := ada.call(account+"SetPassword", `{"Current":"`+first+`","Password":"`+second+`"}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if me := phone.call(account+"GetMe", `{}`); me.status != 401 {
		t.Errorf("the phone is still in: %d", me.status)
	}
	if me := ada.call(account+"GetMe", `{}`); me.status != 200 {
		t.Errorf("who changed it is out: %d", me.status)
	}
	if got := signIn(phone, "admin@demo.example.com", first); got.status != 401 {
		t.Errorf("the old password: %d", got.status)
	}
	if got := signIn(phone, "admin@demo.example.com", second); got.status != 200 {
		t.Errorf("the new password: %d %s", got.status, got.raw)
	}
	limited := 0
	for range 10 {
		if got := signIn(h.browser(), "admin@demo.example.com", "guess after guess"); got.status == 429 {
			limited++
		}
	}
	if limited == 0 {
		t.Error("guessing is not slowed")
	}
}
