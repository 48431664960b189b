package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const enterPath = "/internal/v1/autologin"

// form posts what the page of a link would.
func (b *browser) form(values url.Values) reply {
	b.h.t.Helper()
	return b.do(http.MethodPost, enterPath, values.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// register registers a lead and returns the answer with its link's token.
func (h *house) register(email, more string) (reply, string) {
	h.t.Helper()
	r := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"`+email+`","JourneyData":[{"Name":"company.size","Value":500}]`+more+`}`)
	token, _ := r.at("UUID").(string)
	if r.status != 201 || token == "" {
		h.t.Fatalf("%d %s", r.status, r.raw)
	}
	if got := r.at("ConnectionURL"); got != h.url+enterPath+"?UUID="+token {
		h.t.Fatalf("ConnectionURL %v", got)
	}
	return r, token
}

// completeAllButTheForm does for a lead of the demo what connectors ask of them.
func (h *house) completeAllButTheForm(journey any) {
	h.t.Helper()
	for _, key := range []string{"film", "call"} {
		if got := h.ask("POST", fmt.Sprintf("/api/v1/journeys/%.0f/activities/%s/complete", journey, key), `{}`); got.status != 200 {
			h.t.Errorf("%s: %d %s", key, got.status, got.raw)
		}
	}
}

func TestStory_LinkOpensOnceAndOnlyByPress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, token := h.register("ann@example.org", "")
	var scanners sync.WaitGroup
	for range 100 {
		scanners.Go(func() {
			got := h.browser().do("GET", enterPath+"?UUID="+token, "", "Accept-Language", "fr-CA, en;q=0.5")
			if got.status != 200 || !strings.Contains(got.raw, "Bienvenue chez Demo") || got.header.Get("Set-Cookie") != "" {
				t.Errorf("GET: %d", got.status)
			}
			if got := h.browser().do("HEAD", enterPath+"?UUID="+token, ""); got.status != 200 || got.raw != "" {
				t.Errorf("HEAD: %d", got.status)
			}
		})
	}
	scanners.Wait()
	page := h.browser().do("GET", enterPath+"?UUID="+token, "")
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; style-src 'nonce-", "X-Content-Type-Options": "nosniff",
	} {
		if got := page.header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(page.raw, "<script") || strings.Contains(page.raw, "//") {
		t.Errorf("the page brings in more than it should: %s", page.raw)
	}
	if foreign := h.browser().do("POST", enterPath, "UUID="+token, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site"); foreign.status != 403 {
		t.Errorf("another site used the link: %d", foreign.status)
	}
	var in atomic.Int32
	var cookies sync.Map
	var presses sync.WaitGroup
	for range 100 {
		presses.Go(func() {
			b := h.browser()
			switch got := b.form(url.Values{"UUID": {token}}); got.status {
			case 303:
				in.Add(1)
				cookies.Store(got.header.Get("Location"), b)
			case 410:
			default:
				t.Errorf("POST: %d %s", got.status, got.raw)
			}
		})
	}
	presses.Wait()
	if in.Load() != 1 {
		t.Fatalf("%d visits", in.Load())
	}
	var ann *browser
	cookies.Range(func(where, b any) bool {
		if want := fmt.Sprintf("/f/journeys/%.0f", r.at("Journey", "Id")); where != want {
			t.Errorf("went to %v, not %s", where, want)
		}
		ann = b.(*browser)
		return true
	})
	if home := ann.call(front+"GetHome", `{}`); home.status != 200 || home.at("Person", "Email") != "ann@example.org" {
		t.Errorf("%d %s", home.status, home.raw)
	}
	opened := 0
	for _, e := range h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/events", r.at("Journey", "Id")), "").at("Events").([]any) {
		if e.(map[string]any)["Type"] == "session.opened" {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("session.opened %d times", opened)
	}
	if again := ann.do("GET", enterPath+"?UUID="+token, ""); again.status != 303 {
		t.Errorf("who is in and opens the mail again: %d", again.status)
	}
}

func TestStory_ButtonHitTwiceLetsInOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, token := h.register("gil@example.org", "")
	page := h.browser().do("GET", enterPath+"?UUID="+token, "")
	press := regexp.MustCompile(`name="Press" value="(\w+)"`).FindStringSubmatch(page.raw)
	if press == nil {
		t.Fatalf("%s", page.raw)
	}
	var cookies sync.Map
	var hits sync.WaitGroup
	for range 20 {
		hits.Go(func() {
			got := h.browser().form(url.Values{"UUID": {token}, "Press": {press[1]}})
			value, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
			if got.status != 303 || value == "" || got.header.Get("Location") != fmt.Sprintf("/f/journeys/%.0f", r.at("Journey", "Id")) {
				t.Errorf("%d %s", got.status, got.raw)
			}
			cookies.Store(value, true)
		})
	}
	hits.Wait()
	n := 0
	cookies.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d visits by one press", n)
	}
	other := regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(press[1], strings.Repeat("0", 64))
	if got := h.browser().form(url.Values{"UUID": {token}, "Press": {other}}); got.status != 410 {
		t.Errorf("another press: %d", got.status)
	}
}

func TestStory_LeadDoesTheirPart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, token := h.register("bo@example.org", `,"RedirectURL":"http://localhost:3000/done"`)
	bo := h.browser()
	if got := bo.form(url.Values{"UUID": {token}}); got.status != 303 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	home := bo.call(front+"GetHome", `{}`)
	run, _ := home.at("NextRunId").(string)
	if run == "" || home.at("RedirectURL") != nil || home.at("Workspace", "Name") != "Demo" {
		t.Fatalf("%s", home.raw)
	}
	if bad := bo.call(front+"SaveDraft", `{"RunId":"`+run+`","Field":"nope","Value":"x"}`); bad.status != 400 {
		t.Errorf("a draft of no field: %d %s", bad.status, bad.raw)
	}
	for _, value := range []string{"free", "team"} {
		if saved := bo.call(front+"SaveDraft", `{"RunId":"`+run+`","Field":"data.plan","Value":"`+value+`"}`); saved.status != 200 {
			t.Fatalf("%d %s", saved.status, saved.raw)
		}
	}
	if a := bo.call(front+"GetActivity", `{"RunId":"`+run+`"}`); a.at("Drafts", 0, "Value") != "team" || a.at("Drafts", 1) != nil {
		t.Errorf("%s", a.raw)
	}
	// Another lead sees nothing of it.
	_, other := h.register("cy@example.org", "")
	cy := h.browser()
	cy.form(url.Values{"UUID": {other}})
	for _, call := range []string{"GetActivity", "SaveDraft", "SubmitActivity"} {
		if got := cy.call(front+call, `{"RunId":"`+run+`"}`); got.status != 404 {
			t.Errorf("%s of another's: %d %s", call, got.status, got.raw)
		}
	}
	h.completeAllButTheForm(r.at("Journey", "Id"))
	done := bo.call(front+"SubmitActivity", `{"RunId":"`+run+`","Input":{"data.plan":"team"}}`)
	if done.status != 200 || done.at("Activity", "State") != "ACTIVITY_STATE_COMPLETED" || done.at("RedirectURL") != "http://localhost:3000/done" {
		t.Errorf("%d %s", done.status, done.raw)
	}
	j := h.journey(r.at("Journey", "Id"), func(j reply) bool { return j.at("WaitingOn") == "Team" })
	if j.at("Status") != "InProgress" {
		t.Errorf("%s", j.raw)
	}
	if out := bo.call(front+"SignOut", `{}`); out.status != 200 {
		t.Errorf("%d %s", out.status, out.raw)
	}
	if gone := bo.call(front+"GetHome", `{}`); gone.status != 401 {
		t.Errorf("after signing out: %d", gone.status)
	}
}

var codeIn = regexp.MustCompile(`\b(\d{4}) (\d{4})\b`)

func TestStory_SpentLinkLetsInByCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, token := h.register("dee@example.org", "")
	h.browser().form(url.Values{"UUID": {token}}) // a scanner pressed the button
	dee := h.browser()
	spent, never := dee.do("GET", enterPath+"?UUID="+token, ""), dee.do("GET", enterPath+"?UUID=never", "")
	if spent.status != 410 || never.status != 410 || !strings.Contains(spent.raw, "Send me a code") {
		t.Fatalf("%d %d", spent.status, never.status)
	}
	send := func(token string) reply { return dee.form(url.Values{"UUID": {token}, "Do": {"send"}}) }
	first, unknown := send(token), send("never")
	bare := func(r reply, token string) string {
		return regexp.MustCompile(`nonce="[^"]*"`).ReplaceAllString(strings.ReplaceAll(r.raw, token, ""), "")
	}
	if first.status != 200 || bare(first, token) != bare(unknown, "never") {
		t.Errorf("the answers tell whether the link was one: %d %d", first.status, unknown.status)
	}
	ada := h.browser()
	if in := ada.call(account+"SignInWithLink", `{"Token":"`+h.signInToken()+`"}`); in.status != 200 {
		t.Fatalf("%d %s", in.status, in.raw)
	}
	mail := func(n int) string {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			list := ada.call("/kohomai.v1.MailService/ListMails", `{"Recipient":"dee@example.org"}`)
			if got, _ := list.at("Mails").([]any); len(got) == n {
				one := ada.call("/kohomai.v1.MailService/GetMail", fmt.Sprintf(`{"Id":"%v"}`, list.at("Mails", 0, "Id")))
				digits := codeIn.FindStringSubmatch(one.at("Mail", "Text").(string))
				if digits == nil {
					t.Fatalf("%s", one.raw)
				}
				return digits[1] + digits[2]
			}
			if time.Now().After(deadline) {
				t.Fatalf("no mail came: %s", list.raw)
			}
		}
	}
	old := mail(1)
	send(token)
	fresh := mail(2)
	enter := func(code string) reply { return dee.form(url.Values{"UUID": {token}, "Do": {"code"}, "Code": {code}}) }
	if got := enter(old); old != fresh && got.status != 403 {
		t.Errorf("an old code: %d", got.status)
	}
	if got := enter(fresh[:4] + " " + fresh[4:]); got.status != 303 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	if home := dee.call(front+"GetHome", `{}`); home.at("Person", "Email") != "dee@example.org" {
		t.Errorf("%d %s", home.status, home.raw)
	}
	if got := enter(fresh); got.status != 403 {
		t.Errorf("a used code: %d", got.status)
	}
}

