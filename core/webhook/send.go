package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

const (
	// sideBySide is how many requests to one endpoint may be under way.
	sideBySide = 8
	// leaseFor is how long an endpoint belongs to one worker: longer than a job lasts.
	leaseFor = 25 * time.Second
	// begin is for how long a job begins requests; each lasts at most fifteen seconds.
	begin = 3 * time.Second
	// blocked is when an ordered endpoint looks again whether an earlier event is planned.
	blocked = time.Second
)

// sent is a request that was made.
type sent struct {
	delivery Delivery
	attempt  Attempt
	// ours says that no request was made: nothing the endpoint could help.
	ours bool
}

// Send sends what is due of an endpoint, as long as a job may. A worker holds a lease on
// the endpoint meanwhile; one that comes in between leaves. It fails only when it could
// not be tried.
func (s *Service) Send(ctx context.Context, j SendJob) error {
	ctx = actor.Systemic(ctx, j.Workspace)
	until := s.now().Add(begin)
	var done []sent
	for first := true; ; first = false {
		e, due, err := s.round(ctx, j, first, done, s.now().Before(until))
		if err != nil || len(due) == 0 {
			return err
		}
		if done, err = s.request(ctx, e, due); err != nil {
			return err
		}
		if stopped := ctx.Err(); stopped != nil {
			// What was cut off says nothing; what was answered is kept.
			done = slices.DeleteFunc(done, func(one sent) bool { return one.attempt.Answer.Status == 0 })
			_, _, err := s.round(context.WithoutCancel(ctx), j, false, done, false)
			return errors.Join(err, stopped)
		}
	}
}

// round records what was sent and takes what is due next, holding the lease in between;
// without anything due, or when no more may begin, it gives the lease back.
func (s *Service) round(ctx context.Context, j SendJob, first bool, done []sent, more bool) (e Endpoint, due []Delivery, err error) {
	spreads := make([]float64, len(done))
	for i := range spreads {
		spreads[i] = s.spread()
	}
	ids, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return Endpoint{}, nil, err
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		due = nil
		var err error
		if e, err = tx.Endpoints.Lock(ctx, j.Endpoint); fault.Is(err, fault.NotFound) {
			return nil // deleted
		} else if err != nil {
			return err
		}
		now, err := tx.Subjects.Now(ctx)
		if err != nil {
			return err
		}
		if first && now.Before(e.LeasedUntil) {
			return nil // somebody serves it and will look again
		}
		if len(done) > 0 {
			if err := s.record(ctx, tx, &e, done, spreads, now, ident.Event(ids[0])); err != nil {
				return err
			}
		}
		e.LeasedUntil = time.Time{}
		switch {
		case !e.Enabled():
			e.WakeAt = time.Time{}
		case e.open(now):
			e.WakeAt = e.OpenUntil
		default:
			ready, next, err := tx.Deliveries.Due(ctx, e, e.width())
			if err != nil {
				return err
			}
			e.WakeAt = next
			if len(ready) == 0 && !next.IsZero() && !next.After(now) {
				e.WakeAt = now.Add(blocked)
			}
			if len(ready) > 0 && more {
				due, e.LeasedUntil, e.WakeAt = ready, now.Add(leaseFor), now.Add(leaseFor)
			} else if len(ready) > 0 {
				e.WakeAt = now.Add(leaseFor)
				if err := tx.Jobs.Enqueue(ctx, sendJob(Due{j.Workspace, j.Endpoint, e.Failures > 0})); err != nil {
					return err
				}
			}
		}
		return tx.Endpoints.Save(ctx, e)
	})
	return e, due, err
}

