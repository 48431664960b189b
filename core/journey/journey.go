package journey

import (
	"maps"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/ident"
)

// Turn is everything a command needs from outside.
type Turn struct {
	Plan *funnel.Plan
	// Now is engine time; a journey never goes back before its own last time.
	Now time.Time
	// IDs draws a new identifier.
	IDs func() int64
	// Askable reports whether some provider may know a fact.
	Askable func(key string) bool
	// By is the person who acts, else 0.
	By ident.User
}

// Call is one numbered request to the outside, to be made after commit.
type Call struct {
	Journey   ident.Journey
	Run       ident.Run
	Call      int
	Connector string
}

// Input is what a run is resumed with, stored before the call that reads it.
type Input struct {
	ID   ident.Input
	Run  ident.Run
	From string
	Body []byte
	At   time.Time
}

// Effects are what must follow a change, in the same transaction.
type Effects struct {
	Events []event.Event
	Calls  []Call
	Inputs []Input
	// Ask lists the facts to be looked for.
	Ask []string
	// Unassigned are the runs whose policy must pick a person; answer with Assigned.
	Unassigned []*Run
	// Abandoned are the runs whose connector must be told to cancel.
	Abandoned []ident.Run
	// OfLead are facts of the lead that an activity or a person wrote: they belong to the
	// lead and reach its other journeys.
	OfLead datapoint.Data
	// Reminders are the messages to be sent to those who are waited on.
	Reminders []Reminder
}

// Reminder is one message to a run's assignee. ID is the same at every attempt.
type Reminder struct {
	Run ident.Run
	ID  int64
}

// Journey is the aggregate: a record, its runs, and what the current command changed.
type Journey struct {
	rec   Record
	runs  []*Run
	fx    Effects
	turn  Turn
	isNew bool
	moved bool
}

// Start makes a journey at the beginning of a plan and lets it run as far as it can.
// Of the record, the identifying fields, Data and RedirectURL are read.
func Start(rec Record, t Turn) *Journey {
	rec.Status = InProgress
	rec.Version = t.Plan.Version
	rec.Funnel = t.Plan.Funnel
	rec.CreatedAt, rec.ChangedAt = t.Now, t.Now
	rec.State = State{Visits: map[string]int{}, Wanted: map[string]time.Time{}, Participants: map[string]ident.User{}}
	if rec.Data == nil {
		rec.Data = datapoint.Data{}
	}
	j := &Journey{rec: rec, isNew: true}
	j.begin(t)
	j.emit(event.JourneyStarted, nil, map[string]any{"Funnel": t.Plan.Name, "Version": t.Plan.Version})
	j.ask()
	j.enter(t.Plan.Start)
	j.settle()
	return j
}

// Load makes the aggregate from what is kept. The runs are all of the journey's.
func Load(rec Record, runs []*Run) *Journey {
	if rec.Data == nil {
		rec.Data = datapoint.Data{}
	}
	if rec.State.Wanted == nil {
		rec.State.Wanted = map[string]time.Time{}
	}
	if rec.State.Visits == nil {
		rec.State.Visits = map[string]int{}
	}
	return &Journey{rec: rec, runs: runs}
}

// Record is the journey as it is to be kept.
func (j *Journey) Record() Record { return j.rec }

// Runs are all runs in the order they were made. The caller must not change them.
func (j *Journey) Runs() []*Run { return j.runs }

// New reports whether the journey was never stored.
func (j *Journey) New() bool { return j.isNew }

// Changed reports whether the journey must be written.
func (j *Journey) Changed() bool { return j.isNew || j.moved }

// Take returns what must follow since the last Take.
func (j *Journey) Take() Effects {
	fx := j.fx
	j.fx = Effects{}
	return fx
}

// Learn merges facts and ends the requests for the asked ones: those without a value are
// finally unknown. Late facts for an ended journey are ignored.
func (j *Journey) Learn(facts datapoint.Data, asked []string, t Turn) error {
	if ok, err := j.allow(CommandLearn); !ok {
		return err
	}
	j.begin(t)
	j.rec.Data.Merge(facts)
	for _, key := range asked {
		delete(j.rec.State.Wanted, key)
		if _, known := j.rec.Data[key]; !known {
			j.rec.Data[key] = datapoint.Datum{Source: datapoint.SourceDerived, ObservedAt: j.turn.Now}
		}
	}
	j.settle()
	return nil
}

// Tick lets time pass: timers that are due act. A stale tick changes nothing but WakeAt.
func (j *Journey) Tick(t Turn) error {
	if ok, err := j.allow(CommandTick); !ok {
		return err
	}
	before, moved := j.rec, j.moved
	j.begin(t)
	j.timers()
	j.settle()
	if j.rec.Sequence == before.Sequence && !j.anyChanged() {
		j.rec.ChangedAt = before.ChangedAt
		j.moved = moved || !j.rec.WakeAt.Equal(before.WakeAt)
	}
	return nil
}

