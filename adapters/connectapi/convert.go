package connectapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// enumOf finds the value of an enumeration by its public word.
func enumOf[E ~int32](values map[string]int32, prefix, word string) E {
	var snake strings.Builder
	for i, c := range word {
		if i > 0 && c >= 'A' && c <= 'Z' {
			snake.WriteByte('_')
		}
		snake.WriteRune(c)
	}
	return E(values[prefix+strings.ToUpper(snake.String())])
}

func journeyStatus(s journey.Status) v1.JourneyStatus {
	return enumOf[v1.JourneyStatus](v1.JourneyStatus_value, "JOURNEY_STATUS_", string(s))
}

func waitingOn(p activity.Party) v1.WaitingOn {
	return enumOf[v1.WaitingOn](v1.WaitingOn_value, "WAITING_ON_", string(p))
}

func word(name, prefix string) string {
	var b strings.Builder
	for _, part := range strings.Split(strings.TrimPrefix(name, prefix), "_") {
		b.WriteString(part[:1] + strings.ToLower(part[1:]))
	}
	return b.String()
}

func person(n *journey.Name) *v1.Person {
	if n == nil {
		return nil
	}
	return &v1.Person{Id: int64(n.ID), Firstname: optional(n.Firstname), Lastname: optional(n.Lastname)}
}

func summary(s journey.Summary) *v1.Journey {
	r := s.Record
	j := &v1.Journey{
		Id: int64(r.ID), ExternalId: optional(r.ExternalID), Status: journeyStatus(r.Status), WaitingOn: waitingOn(r.WaitingOn),
		BlockedReason: optional(r.BlockedReason),
		Lead:          &v1.LeadRef{Id: int64(s.Lead.ID), Email: s.Lead.Email, Firstname: optional(s.Lead.Firstname), Lastname: optional(s.Lead.Lastname)},
		Owner:         person(s.Owner),
		Funnel:        &v1.FunnelRef{Id: int64(r.Funnel), Name: s.FunnelName, Version: int32(r.Version)}, // #nosec G115 -- small
		Origin:        &v1.OriginRef{Id: int64(r.Origin), Name: s.OriginName, Ref: s.OriginRef},
		Progress:      &v1.Progress{Completed: int32(s.Completed), Total: int32(s.Total)}, // #nosec G115 -- small
		DueAt:         stamp(s.DueAt), RedirectUrl: optional(r.RedirectURL),
		CreatedDate: stamp(r.CreatedAt), ChangedDate: stamp(r.ChangedAt),
	}
	if r.Status == journey.Converted {
		j.ConvertedAt = stamp(r.EndedAt)
	}
	return j
}

func view(v journey.View, defs []datapoint.Definition, now time.Time) *v1.Journey {
	j := summary(v.Summary)
	for _, visit := range v.Record.State.Path {
		stage := &v1.Stage{
			Key: visit.Key, Name: visit.Name, Visit: int32(visit.Visit), // #nosec G115 -- small
			Status:    enumOf[v1.StageStatus](v1.StageStatus_value, "STAGE_STATUS_", string(visit.Status)),
			StartedAt: stamp(visit.StartedAt), CompletedAt: stamp(visit.CompletedAt),
		}
		for _, r := range v.Runs {
			if r.Stage == visit.Key && r.Visit == visit.Visit {
				stage.Activities = append(stage.Activities, run(r, v.People, now))
			}
		}
		j.Stages = append(j.Stages, stage)
	}
	for _, d := range v.Record.State.Decisions {
		j.Decisions = append(j.Decisions, decision(d))
	}
	j.JourneyData = facts(v.Record.Data, defs)
	return j
}

func run(r *journey.Run, people map[ident.User]journey.Name, now time.Time) *v1.Activity {
	a := &v1.Activity{
		Id: int64(r.ID), Key: r.Key, Name: r.Name, Connector: r.Connector,
		Assignee: &v1.Assignee{
			Kind: enumOf[v1.AssigneeKind](v1.AssigneeKind_value, "ASSIGNEE_KIND_", string(r.Assignee.Kind)),
			Role: optional(r.Assignee.Role), Policy: optional(r.Assignee.Policy),
		},
		Status:    enumOf[v1.ActivityStatus](v1.ActivityStatus_value, "ACTIVITY_STATUS_", string(r.Status)),
		WaitingOn: waitingOn(r.WaitingOn), Reason: optional(r.Reason), StartedAt: stamp(r.StartedAt),
		CompletedAt: stamp(r.CompletedAt), DueAt: stamp(r.DueAt), Attempts: int32(r.Attempts), // #nosec G115 -- small
	}
	if n, ok := people[r.Assignee.User]; ok {
		a.Assignee.User = person(&n)
	}
	if !r.StartedAt.IsZero() {
		end := r.CompletedAt
		if end.IsZero() {
			end = now
		}
		a.SecondsOpen = max(0, end.Sub(r.StartedAt).Seconds())
	}
	return a
}

