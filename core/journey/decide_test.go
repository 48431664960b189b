package journey_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/journey"
)

// fork is a decision over company.size and company.founded; each way out is an end.
func fork(unknown string, branches ...string) string {
	var b []string
	ends := `{"Key":"other","Kind":"End","Result":"Converted"},{"Key":"unknown","Kind":"End","Result":"NotQualified"}`
	for i, when := range branches {
		b = append(b, fmt.Sprintf(`{"Name":"B%d","When":%q,"Next":"b%d"}`, i, when, i))
		ends += fmt.Sprintf(`,{"Key":"b%d","Kind":"End","Result":"Converted"}`, i)
	}
	return `{"Name":"F","Start":"d","Nodes":[{"Key":"d","Kind":"Decision","Branches":[` + strings.Join(b, ",") + `],` + unknown + `"Otherwise":"other"},` + ends + `]}`
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const size, founded = "company.size >= 10", "company.founded >= 2000"
	toUnknown := `"Unknown":{"Next":"unknown","After":"10s"},`
	for name, c := range map[string]struct {
		definition string
		set        []func(*world)
		at         string
	}{
		"true takes it":                          {fork("", size, founded), []func(*world){knowing("company.size", 10)}, "b0"},
		"false passes on":                        {fork("", size, founded), []func(*world){knowing("company.size", 9), knowing("company.founded", 2001)}, "b1"},
		"all false is Otherwise":                 {fork(toUnknown, size), []func(*world){knowing("company.size", 9)}, "other"},
		"final unknown goes to Unknown":          {fork(toUnknown, size, "true"), nil, "unknown"},
		"without Unknown to Otherwise":           {fork("", size, "true"), nil, "other"},
		"pending waits":                          {fork(toUnknown, size, "true"), []func(*world){asking("company.size")}, "d"},
		"pending of a later branch does not":     {fork(toUnknown, "true", size), []func(*world){asking("company.size")}, "b0"},
		"pending after an unknown is not looked": {fork(toUnknown, founded, size), []func(*world){asking("company.size")}, "unknown"},
		"false though a part is pending":         {fork(toUnknown, size+" && "+founded), []func(*world){asking("company.founded"), knowing("company.size", 1)}, "other"},
		"true though a part is pending":          {fork(toUnknown, size+" || "+founded), []func(*world){asking("company.founded"), knowing("company.size", 11)}, "b0"},
		"one part final, one pending waits":      {fork(toUnknown, size+" && "+founded), []func(*world){asking("company.founded")}, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begin(t, c.definition, c.set...)
			w.at(c.at)
			w.gapFree()
		})
	}
}

func TestDecide_AfterMakesItFinal(t *testing.T) {
	t.Parallel()
	w := begin(t, fork(`"Unknown":{"Next":"unknown","After":"10s"},`, "company.size >= 10"), asking("company.size"))
	if at := w.j.Record().WakeAt; at.Sub(epoch) != 10*time.Second {
		t.Fatalf("wakes after %v", at.Sub(epoch))
	}
	w.pass(9 * time.Second)
	w.at("d")
	w.pass(time.Second)
	w.at("unknown")
	reason := w.j.Record().State.Decisions[0].Explanation[0]
	if reason.Result != "Unknown" || reason.Facts[0].Source != "pending" {
		t.Errorf("explained by %+v", reason)
	}
	w = begin(t, fork("", "company.size >= 10"), asking("company.size"))
	w.toWake()
	w.at("other")
	if w.now.Sub(epoch) != funnel.DefaultUnknownAfter {
		t.Errorf("waited %v", w.now.Sub(epoch))
	}
}

func TestDecide_ExplanationIsKept(t *testing.T) {
	t.Parallel()
	w := begin(t, fork("", "company.size >= 10", "company.size >= 1 && company.founded >= 2000"), asking("company.founded"), knowing("company.size", 2))
	w.do(func(t journey.Turn) error {
		return w.j.Learn(datapoint.Data{"company.founded": number(2020)}, []string{"company.founded"}, t)
	})
	d := w.j.Record().State.Decisions
	if len(d) != 1 || d[0].Branch != "B1" || d[0].Visit != 1 || len(d[0].Explanation) != 2 {
		t.Fatalf("decided %+v", d)
	}
	first, second := d[0].Explanation[0], d[0].Explanation[1]
	if first.Result != "False" || first.Facts[0].Value != "2" || first.Facts[0].Source != datapoint.SourceAPI {
		t.Errorf("first branch: %+v", first)
	}
	if second.Result != "True" || len(second.Facts) != 2 || second.Condition != "company.size >= 1 && company.founded >= 2000" {
		t.Errorf("second branch: %+v", second)
	}
	if w.happened(event.JourneyDecided) != 1 {
		t.Errorf("events %v", eventTypes(w.fx.Events))
	}
}

// TestDecide_Property compares decisions with the sentence of the design: the first branch
// that is not False decides; True takes it; Unknown with a pending fact waits; else Unknown
// goes to the Unknown branch or Otherwise.
func TestDecide_Property(t *testing.T) {
	t.Parallel()
	keys := []string{"company.size", "company.founded", "company.name"}
	rapid.Check(t, func(rt *rapid.T) {
		// Each fact is known to be big or small, final, or pending.
		const big, small, final, pending = 0, 1, 2, 3
		state := map[string]int{}
		w := &world{t: t, now: epoch, askable: map[string]bool{}, data: datapoint.Data{}}
		for _, k := range keys {
			state[k] = rapid.IntRange(0, 3).Draw(rt, k)
			switch state[k] {
			case big:
				w.data[k] = number(10)
			case small:
				w.data[k] = number(1)
			case pending:
				w.askable[k] = true
			case final:
			}
		}
		type conjunct struct{ keys []string }
		var conditions []conjunct
		var texts []string
		for i := range rapid.IntRange(1, 4).Draw(rt, "branches") {
			chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 1, 3, rapid.ID[string]).Draw(rt, fmt.Sprint("branch ", i))
			conditions = append(conditions, conjunct{chosen})
			var parts []string
			for _, k := range chosen {
				parts = append(parts, k+" >= 5")
			}
			texts = append(texts, strings.Join(parts, " && "))
		}
		hasUnknown := rapid.Bool().Draw(rt, "unknown branch")
		unknown := ""
		if hasUnknown {
			unknown = `"Unknown":{"Next":"unknown"},`
		}
		want := "other"
	branches:
		for i, c := range conditions {
			anySmall, anyUnknown, anyPending := false, false, false
			for _, k := range c.keys {
				anySmall = anySmall || state[k] == small
				anyUnknown = anyUnknown || state[k] == final || state[k] == pending
				anyPending = anyPending || state[k] == pending
			}
			switch {
			case anySmall:
				continue
			case !anyUnknown:
				want = fmt.Sprintf("b%d", i)
			case anyPending:
				want = "d"
			case hasUnknown:
				want = "unknown"
			}
			break branches
		}
		w.plan = plan(t, fork(unknown, texts...))
		w.j = journey.Start(journey.Record{ID: 1, Lead: theLead, Data: w.data}, w.turn())
		if got := w.j.Record().State.Position; got != want {
			rt.Fatalf("at %s, want %s: facts %v, branches %v, unknown branch %v", got, want, state, texts, hasUnknown)
		}
		// However it waits, the end of the waiting decides without any pending fact left.
		if want == "d" {
			w.now = w.j.Record().WakeAt
			if err := w.j.Tick(w.turn()); err != nil {
				rt.Fatal(err)
			}
			if got := w.j.Record().State.Position; got == "d" {
				rt.Fatalf("still waits after its time")
			}
		}
	})
}
