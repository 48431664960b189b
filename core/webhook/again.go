package webhook

import (
	"context"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

// Test sends an event of type endpoint.test, once.
func (s *Service) Test(ctx context.Context, id ident.Webhook, once idem.Once[Delivery]) (idem.Outcome[Delivery], error) {
	var out idem.Outcome[Delivery]
	ids, err := s.ids.Reserve(ctx, 2)
	if err != nil {
		return out, err
	}
	d := planned(ident.Delivery(ids[0]), id, ident.Event(ids[1]), s.now())
	d.Type, d.EventAt, d.Tries = TestType, d.CreatedAt, len(schedule)-1
	return s.send(ctx, id, once, func(context.Context, Tx) (Delivery, error) { return d, nil })
}

// Resend sends a delivery anew, whatever came of it.
func (s *Service) Resend(ctx context.Context, id ident.Webhook, which ident.Delivery, once idem.Once[Delivery]) (idem.Outcome[Delivery], error) {
	return s.send(ctx, id, once, func(ctx context.Context, tx Tx) (Delivery, error) {
		d, err := tx.Deliveries.Get(ctx, id, which)
		if err == nil {
			d.Again(s.now())
		}
		return d, err
	})
}

// send keeps a delivery that is due now and has it sent.
func (s *Service) send(ctx context.Context, id ident.Webhook, once idem.Once[Delivery],
	make func(context.Context, Tx) (Delivery, error),
) (out idem.Outcome[Delivery], err error) {
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Delivery, error) {
			e, err := enabled(ctx, tx, id)
			if err != nil {
				return Delivery{}, err
			}
			d, err := make(ctx, tx)
			if err != nil {
				return Delivery{}, err
			}
			if err := tx.Deliveries.Put(ctx, []Delivery{d}); err != nil {
				return Delivery{}, err
			}
			return d, s.hurry(ctx, tx, e)
		})
		return err
	})
	return out, err
}

func enabled(ctx context.Context, tx Tx, id ident.Webhook) (Endpoint, error) {
	e, err := tx.Endpoints.Lock(ctx, id)
	if err == nil && !e.Enabled() {
		err = fault.New(fault.Conflict, "endpoint_disabled", "The endpoint is disabled; enable it first.")
	}
	return e, err
}

// hurry has an endpoint served now: by a job, and at the next look should that fail.
func (s *Service) hurry(ctx context.Context, tx Tx, e Endpoint) error {
	now, err := tx.Subjects.Now(ctx)
	if err != nil {
		return err
	}
	e.WakeAt = now
	if err := tx.Endpoints.Save(ctx, e); err != nil {
		return err
	}
	return tx.Jobs.Enqueue(ctx, sendJob(Due{actor.From(ctx).Workspace, e.ID, e.Failures > 0}))
}

// Range says what a replay sends.
type Range struct {
	Since, Till time.Time
	// Delivered sends again also what was accepted.
	Delivered bool
}

// replayMost is how many events one step of a replay looks at.
const replayMost = 500

// ReplayJob sends the events of a range, a portion at a time.
type ReplayJob struct {
	Workspace ident.Workspace
	Endpoint  ident.Webhook
	Range     Range
	After     ident.Event
}

// Kind names the job.
func (ReplayJob) Kind() string { return "webhook_replay" }

// Replay has the events of a range sent that the endpoint wants and has not accepted: those
// that failed for good, and those from before the endpoint or while it was disabled.
func (s *Service) Replay(ctx context.Context, id ident.Webhook, r Range, once idem.Once[Range]) (idem.Outcome[Range], error) {
	now := s.now()
	if r.Till.IsZero() || r.Till.After(now) {
		r.Till = now
	}
	var out idem.Outcome[Range]
	var wrong fault.Collector
	switch {
	case r.Since.IsZero():
		wrong.Add("Since", "required", "The moment from which events are sent is required.")
	case r.Since.Before(now.Add(-Keep)):
		wrong.Add("Since", "too_old", "Events can be replayed for %d days.", int(Keep/(24*time.Hour)))
	case !r.Since.Before(r.Till):
		wrong.Add("Since", "out_of_range", "Since must lie in the past and before Until.")
	}
	if err := wrong.Err(); err != nil {
		return out, err
	}
	err := s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Range, error) {
			if _, err := enabled(ctx, tx, id); err != nil {
				return Range{}, err
			}
			one := ReplayJob{Workspace: actor.From(ctx).Workspace, Endpoint: id, Range: r}
			if err := tx.Jobs.Enqueue(ctx, job.Item{Job: one, Options: job.Options{Class: Class}}); err != nil {
				return Range{}, err
			}
			return r, s.audit(ctx, tx, "replay", id, map[string]any{"Since": r.Since, "Until": r.Till, "IncludeDelivered": r.Delivered})
		})
		return err
	})
	return out, err
}

// ReplayStep makes the deliveries of one portion and goes on by a job.
func (s *Service) ReplayStep(ctx context.Context, j ReplayJob) error {
	ctx = actor.Systemic(ctx, j.Workspace)
	ids, err := s.ids.Reserve(ctx, replayMost)
	if err != nil {
		return err
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		e, err := enabled(ctx, tx, j.Endpoint)
		if err != nil {
			return err
		}
		past, err := tx.Events.Since(ctx, e, j.Range.Since, j.Range.Till, j.After, replayMost)
		if err != nil {
			return fmt.Errorf("reading events to replay: %w", err)
		}
		var again []Delivery
		now := s.now()
		for i, p := range past {
			d := p.Delivery
			switch {
			case !matchesAny(e.Events, p.Event.Type):
				continue
			case d.ID == 0:
				d = planned(ident.Delivery(ids[i]), e.ID, p.Event.ID, now)
				d.Type, d.EventAt, d.Lead, d.Journey, d.Sequence = p.Event.Type, p.Event.At, p.Event.Lead, p.Event.Journey, p.Event.Sequence
			case d.Status == Failed || d.Status == Delivered && j.Range.Delivered:
				d.Again(now)
			default:
				continue // it waits already, or was accepted
			}
			again = append(again, d)
		}
		if len(again) > 0 {
			if err := tx.Deliveries.Put(ctx, again); err != nil {
				return err
			}
			if err := s.hurry(ctx, tx, e); err != nil {
				return err
			}
		}
		if len(past) < replayMost {
			return nil
		}
		j.After = past[len(past)-1].Event.ID
		return tx.Jobs.Enqueue(ctx, job.Item{Job: j, Options: job.Options{Class: Class}})
	})
	if fault.Is(err, fault.NotFound) || fault.HasCode(err, "endpoint_disabled") {
		return nil
	}
	return err
}
