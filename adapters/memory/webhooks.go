package memory

import (
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/ident"
)

// subscriber is what tells the webhooks of leads apart.
type subscriber struct {
	lead ident.User
	url  string
}

type webhookStore struct{ *tx }

func (s webhookStore) Of(_ context.Context, leads []ident.User) ([]engine.Subscription, error) {
	if err := s.db.step("webhooks read"); err != nil {
		return nil, err
	}
	var out []engine.Subscription
	for _, w := range s.t.webhooks {
		if slices.Contains(leads, w.Lead) {
			out = append(out, engine.Subscription{ID: w.ID, Lead: w.Lead, URL: w.URL})
		}
	}
	return out, nil
}

func (s webhookStore) Save(_ context.Context, all []engine.Subscription) error {
	if err := s.db.step("webhooks save"); err != nil {
		return err
	}
	for _, w := range all {
		who := subscriber{w.Lead, w.URL}
		if old, had := s.t.webhooks[who]; had {
			w.ID, w.Sealed = old.ID, old.Sealed
		}
		w.Secret, w.Events = "", slices.Clone(w.Events)
		put(s.tx, s.t.webhooks, who, w)
	}
	return nil
}

// Webhooks are those of the leads of a workspace.
func (db *DB) Webhooks(ws ident.Workspace) []engine.Subscription {
	db.mu.Lock()
	defer db.mu.Unlock()
	var out []engine.Subscription
	for _, w := range db.tenants[ws].webhooks {
		out = append(out, w)
	}
	return out
}
