package webhook

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
)

// How often the log is looked at when nothing wakes the planner, and in what portions.
const (
	PlanEvery = 250 * time.Millisecond
	planMost  = 500
	wakeMost  = 200
	reapMost  = 1000
	// ReapEvery is how often what is older than Keep is deleted.
	ReapEvery = 10 * time.Minute
)

// The classes of workers: receivers in trouble have their own.
const (
	Class        = "webhooks"
	FailingClass = "webhooks_failing"
)

// SendJob sends what is due of an endpoint.
type SendJob struct {
	Workspace ident.Workspace
	Endpoint  ident.Webhook
}

// Kind names the job.
func (SendJob) Kind() string { return "webhook_send" }

func sendJob(d Due) job.Item {
	class := Class
	if d.Failing {
		class = FailingClass
	}
	return job.Item{Job: SendJob{Workspace: d.Workspace, Endpoint: d.Endpoint}, Options: job.Options{Class: class}}
}

// Plan makes deliveries of all events below the horizon and has what is due sent. Any
// node may call it; one at a time plans.
func (s *Service) Plan(ctx context.Context) error {
	for {
		more, err := s.planner.Plan(ctx, planMost, func(all []Candidate) ([]Planned, error) { return s.pick(ctx, all) })
		if err != nil {
			return err
		}
		if err := s.wake(ctx); err != nil || !more || ctx.Err() != nil {
			return err
		}
	}
}

func (s *Service) wake(ctx context.Context) error {
	for {
		n, err := s.planner.Wake(ctx, wakeMost, sendJob)
		if err != nil || n < wakeMost {
			return err
		}
	}
}

// pick keeps the candidates whose endpoint wants the event.
func (s *Service) pick(ctx context.Context, all []Candidate) ([]Planned, error) {
	var wanted []Candidate
	for _, c := range all {
		if matchesAny(c.Patterns, c.Event.Type) {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	s.wanted.Store(s.now().UnixNano())
	ids, err := s.ids.Reserve(ctx, len(wanted))
	if err != nil {
		return nil, err
	}
	out, now := make([]Planned, len(wanted)), s.now()
	for i, c := range wanted {
		out[i] = Planned{Workspace: c.Workspace, Delivery: planned(ident.Delivery(ids[i]), c.Endpoint, c.Event.ID, now)}
		d, e := &out[i].Delivery, c.Event
		d.Type, d.EventAt, d.Lead, d.Journey, d.Sequence = e.Type, e.At, e.Lead, e.Journey, e.Sequence
	}
	return out, nil
}

func planned(id ident.Delivery, to ident.Webhook, e ident.Event, now time.Time) Delivery {
	return Delivery{ID: id, Endpoint: to, Event: e, Status: Pending, NextAt: now, CreatedAt: now}
}

// Awake reports whether somebody listened within the last minute: then the planner may be
// told of commits, rather than to look by itself only.
func (s *Service) Awake() bool { return s.now().UnixNano()-s.wanted.Load() < int64(time.Minute) }

// Reap deletes deliveries that were kept long enough.
func (s *Service) Reap(ctx context.Context) error {
	for {
		n, err := s.planner.Reap(ctx, s.now().Add(-Keep), reapMost)
		if err != nil || n < reapMost || ctx.Err() != nil {
			return err
		}
	}
}
