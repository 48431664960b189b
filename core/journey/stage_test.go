package journey_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

func TestStage_BarrierWaitsForEveryRequiredActivity(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a"), robot("b"), desk("c", `"Required":false`)))
	w.report("a", done())
	w.at("s")
	w.status(journey.InProgress)
	w.report("b", done())
	w.status(journey.Converted)
	w.runIs("c", journey.RunCancelled, "complete")
	if !slices.Contains(w.fx.Abandoned, w.run("c").ID) {
		t.Error("the connector of the optional activity is not told to cancel")
	}
	w.gapFree()
	if w.happened(event.StageStarted) != 1 || w.happened(event.StageCompleted) != 1 || w.happened(event.JourneyConverted) != 1 {
		t.Errorf("events: %v", eventTypes(w.fx.Events))
	}
}

func TestStage_WithoutARequiredActivityAllMustEnd(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a", `"Required":false`), robot("b", `"Required":false`)))
	w.report("a", done())
	w.status(journey.InProgress)
	w.report("b", activity.FailedWith("connector", "no", false))
	w.status(journey.Blocked)
	w.do(func(t journey.Turn) error { return w.j.Skip(w.run("b").ID, "", t) })
	w.status(journey.Converted)
}

func TestStage_PureActivitiesNeedNoCall(t *testing.T) {
	t.Parallel()
	w := begin(t, `{"Name":"F","Start":"s","DataPoints":[{"Key":"data.plan","Name":"Plan","Type":"Choice","Options":["free","team"]}],"Nodes":[
		{"Key":"s","Kind":"Stage","Activities":[`+act("set", `"Connector":"set","Assignee":{"Automatic":true},"Config":{"Values":{"data.plan":"team","company.size":3}}`)+`],"Next":"d"},
		{"Key":"d","Kind":"Decision","Branches":[{"Name":"Team","When":"data.plan == team","Next":"done"}],"Otherwise":"no"},
		{"Key":"done","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}]}`)
	w.status(journey.Converted)
	if len(w.fx.Calls) != 0 {
		t.Errorf("calls: %v", w.fx.Calls)
	}
	if d := w.j.Record().Data["company.size"]; d.Value.Number() != 3 || d.Source != datapoint.SourceDerived {
		t.Errorf("company.size is %+v", d)
	}
}

func TestStage_When(t *testing.T) {
	t.Parallel()
	when := robot("a", `"When":"company.size >= 10"`)
	t.Run("true starts", func(t *testing.T) {
		t.Parallel()
		begin(t, stage(when), knowing("company.size", 10)).runIs("a", journey.RunInProgress, "")
	})
	t.Run("false skips and says why", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(when), knowing("company.size", 9))
		w.runIs("a", journey.RunSkipped, "does not hold")
		w.status(journey.Converted)
	})
	t.Run("nobody knows: skipped, naming the fact", func(t *testing.T) {
		t.Parallel()
		begin(t, stage(when)).runIs("a", journey.RunSkipped, "company.size")
	})
	t.Run("waits for what is looked for", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(when), asking("company.size"))
		w.runIs("a", journey.RunPending, "company.size")
		w.do(func(t journey.Turn) error {
			return w.j.Learn(datapoint.Data{"company.size": number(12)}, []string{"company.size"}, t)
		})
		w.runIs("a", journey.RunInProgress, "")
	})
	t.Run("finally unknown: skipped", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(when), asking("company.size"))
		w.do(func(t journey.Turn) error { return w.j.Learn(nil, []string{"company.size"}, t) })
		w.runIs("a", journey.RunSkipped, "company.size")
	})
	t.Run("waits half a minute at most", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(when, robot("b")), asking("company.size"))
		w.pass(29 * time.Second)
		w.runIs("a", journey.RunPending, "")
		w.toWake()
		w.runIs("a", journey.RunSkipped, "company.size")
		if w.now.Sub(epoch) != 30*time.Second {
			t.Errorf("after %v", w.now.Sub(epoch))
		}
	})
}