func decision(d journey.Decision) *v1.Decision {
	out := &v1.Decision{
		Key: d.Key, Name: d.Name, Visit: int32(d.Visit), Branch: optional(d.Branch), DecidedAt: stamp(d.DecidedAt), // #nosec G115 -- small
	}
	for _, r := range d.Explanation {
		c := &v1.ConditionResult{
			Branch: r.Branch, Condition: r.Condition, Result: enumOf[v1.Truth](v1.Truth_value, "TRUTH_", r.Result),
		}
		for _, f := range r.Facts {
			fact := &v1.ReadFact{Key: f.Key, Value: structpb.NewNullValue(), Source: optional(f.Source)}
			if f.Value != "" {
				fact.Value = structpb.NewStringValue(f.Value)
			}
			c.Facts = append(c.Facts, fact)
		}
		out.Explanation = append(out.Explanation, c)
	}
	return out
}

// facts are the known data, by key; finally unknown ones are left out.
func facts(data datapoint.Data, defs []datapoint.Definition) []*v1.Fact {
	byKey := make(map[string]datapoint.Definition, len(defs))
	for _, d := range defs {
		byKey[d.Key] = d
	}
	var out []*v1.Fact
	for _, key := range slices.Sorted(maps.Keys(data)) {
		datum := data[key]
		if datum.Final() {
			continue
		}
		f := &v1.Fact{
			DataPoint: &v1.FactDataPoint{Key: key, Name: key, Type: dataType(datum.Value.Type())},
			Source:    optional(datum.Source), Confidence: &datum.Confidence, ObservedAt: stamp(datum.ObservedAt), Inferred: datum.Inferred,
		}
		if d, ok := byKey[key]; ok {
			id := int64(d.ID)
			f.DataPoint.Id, f.DataPoint.Name = &id, d.Name
		}
		setValue(f, datum.Value)
		out = append(out, f)
	}
	return out
}

func dataType(t rule.Type) v1.DataPointType {
	if t == rule.URL {
		return v1.DataPointType_DATA_POINT_TYPE_URL
	}
	return enumOf[v1.DataPointType](v1.DataPointType_value, "DATA_POINT_TYPE_", t.String())
}

func setValue(f *v1.Fact, v rule.Value) {
	text := v.Text()
	switch v.Type() {
	case rule.Number:
		n := v.Number()
		f.NumberValue = &n
	case rule.Boolean:
		b := v.Bool()
		f.BooleanValue = &b
	case rule.Date:
		f.DateValue = &text
	case rule.DateTime:
		f.DateTimeValue = &text
	case rule.Amount:
		f.AmountValue = &v1.Amount{Amount: v.Decimal(), Currency: text}
	case rule.Document:
		f.DocumentValue = &v1.DocumentRef{Id: int64(v.Number())}
	case rule.List:
		f.ListValue = &structpb.ListValue{}
		for _, item := range v.List() {
			f.ListValue.Values = append(f.ListValue.Values, structpb.NewStringValue(item))
		}
	case rule.NoType, rule.Text, rule.Choice, rule.Email, rule.Phone, rule.URL, rule.Country:
		f.StringValue = &text
	}
}

func leadMessage(l lead.Lead, defs []datapoint.Definition) *v1.Lead {
	out := &v1.Lead{
		Id: int64(l.ID), Email: l.Email.Display(), Firstname: optional(l.Person.Firstname), Lastname: optional(l.Person.Lastname),
		PhoneNumber: optional(l.Person.Phone), ExternalId: optional(l.ExternalID), CreatedDate: stamp(l.CreatedAt), ChangedDate: stamp(l.ChangedAt),
	}
	if defs != nil {
		out.Facts = facts(l.Data, defs)
	}
	return out
}

func eventMessage(e event.Event) *v1.JourneyEvent {
	out := &v1.JourneyEvent{Id: int64(e.ID), Sequence: e.Sequence, Type: string(e.Type), Timestamp: stamp(e.At)}
	if key, ok := e.Data["Key"].(string); ok && e.Run != 0 {
		out.Activity = &key
	}
	if e.By != 0 {
		by := "user " + ident.String(e.By)
		out.Actor = &by
	}
	out.Data = structure(e.Data)
	return out
}

// structure is any JSON-encodable data as a protobuf Struct; nil for none.
func structure(v any) *structpb.Struct {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]any
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return nil
	}
	s, err := structpb.NewStruct(m)
	if err != nil {
		return nil
	}
	return s
}