func (j *Journey) anyChanged() bool {
	return slices.ContainsFunc(j.runs, func(r *Run) bool { return r.Changed })
}

// Cancel ends the journey; the reason is shown.
func (j *Journey) Cancel(reason string, t Turn) error {
	if ok, err := j.allow(CommandCancel); !ok {
		return err
	}
	j.begin(t)
	j.closeStage(StageCancelled, reason)
	j.end(Cancelled, event.JourneyCancelled, map[string]any{"Reason": reason})
	j.rec.BlockedReason = reason
	return nil
}

// Redirect replaces where the lead is sent at the end, and the caller's own id when given.
func (j *Journey) Redirect(url, externalID string) {
	if url != "" && url != j.rec.RedirectURL {
		j.rec.RedirectURL, j.moved = url, true
	}
	if externalID != "" && externalID != j.rec.ExternalID {
		j.rec.ExternalID, j.moved = externalID, true
	}
}

// Move takes the journey to a node of its plan, by a person's decision: what is open where
// it was is cancelled, a block is lifted, and no bound of visits holds. The reason, if any,
// is kept with the event.
func (j *Journey) Move(to, reason string, t Turn) error {
	if ok, err := j.allow(CommandMove); !ok {
		return err
	}
	step, ok := t.Plan.Node(to)
	if !ok {
		return fault.InvalidField("Node", "unknown_node", "This version of the funnel has no such node.")
	}
	j.begin(t)
	from := j.rec.State.Position
	j.closeStage(StageCancelled, "The journey was moved to "+step.Name+".")
	j.unblock()
	moved := map[string]any{"From": from, "To": to}
	if reason != "" {
		moved["Reason"] = reason
	}
	j.emit(event.JourneyMoved, nil, moved)
	j.arrive(step)
	j.settle()
	return nil
}

// Participate says who a stakeholder role is: activities that waited for that start, and
// those under way are that person's from now on. User 0 is nobody: what is under way for the
// role is Blocked until there is somebody again.
func (j *Journey) Participate(role string, user ident.User, t Turn) error {
	if ok, err := j.allow(CommandParticipate); !ok {
		return err
	}
	j.begin(t)
	if j.rec.State.Participants == nil {
		j.rec.State.Participants = map[string]ident.User{}
	}
	if user == 0 {
		delete(j.rec.State.Participants, role)
	} else {
		j.rec.State.Participants[role] = user
	}
	for _, r := range j.runs {
		switch {
		case r.Assignee.Kind != ByStakeholder || r.Assignee.Role != role:
		case r.Status == RunInProgress && user == 0:
			j.orphan(r)
		case r.Status == RunInProgress:
			r.Assignee.User, r.Changed = user, true
		case r.Status == RunBlocked && r.Reason == NoParticipant && user != 0:
			if a := j.planned(r); a != nil {
				j.start(a, r)
			}
		}
	}
	j.settle()
	return nil
}

// orphan blocks a run whose stakeholder is gone.
func (j *Journey) orphan(r *Run) {
	j.abandon(r)
	r.Status, r.WaitingOn, r.Reason, r.Assignee.User, r.Changed = RunBlocked, activity.Team, NoParticipant, 0, true
	r.CallOpen, r.RetryAt, r.Until, r.Screen, r.Queue = false, time.Time{}, time.Time{}, nil, nil
	j.emit(event.ActivityWaiting, r, map[string]any{"WaitingOn": r.WaitingOn, "Reason": r.Reason})
}

// Note appends an event about the journey that changes nothing else, such as an opened
// link. It holds in every status.
func (j *Journey) Note(typ event.Type, data map[string]any, t Turn) {
	j.begin(t)
	j.emit(typ, nil, data)
}

