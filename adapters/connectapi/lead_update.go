package connectapi

import (
	"context"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// UpdateLead implements PATCH /leads/{id}.
func (a *API) UpdateLead(ctx context.Context, m *v1.UpdateLeadRequest) (*v1.UpdateLeadResponse, error) {
	id := ident.User(m.GetId())
	if _, err := a.o.Leads.Get(ctx, id); err != nil {
		return nil, err
	}
	var wrong fault.Collector
	given := 0
	for _, f := range []struct {
		name string
		text *string
	}{{"Firstname", m.Firstname}, {"Lastname", m.Lastname}, {"PhoneNumber", m.PhoneNumber}, {"ExternalId", m.ExternalId}} {
		if f.text == nil {
			continue
		}
		if given++; strings.TrimSpace(*f.text) == "" {
			wrong.Add(f.name, "required", "An empty text corrects nothing.")
		}
	}
	if given == 0 {
		return nil, fault.New(fault.Invalid, "invalid", "Nothing is given to be corrected.")
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return nil, err
	}
	request, err := idempotency(ctx, m)
	if err != nil {
		return nil, err
	}
	answer := func(l lead.Lead) *v1.UpdateLeadResponse {
		return &v1.UpdateLeadResponse{Lead: leadMessage(l, defs.All())}
	}
	done, err := a.o.Engine.Describe(ctx, id, engine.Description{
		Person:     lead.Person{Firstname: m.GetFirstname(), Lastname: m.GetLastname(), Phone: m.GetPhoneNumber()},
		ExternalID: m.GetExternalId(), Source: source(ctx), Idem: request,
		Render: func(l lead.Lead) (idem.Answer, error) { return kept(200, answer(l)) },
	})
	if err != nil {
		return nil, err
	}
	out := &v1.UpdateLeadResponse{}
	if done.Replay != nil {
		return out, replay(ctx, *done.Replay, out)
	}
	proto.Merge(out, answer(done.Lead))
	return out, nil
}