func TestStage_OnFailure(t *testing.T) {
	t.Parallel()
	no := activity.FailedWith("connector", "The door is shut.", false)
	t.Run("Block", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a"), robot("b")))
		w.report("a", no)
		w.status(journey.Blocked)
		if r := w.j.Record(); r.BlockedReason != no.Reason || r.WaitingOn != activity.Team {
			t.Errorf("blocked for %q, waiting on %s", r.BlockedReason, r.WaitingOn)
		}
		w.report("b", done())
		w.status(journey.Blocked)
		w.do(func(t journey.Turn) error { return w.j.Retry(w.run("a").ID, t) })
		w.status(journey.InProgress)
		if w.happened(event.JourneyBlocked) != 1 || w.happened(event.JourneyUnblocked) != 1 {
			t.Errorf("events: %v", eventTypes(w.fx.Events))
		}
		w.report("a", done())
		w.status(journey.Converted)
		w.gapFree()
	})
	t.Run("Block holds until every failure is dealt with", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a"), robot("b")))
		w.report("a", no)
		w.report("b", no)
		w.do(func(t journey.Turn) error { return w.j.Skip(w.run("a").ID, "", t) })
		w.status(journey.Blocked)
		w.do(func(t journey.Turn) error { return w.j.Skip(w.run("b").ID, "", t) })
		w.status(journey.Converted)
	})
	t.Run("Continue", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a", `"OnFailure":"Continue"`), robot("b")))
		w.report("a", no)
		w.status(journey.InProgress)
		w.report("b", done())
		w.status(journey.Converted)
		w.runIs("a", journey.RunFailed, no.Reason)
	})
	t.Run("Next cancels the siblings", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a", `"OnFailure":{"Next":"elsewhere"}`), robot("b"), task("c")))
		w.report("a", no)
		w.status(journey.NotQualified)
		w.runIs("b", journey.RunCancelled, "failed")
		w.runIs("c", journey.RunCancelled, "failed")
		if !slices.Equal(w.fx.Abandoned, []ident.Run{w.run("b").ID}) {
			t.Errorf("to be cancelled outside: %v", w.fx.Abandoned)
		}
		if got := w.j.Record().State.Path[0].Status; got != journey.StageCancelled {
			t.Errorf("the visit is %s", got)
		}
	})
	t.Run("Next leaves a stage that a sibling blocked", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(robot("a"), robot("b", `"OnFailure":{"Next":"elsewhere"}`)))
		w.report("a", no)
		w.status(journey.Blocked)
		w.report("b", no)
		w.status(journey.NotQualified)
		if w.happened(event.JourneyUnblocked) != 1 {
			t.Errorf("events: %v", eventTypes(w.fx.Events))
		}
	})
}

func TestStage_ApprovalRefusedIsFailedAndFinal(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(act("ok", `"Connector":"approval","Assignee":{"Policy":"account-managers"}`)))
	if w.j.Record().Owner != manager || w.run("ok").Assignee.User != manager {
		t.Error("the policy's pick owns neither the run nor the journey")
	}
	w.do(func(t journey.Turn) error {
		return w.j.Submit(journey.Submission{Run: w.run("ok").ID, Body: []byte(`{"approved":false,"reason":"Too small"}`)}, t)
	})
	w.runIs("ok", journey.RunFailed, "Rejected: Too small")
	w.status(journey.Blocked)
	if v, known := w.j.Record().Data.Fact("activity.ok.approved"); !known || v.Bool() {
		t.Errorf("approved is %v", v)
	}
	if err := w.j.Retry(w.run("ok").ID, w.turn()); !fault.HasCode(err, "not_retryable") {
		t.Errorf("a refused approval may be retried: %v", err)
	}
}

