package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/job"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/session"
)

type idemStore struct{ *tx }

func (s idemStore) Lock(_ context.Context, keys []idem.Key) (map[idem.Key]idem.Record, error) {
	if err := s.db.step("idem lock"); err != nil {
		return nil, err
	}
	out := map[idem.Key]idem.Record{}
	for _, k := range keys {
		if r, ok := s.t.records[k]; ok {
			r.Answer.Body = slices.Clone(r.Answer.Body)
			out[k] = r
		}
	}
	return out, nil
}

func (s idemStore) Save(_ context.Context, records []idem.Record) error {
	if err := s.db.step("idem save"); err != nil {
		return err
	}
	for _, r := range records {
		if _, had := s.t.records[r.Request.Key]; had {
			return fault.New(fault.Conflict, "already_exists", "This exists already.")
		}
		r.Answer.Body = slices.Clone(r.Answer.Body)
		put(s.tx, s.t.records, r.Request.Key, r)
	}
	return nil
}

type leadStore struct{ *tx }

func (s leadStore) Lock(_ context.Context, emails []string, ids []ident.User) ([]*lead.Lead, error) {
	if err := s.db.step("leads lock"); err != nil {
		return nil, err
	}
	found := map[ident.User]bool{}
	for _, e := range emails {
		if id, ok := s.t.byEmail[e]; ok {
			found[id] = true
		}
	}
	for _, id := range ids {
		found[id] = found[id] || s.t.leads[id] != nil
	}
	var out []*lead.Lead
	for id, is := range found {
		if is {
			out = append(out, copyLead(s.t.leads[id]))
		}
	}
	slices.SortFunc(out, func(a, b *lead.Lead) int { return cmp.Compare(a.Email.String(), b.Email.String()) })
	return out, nil
}

func (s leadStore) Save(_ context.Context, leads []*lead.Lead) error {
	if err := s.db.step("leads save"); err != nil {
		return err
	}
	for _, l := range leads {
		if _, taken := s.t.byEmail[l.Email.String()]; l.New && taken {
			return fault.New(fault.Conflict, "lead_race", "Another node registered this lead meanwhile.")
		}
		c := copyLead(l)
		c.New, c.Changed = false, false
		put(s.tx, s.t.leads, c.ID, c)
		put(s.tx, s.t.byEmail, c.Email.String(), c.ID)
	}
	holders := map[string]ident.User{}
	for _, l := range s.t.leads {
		if l.ExternalID == "" {
			continue
		}
		if _, taken := holders[l.ExternalID]; taken {
			return fault.New(fault.Conflict, "external_id_taken", "Another lead has this ExternalId.")
		}
		holders[l.ExternalID] = l.ID
	}
	return nil
}

type journeyStore struct{ *tx }

