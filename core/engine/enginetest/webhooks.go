package enginetest

import (
	"context"
	"testing"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
)

func testWebhooks(t *testing.T, h *House) {
	a, b := h.lead(t, "a@example.org"), h.lead(t, "b@example.org")
	h.keep(t, a)
	h.keep(t, b)
	one := engine.Subscription{ID: ident.Webhook(h.id(t)), Lead: a.ID, URL: "https://one.example/", Events: []string{"*"}, Sealed: []byte{1, 0}, Secret: "shown"}
	two := engine.Subscription{ID: ident.Webhook(h.id(t)), Lead: a.ID, URL: "https://two.example/", Events: []string{"lead.*", "journey.*"}, Sealed: []byte{2}}
	other := engine.Subscription{ID: ident.Webhook(h.id(t)), Lead: b.ID, URL: one.URL, Events: []string{"*"}, Sealed: []byte{3}}
	of := func(leads ...ident.User) map[ident.Webhook]engine.Subscription {
		out := map[ident.Webhook]engine.Subscription{}
		h.do(t, func(ctx context.Context, tx engine.Tx) error {
			got, err := tx.Webhooks.Of(ctx, leads)
			for _, s := range got {
				out[s.ID] = s
			}
			return err
		})
		return out
	}
	if got := of(a.ID); len(got) != 0 {
		t.Errorf("a lead without webhooks has %v", got)
	}
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		return tx.Webhooks.Save(ctx, []engine.Subscription{one, two, other})
	})
	got := of(a.ID, 1)
	if len(got) != 2 || got[one.ID].URL != one.URL || got[one.ID].Lead != a.ID || got[two.ID].URL != two.URL {
		t.Errorf("of a lead: %v", got)
	}
	again := engine.Subscription{ID: ident.Webhook(h.id(t)), Lead: a.ID, URL: one.URL, Events: []string{"activity.*"}, Sealed: []byte{9}}
	fresh := engine.Subscription{ID: ident.Webhook(h.id(t)), Lead: b.ID, URL: two.URL, Events: []string{"*"}, Sealed: []byte{4}}
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		return tx.Webhooks.Save(ctx, []engine.Subscription{again, fresh})
	})
	got = of(a.ID, b.ID)
	if _, made := got[again.ID]; made || len(got) != 4 || got[one.ID].URL != one.URL || got[fresh.ID].Lead != b.ID {
		t.Errorf("an address of a lead is one webhook: %v", got)
	}
	if err := h.Work.Do(h.in(t.Context(), h.Two), func(ctx context.Context, tx engine.Tx) error {
		seen, err := tx.Webhooks.Of(ctx, []ident.User{a.ID})
		if len(seen) != 0 {
			t.Error("another workspace sees the webhooks")
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}
