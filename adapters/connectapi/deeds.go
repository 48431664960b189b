package connectapi

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// ReopenActivity implements POST /journeys/{id}/activities/{key}/reopen.
func (a *API) ReopenActivity(ctx context.Context, m *v1.ReopenActivityRequest) (*v1.ReopenActivityResponse, error) {
	out := &v1.ReopenActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandReopen})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// RemindActivity implements POST /journeys/{id}/activities/{key}/remind.
func (a *API) RemindActivity(ctx context.Context, m *v1.RemindActivityRequest) (*v1.RemindActivityResponse, error) {
	out := &v1.RemindActivityResponse{}
	j, err := a.act(ctx, m, out, ident.Journey(m.GetId()), m.GetKey(), engine.Deed{Command: journey.CommandRemind})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// MoveJourney implements POST /journeys/{id}/move.
func (a *API) MoveJourney(ctx context.Context, m *v1.MoveJourneyRequest) (*v1.MoveJourneyResponse, error) {
	id := ident.Journey(m.GetId())
	if m.GetNode() == "" {
		if _, err := a.o.Directory.LeadOf(ctx, id); err != nil {
			return nil, err
		}
		return nil, fault.InvalidField("Node", "required", "The key of a node is needed.")
	}
	out := &v1.MoveJourneyResponse{}
	j, err := a.act(ctx, m, out, id, "", engine.Deed{Command: journey.CommandMove, Node: m.GetNode(), Reason: m.GetReason()})
	if j != nil {
		out.Journey = j
	}
	return out, err
}

// ListParticipants implements GET /journeys/{id}/participants.
func (a *API) ListParticipants(ctx context.Context, m *v1.ListParticipantsRequest) (*v1.ListParticipantsResponse, error) {
	v, err := a.o.Journeys.Get(ctx, ident.Journey(m.GetId()))
	if err != nil {
		return nil, err
	}
	plan, err := a.o.Directory.Plan(ctx, v.Record.Funnel, v.Record.Version)
	if err != nil {
		return nil, err
	}
	held := v.Record.State.Participants
	roles := slices.AppendSeq(plan.Roles(), maps.Keys(held))
	slices.Sort(roles)
	out := &v1.ListParticipantsResponse{}
	for _, role := range slices.Compact(roles) {
		p := &v1.Participant{Role: role}
		if user := held[role]; user != 0 {
			n := v.People[user]
			p.User = &v1.LeadRef{Id: int64(user), Email: n.Email, Firstname: optional(n.Firstname), Lastname: optional(n.Lastname)}
		}
		out.Participants = append(out.Participants, p)
	}
	return out, nil
}

// AddParticipant implements POST /journeys/{id}/participants.
func (a *API) AddParticipant(ctx context.Context, m *v1.AddParticipantRequest) (*v1.AddParticipantResponse, error) {
	id := ident.Journey(m.GetId())
	if _, err := a.o.Directory.LeadOf(ctx, id); err != nil {
		return nil, err
	}
	var wrong fault.Collector
	if m.GetRole() == "" {
		wrong.Add("Role", "required", "A stakeholder role is needed.")
	}
	email, err := lead.ParseEmail(m.GetEmail(), a.o.Unicode)
	switch {
	case m.GetEmail() == "":
		wrong.Add("Email", "required", "The e-mail of the person is needed.")
	case err != nil:
		wrong.Add("Email", "invalid_email", "This is not an e-mail address.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	request, err := idempotency(ctx, m)
	if err != nil {
		return nil, err
	}
	answer := func(d engine.Appointed) proto.Message {
		p := d.Person
		return &v1.AddParticipantResponse{Participant: &v1.Participant{Role: m.GetRole(), User: &v1.LeadRef{
			Id: int64(p.ID), Email: p.Email.Display(), Firstname: optional(p.Person.Firstname), Lastname: optional(p.Person.Lastname),
		}}}
	}
	done, err := a.o.Engine.Appoint(ctx, id, engine.Appointment{
		Role: m.GetRole(), Email: email, Idem: request,
		Person: lead.Person{Firstname: m.GetFirstname(), Lastname: m.GetLastname(), Phone: m.GetPhoneNumber()},
		Render: func(d engine.Appointed) (idem.Answer, error) { return kept(201, answer(d)) },
	})
	if err != nil {
		return nil, err
	}
	out := &v1.AddParticipantResponse{}
	if done.Replay != nil {
		return out, replay(ctx, *done.Replay, out)
	}
	proto.Merge(out, answer(done))
	return out, nil
}

// RemoveParticipant implements DELETE /journeys/{id}/participants/{role}.
func (a *API) RemoveParticipant(ctx context.Context, m *v1.RemoveParticipantRequest) (*v1.RemoveParticipantResponse, error) {
	id := ident.Journey(m.GetId())
	v, err := a.o.Journeys.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if v.Record.State.Participants[m.GetRole()] == 0 && v.Record.Status.Open() {
		return nil, fault.New(fault.NotFound, "not_found", "Nobody holds this role in this journey.")
	}
	out := &v1.RemoveParticipantResponse{}
	j, err := a.act(ctx, m, out, id, "", engine.Deed{Command: journey.CommandParticipate, Role: m.GetRole()})
	if j != nil {
		out.Journey = j
	}
	return out, err
}
