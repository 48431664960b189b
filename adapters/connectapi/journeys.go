package connectapi

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	"google.golang.org/protobuf/proto"
)

func itoa(i int) string { return strconv.Itoa(i) }

// ListLeads implements GET /leads.
func (a *API) ListLeads(ctx context.Context, m *v1.ListLeadsRequest) (*v1.ListLeadsResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := lead.Filter{ExternalID: m.GetExternalId(), Search: m.GetSearch()}
	if m.Email != nil {
		e, err := lead.ParseEmail(m.GetEmail(), a.o.Unicode)
		if err != nil {
			return nil, badQuery("Email", "invalid_email", "This is not an e-mail address.")
		}
		f.Email = e.String()
	}
	list, err := a.o.Leads.List(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListLeadsResponse{NextPageToken: next(m, list.Next)}
	for _, l := range list.Items {
		out.Leads = append(out.Leads, leadMessage(l, nil))
	}
	return out, nil
}

// GetLead implements GET /leads/{id}.
func (a *API) GetLead(ctx context.Context, m *v1.GetLeadRequest) (*v1.GetLeadResponse, error) {
	l, err := a.o.Leads.Get(ctx, ident.User(m.GetId()))
	if err != nil {
		return nil, err
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return nil, err
	}
	return &v1.GetLeadResponse{Lead: leadMessage(l, defs.All())}, nil
}

// ListJourneys implements GET /journeys.
func (a *API) ListJourneys(ctx context.Context, m *v1.ListJourneysRequest) (*v1.ListJourneysResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := journey.Filter{
		Funnel: ident.Funnel(m.GetFunnelId()), Lead: ident.User(m.GetLeadId()), ExternalID: m.GetExternalId(), Search: m.GetSearch(),
	}
	for _, s := range m.GetStatus() {
		f.Status = append(f.Status, journey.Status(word(s.String(), "JOURNEY_STATUS_")))
	}
	for _, w := range m.GetWaitingOn() {
		f.WaitingOn = append(f.WaitingOn, activity.Party(word(w.String(), "WAITING_ON_")))
	}
	if m.GetRef() != "" {
		o, err := a.o.Directory.Origin(ctx, m.GetRef())
		if fault.Is(err, fault.NotFound) {
			return &v1.ListJourneysResponse{}, nil
		} else if err != nil {
			return nil, err
		}
		f.Origin = o.ID
	}
	list, err := a.o.Journeys.List(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListJourneysResponse{NextPageToken: next(m, list.Next)}
	for _, s := range list.Items {
		out.Journeys = append(out.Journeys, summary(s))
	}
	return out, nil
}

// GetJourney implements GET /journeys/{id}.
func (a *API) GetJourney(ctx context.Context, m *v1.GetJourneyRequest) (*v1.GetJourneyResponse, error) {
	j, err := a.journey(ctx, ident.Journey(m.GetId()))
	return &v1.GetJourneyResponse{Journey: j}, err
}

func (a *API) journey(ctx context.Context, id ident.Journey) (*v1.Journey, error) {
	v, err := a.o.Journeys.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return nil, err
	}
	return view(v, defs.All(), a.o.Now()), nil
}

// ListJourneyEvents implements GET /journeys/{id}/events.
func (a *API) ListJourneyEvents(ctx context.Context, m *v1.ListJourneyEventsRequest) (*v1.ListJourneyEventsResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	list, err := a.o.Journeys.Events(ctx, ident.Journey(m.GetId()), p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListJourneyEventsResponse{NextPageToken: next(m, list.Next)}
	for _, e := range list.Items {
		out.Events = append(out.Events, eventMessage(e))
	}
	return out, nil
}

// ListActivities implements GET /activities: what people are waited on for.
func (a *API) ListActivities(ctx context.Context, m *v1.ListActivitiesRequest) (*v1.ListActivitiesResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := journey.RunFilter{Assignee: ident.User(m.GetUserId())}
	if m.GetMine() {
		who := actor.From(ctx)
		if who.User == 0 || f.Assignee != 0 {
			return nil, badQuery("Mine", "not_allowed", "Mine is for a signed-in user, without UserId.")
		}
		f.Assignee = who.User
	}
	list, err := a.o.Journeys.OpenRuns(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListActivitiesResponse{NextPageToken: next(m, list.Next)}
	for _, r := range list.Items {
		out.Activities = append(out.Activities, &v1.InboxActivity{
			Activity: run(r.Run, nil, a.o.Now()),
			Journey: &v1.InboxJourney{
				Id: int64(r.Journey), Status: journeyStatus(r.Status),
				Lead: &v1.LeadRef{
					Id: int64(r.Lead.ID), Email: r.Lead.Email, Firstname: optional(r.Lead.Firstname), Lastname: optional(r.Lead.Lastname),
				},
				Funnel:      &v1.FunnelRef{Id: int64(r.Funnel), Name: r.FunnelName, Version: int32(r.Version)}, // #nosec G115 -- small
				CreatedDate: stamp(r.CreatedAt),
			},
		})
	}
	return out, nil
}

// CancelJourney implements POST /journeys/{id}/cancel.
func (a *API) CancelJourney(ctx context.Context, m *v1.CancelJourneyRequest) (*v1.CancelJourneyResponse, error) {
	reason := m.GetReason()
	if reason == "" {
		reason = "Cancelled by the team"
	}
	out := &v1.CancelJourneyResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), "", engine.Deed{Command: journey.CommandCancel, Reason: reason})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// CompleteActivity implements POST /journeys/{id}/activities/{key}/complete.
func (a *API) CompleteActivity(ctx context.Context, m *v1.CompleteActivityRequest) (*v1.CompleteActivityResponse, error) {
	deed := engine.Deed{Command: journey.CommandComplete}
	if m.GetInput() != nil {
		body, err := json.Marshal(m.GetInput().AsMap())
		if err != nil {
			return nil, err
		}
		deed = engine.Deed{Command: journey.CommandSubmit, Body: body}
	}
	out := &v1.CompleteActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), deed)
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// FailActivity implements POST /journeys/{id}/activities/{key}/fail.
func (a *API) FailActivity(ctx context.Context, m *v1.FailActivityRequest) (*v1.FailActivityResponse, error) {
	out := &v1.FailActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandFail, Reason: m.GetReason()})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// RetryActivity implements POST /journeys/{id}/activities/{key}/retry.