// Find returns the run with an id, or nil.
func (j *Journey) Find(id ident.Run) *Run {
	for _, r := range j.runs {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// planned is a run's activity in the plan, or nil when this version has none.
func (j *Journey) planned(r *Run) *funnel.PlanActivity {
	step, ok := j.turn.Plan.Node(r.Stage)
	if !ok {
		return nil
	}
	return step.Activity(r.Key)
}

// Latest returns the latest visit's run of an activity, or nil.
func (j *Journey) Latest(key string) *Run {
	for _, r := range slices.Backward(j.runs) {
		if r.Key == key {
			return r
		}
	}
	return nil
}

func (j *Journey) begin(t Turn) {
	if t.Now.Before(j.rec.ChangedAt) {
		t.Now = j.rec.ChangedAt
	}
	if t.Askable == nil {
		t.Askable = func(string) bool { return false }
	}
	j.turn = t
	j.rec.ChangedAt = t.Now
	j.moved = true
}

// ask records a request for every fact of the lead that the plan reads, nobody knows yet
// and a provider may know.
func (j *Journey) ask() {
	for _, key := range j.turn.Plan.Reads() {
		if _, had := j.rec.Data[key]; had || !datapoint.OfLead(key) || !j.turn.Askable(key) {
			continue
		}
		j.rec.State.Wanted[key] = j.turn.Now
		j.fx.Ask = append(j.fx.Ask, key)
	}
}

// mostHops bounds how far one command runs: validation allows no unbounded loop, so
// only a broken plan reaches it.
const mostHops = 1000

// settle runs on as far as the journey can go, then works out who is waited on and when
// time will next change something.
func (j *Journey) settle() {
	for hop := 0; j.rec.Status == InProgress; hop++ {
		if hop == mostHops {
			j.block("Loop")
			break
		}
		step, ok := j.turn.Plan.Node(j.rec.State.Position)
		if !ok {
			j.block("MissingNode")
			break
		}
		var goesOn bool
		switch step.Kind {
		case funnel.Decision:
			goesOn = j.decide(step)
		case funnel.Stage:
			goesOn = j.work(step)
		case funnel.End:
			if step.Result == funnel.Converted {
				j.end(Converted, event.JourneyConverted, nil)
			} else {
				j.end(NotQualified, event.JourneyNotFit, nil)
			}
		}
		if !goesOn {
			break
		}
	}
	j.rec.WaitingOn = j.waitingOn()
	j.rec.WakeAt = j.nextMoment()
}

// enter goes to a node. One visit more than allowed blocks the journey where it is.
func (j *Journey) enter(key string) {
	step, ok := j.turn.Plan.Node(key)
	if !ok {
		j.block("MissingNode")
		return
	}
	if j.visitedOut(key) {
		j.block(MaxVisits)
		return
	}
	j.arrive(step)
}

// visitedOut reports whether a node was visited as often as it may be.
func (j *Journey) visitedOut(key string) bool {
	step, ok := j.turn.Plan.Node(key)
	return ok && step.MaxVisits > 0 && j.rec.State.Visits[key] >= step.MaxVisits
}

func (j *Journey) arrive(step *funnel.Step) {
	s := &j.rec.State
	s.Visits[step.Key]++
	s.Position, s.Entered = step.Key, j.turn.Now
	if step.Kind == funnel.Stage {
		j.open(step)
	}
}

func (j *Journey) block(reason string) {
	if j.rec.Status == Blocked {
		return
	}
	j.rec.Status, j.rec.BlockedReason = Blocked, reason
	j.emit(event.JourneyBlocked, nil, map[string]any{"Reason": reason})
}

func (j *Journey) unblock() {
	if j.rec.Status != Blocked {
		return
	}
	j.rec.Status, j.rec.BlockedReason = InProgress, ""
	j.emit(event.JourneyUnblocked, nil, nil)
}

func (j *Journey) end(status Status, typ event.Type, data map[string]any) {
	j.rec.Status, j.rec.BlockedReason, j.rec.WaitingOn = status, "", activity.Nobody
	j.rec.EndedAt, j.rec.WakeAt = j.turn.Now, time.Time{}
	clear(j.rec.State.Wanted)
	j.emit(typ, nil, data)
}

func (j *Journey) emit(typ event.Type, r *Run, data map[string]any) {
	j.rec.Sequence++
	e := event.Event{
		ID: ident.Event(j.turn.IDs()), Type: typ, At: j.turn.Now, Lead: j.rec.Lead, Journey: j.rec.ID,
		Sequence: j.rec.Sequence, By: j.turn.By,
	}
	if r != nil {
		e.Run = r.ID
		e.Data = map[string]any{"Key": r.Key, "Name": r.Name, "Stage": r.Stage, "Connector": r.Connector}
		maps.Copy(e.Data, data)
	} else {
		e.Data = data
	}
	j.fx.Events = append(j.fx.Events, e)
}

// order of whom to name when several are waited on: the first is who can move it soonest.
var parties = []activity.Party{activity.Lead, activity.Team, activity.Stakeholder, activity.Provider, activity.System}

func (j *Journey) waitingOn() activity.Party {
	if !j.rec.Status.Open() {
		return activity.Nobody
	}
	if j.rec.Status == Blocked {
		return activity.Team
	}
	for _, p := range parties {
		for _, r := range j.runs {
			if r.Status.Open() && r.WaitingOn == p {
				return p
			}
		}
	}
	return activity.System
}