func TestStage_NobodyToDoIt(t *testing.T) {
	t.Parallel()
	t.Run("no participant until one is named", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(act("sign", `"Connector":"desk","Assignee":{"Stakeholder":"signatory"}`)))
		w.runIs("sign", journey.RunBlocked, journey.NoParticipant)
		if w.j.Record().WaitingOn != activity.Team || len(w.fx.Calls) != 0 {
			t.Errorf("waits on %s, calls %v", w.j.Record().WaitingOn, w.fx.Calls)
		}
		w.do(func(t journey.Turn) error { return w.j.Participate("other", signer, t) })
		w.runIs("sign", journey.RunBlocked, journey.NoParticipant)
		w.do(func(t journey.Turn) error { return w.j.Participate("signatory", signer, t) })
		w.runIs("sign", journey.RunInProgress, "")
		if w.run("sign").Assignee.User != signer || len(w.fx.Calls) != 1 {
			t.Errorf("assigned to %d, calls %v", w.run("sign").Assignee.User, w.fx.Calls)
		}
	})
	t.Run("a participant gives way to another, and to nobody", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(act("sign", `"Connector":"desk","Assignee":{"Stakeholder":"signatory"}`)))
		w.do(func(t journey.Turn) error { return w.j.Participate("signatory", signer, t) })
		w.do(func(t journey.Turn) error { return w.j.Participate("signatory", manager, t) })
		w.runIs("sign", journey.RunInProgress, "")
		if w.run("sign").Assignee.User != manager || w.run("sign").Call != 1 {
			t.Errorf("assigned to %d, call %d", w.run("sign").Assignee.User, w.run("sign").Call)
		}
		w.fx = journey.Effects{}
		w.do(func(t journey.Turn) error { return w.j.Participate("signatory", 0, t) })
		w.runIs("sign", journey.RunBlocked, journey.NoParticipant)
		if r := w.run("sign"); r.Assignee.User != 0 || r.CallOpen || w.j.Record().WaitingOn != activity.Team ||
			!slices.Equal(w.fx.Abandoned, []ident.Run{r.ID}) || len(w.j.Record().State.Participants) != 0 {
			t.Errorf("%+v, abandoned %v", r, w.fx.Abandoned)
		}
		w.do(func(t journey.Turn) error { return w.j.Participate("signatory", signer, t) })
		w.runIs("sign", journey.RunInProgress, "")
		if r := w.run("sign"); r.Assignee.User != signer || r.Call != 2 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("or somebody is assigned", func(t *testing.T) {
		t.Parallel()
		w := begin(t, stage(act("sign", `"Connector":"desk","Assignee":{"Stakeholder":"signatory"}`)))
		w.do(func(t journey.Turn) error { return w.j.Assign(w.run("sign").ID, manager, t) })
		w.runIs("sign", journey.RunInProgress, "")
	})
	t.Run("an empty policy", func(t *testing.T) {
		t.Parallel()
		w := &world{t: t, plan: begin(t, stage(task("a"))).plan, now: epoch}
		w.j = journey.Start(journey.Record{ID: 1, Lead: theLead}, w.turn())
		fx := w.j.Take()
		w.j.Assigned(fx.Unassigned[0], 0, w.turn())
		w.runIs("a", journey.RunBlocked, journey.NobodyInPolicy)
		if w.j.Record().WaitingOn != activity.Team {
			t.Errorf("waits on %s", w.j.Record().WaitingOn)
		}
		w.do(func(t journey.Turn) error { return w.j.Assign(w.run("a").ID, signer, t) })
		w.do(func(t journey.Turn) error { return w.j.Complete(w.run("a").ID, t) })
		w.status(journey.Converted)
	})
}

func TestStage_ReopenAndRemind(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(task("a"), task("b")))
	a := w.run("a").ID
	w.do(func(t journey.Turn) error { return w.j.Remind(a, t) })
	if len(w.fx.Reminders) != 1 || w.fx.Reminders[0].Run != a {
		t.Errorf("reminders: %v", w.fx.Reminders)
	}
	w.do(func(t journey.Turn) error { return w.j.Complete(a, t) })
	w.do(func(t journey.Turn) error { return w.j.Reopen(a, t) })
	w.runIs("a", journey.RunInProgress, "")
	w.do(func(t journey.Turn) error { return w.j.Complete(w.run("b").ID, t) })
	w.status(journey.InProgress)
	w.do(func(t journey.Turn) error { return w.j.Complete(a, t) })
	w.status(journey.Converted)
	if err := w.j.Reopen(a, w.turn()); !fault.HasCode(err, "state_forbids") {
		t.Errorf("a run of an ended journey was reopened: %v", err)
	}
}

