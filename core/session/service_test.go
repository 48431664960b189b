package session

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/workspace"
)

// world is everything a Service works with, in maps.
type world struct {
	mu      sync.Mutex
	links   []Link
	codes   map[ident.User]Code
	jobs    []CodeJob
	sent    []activity.Message
	visitor Visitor
	visits  map[string]Visitor
	now     time.Time
	drawn   int
}

const (
	inWorkspace ident.Workspace = 7
	ann         ident.User      = 3
)

func newWorld(links ...Link) (*world, *Service) {
	w := &world{codes: map[ident.User]Code{}, links: links, now: noon}
	return w, NewService(Parts{
		Work: w, Reader: reader{w}, Opener: w, Ender: nil, Secrets: w, IDs: w, Mailer: w, Now: func() time.Time { return w.now },
	})
}

func link(token string) Link {
	return Link{ID: 1, TokenHash: HashToken(token), User: ann, Journey: 5, RedirectURL: "https://a.example/", ValidUntil: noon.Add(LinkLife)}
}

func (w *world) Do(ctx context.Context, fn func(context.Context, Tx) error) error {
	if a := actor.From(ctx); a.Workspace != inWorkspace || a.User != ann || a.Kind != actor.Front {
		return fmt.Errorf("acts as %+v", a)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return fn(ctx, Tx{Codes: w, Links: w, Jobs: w})
}
func (w *world) Put(_ context.Context, c Code) error { w.codes[c.User] = c; return nil }
func (w *world) Lock(_ context.Context, u ident.User) (Code, error) {
	if c, ok := w.codes[u]; ok {
		return c, nil
	}
	return Code{}, fault.New(fault.NotFound, "not_found", "")
}
func (w *world) Save(_ context.Context, c Code) error { w.codes[c.User] = c; return nil }
func (w *world) Insert(_ context.Context, links []Link) error {
	w.links = append(w.links, links...)
	return nil
}

func (w *world) Enqueue(_ context.Context, items ...job.Item) error {
	for _, i := range items {
		w.jobs = append(w.jobs, i.Job.(CodeJob))
	}
	return nil
}

func (w *world) Enter(_ context.Context, l Link, v Visit) (Visit, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.links {
		if bytes.Equal(w.links[i].TokenHash, l.TokenHash) && w.links[i].Usable(w.now) {
			w.links[i].UsedAt = w.now
			v.RedirectURL = l.RedirectURL
			return v, nil
		}
	}
	return Visit{}, InvalidLink()
}

func (w *world) Token() (string, []byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn++
	token := fmt.Sprint("token", w.drawn)
	return token, HashToken(token), nil
}

func (w *world) Digits(n int) string {
	w.drawn++
	return fmt.Sprintf("%0*d", n, w.drawn)
}

func (w *world) Reserve(_ context.Context, n int) ([]int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]int64, n)
	for i := range out {
		w.drawn++
		out[i] = int64(w.drawn)
	}
	return out, nil
}

func (w *world) Send(ctx context.Context, m activity.Message) error {
	if !actor.From(ctx).Sandbox {
		return fault.New(fault.Provider, "no_mail_server", "There is no mail server.")
	}
	w.sent = append(w.sent, m)
	return nil
}

// reader is the world as Reader, whose methods share names with other ports.
type reader struct{ w *world }

func (r reader) Link(_ context.Context, hash []byte) (Found, error) {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	for _, l := range r.w.links {
		if bytes.Equal(l.TokenHash, hash) {
			return Found{Link: l, Workspace: inWorkspace, Sandbox: true, Name: "Acme"}, nil
		}
	}
	return Found{}, fault.New(fault.NotFound, "not_found", "")
}

func (r reader) Visitor(_ context.Context, hash []byte) (Visitor, error) {
	if v, ok := r.w.visits[string(hash)]; ok {
		return v, nil
	}
	if hash != nil {
		return Visitor{}, fault.New(fault.NotFound, "not_found", "")
	}
	return r.w.visitor, nil
}

func (r reader) Drafts(context.Context, ident.Run) ([]Draft, error) { return nil, nil }
func (r reader) Letter(_ context.Context, id ident.Session) (Letter, error) {
	for _, c := range r.w.codes {
		if c.ID == id {
			return Letter{Code: c, To: "ann@example.org", Name: "Ann", Workspace: workspace.Workspace{Name: "Acme", Sandbox: true}}, nil
		}
	}
	return Letter{}, fault.New(fault.NotFound, "not_found", "")
}

