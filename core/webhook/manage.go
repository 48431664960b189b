package webhook

import (
	"context"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
)

// How long the old secret signs beside a new one.
const (
	OverlapUsual = 24 * time.Hour
	OverlapMost  = 7 * 24 * time.Hour
)

// maxDescription is the longest description, in bytes.
const maxDescription = 500

// New asks for an endpoint.
type New struct {
	Level       Level
	Subject     int64
	URL         string
	Events      []string
	Description string
	Ordered     bool
}

// Shown is an endpoint with its secret, which is shown once.
type Shown struct {
	Endpoint Endpoint
	Secret   string
}

// Create makes an endpoint. Refusals: webhook_exists, too_many_webhooks.
func (s *Service) Create(ctx context.Context, n New, once idem.Once[Shown]) (idem.Outcome[Shown], error) {
	var out idem.Outcome[Shown]
	p, err := s.Prepare(ctx, n.URL, n.Events)
	var wrong fault.Collector
	if fault.Is(err, fault.Invalid) {
		wrong.AddError("", err)
	} else if err != nil {
		return out, err
	}
	if n.Description = strings.TrimSpace(n.Description); len(n.Description) > maxDescription {
		wrong.Add("Description", "too_long", "A description has at most %d characters.", maxDescription)
	}
	if n.Level != OfWorkspace && n.Subject == 0 {
		wrong.Add(string(n.Level), "required", "This level needs the Id of its %s.", strings.ToLower(string(n.Level)))
	}
	if err := wrong.Err(); err != nil {
		return out, err
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Shown, error) {
			if there, err := tx.Subjects.Lock(ctx, n.Level, n.Subject); err != nil {
				return Shown{}, err
			} else if !there {
				return Shown{}, fault.InvalidField(string(n.Level)+".Id", "unknown_id", "There is no such %s.", strings.ToLower(string(n.Level)))
			}
			siblings, err := tx.Endpoints.Of(ctx, n.Level, n.Subject)
			if err != nil {
				return Shown{}, err
			}
			if len(siblings) >= MostPerSubject {
				return Shown{}, fault.New(fault.Conflict, "too_many_webhooks", "There are %d webhook endpoints of this subject already.", MostPerSubject)
			}
			now := s.now()
			e := Endpoint{
				ID: p.ID, Level: n.Level, Subject: n.Subject, URL: p.URL, Events: p.Events, Description: n.Description,
				Ordered: n.Ordered, Etag: 1, Sealed: p.Sealed, CreatedAt: now, ChangedAt: now,
			}
			if err := tx.Endpoints.Insert(ctx, e); err != nil {
				return Shown{}, err
			}
			return Shown{e, p.Secret}, s.audit(ctx, tx, "create", e.ID, map[string]any{"Level": string(e.Level), "Url": e.URL})
		})
		return err
	})
	return out, err
}

// Change says what of an endpoint changes; nil leaves it.
type Change struct {
	URL         *string
	Events      []string
	Description *string
	Ordered     *bool
	Disabled    *bool
}

