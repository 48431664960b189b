// Package enginetest is the contract of the engine's ports: every sentence with "must" is a
// test that each adapter runs.
package enginetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/unit"
)

// Definition is the funnel that a House must have published.
const Definition = `{"Name":"Contract","Start":"s","Nodes":[
	{"Key":"s","Kind":"Stage","Activities":[
		{"Key":"auto","Connector":"robot","Assignee":{"Automatic":true}},
		{"Key":"desk","Connector":"desk","Assignee":{"Lead":true},"Due":{"In":"1h"},"Remind":["30m"],"Timeout":"2h"},
		{"Key":"check","Connector":"task","Assignee":{"Policy":"account-managers"}}],"Next":"done"},
	{"Key":"done","Kind":"End","Result":"Converted"}]}`

// House is an adapter with two workspaces in it, made anew for each test.
type House struct {
	Work unit.Work[engine.Tx]
	IDs  ident.Source
	// One has the funnel and origin; its policy account-managers has Members, in this order.
	// Two has nothing; its policy account-managers is empty.
	One, Two ident.Workspace
	Plan     *funnel.Plan
	Origin   ident.Origin
	Members  []ident.User

	Journeys  journey.Reader
	Log       journey.Log
	Leads     lead.Reader
	Directory engine.Directory
	Sweeper   engine.Sweeper
	Calls     engine.Calls
	// Remindings reads whom runs wait for; One is a sandbox of the name "One".
	Remindings engine.Remindings
	// Links reads the kept links of One; Offset sets One's clock offset.
	Links  func(t *testing.T) []session.Link
	Offset func(t *testing.T, d time.Duration)
}

func (h *House) in(ctx context.Context, ws ident.Workspace) context.Context {
	return actor.Systemic(ctx, ws)
}

// do runs one transaction in the first workspace.
func (h *House) do(t *testing.T, fn func(ctx context.Context, tx engine.Tx) error) {
	t.Helper()
	if err := h.Work.Do(h.in(t.Context(), h.One), fn); err != nil {
		t.Fatal(err)
	}
}

// fails runs a transaction that must fail and returns why.
func (h *House) fails(t *testing.T, fn func(ctx context.Context, tx engine.Tx) error) error {
	t.Helper()
	err := h.Work.Do(h.in(t.Context(), h.One), fn)
	if err == nil {
		t.Fatal("the transaction went through")
	}
	return err
}

func (h *House) id(t *testing.T) int64 {
	t.Helper()
	ids, err := h.IDs.Reserve(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return ids[0]
}

// the moment of the fixtures, in the database's precision.
var moment = time.Date(2026, 11, 24, 9, 0, 0, 123456000, time.UTC)

func (h *House) lead(t *testing.T, email string) *lead.Lead {
	t.Helper()
	l := lead.New(ident.User(h.id(t)), lead.LoadEmail(email, strings.ToUpper(email)), moment)
	l.Person = lead.Person{Firstname: "Ann", Lastname: "Lee", Phone: "+41 44 668 18 00"}
	l.ExternalID = "crm-" + email
	l.Data["company.size"] = datapoint.Datum{Value: number(t, 12), Source: datapoint.SourceAPI, Confidence: 1, ObservedAt: moment}
	return l
}

func number(t *testing.T, n float64) rule.Value {
	t.Helper()
	v, err := rule.NumberValue(n)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// start makes a journey of a lead that is not stored yet.
func (h *House) start(t *testing.T, l ident.User) *journey.Journey {
	t.Helper()
	return journey.Start(journey.Record{
		ID: ident.Journey(h.id(t)), Lead: l, Origin: h.Origin, RedirectURL: "https://example.org/done",
		Data: datapoint.Data{"company.size": {Value: number(t, 12), Source: datapoint.SourceAPI, Confidence: 1, ObservedAt: moment}},
	}, h.turn(t, moment))
}

func (h *House) turn(t *testing.T, at time.Time) journey.Turn {
	t.Helper()
	return journey.Turn{Plan: h.Plan, Now: at, IDs: func() int64 { return h.id(t) }}
}

// keep stores a lead with journeys and the events and inputs they made.
func (h *House) keep(t *testing.T, l *lead.Lead, journeys ...*journey.Journey) {
	t.Helper()
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		if l != nil {
			if err := tx.Leads.Save(ctx, []*lead.Lead{l}); err != nil {
				return err
			}
		}
		return saved(ctx, tx, journeys...)
	})
}

func saved(ctx context.Context, tx engine.Tx, journeys ...*journey.Journey) error {
	if len(journeys) == 0 {
		return nil
	}
	var inputs []journey.Input
	var events []event.Event
	for _, j := range journeys {
		fx := j.Take()
		inputs, events = append(inputs, fx.Inputs...), append(events, fx.Events...)
	}
	if err := tx.Journeys.Save(ctx, journeys, inputs); err != nil {
		return err
	}
	return tx.Events.Append(ctx, events)
}

// load locks journeys in a transaction of their own.
func (h *House) load(t *testing.T, q engine.Query) []*journey.Journey {
	t.Helper()
	var out []*journey.Journey
	h.do(t, func(ctx context.Context, tx engine.Tx) error {
		var err error
		out, err = tx.Journeys.Lock(ctx, q)
		return err
	})
	return out
}

// same compares two values by their JSON; absent and empty are the same.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	text := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(":{}", ":null", ":[]", ":null", `:""`, ":null").Replace(string(raw))
	}
	if g, w := text(got), text(want); g != w {
		t.Errorf("%s came back as\n%s\nwant\n%s", what, g, w)
	}
}

func all() page.Request { return page.Request{Size: page.MaxSize} }
