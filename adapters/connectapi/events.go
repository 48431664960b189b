package connectapi

import (
	"context"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/rule"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// ListEvents implements GET /events.
func (a *API) ListEvents(ctx context.Context, m *v1.ListEventsRequest) (*v1.ListEventsResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := journey.EventFilter{Journey: ident.Journey(m.GetJourney()), Lead: ident.User(m.GetLead())}
	if m.GetSince() != nil {
		f.Since = m.GetSince().AsTime()
	}
	if f.Types, err = eventTypes(m.GetType()); err != nil {
		return nil, err
	}
	found, err := a.o.Events.EventsOf(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListEventsResponse{FollowToken: *next(m, &found.Follow)}
	if found.More {
		out.NextPageToken = &out.FollowToken
	}
	for _, e := range found.Items {
		out.Events = append(out.Events, workspaceEvent(e))
	}
	return out, nil
}

// eventTypes are the types that patterns name; none for no pattern.
func eventTypes(patterns []string) ([]event.Type, error) {
	var wrong fault.Collector
	var out []event.Type
	for i, p := range patterns {
		types := event.Matching(p)
		if len(types) == 0 {
			wrong.Add("Type["+itoa(i)+"]", "unknown_event", "There is no event of this name%s", meantEvent(p))
		}
		out = append(out, types...)
	}
	if f := fault.As(wrong.Err()); f != nil {
		return nil, &fault.Error{Kind: fault.Malformed, Code: "invalid_query", Detail: "The query is not acceptable.", Fields: f.Fields}
	}
	return out, nil
}

// meantEvent suggests the event most like a mistyped one.
func meantEvent(name string) string {
	var known []string
	for _, t := range event.Types() {
		known = append(known, string(t))
	}
	return rule.DidYouMean(name, known)
}

func workspaceEvent(e event.Event) *v1.Event {
	same := eventMessage(e)
	out := &v1.Event{
		Id: same.GetId(), Type: same.GetType(), Timestamp: same.GetTimestamp(), Actor: same.Actor, Activity: same.Activity, Data: same.GetData(),
	}
	if e.Lead != 0 {
		out.Lead = &v1.IdRef{Id: int64(e.Lead)}
	}
	if e.Journey != 0 {
		out.Journey, out.Sequence = &v1.IdRef{Id: int64(e.Journey)}, &e.Sequence
	}
	return out
}
