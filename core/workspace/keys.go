package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
)

// NewKey asks for an API key.
type NewKey struct {
	Name      string
	Scopes    []string
	Sandbox   bool
	ExpiresAt time.Time // zero: never
}

// Issued is a new key with its secret, which is shown once.
type Issued struct {
	Key    Key
	Secret string
}

// MostOverlap is how long a replaced key may go on working.
const MostOverlap = 30 * 24 * time.Hour

func (n *NewKey) check(now time.Time) error {
	var wrong fault.Collector
	if n.Name = strings.TrimSpace(n.Name); n.Name == "" || len(n.Name) > 100 {
		wrong.Add("Name", "required", "A name of at most 100 characters is required.")
	}
	if len(n.Scopes) == 0 {
		wrong.Add("Scopes", "required", "At least one scope is required.")
	}
	for i, scope := range n.Scopes {
		if !slices.Contains(scopes, scope) {
			wrong.Add(fmt.Sprintf("Scopes[%d]", i), "unknown_scope", "There is no scope %s; there are %s.", scope, strings.Join(scopes, ", "))
		}
	}
	if !n.ExpiresAt.IsZero() && !n.ExpiresAt.After(now) {
		wrong.Add("ExpiresAt", "past", "The expiry lies in the past.")
	}
	return wrong.Err()
}

// CreateKey makes an API key in the actor's workspace.
func (s *Service) CreateKey(ctx context.Context, n NewKey, once idem.Once[Issued]) (idem.Outcome[Issued], error) {
	var out idem.Outcome[Issued]
	now := s.now()
	if err := n.check(now); err != nil {
		return out, err
	}
	env := Live
	if n.Sandbox {
		env = Test
	}
	fresh, err := s.issue(ctx, Key{Name: n.Name, Env: env, Scopes: slices.Clone(n.Scopes), CreatedAt: now, ExpiresAt: n.ExpiresAt})
	if err != nil {
		return out, err
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Issued, error) {
			if err := tx.Keys.Insert(ctx, fresh.Key); err != nil {
				return Issued{}, err
			}
			return fresh, s.auditKey(ctx, tx, "key.create", fresh.Key)
		})
		return err
	})
	return out, err
}

// issue draws the secret of a key and what goes with it.
func (s *Service) issue(ctx context.Context, k Key) (Issued, error) {
	secret, lookup, hash, err := s.creds.Key(k.Env)
	if err != nil {
		return Issued{}, err
	}
	ids, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return Issued{}, err
	}
	k.ID, k.Workspace, k.Lookup, k.Hash, k.LastUsedAt = ident.Key(ids[0]), actor.From(ctx).Workspace, lookup, hash, time.Time{}
	return Issued{Key: k, Secret: secret}, nil
}

// RotateKey replaces a key by a new one of the same name, scopes and expiry. The old one
// goes on working for the overlap, at most until its own expiry. A key that no longer
// works is a Conflict of code state_forbids.
func (s *Service) RotateKey(ctx context.Context, id ident.Key, overlap time.Duration, once idem.Once[Issued]) (idem.Outcome[Issued], error) {
	var out idem.Outcome[Issued]
	if overlap < 0 || overlap > MostOverlap {
		return out, fault.InvalidField("OverlapSeconds", "out_of_range", "The overlap is 0 seconds to 30 days.")
	}
	now := s.now()
	err := s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Issued, error) {
			old, err := tx.Keys.Lock(ctx, id)
			if err != nil {
				return Issued{}, err
			}
			if !old.Valid(now) {
				return Issued{}, fault.New(fault.Conflict, "state_forbids", "This key is revoked or expired: create a new one.")
			}
			next := old
			next.CreatedAt = now
			fresh, err := s.issue(ctx, next)
			if err != nil {
				return Issued{}, err
			}
			if end := now.Add(overlap); old.ExpiresAt.IsZero() || end.Before(old.ExpiresAt) {
				old.ExpiresAt = end
			}
			if err := tx.Keys.Save(ctx, old); err != nil {
				return Issued{}, err
			}
			if err := tx.Keys.Insert(ctx, fresh.Key); err != nil {
				return Issued{}, err
			}
			return fresh, s.auditKey(ctx, tx, "key.rotate", old)
		})
		return err
	})
	return out, err
}

// RevokeKey ends a key. One that is revoked already stays as it is.
func (s *Service) RevokeKey(ctx context.Context, id ident.Key, once idem.Once[Key]) (idem.Outcome[Key], error) {
	var out idem.Outcome[Key]
	now := s.now()
	err := s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Key, error) {
			k, err := tx.Keys.Lock(ctx, id)
			if err != nil || !k.RevokedAt.IsZero() {
				return k, err
			}
			k.RevokedAt = now
			if err := tx.Keys.Save(ctx, k); err != nil {
				return k, err
			}
			return k, s.auditKey(ctx, tx, "key.revoke", k)
		})
		return err
	})
	return out, err
}

func (s *Service) auditKey(ctx context.Context, tx Tx, action string, k Key) error {
	return s.audit(ctx, tx, action, "key/"+ident.String(k.ID), map[string]any{"Name": k.Name, "Scopes": k.Scopes})
}
