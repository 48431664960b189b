package engine

import (
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
)

// Appointment is a request to have a person take part in a journey.
type Appointment struct {
	// Role is a stakeholder role of the journey's version.
	Role  string
	Email lead.Email
	// Person describes somebody new; a known person keeps what is known.
	Person lead.Person

	// Idem is the idempotency request, nil for none; Render makes the answer that is kept.
	Idem   *idem.Request
	Render func(Appointed) (idem.Answer, error)
}

// Appointed is what an appointment came to.
type Appointed struct {
	Person  lead.Lead
	Journey journey.Record
	// Replay is set when the request was answered before; nothing else is then.
	Replay *idem.Answer
}

// Appoint gives a stakeholder role of a journey to a person, found or created by e-mail, in
// place of whoever held it; activities that waited for the role start. Refusals: NotFound;
// unknown_role; state_forbids, when the journey has ended.
func (e *Engine) Appoint(ctx context.Context, id ident.Journey, a Appointment) (Appointed, error) {
	c := &command{email: a.Email, journey: id, idem: a.Idem}
	c.do = func(ctx context.Context, b *batch) (any, error) {
		j := b.journeys[id]
		if j == nil {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such journey.")
		}
		t, err := b.turn(ctx, j.Record(), c.by)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(t.Plan.Roles(), a.Role) {
			return nil, fault.InvalidField("Role", "unknown_role", "This version of the funnel has no such stakeholder role.")
		}
		person, known := b.leads[a.Email.String()]
		if !known {
			person = lead.NewStakeholder(ident.User(b.ids.Next()), a.Email, b.now)
			person.Describe(a.Person, b.now)
		}
		// What is refused leaves no trace.
		if err := j.Participate(a.Role, person.ID, t); err != nil {
			return nil, err
		}
		person.TakePart(b.now)
		b.leads[a.Email.String()], b.byID[person.ID] = person, person
		return Appointed{Person: *person, Journey: j.Record()}, nil
	}
	c.render = func(result any) (idem.Answer, error) { return a.Render(result.(Appointed)) }
	result, err := e.submit(ctx, c)
	if err != nil {
		return Appointed{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Appointed{Replay: &replay.Answer}, nil
	}
	return result.(Appointed), nil
}
