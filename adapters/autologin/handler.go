package autologin

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
)

// Path is where the links lead.
const Path = "/internal/v1/autologin"

// mostForm is the most bytes a form may have.
const mostForm = 4 << 10

// Visits lets people in. *session.Service is one.
type Visits interface {
	// Look must find a link without using it, or refuse it as Unauthenticated; a link that
	// was used or has expired is returned beside the refusal.
	Look(ctx context.Context, token string) (session.Found, error)
	// Enter must use a link, once, and begin a visit, or refuse it as Unauthenticated. The
	// same press, made again soon, must give the same visit.
	Enter(ctx context.Context, token, press string) (session.Entered, error)
	// SendCode must mail a code to the person of a link, telling nothing of whether it was
	// one; asked too often it is Limited.
	SendCode(ctx context.Context, from, token, language string) error
	// EnterCode must use a code, once, and begin a visit, or refuse it as Unauthenticated;
	// tried too often it is Limited.
	EnterCode(ctx context.Context, from, token, digits string) (session.Entered, error)
}

// Door is the entrance of the front-office.
type Door interface {
	// Cookie must make the cookie of a visit.
	Cookie(v session.Entered) *http.Cookie
	// Who must tell who is signed in already; the zero actor is nobody.
	Who(r *http.Request) (actor.Actor, error)
}

// Options are what the page works with.
type Options struct {
	Visits Visits
	Door   Door
	// Origin is the front-office's own, such as "https://start.example.com".
	Origin string
	// Random gives the nonces of the content security policy; safe for concurrent use.
	Random io.Reader
	Log    *slog.Logger
}

// Handler serves Path.
func Handler(o Options) (http.Handler, error) {
	cross := http.NewCrossOriginProtection()
	if err := cross.AddTrustedOrigin(o.Origin); err != nil {
		return nil, fmt.Errorf("the origin %s: %w", o.Origin, err)
	}
	return &handler{o, cross}, nil
}

type handler struct {
	Options
	cross *http.CrossOriginProtection
}

//go:embed page.gohtml
var source string

var page = template.Must(template.New("page").Parse(source))

// view is what the page shows.
type view struct {
	W                          words
	State                      string // ready, stale, code or again
	Title, Text, Button, Fault string
	Action, Token, Press       string
	Nonce                      string
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	words := speak(r.Header.Get("Accept-Language"))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Robots-Tag", "noindex, nofollow")
	w.Header().Set("Referrer-Policy", "no-referrer")
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		h.look(w, r, words, r.URL.Query().Get("UUID"))
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := h.own(r); err != nil {
			h.refuse(w, r, words, "", fault.WrapAs(err, fault.Forbidden, "cross_origin", "Another site may not use a link."))
			return
		}
		if err := r.ParseForm(); err != nil {
			h.refuse(w, r, words, "", fault.WrapAs(err, fault.Malformed, "malformed_form", "The form cannot be read."))
			return
		}
		h.act(w, r, words, r.Form.Get("UUID"))
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		h.refuse(w, r, words, "", fault.New(fault.MethodNotAllowed, "method_not_allowed", "Only GET, HEAD and POST are known here."))
	}
}

// own refuses what another site sends. The page asks for no referrer, for which browsers
// write "null" as the origin of its own forms; the newer ones say "same-origin" besides.
func (h *handler) own(r *http.Request) error {
	if r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "null" {
		return nil
	}
	return h.cross.Check(r)
}

// look shows what a link allows, and uses nothing.
func (h *handler) look(w http.ResponseWriter, r *http.Request, words words, token string) {
	found, err := h.Visits.Look(r.Context(), token)
	if err == nil {
		h.show(w, r, http.StatusOK, view{
			W: words, State: "ready", Title: fmt.Sprintf(words.Ready, found.Name), Text: words.ReadyText, Button: words.Continue, Token: token,
		})
		return
	}
	if h.inside(r, found) {
		http.Redirect(w, r, journeyPath(found.Journey), http.StatusSeeOther)
		return
	}
	h.refuse(w, r, words, token, err)
}

// inside reports whether the person of a spent link is still signed in: who opens the mail
// again simply goes on.
func (h *handler) inside(r *http.Request, found session.Found) bool {
	if found.User == 0 {
		return false
	}
	who, err := h.Door.Who(r)
	return err == nil && who.Kind == actor.Front && who.Workspace == found.Workspace && who.User == found.User
}

// act does what a button asks for.
func (h *handler) act(w http.ResponseWriter, r *http.Request, words words, token string) {
	var in session.Entered
	var err error
	switch r.PostForm.Get("Do") {
	case "send":
		if err = h.Visits.SendCode(r.Context(), session.Network(r.RemoteAddr), token, words.Lang); err == nil {
			h.show(w, r, http.StatusOK, view{W: words, State: "code", Title: words.Sent, Token: token})
			return
		}
	case "code":
		in, err = h.Visits.EnterCode(r.Context(), session.Network(r.RemoteAddr), token, r.PostForm.Get("Code"))
		if fault.Is(err, fault.Unauthenticated) {
			h.show(w, r, http.StatusForbidden, view{W: words, State: "code", Title: words.Sent, Fault: words.WrongCode, Token: token})
			return
		}
	default:
		in, err = h.Visits.Enter(r.Context(), token, r.PostForm.Get("Press"))
	}
	if err != nil {
		h.refuse(w, r, words, token, err)
		return
	}
	http.SetCookie(w, h.Door.Cookie(in))
	http.Redirect(w, r, journeyPath(in.Visit.Journey), http.StatusSeeOther)
}

// journeyPath is the place in the front-office that a link leads to.
func journeyPath(id ident.Journey) string {
	if id == 0 {
		return "/f/"
	}
	return "/f/journeys/" + ident.String(id)
}

// refuse shows a refusal with the way out of it.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, words words, token string, err error) {
	f := fault.As(err)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.RetryAfter.Seconds()))))
	}
	v := view{W: words, State: "again", Title: words.Away, Text: words.AwayText, Button: words.Back, Token: token}
	status := http.StatusServiceUnavailable
	switch f.Kind {
	case fault.Unauthenticated, fault.NotFound:
		v.State, v.Title, v.Text, v.Button = "stale", words.Stale, words.StaleText, words.Send
		status = http.StatusGone
	case fault.Limited:
		v.Title, v.Text = words.TooMany, words.TooManyText
		status = http.StatusTooManyRequests
	case fault.Forbidden:
		status = http.StatusForbidden
	case fault.Malformed, fault.Invalid, fault.TooLarge, fault.MediaType, fault.Conflict, fault.Stale, fault.PreconditionRequired:
		status = http.StatusBadRequest
	case fault.MethodNotAllowed:
		status = http.StatusMethodNotAllowed
	case fault.Internal, fault.Provider, fault.Unavailable:
		h.Log.ErrorContext(r.Context(), "a link could not be served", "error", err)
	}
	h.show(w, r, status, v)
}

func (h *handler) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	var raw [48]byte
	if _, err := io.ReadFull(h.Random, raw[:]); err != nil {
		http.Error(w, "no randomness for this page", http.StatusServiceUnavailable)
		return
	}
	v.Nonce, v.Press, v.Action = base64.RawURLEncoding.EncodeToString(raw[:16]), hex.EncodeToString(raw[16:]), Path
	var body bytes.Buffer
	if err := page.Execute(&body, v); err != nil {
		h.Log.ErrorContext(r.Context(), "the page of a link could not be made", "error", err)
		http.Error(w, "this page could not be made", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Language", v.W.Lang)
	header.Set("Vary", "Accept-Language, Cookie")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+v.Nonce+"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes())
	}
}