func (a *API) RetryActivity(ctx context.Context, m *v1.RetryActivityRequest) (*v1.RetryActivityResponse, error) {
	out := &v1.RetryActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandRetry})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// SkipActivity implements POST /journeys/{id}/activities/{key}/skip.
func (a *API) SkipActivity(ctx context.Context, m *v1.SkipActivityRequest) (*v1.SkipActivityResponse, error) {
	out := &v1.SkipActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandSkip, Reason: m.GetReason()})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// AssignActivity implements POST /journeys/{id}/activities/{key}/assign.
func (a *API) AssignActivity(ctx context.Context, m *v1.AssignActivityRequest) (*v1.AssignActivityResponse, error) {
	u, err := a.o.Users.User(ctx, ident.User(m.GetUser().GetId()))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if err != nil || !u.Role.BackOffice() {
		return nil, fault.InvalidField("User.Id", "unknown_user", "There is no back-office user with this id.")
	}
	out := &v1.AssignActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandAssign, User: u.ID})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// act carries a deed out and answers the journey after it. The record that is kept for a
// repeated request holds the journey's id: the replay answers it as it is then.
func (a *API) act(ctx context.Context, m, out proto.Message, id ident.Journey, key string, d engine.Deed) (*v1.Journey, error) {
	if key != "" {
		v, err := a.o.Journeys.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		run, isID := ident.Parse[ident.Run](key)
		for _, r := range v.Runs {
			if r.Key == key || isID && r.ID == run {
				d.Run = r.ID
			}
		}
		if d.Run == 0 {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such activity in this journey.")
		}
	}
	var err error
	if d.Idem, err = idempotency(ctx, m); err != nil {
		return nil, err
	}
	d.Render = func(journey.Record) (idem.Answer, error) { return kept(200, out) }
	done, err := a.o.Engine.Act(ctx, id, d)
	if err != nil {
		return nil, err
	}
	if done.Replay != nil {
		setHeader(ctx, "Idempotent-Replayed", "true")
	}
	return a.journey(ctx, id)
}

// ListUsers implements GET /users.
func (a *API) ListUsers(ctx context.Context, m *v1.ListUsersRequest) (*v1.ListUsersResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	list, err := a.o.Users.Users(ctx, roleOf(m), p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListUsersResponse{NextPageToken: next(m, list.Next)}
	for _, u := range list.Items {
		out.Users = append(out.Users, user(u))
	}
	return out, nil
}

// ListDataPoints implements GET /data-points.
func (a *API) ListDataPoints(ctx context.Context, m *v1.ListDataPointsRequest) (*v1.ListDataPointsResponse, error) {
	known, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return nil, err
	}
	defs, token, err := slice(known.All(), m)
	if err != nil {
		return nil, err
	}
	out := &v1.ListDataPointsResponse{NextPageToken: token}
	for _, d := range defs {
		out.DataPoints = append(out.DataPoints, &v1.DataPoint{
			Id: int64(d.ID), Key: d.Key, Name: d.Name, Type: dataType(d.Type), Options: d.Options, BuiltIn: d.Builtin,
		})
	}
	return out, nil
}
