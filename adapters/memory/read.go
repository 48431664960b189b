package memory

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
)

// Journeys is journey.Reader.
type Journeys struct{ db *DB }

// NewJourneys makes the reader.
func NewJourneys(db *DB) Journeys { return Journeys{db} }

// Get implements journey.Reader.
func (r Journeys) Get(ctx context.Context, id ident.Journey) (journey.View, error) {
	return looked(ctx, r.db, func(t *tenant) (journey.View, error) {
		rec, ok := t.journeys[id]
		if !ok {
			return journey.View{}, notFound()
		}
		v := journey.View{Summary: t.summary(rec), People: map[ident.User]journey.Name{}}
		for _, run := range t.runs[id] {
			v.Runs = append(v.Runs, shownRun(run))
		}
		slices.SortFunc(v.Runs, func(a, b *journey.Run) int { return cmp.Compare(a.ID, b.ID) })
		for _, run := range v.Runs {
			if run.Assignee.User != 0 && t.leads[run.Assignee.User] != nil {
				v.People[run.Assignee.User] = t.name(run.Assignee.User)
			}
		}
		for _, user := range rec.State.Participants {
			v.People[user] = t.name(user)
		}
		return v, nil
	})
}

func (t *tenant) name(id ident.User) journey.Name {
	n := journey.Name{ID: id}
	if l := t.leads[id]; l != nil {
		n.Email, n.Firstname, n.Lastname = l.Email.String(), l.Person.Firstname, l.Person.Lastname
	}
	return n
}

func (t *tenant) summary(rec journey.Record) journey.Summary {
	s := journey.Summary{Record: copyRecord(rec), Lead: t.name(rec.Lead)}
	if rec.Owner != 0 {
		owner := t.name(rec.Owner)
		s.Owner = &owner
	}
	if p := t.plans[rec.Funnel][rec.Version]; p != nil {
		s.FunnelName = p.Name
	}
	for _, o := range t.origins {
		if o.ID == rec.Origin {
			s.OriginName, s.OriginRef = o.Name, o.Ref
		}
	}
	for _, run := range t.runs[rec.ID] {
		s.Total++
		switch run.Status {
		case journey.RunCompleted, journey.RunSkipped:
			s.Completed++
		case journey.RunInProgress, journey.RunBlocked:
			if !run.DueAt.IsZero() && (s.DueAt.IsZero() || run.DueAt.Before(s.DueAt)) {
				s.DueAt = run.DueAt
			}
		case journey.RunPending, journey.RunFailed, journey.RunCancelled:
		}
	}
	return s
}

// List implements journey.Reader.
func (r Journeys) List(ctx context.Context, f journey.Filter, p page.Request) (page.Of[journey.Summary], error) {
	return looked(ctx, r.db, func(t *tenant) (page.Of[journey.Summary], error) {
		var all []journey.Summary
		for _, rec := range t.journeys {
			if s := t.summary(rec); matches(s, f) {
				all = append(all, s)
			}
		}
		return paged(all, p, true, func(s journey.Summary) (time.Time, int64) { return s.Record.CreatedAt, int64(s.Record.ID) }), nil
	})
}

func matches(s journey.Summary, f journey.Filter) bool {
	rec := s.Record
	name := strings.ToLower(s.Lead.Firstname + " " + s.Lead.Lastname)
	search := strings.ToLower(f.Search)
	return (len(f.Status) == 0 || slices.Contains(f.Status, rec.Status)) &&
		(len(f.WaitingOn) == 0 || slices.Contains(f.WaitingOn, rec.WaitingOn)) &&
		(f.Funnel == 0 || f.Funnel == rec.Funnel) && (f.Version == 0 || f.Version == rec.Version) &&
		(f.Lead == 0 || f.Lead == rec.Lead) && (f.Origin == 0 || f.Origin == rec.Origin) &&
		(f.ExternalID == "" || f.ExternalID == rec.ExternalID) && (f.Stage == "" || f.Stage == rec.State.Position) &&
		(search == "" || strings.Contains(s.Lead.Email, search) || strings.Contains(name, search)) &&
		(f.CreatedAfter.IsZero() || !rec.CreatedAt.Before(f.CreatedAfter)) &&
		(f.CreatedBefore.IsZero() || rec.CreatedAt.Before(f.CreatedBefore))
}