// Update changes an endpoint. Etag is the one last seen; another one is Stale. Disabling
// makes what waits Failed; enabling begins anew with events from now on.
func (s *Service) Update(ctx context.Context, id ident.Webhook, etag int64, c Change, once idem.Once[Endpoint]) (idem.Outcome[Endpoint], error) {
	var wrong fault.Collector
	var fresh Prepared
	if c.URL != nil || c.Events != nil {
		// Judged like a new one, of which nothing but address and events is taken.
		url := "https://example.com/"
		if c.URL != nil {
			url = *c.URL
		}
		var err error
		if fresh, err = s.Prepare(ctx, url, c.Events); fault.Is(err, fault.Invalid) {
			wrong.AddError("", err)
		} else if err != nil {
			return idem.Outcome[Endpoint]{}, err
		}
	}
	if c.Description != nil && len(strings.TrimSpace(*c.Description)) > maxDescription {
		wrong.Add("Description", "too_long", "A description has at most %d characters.", maxDescription)
	}
	if err := wrong.Err(); err != nil {
		return idem.Outcome[Endpoint]{}, err
	}
	return s.change(ctx, id, once, func(ctx context.Context, tx Tx, e *Endpoint) (string, map[string]any, error) {
		if e.Etag != etag {
			return "", nil, fault.New(fault.Stale, "stale", "The endpoint was changed meanwhile.")
		}
		if c.URL != nil {
			e.URL = fresh.URL
		}
		if c.Events != nil {
			e.Events = fresh.Events
		}
		if c.Description != nil {
			e.Description = strings.TrimSpace(*c.Description)
		}
		if c.Ordered != nil {
			e.Ordered = *c.Ordered
		}
		detail := map[string]any{"Url": e.URL, "Events": e.Events, "Ordered": e.Ordered}
		if c.Disabled == nil || *c.Disabled == !e.Enabled() {
			return "update", detail, nil
		}
		if !*c.Disabled {
			e.Enable()
			return "enable", detail, nil
		}
		e.Disable(ByRequest, s.now())
		return "disable", detail, tx.Deliveries.GiveUp(ctx, e.ID, EndpointDisabled, s.now())
	})
}

// Delete removes an endpoint. Its deliveries are no longer to be seen.
func (s *Service) Delete(ctx context.Context, id ident.Webhook) error {
	return s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		e, err := tx.Endpoints.Lock(ctx, id)
		if err != nil {
			return err
		}
		if err := tx.Endpoints.Delete(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, tx, "delete", id, map[string]any{"Url": e.URL})
	})
}

// Rotate gives an endpoint a new secret, shown once. The old one signs beside it for the
// overlap, so that a receiver can take up the new one without losing a message.
func (s *Service) Rotate(ctx context.Context, id ident.Webhook, overlap time.Duration, once idem.Once[Shown]) (idem.Outcome[Shown], error) {
	var out idem.Outcome[Shown]
	if overlap < 0 || overlap > OverlapMost {
		return out, fault.InvalidField("OverlapSeconds", "out_of_range", "The overlap is 0 to %d seconds.", int(OverlapMost/time.Second))
	}
	err := s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Shown, error) {
			e, err := tx.Endpoints.Lock(ctx, id)
			if err != nil {
				return Shown{}, err
			}
			secret, sealed, err := s.newSecret(actor.From(ctx).Workspace, id)
			if err != nil {
				return Shown{}, err
			}
			now := s.now()
			old := e.Sealed
			e.Sealed, e.Previous, e.PreviousUntil = sealed, nil, time.Time{}
			if overlap > 0 {
				e.Previous, e.PreviousUntil = old, now.Add(overlap)
			}
			e.Etag, e.ChangedAt = e.Etag+1, now
			if err := tx.Endpoints.Save(ctx, e); err != nil {
				return Shown{}, err
			}
			return Shown{e, secret}, s.audit(ctx, tx, "rotate", id, map[string]any{"Overlap": overlap.String()})
		})
		return err
	})
	return out, err
}

// change locks an endpoint, changes it, and says so.
func (s *Service) change(ctx context.Context, id ident.Webhook, once idem.Once[Endpoint],
	do func(context.Context, Tx, *Endpoint) (string, map[string]any, error),
) (out idem.Outcome[Endpoint], err error) {
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Endpoint, error) {
			e, err := tx.Endpoints.Lock(ctx, id)
			if err != nil {
				return Endpoint{}, err
			}
			verb, detail, err := do(ctx, tx, &e)
			if err != nil {
				return Endpoint{}, err
			}
			e.Etag, e.ChangedAt = e.Etag+1, s.now()
			if err := tx.Endpoints.Save(ctx, e); err != nil {
				return Endpoint{}, err
			}
			return e, s.audit(ctx, tx, verb, id, detail)
		})
		return err
	})
	return out, err
}
