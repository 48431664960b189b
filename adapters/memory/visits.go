package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
)

type visitStore struct{ *tx }

func (s visitStore) Lock(_ context.Context, hashes [][]byte) ([]*session.Link, error) {
	if err := s.db.step("links lock"); err != nil {
		return nil, err
	}
	var out []*session.Link
	for _, l := range s.t.links {
		if slices.ContainsFunc(hashes, func(h []byte) bool { return bytes.Equal(h, l.TokenHash) }) {
			out = append(out, &l)
		}
	}
	slices.SortFunc(out, func(a, b *session.Link) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

func (s visitStore) Use(_ context.Context, links []*session.Link) error {
	if err := s.db.step("links use"); err != nil {
		return err
	}
	for _, used := range links {
		for i := range s.t.links {
			if l := &s.t.links[i]; l.ID == used.ID {
				before := l.UsedAt
				s.undo = append(s.undo, func() { l.UsedAt = before })
				l.UsedAt = used.UsedAt
			}
		}
	}
	return nil
}

func (s visitStore) Begin(_ context.Context, v session.Visit) error {
	if err := s.db.step("visit begin"); err != nil {
		return err
	}
	put(s.tx, s.t.visits, v.ID, v)
	return nil
}

// Visits are the visits that were begun in a workspace.
func (db *DB) Visits(ws ident.Workspace) []session.Visit {
	db.mu.Lock()
	defer db.mu.Unlock()
	var out []session.Visit
	for _, v := range db.tenants[ws].visits {
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b session.Visit) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