func TestStory_TheTwoDoorsAreApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, token := h.register("eve@example.org", "")
	eve, ada := h.browser(), h.browser()
	eve.form(url.Values{"UUID": {token}})
	ada.call(account+"SignInWithLink", `{"Token":"`+h.signInToken()+`"}`)
	for _, procedure := range []string{account + "GetMe", "/kohomai.v1.LeadService/ListLeads", "/kohomai.v1.MailService/ListMails"} {
		if got := eve.call(procedure, `{}`); got.status != 401 {
			t.Errorf("a lead at %s: %d %s", procedure, got.status, got.raw)
		}
	}
	if got := ada.call(front+"GetHome", `{}`); got.status != 401 {
		t.Errorf("the console at the front-office: %d %s", got.status, got.raw)
	}
	// The value of one cookie under the name of the other opens nothing.
	swap := func(from *browser, name string) *browser {
		to := h.browser()
		u, err := url.Parse(h.url)
		if err != nil {
			t.Fatal(err)
		}
		to.client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: from.client.Jar.Cookies(u)[0].Value, Path: "/"}})
		return to
	}
	if got := swap(eve, "koh_console").call("/kohomai.v1.LeadService/ListLeads", `{}`); got.status != 401 {
		t.Errorf("a lead's cookie as the console's: %d %s", got.status, got.raw)
	}
	if got := swap(ada, "koh_front").call(front+"GetHome", `{}`); got.status != 401 {
		t.Errorf("the console's cookie as a lead's: %d %s", got.status, got.raw)
	}
	for _, b := range []*browser{eve, ada} {
		if got := b.do("GET", "/api/v1/leads", ""); got.status != 401 {
			t.Errorf("a cookie opened the API: %d", got.status)
		}
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}} {
		if got := ada.call(account+"SignOut", `{}`, headers...); got.status != 403 {
			t.Errorf("%v signed somebody out: %d", headers, got.status)
		}
	}
	if got := ada.call(account+"GetMe", `{}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.raw)
	}
}

func TestStory_LatestLinkSaysWhereToGo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, first := h.register("fay@example.org", `,"RedirectURL":"http://localhost:3000/first"`)
	second := h.ask("POST", "/api/v1/sessions", fmt.Sprintf(`{"Journey":{"Id":%.0f},"RedirectURL":"http://localhost:3000/second"}`, r.at("Journey", "Id")))
	if second.status != 201 {
		t.Fatalf("%d %s", second.status, second.raw)
	}
	h.completeAllButTheForm(r.at("Journey", "Id"))
	fay := h.browser()
	fay.form(url.Values{"UUID": {first}})
	home := fay.call(front+"GetHome", `{}`)
	done := fay.call(front+"SubmitActivity", fmt.Sprintf(`{"RunId":"%v","Input":{"data.plan":"team"}}`, home.at("NextRunId")))
	if done.at("RedirectURL") != "http://localhost:3000/second" {
		t.Errorf("%d %s", done.status, done.raw)
	}
	// A link of the person leads to all that is theirs, with an address of its own.
	own := h.ask("POST", "/api/v1/sessions", fmt.Sprintf(`{"User":{"Id":%.0f},"RedirectURL":"http://localhost:3000/own"}`, r.at("Id")))
	token, _ := own.at("UUID").(string)
	if own.status != 201 || token == "" {
		t.Fatalf("%d %s", own.status, own.raw)
	}
	phone := h.browser()
	if in := phone.form(url.Values{"UUID": {token}}); in.status != 303 || in.header.Get("Location") != "/f/" {
		t.Fatalf("%d to %s", in.status, in.header.Get("Location"))
	}
	if home := phone.call(front+"GetHome", `{}`); home.at("RedirectURL") != "http://localhost:3000/own" || home.at("Journeys", 0) == nil {
		t.Errorf("%s", home.raw)
	}
	if home := fay.call(front+"GetHome", `{}`); home.status != 200 {
		t.Errorf("the first browser was thrown out: %d", home.status)
	}
}