func (s journeyStore) Lock(_ context.Context, q engine.Query) ([]*journey.Journey, error) {
	if err := s.db.step("journeys lock"); err != nil {
		return nil, err
	}
	wanted := map[ident.Journey]bool{}
	for _, id := range q.IDs {
		wanted[id] = true
	}
	for _, in := range q.In {
		if id, ok := s.newest(in); ok {
			wanted[id] = true
		}
	}
	for id, r := range s.t.journeys {
		if r.Status.Open() && slices.Contains(q.OpenOf, r.Lead) {
			wanted[id] = true
		}
	}
	var ids []ident.Journey
	for id := range wanted {
		if _, ok := s.t.journeys[id]; ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	out := make([]*journey.Journey, len(ids))
	for i, id := range ids {
		out[i] = journey.Load(copyRecord(s.t.journeys[id]), copyRuns(s.t.runs[id]))
	}
	return out, nil
}

// newest is the newest open journey of a lead in a funnel, else the newest.
func (s journeyStore) newest(in engine.LeadFunnel) (ident.Journey, bool) {
	var best journey.Record
	for _, r := range s.t.journeys {
		if r.Lead != in.Lead || r.Funnel != in.Funnel {
			continue
		}
		later := cmp.Or(r.CreatedAt.Compare(best.CreatedAt), cmp.Compare(r.ID, best.ID)) > 0
		if best.ID == 0 || r.Status.Open() && !best.Status.Open() || r.Status.Open() == best.Status.Open() && later {
			best = r
		}
	}
	return best.ID, best.ID != 0
}

func (s journeyStore) Save(_ context.Context, journeys []*journey.Journey, inputs []journey.Input) error {
	if err := s.db.step("journeys save"); err != nil {
		return err
	}
	for _, j := range journeys {
		r := j.Record()
		if _, had := s.t.journeys[r.ID]; had == j.New() {
			return fault.New(fault.Internal, "", "journey %d is new and there, or neither", r.ID)
		}
		if s.t.leads[r.Lead] == nil {
			return fault.New(fault.Internal, "", "journey %d has no lead", r.ID)
		}
		if r.ExternalID != "" {
			for _, other := range s.t.journeys {
				if other.ID != r.ID && other.ExternalID == r.ExternalID {
					return fault.New(fault.Conflict, "external_id_taken", "Another journey has this ExternalId.")
				}
			}
		}
		put(s.tx, s.t.journeys, r.ID, copyRecord(r))
		// As in a table, a run that says nothing of a change is not written.
		kept := slices.Clone(s.t.runs[r.ID])
		for _, run := range j.Runs() {
			at := slices.IndexFunc(kept, func(k *journey.Run) bool { return k.ID == run.ID })
			c := copyRun(run)
			c.New, c.Changed = false, false
			switch {
			case run.New && at < 0:
				kept = append(kept, c)
			case run.Changed && at >= 0:
				kept[at] = c
			}
		}
		put(s.tx, s.t.runs, r.ID, kept)
	}
	for _, in := range inputs {
		in.Body = slices.Clone(in.Body)
		put(s.tx, s.t.inputs, in.ID, in)
	}
	return nil
}

type eventStore struct{ *tx }

func (s eventStore) Append(_ context.Context, events []event.Event) error {
	if err := s.db.step("events append"); err != nil {
		return err
	}
	before := len(s.t.events)
	s.undo = append(s.undo, func() { s.t.events = s.t.events[:before:before] })
	for _, e := range events {
		s.t.events = append(s.t.events, copyEvent(e))
	}
	return nil
}

type sessionStore struct{ *tx }

func (s sessionStore) Insert(_ context.Context, links []session.Link) error {
	if err := s.db.step("sessions insert"); err != nil {
		return err
	}
	before := len(s.t.links)
	s.undo = append(s.undo, func() { s.t.links = s.t.links[:before:before] })
	s.t.links = append(s.t.links, links...)
	return nil
}

// assigner is plain round robin over a policy's members, in their order.
type assigner struct{ *tx }

func (s assigner) Pick(_ context.Context, policies []string) ([]ident.User, error) {
	if err := s.db.step("policies pick"); err != nil {
		return nil, err
	}
	out := make([]ident.User, len(policies))
	for i, name := range policies {
		p := s.t.policies[name]
		if p == nil || len(p.members) == 0 {
			continue
		}
		out[i] = p.members[p.turn%len(p.members)]
		p.turn++
		s.undo = append(s.undo, func() { p.turn-- })
	}
	return out, nil
}

type queue struct{ *tx }

// Enqueue implements job.Queue.
func (q queue) Enqueue(_ context.Context, items ...job.Item) error {
	if err := q.db.step("jobs enqueue"); err != nil {
		return err
	}
	before := len(q.db.jobs)
	q.undo = append(q.undo, func() { q.db.jobs = q.db.jobs[:before:before] })
	for _, item := range items {
		unique := item.Options.Unique
		if unique != "" && slices.ContainsFunc(q.db.jobs, func(j Job) bool { return j.Item.Options.Unique == unique }) {
			continue
		}
		q.db.lastJob++
		q.db.jobs = append(q.db.jobs, Job{ID: q.db.lastJob, Item: item})
	}
	return nil
}