// loop goes through ask until company.size is known, at most twice.
const loop = `{"Name":"F","Start":"d","Nodes":[
	{"Key":"d","Kind":"Decision","Branches":[{"Name":"Big","When":"company.size >= 10 && (journey.visits < 2 || true)","Next":"done"}],"Unknown":{"Next":"ask"},"Otherwise":"no"},
	{"Key":"ask","Kind":"Stage","MaxVisits":2,"Activities":[{"Key":"call","Connector":"robot","Assignee":{"Automatic":true}}],"Next":"d"},
	{"Key":"done","Kind":"End","Result":"Converted"},{"Key":"no","Kind":"End","Result":"NotQualified"}]}`

func TestStage_LoopIsBounded(t *testing.T) {
	t.Parallel()
	w := begin(t, loop)
	first := w.run("call").ID
	w.report("call", done())
	if w.run("call").ID == first || w.run("call").Visit != 2 {
		t.Fatal("the second visit has no run of its own")
	}
	if v, _ := w.j.Record().Data.Fact("journey.visits"); v.Number() != 2 {
		t.Errorf("journey.visits is %v", v)
	}
	w.report("call", done())
	w.status(journey.Blocked)
	if r := w.j.Record(); r.BlockedReason != "MaxVisits" || r.WaitingOn != activity.Team || !r.WakeAt.IsZero() {
		t.Errorf("blocked for %q, waits on %s, wakes at %v", r.BlockedReason, r.WaitingOn, r.WakeAt)
	}
	w.do(func(t journey.Turn) error { return w.j.Move("ask", "They asked for it", t) })
	w.status(journey.InProgress)
	if w.run("call").Visit != 3 || w.happened(event.JourneyMoved) != 1 || w.happened(event.JourneyUnblocked) != 1 {
		t.Errorf("visit %d, events %v", w.run("call").Visit, eventTypes(w.fx.Events))
	}
	if err := w.j.Move("nowhere", "", w.turn()); !fault.Is(err, fault.Invalid) {
		t.Errorf("moved to a node that is none: %v", err)
	}
	w.gapFree()
}

// TestStage_FailureThatMayNotLeadOn was found by the simulator: the stage was closed, its
// siblings cancelled, and after a retry it was complete without them.
func TestStage_FailureThatMayNotLeadOn(t *testing.T) {
	t.Parallel()
	w := begin(t, `{"Name":"F","Start":"s","Nodes":[
		{"Key":"s","Kind":"Stage","MaxVisits":1,"Activities":[`+robot("a", `"OnFailure":{"Next":"s"}`)+`,`+robot("b")+`],"Next":"done"},
		{"Key":"done","Kind":"End","Result":"Converted"}]}`)
	w.report("a", activity.FailedWith("connector", "no", false))
	w.status(journey.Blocked)
	if got := w.j.Record().BlockedReason; got != journey.MaxVisits {
		t.Errorf("blocked for %q", got)
	}
	w.runIs("b", journey.RunInProgress, "")
	w.report("b", done())
	w.status(journey.Blocked)
	w.do(func(t journey.Turn) error { return w.j.Retry(w.run("a").ID, t) })
	w.status(journey.InProgress)
	w.report("a", done())
	w.status(journey.Converted)
}

func TestJourney_CancelEndsEverything(t *testing.T) {
	t.Parallel()
	w := begin(t, stage(robot("a", `"Timeout":"1h"`), task("b")))
	w.do(func(t journey.Turn) error { return w.j.Cancel("Restarted", t) })
	w.status(journey.Cancelled)
	w.runIs("a", journey.RunCancelled, "Restarted")
	w.runIs("b", journey.RunCancelled, "Restarted")
	r := w.j.Record()
	if r.BlockedReason != "Restarted" {
		t.Errorf("cancelled for %q", r.BlockedReason)
	}
	if !r.WakeAt.IsZero() || r.WaitingOn != activity.Nobody || !r.EndedAt.Equal(w.now) || !slices.Equal(w.fx.Abandoned, []ident.Run{w.run("a").ID}) {
		t.Errorf("wakes %v, waits on %q, ended %v, abandoned %v", r.WakeAt, r.WaitingOn, r.EndedAt, w.fx.Abandoned)
	}
	if last := w.fx.Events[len(w.fx.Events)-1]; last.Type != event.JourneyCancelled || last.Data["Reason"] != "Restarted" || last.By != manager {
		t.Errorf("the last event is %+v", last)
	}
}
