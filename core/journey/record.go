package journey

import (
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// Status is where a journey stands, by its public name.
type Status string

// The statuses of a journey.
const (
	InProgress   Status = "InProgress"
	Blocked      Status = "Blocked"
	Converted    Status = "Converted"
	NotQualified Status = "NotQualified"
	Cancelled    Status = "Cancelled"
)

// Open reports whether the journey can still change.
func (s Status) Open() bool { return s == InProgress || s == Blocked }

// RunStatus is where an activity run stands, by its public name.
type RunStatus string

// MaxVisits is why a journey is blocked that would visit a node too often.
const MaxVisits = "MaxVisits"

// NoParticipant and NobodyInPolicy are the reasons of a Blocked run that has no assignee.
const (
	NoParticipant  = "NoParticipant"
	NobodyInPolicy = "NobodyInPolicy"
)

// The statuses of a run.
const (
	RunPending    RunStatus = "Pending"
	RunInProgress RunStatus = "InProgress"
	RunBlocked    RunStatus = "Blocked"
	RunCompleted  RunStatus = "Completed"
	RunSkipped    RunStatus = "Skipped"
	RunFailed     RunStatus = "Failed"
	RunCancelled  RunStatus = "Cancelled"
)

// Open reports whether the run is still to be done.
func (s RunStatus) Open() bool {
	return s == RunPending || s == RunInProgress || s == RunBlocked
}

// StageStatus is where a visit of a stage stands.
type StageStatus string

// The statuses of a stage's visit. A stage never visited is Pending.
const (
	StagePending    StageStatus = "Pending"
	StageInProgress StageStatus = "InProgress"
	StageCompleted  StageStatus = "Completed"
	StageSkipped    StageStatus = "Skipped"
	StageCancelled  StageStatus = "Cancelled"
)

// Record is a journey as it is kept: everything but its runs.
type Record struct {
	ID          ident.Journey
	Lead        ident.User
	Funnel      ident.Funnel
	Version     int
	Origin      ident.Origin
	Owner       ident.User
	ExternalID  string
	RedirectURL string

	Status    Status
	WaitingOn activity.Party
	// BlockedReason is why the journey is blocked or was cancelled, else empty.
	BlockedReason string
	// Sequence is that of the last event, from 1 without gaps.
	Sequence int64
	State    State
	Data     datapoint.Data
	// WakeAt is the next moment at which time alone changes something; zero for none.
	WakeAt    time.Time
	CreatedAt time.Time
	ChangedAt time.Time
	EndedAt   time.Time
}

// State is the part of a record that only the state machine reads.
type State struct {
	// Position is the key of the node the journey is at, entered at Entered.
	Position string
	Entered  time.Time
	// Visits counts the visits of each node.
	Visits map[string]int
	// Wanted are the facts being looked for, and since when: pending facts.
	Wanted map[string]time.Time
	// Decisions are kept with their explanations, in order.
	Decisions []Decision
	// Path is every visit of a stage, in order.
	Path []StageVisit
	// Participants are the people behind stakeholder roles.
	Participants map[string]ident.User
}

// StageVisit is one visit of a stage.
type StageVisit struct {
	Key, Name              string
	Visit                  int
	Status                 StageStatus
	StartedAt, CompletedAt time.Time
}

// Decision is one decision made, and why.
type Decision struct {
	Key, Name   string
	Visit       int
	Branch      string
	DecidedAt   time.Time
	Explanation []Reason
}

// Reason is one branch's condition as it was judged.
type Reason struct {
	Branch, Condition string
	Result            string
	Facts             []ReasonFact
}

// ReasonFact is a value a condition read; Value is empty and Source tells why when unknown.
type ReasonFact struct {
	Key, Value, Source string
}

// AssigneeKind says who does an activity.
type AssigneeKind string

// The kinds of assignee.
const (
	ByLead        AssigneeKind = "Lead"
	ByUser        AssigneeKind = "User"
	ByStakeholder AssigneeKind = "Stakeholder"
	ByPolicy      AssigneeKind = "Policy"
	Automatic     AssigneeKind = "Automatic"
)

// Assignee is who does an activity. User is the person once known (the lead's for ByLead).
type Assignee struct {
	Kind   AssigneeKind
	User   ident.User
	Role   string
	Policy string
}

// Run is an activity inside a journey.
type Run struct {
	ID        ident.Run
	Journey   ident.Journey
	Key, Name string
	Stage     string
	Visit     int
	Position  int
	Connector string
	Assignee  Assignee
	Required  bool

	Status      RunStatus
	WaitingOn   activity.Party
	Reason      string
	StartedAt   time.Time
	CompletedAt time.Time
	DueAt       time.Time
	Overdue     bool
	TimeoutAt   time.Time
	// Reminded counts the planned reminders whose time has come.
	Reminded int
	// Attempts counts the failed calls since the last success.
	Attempts int

	// Call numbers the outside calls; CallOpen is set while the latest has no accepted
	// outcome; CallKind and Input say what it asks. RetryAt is when the next one is due.
	Call     int
	CallOpen bool
	CallKind activity.CallKind
	Input    ident.Input
	RetryAt  time.Time
	// Queue are inputs that came while a call was open; Heard are the digests of the latest
	// callbacks.
	Queue []ident.Input
	Heard []string

	// Until, External, State and Screen are from the last Waiting outcome.
	Until    time.Time
	External string
	State    []byte
	Screen   *activity.Screen
	Result   map[string]rule.Value

	// New and Changed say what must be written.
	New, Changed bool
}
