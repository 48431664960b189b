package connectapi

import (
	"context"
	"maps"
	"slices"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// ListJourneyData implements GET /journeys/{id}/data-points.
func (a *API) ListJourneyData(ctx context.Context, m *v1.ListJourneyDataRequest) (*v1.ListJourneyDataResponse, error) {
	known, err := a.known(ctx, ident.Journey(m.GetId()))
	return &v1.ListJourneyDataResponse{JourneyData: known}, err
}

func (a *API) known(ctx context.Context, id ident.Journey) ([]*v1.Fact, error) {
	j, err := a.journey(ctx, id)
	return j.GetJourneyData(), err
}

// source is who says what the caller says.
func source(ctx context.Context) string {
	if actor.From(ctx).Kind == actor.Console {
		return datapoint.SourceTeam
	}
	return datapoint.SourceAPI
}

// UpdateJourneyData implements PATCH /journeys/{id}/data-points. A repetition under an
// idempotency key answers what is known as it is then.
func (a *API) UpdateJourneyData(ctx context.Context, m *v1.UpdateJourneyDataRequest) (*v1.UpdateJourneyDataResponse, error) {
	id := ident.Journey(m.GetId())
	if _, err := a.o.Directory.LeadOf(ctx, id); err != nil {
		return nil, err
	}
	var wrong fault.Collector
	if len(m.GetJourneyData()) == 0 {
		wrong.Add("JourneyData", "required", "At least one value is needed.")
	}
	var given engine.Registration
	if err := a.named(ctx, &given, "JourneyData", m.GetJourneyData(), &wrong); err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	request, err := idempotency(ctx, m)
	if err != nil {
		return nil, err
	}
	out := &v1.UpdateJourneyDataResponse{}
	done, err := a.o.Engine.Edit(ctx, id, engine.Edition{
		Data: given.Data, Source: source(ctx), Idem: request,
		Render: func(journey.Record) (idem.Answer, error) { return kept(200, out) },
	})
	if err != nil {
		return nil, err
	}
	if done.Replay != nil {
		setHeader(ctx, "Idempotent-Replayed", "true")
	}
	out.JourneyData, err = a.known(ctx, id)
	return out, err
}

// ExplainJourney implements GET /journeys/{id}/explanation.
func (a *API) ExplainJourney(ctx context.Context, m *v1.ExplainJourneyRequest) (*v1.ExplainJourneyResponse, error) {
	v, err := a.o.Journeys.Get(ctx, ident.Journey(m.GetId()))
	if err != nil {
		return nil, err
	}
	plan, err := a.o.Directory.Plan(ctx, v.Record.Funnel, v.Record.Version)
	if err != nil {
		return nil, err
	}
	out := &v1.JourneyExplanation{
		Status: journeyStatus(v.Record.Status), WaitingOn: waitingOn(v.Record.WaitingOn), BlockedReason: optional(v.Record.BlockedReason),
		Node:       &v1.NodeRef{Key: v.Record.State.Position, Name: v.Record.State.Position},
		LookingFor: slices.Sorted(maps.Keys(v.Record.State.Wanted)),
	}
	if step, ok := plan.Node(v.Record.State.Position); ok && step.Name != "" {
		out.Node.Name = step.Name
	}
	for _, r := range v.Runs {
		if r.Status.Open() {
			out.OpenActivities = append(out.OpenActivities, run(r, v.People, a.o.Now()))
		}
	}
	for _, d := range v.Record.State.Decisions {
		out.Decisions = append(out.Decisions, decision(d))
	}
	return &v1.ExplainJourneyResponse{Explanation: out}, nil
}
