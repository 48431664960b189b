// Package sessiontest is the contract of core/session's ports.
package sessiontest

import (
	"context"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// House is what the contract is tried on: a sandbox with a person, and another workspace.
type House struct {
	Work   unit.Work[session.Tx]
	Reader session.Reader
	Ender  session.Ender
	IDs    ident.Source
	One    ident.Workspace
	Two    ident.Workspace
	// Name is the first workspace's; User and Email are the person's.
	Name  string
	User  ident.User
	Email string
	// Begin begins a visit in the first workspace.
	Begin func(t *testing.T, v session.Visit)
	// Run is an activity run of the first workspace.
	Run ident.Run
}

// TestStores is the contract; house is made for each part.
func TestStores(t *testing.T, house func(t *testing.T) *House) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, *House){
		"Links": testLinks, "Codes": testCodes, "Visitor": testVisitor, "Drafts": testDrafts,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, house(t))
		})
	}
}

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func (h *House) in(ctx context.Context, ws ident.Workspace) context.Context {
	return actor.With(ctx, actor.Actor{Kind: actor.Front, Workspace: ws, User: h.User, Sandbox: true})
}

func (h *House) do(t *testing.T, fn func(ctx context.Context, tx session.Tx) error) {
	t.Helper()
	if err := h.Work.Do(h.in(t.Context(), h.One), fn); err != nil {
		t.Fatal(err)
	}
}

func (h *House) id(t *testing.T) ident.Session {
	t.Helper()
	ids, err := h.IDs.Reserve(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return ident.Session(ids[0])
}

func testLinks(t *testing.T, h *House) {
	want := session.Link{
		ID: h.id(t), TokenHash: session.HashToken("a"), User: h.User, Journey: 5, RedirectURL: "https://a.example/", CreatedAt: now, ValidUntil: now.Add(time.Minute),
	}
	h.do(t, func(ctx context.Context, tx session.Tx) error { return tx.Links.Insert(ctx, []session.Link{want}) })
	got, err := h.Reader.Link(t.Context(), want.TokenHash)
	if err != nil || got.Workspace != h.One || got.Name != h.Name || !got.Sandbox || got.ID != want.ID || got.User != want.User ||
		got.Journey != want.Journey || got.RedirectURL != want.RedirectURL || !got.ValidUntil.Equal(want.ValidUntil) || !got.UsedAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.Reader.Link(t.Context(), session.HashToken("b")); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown link: %v", err)
	}
}

func testCodes(t *testing.T, h *House) {
	first := session.Code{ID: h.id(t), User: h.User, Journey: 5, RedirectURL: "https://a.example/", Digits: "01234567", CreatedAt: now, ValidUntil: now.Add(session.CodeLife)}
	second := session.Code{ID: h.id(t), User: h.User, Digits: "76543210", CreatedAt: now, ValidUntil: now.Add(session.CodeLife)}
	lock := func() (got session.Code) {
		h.do(t, func(ctx context.Context, tx session.Tx) (err error) {
			got, err = tx.Codes.Lock(ctx, h.User)
			return err
		})
		return got
	}
	h.do(t, func(ctx context.Context, tx session.Tx) error {
		if _, err := tx.Codes.Lock(ctx, h.User); !fault.Is(err, fault.NotFound) {
			t.Errorf("a code before there was one: %v", err)
		}
		return tx.Codes.Put(ctx, first)
	})
	got := lock()
	if got.ID != first.ID || got.Journey != 5 || got.Digits != first.Digits || got.RedirectURL != first.RedirectURL || !got.ValidUntil.Equal(first.ValidUntil) || got.Tries != 0 {
		t.Errorf("%+v", got)
	}
	got.Tries, got.UsedAt = 3, now
	h.do(t, func(ctx context.Context, tx session.Tx) error { return tx.Codes.Save(ctx, got) })
	if got = lock(); got.Tries != 3 || !got.UsedAt.Equal(now) {
		t.Errorf("%+v", got)
	}
	letter, err := h.Reader.Letter(h.in(t.Context(), h.One), first.ID)
	if err != nil || letter.Code.Digits != first.Digits || letter.To != h.Email || letter.Workspace.Name != h.Name || !letter.Workspace.Sandbox {
		t.Errorf("%+v, %v", letter, err)
	}
	if _, err := h.Reader.Letter(h.in(t.Context(), h.Two), first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another workspace's letter: %v", err)
	}
	h.do(t, func(ctx context.Context, tx session.Tx) error { return tx.Codes.Put(ctx, second) })
	if got = lock(); got.ID != second.ID || got.Digits != second.Digits || got.Journey != 0 || got.Tries != 0 || !got.UsedAt.IsZero() {
		t.Errorf("the new code did not take the old one's place: %+v", got)
	}
	if _, err := h.Reader.Letter(h.in(t.Context(), h.One), first.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the letter of a code that is gone: %v", err)
	}
}

func testVisitor(t *testing.T, h *House) {
	v := session.NewVisit(h.id(t), actor.Front, h.User, session.HashToken("v"), time.Now().Truncate(time.Microsecond))
	v.Journey, v.RedirectURL = 5, "https://a.example/"
	h.Begin(t, v)
	got, err := h.Reader.Visitor(h.in(t.Context(), h.One), v.TokenHash)
	if err != nil || got.User.ID != h.User || got.User.Email != h.Email || got.Workspace.ID != h.One || got.Journey != 5 || got.RedirectURL != v.RedirectURL ||
		!got.Since.Equal(v.CreatedAt) || !got.Until.Equal(v.ExpiresAt) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := h.Reader.Visitor(h.in(t.Context(), h.Two), v.TokenHash); !fault.Is(err, fault.NotFound) {
		t.Errorf("seen from another workspace: %v", err)
	}
	office := session.NewVisit(h.id(t), actor.Console, h.User, session.HashToken("o"), time.Now())
	h.Begin(t, office)
	if _, err := h.Reader.Visitor(h.in(t.Context(), h.One), office.TokenHash); !fault.Is(err, fault.NotFound) {
		t.Errorf("a console visit in the front-office: %v", err)
	}
	for range 2 {
		if err := h.Ender.End(t.Context(), v.TokenHash); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Reader.Visitor(h.in(t.Context(), h.One), v.TokenHash); !fault.Is(err, fault.NotFound) {
		t.Errorf("an ended visit: %v", err)
	}
}

func testDrafts(t *testing.T, h *House) {
	save := func(field, value string, at time.Time) {
		t.Helper()
		h.do(t, func(ctx context.Context, tx session.Tx) error {
			return tx.Drafts.Save(ctx, session.Draft{Run: h.Run, Field: field, Value: []byte(value), At: at})
		})
	}
	save("b", `"two"`, now)
	save("a", `{"x": [1]}`, now)
	save("b", `"three"`, now.Add(time.Second))
	read := func(ws ident.Workspace) []session.Draft {
		t.Helper()
		got, err := h.Reader.Drafts(h.in(t.Context(), ws), h.Run)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := read(h.One)
	if len(got) != 2 || got[0].Field != "a" || got[1].Field != "b" || string(got[1].Value) != `"three"` || !got[1].At.Equal(now.Add(time.Second)) || got[1].Run != h.Run {
		t.Errorf("%+v", got)
	}
	if foreign := read(h.Two); len(foreign) != 0 {
		t.Errorf("another workspace sees %+v", foreign)
	}
	h.do(t, func(ctx context.Context, tx session.Tx) error { return tx.Drafts.Drop(ctx, h.Run) })
	if got := read(h.One); len(got) != 0 {
		t.Errorf("not dropped: %+v", got)
	}
}