// Events implements journey.Reader.
func (r Journeys) Events(ctx context.Context, id ident.Journey, p page.Request) (page.Of[event.Event], error) {
	return looked(ctx, r.db, func(t *tenant) (page.Of[event.Event], error) {
		var out page.Of[event.Event]
		if _, ok := t.journeys[id]; !ok {
			return out, notFound()
		}
		after := int64(0)
		if p.After != nil {
			after = p.After.ID
		}
		for _, e := range t.events {
			if e.Journey == id && e.Sequence > after {
				out.Items = append(out.Items, copyEvent(e))
			}
		}
		slices.SortFunc(out.Items, func(a, b event.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
		if len(out.Items) > p.Limit() {
			out.Items = out.Items[:p.Limit()]
			out.Next = &page.Cursor{ID: out.Items[p.Limit()-1].Sequence}
		}
		return out, nil
	})
}

// Standings implements journey.Log.
func (r Journeys) Standings(ctx context.Context, ids []ident.Journey) (map[ident.Journey]journey.Standing, error) {
	return looked(ctx, r.db, func(t *tenant) (map[ident.Journey]journey.Standing, error) {
		out := make(map[ident.Journey]journey.Standing, len(ids))
		for _, id := range ids {
			if rec, ok := t.journeys[id]; ok {
				out[id] = journey.Standing{Sequence: rec.Sequence, Open: rec.Status.Open()}
			}
		}
		return out, nil
	})
}

// OpenRuns implements journey.Reader.
func (r Journeys) OpenRuns(ctx context.Context, f journey.RunFilter, p page.Request) (page.Of[journey.OpenRun], error) {
	return looked(ctx, r.db, func(t *tenant) (page.Of[journey.OpenRun], error) {
		var all []journey.OpenRun
		for id, runs := range t.runs {
			rec := t.journeys[id]
			for _, run := range runs {
				if run.Status != journey.RunInProgress && run.Status != journey.RunBlocked ||
					f.Assignee != 0 && run.Assignee.User != f.Assignee || f.WaitingOn != "" && run.WaitingOn != f.WaitingOn {
					continue
				}
				s := t.summary(rec)
				all = append(all, journey.OpenRun{
					Run: shownRun(run), Journey: id, Status: rec.Status, Lead: s.Lead, Funnel: rec.Funnel, FunnelName: s.FunnelName,
					Version: rec.Version, CreatedAt: rec.CreatedAt,
				})
			}
		}
		return paged(all, p, false, func(o journey.OpenRun) (time.Time, int64) {
			if o.Run.DueAt.IsZero() {
				return o.Run.StartedAt.AddDate(10, 0, 0), int64(o.Run.ID)
			}
			return o.Run.DueAt, int64(o.Run.ID)
		}), nil
	})
}

// Leads is lead.Reader.
type Leads struct{ db *DB }

// NewLeads makes the reader.
func NewLeads(db *DB) Leads { return Leads{db} }

// Get implements lead.Reader.
func (r Leads) Get(ctx context.Context, id ident.User) (lead.Lead, error) {
	return looked(ctx, r.db, func(t *tenant) (lead.Lead, error) {
		l := t.leads[id]
		if l == nil || l.RegisteredAt.IsZero() {
			return lead.Lead{}, notFound()
		}
		return *copyLead(l), nil
	})
}

// List implements lead.Reader.
func (r Leads) List(ctx context.Context, f lead.Filter, p page.Request) (page.Of[lead.Lead], error) {
	return looked(ctx, r.db, func(t *tenant) (page.Of[lead.Lead], error) {
		var all []lead.Lead
		for _, l := range t.leads {
			name := strings.ToLower(l.Person.Firstname + " " + l.Person.Lastname)
			search := strings.ToLower(f.Search)
			if !l.RegisteredAt.IsZero() && (f.Email == "" || f.Email == l.Email.String()) &&
				(f.ExternalID == "" || f.ExternalID == l.ExternalID) &&
				(search == "" || strings.Contains(l.Email.String(), search) || strings.Contains(name, search)) {
				all = append(all, *copyLead(l))
			}
		}
		return paged(all, p, true, func(l lead.Lead) (time.Time, int64) { return l.RegisteredAt, int64(l.ID) }), nil
	})
}

// paged sorts by time and id and cuts the page out.
func paged[T any](all []T, p page.Request, descending bool, key func(T) (time.Time, int64)) page.Of[T] {
	order := func(at time.Time, id int64, b T) int {
		bAt, bID := key(b)
		c := cmp.Or(at.Compare(bAt), cmp.Compare(id, bID))
		if descending {
			return -c
		}
		return c
	}
	slices.SortFunc(all, func(a, b T) int {
		at, id := key(a)
		return order(at, id, b)
	})
	if p.After != nil {
		at, _ := time.Parse(time.RFC3339Nano, p.After.Sort)
		all = slices.DeleteFunc(all, func(item T) bool { return order(at, p.After.ID, item) >= 0 })
	}
	out := page.Of[T]{Items: all}
	if len(all) > p.Limit() {
		out.Items = all[:p.Limit()]
		at, id := key(out.Items[p.Limit()-1])
		out.Next = &page.Cursor{Sort: at.Format(time.RFC3339Nano), ID: id}
	}
	return out
}
