// Package accounttest is the contract of core/account's ports.
package accounttest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
	"github.com/kohomai/kohomai/core/workspace"
)

// House is what the contract is tried on: two workspaces, of which the second is a sandbox,
// both of which one person was invited to, as Administrator, with a link each.
type House struct {
	Work   unit.Work[account.Tx]
	Reader account.Reader
	Gate   account.Gate
	IDs    ident.Source
	// Cookie finds the actor of a visit, or NotFound.
	Cookie func(ctx context.Context, hash []byte) (session.Guest, error)
	Email  string
	// Places are the person's, and Tokens those of their links.
	Places [2]account.Place
	Tokens [2]string
}

// TestStores is the contract; house is made for each part.
func TestStores(t *testing.T, house func(t *testing.T) *House) {
	t.Helper()
	for name, part := range map[string]func(*testing.T, *House){
		"Links": testLinks, "Visits": testVisits, "Passwords": testPasswords, "Places": testPlaces, "Gate": testGate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(t, house(t))
		})
	}
}

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func (h *House) in(ctx context.Context, n int) context.Context {
	p := h.Places[n]
	return actor.With(ctx, actor.Actor{Kind: actor.Console, Workspace: p.Workspace, User: p.User, Sandbox: p.Sandbox})
}

func (h *House) do(t *testing.T, n int, fn func(ctx context.Context, tx account.Tx) error) {
	t.Helper()
	if err := h.Work.Do(h.in(t.Context(), n), fn); err != nil {
		t.Fatal(err)
	}
}

// begin begins a visit and returns its token's hash.
func (h *House) begin(t *testing.T, n int, at time.Time) []byte {
	t.Helper()
	ids, err := h.IDs.Reserve(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	hash := session.HashToken(fmt.Sprint("visit ", ids[0]))
	v := session.NewVisit(ident.Session(ids[0]), actor.Console, h.Places[n].User, hash, at)
	h.do(t, n, func(ctx context.Context, tx account.Tx) error { return tx.Visits.Begin(ctx, v) })
	return hash
}

func testLinks(t *testing.T, h *House) {
	hash := session.HashToken(h.Tokens[0])
	place, err := h.Reader.OfLink(t.Context(), hash)
	if err != nil || place != h.Places[0] {
		t.Fatalf("%+v, %v", place, err)
	}
	if _, err := h.Reader.OfLink(t.Context(), session.HashToken("never")); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown link: %v", err)
	}
	h.do(t, 0, func(ctx context.Context, tx account.Tx) error {
		l, err := tx.Links.Lock(ctx, hash)
		if err != nil {
			return err
		}
		if l.User != place.User || l.Role != workspace.Administrator || !l.UsedAt.IsZero() || l.ValidUntil.IsZero() {
			t.Errorf("%+v", l)
		}
		return tx.Links.Use(ctx, l.ID, now)
	})
	h.do(t, 0, func(ctx context.Context, tx account.Tx) error {
		l, err := tx.Links.Lock(ctx, hash)
		if !l.UsedAt.Equal(now) {
			t.Errorf("used at %v", l.UsedAt)
		}
		return err
	})
	h.do(t, 1, func(ctx context.Context, tx account.Tx) error {
		if _, err := tx.Links.Lock(ctx, hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("another workspace's link: %v", err)
		}
		return nil
	})
}