// record writes what came of requests, and what it means for the endpoint: failures
// first, so that one success shows that the receiver lives.
func (s *Service) record(ctx context.Context, tx Tx, e *Endpoint, done []sent, spreads []float64, now time.Time, id ident.Event) error {
	was := e.Enabled()
	deliveries, attempts := make([]Delivery, 0, len(done)), make([]Attempt, 0, len(done))
	for i, one := range done {
		d := one.delivery
		d.conclude(one.attempt.Answer, now, spreads[i])
		one.attempt.Number = d.Attempts
		deliveries, attempts = append(deliveries, d), append(attempts, one.attempt)
	}
	for _, accepted := range []bool{false, true} {
		for _, one := range done {
			switch a := one.attempt.Answer; {
			case one.ours, a.Accepted() != accepted:
			case accepted:
				e.succeed(now)
			default:
				e.fail(a, now)
			}
		}
	}
	if err := tx.Deliveries.Record(ctx, deliveries, attempts); err != nil {
		return err
	}
	if was && !e.Enabled() {
		return s.disabled(ctx, tx, *e, now, id)
	}
	return nil
}

// disabled says so: in the log of events, and to the Administrators.
func (s *Service) disabled(ctx context.Context, tx Tx, e Endpoint, now time.Time, id ident.Event) error {
	if err := tx.Deliveries.GiveUp(ctx, e.ID, EndpointDisabled, now); err != nil {
		return err
	}
	data := map[string]any{"Endpoint": int64(e.ID), "Reason": e.DisabledReason}
	if err := tx.Events.Append(ctx, []event.Event{{ID: id, Type: event.EndpointDisabled, At: now, Data: data}}); err != nil {
		return err
	}
	if err := s.audit(ctx, tx, "disable", e.ID, map[string]any{"Reason": e.DisabledReason}); err != nil {
		return err
	}
	return tx.Jobs.Enqueue(ctx, job.Item{Job: NoticeJob{Workspace: actor.From(ctx).Workspace, Endpoint: e.ID, Event: id}})
}

// request makes the requests side by side.
func (s *Service) request(ctx context.Context, e Endpoint, due []Delivery) ([]sent, error) {
	facts, err := s.reader.Facts(ctx, due)
	if err != nil {
		return nil, fmt.Errorf("reading the events of %d deliveries: %w", len(due), err)
	}
	secrets, err := s.secrets(ctx, e)
	if err != nil {
		return nil, err
	}
	out := make([]sent, len(due))
	var requests sync.WaitGroup
	for i, d := range due {
		requests.Go(func() { out[i] = s.one(ctx, e, d, facts, secrets) })
	}
	requests.Wait()
	return out, nil
}

func (s *Service) one(ctx context.Context, e Endpoint, d Delivery, facts map[ident.Event]Fact, secrets []string) sent {
	at := s.now()
	a := Attempt{Delivery: d.ID, At: at, URL: e.URL}
	f, known := facts[d.Event]
	switch {
	case d.Type == TestType:
		f = Fact{Event: event.Event{ID: d.Event, Type: TestType, At: d.EventAt}}
	case !known:
		a.Answer = Answer{Error: "The event is not kept any more."}
		d.Tries = len(schedule)
		return sent{d, a, true}
	}
	body, err := Envelope(actor.From(ctx).Workspace, f)
	if err != nil {
		a.Answer = Answer{Error: err.Error()}
		return sent{d, a, true}
	}
	a.Body = string(body)
	a.Answer = s.sender.Send(ctx, Request{URL: e.URL, ID: MessageID(d.Event), At: at, Body: body, Secrets: secrets})
	return sent{d, a, false}
}

// secrets are those that sign now: two while one is being rotated.
func (s *Service) secrets(ctx context.Context, e Endpoint) ([]string, error) {
	sealed := [][]byte{e.Sealed}
	if len(e.Previous) > 0 && s.now().Before(e.PreviousUntil) {
		sealed = append(sealed, e.Previous)
	}
	out := make([]string, len(sealed))
	for i, one := range sealed {
		plain, err := s.seal.Open(one, place(actor.From(ctx).Workspace, e.ID))
		if err != nil {
			return nil, fmt.Errorf("opening the secret of webhook %d: %w", e.ID, err)
		}
		out[i] = string(plain)
	}
	return out, nil
}
