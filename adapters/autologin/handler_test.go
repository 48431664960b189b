package autologin

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/session"
)

const token = "3f0e2a52-2ef5-4c3a-9f3a-7f6a5f0f9f11"

// visits answers as it is told and notes what it was asked for.
type visits struct {
	found session.Found
	err   error
	asked []string
}

func (v *visits) Look(context.Context, string) (session.Found, error) { return v.found, v.err }

func (v *visits) Enter(_ context.Context, token, press string) (session.Entered, error) {
	v.asked = append(v.asked, "enter "+token+press)
	return session.Entered{Token: "secret", Visit: session.Visit{Journey: 5}}, v.err
}

func (v *visits) SendCode(_ context.Context, from, token, language string) error {
	v.asked = append(v.asked, "send "+token+" "+language+" "+from)
	return v.err
}

func (v *visits) EnterCode(_ context.Context, _, token, digits string) (session.Entered, error) {
	v.asked = append(v.asked, "code "+token+" "+digits)
	return session.Entered{Token: "secret"}, v.err
}

type door struct{ who actor.Actor }

func (door) Cookie(v session.Entered) *http.Cookie {
	return &http.Cookie{Name: "front", Value: v.Token}
}
func (d door) Who(*http.Request) (actor.Actor, error) { return d.who, nil }

func serve(t *testing.T, v *visits, d door, r *http.Request) (*httptest.ResponseRecorder, string) {
	t.Helper()
	var log bytes.Buffer
	h, err := Handler(Options{
		Visits: v, Door: d, Origin: "https://start.example.com", Random: rand.Reader, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w, log.String()
}

func post(values url.Values, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func TestHandler_buttons(t *testing.T) {
	t.Parallel()
	form := func(pairs ...string) url.Values {
		v := url.Values{"UUID": {token}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	refused := session.InvalidLink()
	for name, c := range map[string]struct {
		request *http.Request
		err     error
		status  int
		asked   string
		where   string
		shows   string
	}{
		"enter":            {post(form()), nil, 303, "enter " + token, "/f/journeys/5", ""},
		"enter by press":   {post(form("Press", "-p")), nil, 303, "enter " + token + "-p", "/f/journeys/5", ""},
		"enter by address": {httptest.NewRequest(http.MethodPost, Path+"?UUID="+token, nil), nil, 303, "enter " + token, "/f/journeys/5", ""},
		"spent":            {post(form()), refused, 410, "enter " + token, "", "This link no longer works"},
		"send":             {post(form("Do", "send"), "Accept-Language", "fr"), nil, 200, "send " + token + " fr 192.0.2.0/24", "", "Consultez vos e-mails"},
		"code":             {post(form("Do", "code", "Code", "0123 4567")), nil, 303, "code " + token + " 0123 4567", "/f/", ""},
		"wrong code":       {post(form("Do", "code", "Code", "1")), fault.New(fault.Unauthenticated, "wrong_code", ""), 403, "code " + token + " 1", "", "This code is wrong"},
		"too often":        {post(form("Do", "code")), session.TooMany(90 * time.Second), 429, "code " + token + " ", "", "too many attempts"},
		"outage":           {post(form()), errors.New("the database is away"), 503, "enter " + token, "", "Nothing is lost"},
		"another site":     {post(form(), "Sec-Fetch-Site", "cross-site"), nil, 403, "", "", "cannot let you in"},
		"another origin":   {post(form(), "Origin", "https://evil.example"), nil, 403, "", "", ""},
		"our origin":       {post(form(), "Origin", "https://start.example.com"), nil, 303, "enter " + token, "/f/journeys/5", ""},
		"an old browser":   {post(form(), "Origin", "null"), nil, 303, "enter " + token, "/f/journeys/5", ""},
		"a sandboxed page": {post(form(), "Origin", "null", "Sec-Fetch-Site", "cross-site"), nil, 403, "", "", ""},
		"a large form":     {post(form("Code", strings.Repeat("1", 1<<20))), nil, 400, "", "", ""},
		"another method":   {httptest.NewRequest(http.MethodPut, Path, nil), nil, 405, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &visits{err: c.err}
			w, log := serve(t, v, door{}, c.request)
			if w.Code != c.status || w.Header().Get("Location") != c.where || !strings.Contains(w.Body.String(), c.shows) {
				t.Errorf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
			}
			if strings.Join(v.asked, ";") != c.asked {
				t.Errorf("asked for %q", v.asked)
			}
			if in := w.Header().Get("Set-Cookie") != ""; in != (c.status == 303) {
				t.Errorf("cookie %q", w.Header().Get("Set-Cookie"))
			}
			if c.status == 429 && w.Header().Get("Retry-After") != "90" {
				t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
			}
			if (log != "") != (c.status == 503) || strings.Contains(log, token) {
				t.Errorf("logged %q", log)
			}
			if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

func TestHandler_looking(t *testing.T) {
	t.Parallel()
	found := session.Found{Link: session.Link{User: 3, Journey: 5}, Workspace: 7, Name: `Acme <"&co>`}
	who := actor.Actor{Kind: actor.Front, Workspace: 7, User: 3}
	get := func() *http.Request {
		return httptest.NewRequest(http.MethodGet, Path+"?UUID="+url.QueryEscape(`"><b>`+token), nil)
	}
	ready, _ := serve(t, &visits{found: found}, door{}, get())
	if body := ready.Body.String(); ready.Code != 200 || !strings.Contains(body, "Welcome to Acme &lt;&#34;&amp;co&gt;") || strings.Contains(body, "><b>") {
		t.Errorf("%d %s", ready.Code, body)
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		want int
	}{
		"nobody":              {actor.Actor{}, 410},
		"the same person":     {who, 303},
		"another person":      {actor.Actor{Kind: actor.Front, Workspace: 7, User: 4}, 410},
		"another workspace's": {actor.Actor{Kind: actor.Front, Workspace: 8, User: 3}, 410},
		"the team":            {actor.Actor{Kind: actor.Console, Workspace: 7, User: 3}, 410},
	} {
		if w, _ := serve(t, &visits{found: found, err: session.InvalidLink()}, door{c.who}, get()); w.Code != c.want {
			t.Errorf("a spent link opened by %s: %d", name, w.Code)
		}
	}
	if w, _ := serve(t, &visits{err: session.InvalidLink()}, door{actor.Actor{Kind: actor.Front}}, get()); w.Code != 410 {
		t.Errorf("an unknown link: %d", w.Code)
	}
}

func TestSpeak(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "en", "fr": "fr", "fr-CA,en;q=0.8": "fr", "en;q=0.8, fr;q=0.9": "fr", "de, fr;q=0.1": "fr", "de": "en",
		"fr;q=0": "en", "FR-fr": "fr", "en,fr": "en", "fr;q=nonsense, en;q=0.1": "en", "fr; q=0.5, en; q=0.4": "fr", "*": "en",
	} {
		if got := speak(accept).Lang; got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

func TestWords_are_complete(t *testing.T) {
	t.Parallel()
	for _, w := range []words{english, french} {
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			if v.Field(i).String() == "" {
				t.Errorf("%s lacks %s", w.Lang, v.Type().Field(i).Name)
			}
		}
	}
}