func testVisits(t *testing.T, h *House) {
	at := time.Now().UTC().Truncate(time.Microsecond)
	old := h.begin(t, 0, at.Add(-2*session.VisitLife))
	hash := h.begin(t, 0, at)
	g, err := h.Cookie(t.Context(), hash)
	want := actor.Actor{Kind: actor.Console, Workspace: h.Places[0].Workspace, User: h.Places[0].User, Role: "Administrator"}
	if err != nil || g.Actor.Workspace != want.Workspace || g.Actor.User != want.User || g.Actor.Kind != want.Kind || g.Actor.Role != want.Role || g.Actor.Sandbox || !g.SeenAt.Equal(at) || !g.ExpiresAt.Equal(at.Add(session.VisitLife)) {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := h.Cookie(t.Context(), old); !fault.Is(err, fault.NotFound) {
		t.Errorf("an expired visit stays: %v", err)
	}
	me, err := h.Reader.Me(h.in(t.Context(), 0), hash)
	if err != nil || me.User.Email != h.Email || me.Workspace.ID != want.Workspace || me.HasPassword || !me.ValidUntil.Equal(g.ExpiresAt) {
		t.Errorf("%+v, %v", me, err)
	}
	if _, err := h.Reader.Me(h.in(t.Context(), 1), hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("seen from another workspace: %v", err)
	}
	for range 2 {
		if err := h.Gate.End(t.Context(), hash); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Cookie(t.Context(), hash); !fault.Is(err, fault.NotFound) {
		t.Errorf("an ended visit: %v", err)
	}
}

func testPasswords(t *testing.T, h *House) {
	known, err := h.Reader.ByEmail(t.Context(), h.Email)
	if err != nil || known.PasswordHash != "" {
		t.Fatalf("%+v, %v", known, err)
	}
	if _, err := h.Reader.ByEmail(t.Context(), "nobody@example.org"); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown e-mail: %v", err)
	}
	keep, other, elsewhere := h.begin(t, 0, time.Now()), h.begin(t, 0, time.Now()), h.begin(t, 1, time.Now())
	h.do(t, 0, func(ctx context.Context, tx account.Tx) error {
		of, err := tx.Passwords.Of(ctx, h.Places[0].User)
		if err != nil || of.ID != known.ID {
			t.Errorf("%+v, %v", of, err)
		}
		if _, err := tx.Passwords.Of(ctx, h.Places[1].User); !fault.Is(err, fault.NotFound) {
			t.Errorf("another workspace's user: %v", err)
		}
		if err := tx.Passwords.Set(ctx, known.ID, "hash"); err != nil {
			return err
		}
		if err := tx.Passwords.EndVisits(ctx, known.ID, keep); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Entry{At: now, Actor: actor.From(ctx), Action: "user.set_password", Object: "user/1"})
	})
	if known, err = h.Reader.ByEmail(t.Context(), h.Email); err != nil || known.PasswordHash != "hash" {
		t.Errorf("%+v, %v", known, err)
	}
	if me, err := h.Reader.Me(h.in(t.Context(), 0), keep); err != nil || !me.HasPassword {
		t.Errorf("%+v, %v", me, err)
	}
	for name, hash := range map[string][]byte{"another": other, "one elsewhere": elsewhere} {
		if _, err := h.Cookie(t.Context(), hash); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s goes on: %v", name, err)
		}
	}
}

func testPlaces(t *testing.T, h *House) {
	known, err := h.Reader.ByEmail(t.Context(), h.Email)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(want ...account.Place) {
		t.Helper()
		if got, err := h.Reader.Places(t.Context(), known.ID); err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v, want %+v, %v", got, want, err)
		}
	}
	expect(h.Places[0], h.Places[1])
	h.begin(t, 1, time.Now().Add(-time.Hour))
	expect(h.Places[1], h.Places[0])
	h.begin(t, 0, time.Now())
	expect(h.Places[0], h.Places[1])
	if got, err := h.Reader.Places(t.Context(), 0); err != nil || len(got) != 0 {
		t.Errorf("nobody may enter %+v, %v", got, err)
	}
}

func testGate(t *testing.T, h *House) {
	delays := []time.Duration{0, 0, time.Second, time.Minute}
	subject := []byte("somebody")
	try := func(at time.Time) time.Duration {
		t.Helper()
		wait, err := h.Gate.Try(t.Context(), subject, at, delays)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	// Side by side, no more get through than one after another.
	var through atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if wait, err := h.Gate.Try(t.Context(), subject, now, delays); err == nil && wait == 0 {
				through.Add(1)
			}
		})
	}
	group.Wait()
	if through.Load() != 2 {
		t.Errorf("%d of 20 attempts at once", through.Load())
	}
	if wait := try(now.Add(200 * time.Millisecond)); wait != 800*time.Millisecond {
		t.Errorf("wait %v", wait)
	}
	for _, step := range []struct{ after, wait time.Duration }{
		{time.Second, 0}, {2 * time.Second, 59 * time.Second}, {61 * time.Second, 0}, {62 * time.Second, 59 * time.Second},
	} {
		if wait := try(now.Add(step.after)); wait != step.wait {
			t.Errorf("%v after: wait %v, want %v", step.after, wait, step.wait)
		}
	}
	if err := h.Gate.Forget(t.Context(), subject); err != nil {
		t.Fatal(err)
	}
	if wait := try(now.Add(63 * time.Second)); wait != 0 {
		t.Errorf("not forgotten: %v", wait)
	}
}