func TestService_Enter(t *testing.T) {
	t.Parallel()
	w, s := newWorld(link("good"))
	if _, err := s.Look(t.Context(), "good"); err != nil || !w.links[0].UsedAt.IsZero() {
		t.Fatalf("looking used the link: %v", err)
	}
	if _, err := s.Enter(t.Context(), "never", ""); !fault.HasCode(err, "invalid_link") {
		t.Errorf("unknown: %v", err)
	}
	var in int
	var mu sync.Mutex
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if v, err := s.Enter(t.Context(), "good", ""); err == nil {
				mu.Lock()
				defer mu.Unlock()
				if in++; v.Visit.User != ann || v.Visit.Journey != 5 || v.Visit.ExpiresAt != noon.Add(VisitLife) || string(v.Visit.TokenHash) != string(HashToken(v.Token)) {
					t.Errorf("%+v", v)
				}
			} else if !fault.HasCode(err, "invalid_link") {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if in != 1 {
		t.Errorf("%d visits by one link", in)
	}
}

func TestService_Enter_pressed_twice(t *testing.T) {
	t.Parallel()
	mine, other := strings.Repeat("a", shortestPress), strings.Repeat("b", shortestPress)
	w, s := newWorld(link("good"))
	first, err := s.Enter(t.Context(), "good", mine)
	if err != nil {
		t.Fatal(err)
	}
	w.visits = map[string]Visitor{string(HashToken(first.Token)): {User: workspace.User{ID: ann}, Journey: 5, Since: w.now, Until: first.Visit.ExpiresAt}}
	again, err := s.Enter(t.Context(), "good", mine)
	if err != nil || again.Token != first.Token || again.Visit.Journey != 5 || again.Visit.ExpiresAt != first.Visit.ExpiresAt {
		t.Errorf("%+v, %v", again, err)
	}
	for name, press := range map[string]string{"another page's": other, "none": "", "too short to be drawn by us": "a"} {
		if _, err := s.Enter(t.Context(), "good", press); !fault.HasCode(err, "invalid_link") {
			t.Errorf("%s press: %v", name, err)
		}
	}
	w.now = w.now.Add(pressedAgain)
	if _, err := s.Enter(t.Context(), "good", mine); !fault.HasCode(err, "invalid_link") {
		t.Errorf("much later: %v", err)
	}
}

func TestService_EnterCode(t *testing.T) {
	t.Parallel()
	w, s := newWorld(link("spent"))
	w.now = noon.Add(time.Hour)
	if err := s.SendCode(t.Context(), "net", "never", "en"); err != nil || len(w.jobs) != 0 {
		t.Errorf("a code for nobody: %v, %v", err, w.jobs)
	}
	if err := s.SendCode(t.Context(), "net", "spent", "fr"); err != nil || len(w.jobs) != 1 {
		t.Fatalf("%v, %v", err, w.jobs)
	}
	old := w.codes[ann].Digits
	if err := s.SendCode(t.Context(), "net", "spent", "fr"); err != nil {
		t.Fatal(err)
	}
	if err := s.Mail(t.Context(), w.jobs[0]); err != nil || len(w.sent) != 0 {
		t.Errorf("the old code was mailed: %v", err)
	}
	for range 2 {
		if err := s.Mail(t.Context(), w.jobs[1]); err != nil {
			t.Fatal(err)
		}
	}
	code := w.codes[ann].Digits
	if len(w.sent) != 2 || w.sent[0].ID != w.sent[1].ID || !strings.Contains(w.sent[0].Text, code[:4]+" "+code[4:]) || !strings.HasPrefix(w.sent[0].Subject, "Votre code") {
		t.Errorf("%+v", w.sent)
	}
	if _, err := s.EnterCode(t.Context(), "net", "spent", old); !fault.HasCode(err, "wrong_code") {
		t.Errorf("the old code: %v", err)
	}
	if _, err := s.EnterCode(t.Context(), "net", "never", code); !fault.HasCode(err, "wrong_code") {
		t.Errorf("by another link: %v", err)
	}
	v, err := s.EnterCode(t.Context(), "net", "spent", code)
	if err != nil || v.Visit.Journey != 5 || v.Visit.RedirectURL != "https://a.example/" {
		t.Fatalf("%+v, %v", v, err)
	}
	if _, err := s.EnterCode(t.Context(), "net", "spent", code); !fault.HasCode(err, "wrong_code") {
		t.Errorf("again: %v", err)
	}
}

func TestService_codes_are_slow_to_guess(t *testing.T) {
	t.Parallel()
	w, s := newWorld(link("spent"))
	sent, tries := 0, 0
	for i := range 1000 {
		if s.SendCode(t.Context(), fmt.Sprint("s", i), "spent", "en") == nil {
			sent++
		}
		for j := range 10 {
			if _, err := s.EnterCode(t.Context(), fmt.Sprint(i, "/", j), "spent", "no"); fault.HasCode(err, "wrong_code") {
				tries++
			}
		}
		if c := w.codes[ann]; c.Tries > mostCodeTries {
			t.Fatalf("%d tries of one code", c.Tries)
		}
	}
	if sent != codesALink {
		t.Errorf("%d codes for one link", sent)
	}
	limited := 0
	for range triesAMinute + 5 {
		if _, err := s.EnterCode(t.Context(), "one", "spent", "no"); fault.Is(err, fault.Limited) {
			limited++
		}
	}
	if limited != 5 {
		t.Errorf("%d of %d tries from one place were refused", limited, triesAMinute+5)
	}
}

func TestService_Visitor_is_sent_only_where_it_is_allowed_now(t *testing.T) {
	t.Parallel()
	w, s := newWorld()
	w.visitor = Visitor{RedirectURL: "https://a.example/x", Workspace: workspace.Workspace{RedirectOrigins: []string{"https://a.example"}}}
	if v, err := s.Visitor(t.Context(), nil); err != nil || v.RedirectURL != "https://a.example/x" {
		t.Errorf("%+v, %v", v, err)
	}
	w.visitor.Workspace.RedirectOrigins = []string{"https://b.example"}
	if v, err := s.Visitor(t.Context(), nil); err != nil || v.RedirectURL != "" {
		t.Errorf("%+v, %v", v, err)
	}
}
