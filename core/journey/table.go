package journey

import "github.com/kohomai/kohomai/core/fault"

// Command is what may be asked of a journey or of one of its runs.
type Command string

// The commands on a journey, then those on a run.
const (
	CommandLearn       Command = "learn"
	CommandTick        Command = "tick"
	CommandCancel      Command = "cancel"
	CommandMove        Command = "move"
	CommandParticipate Command = "participate"

	CommandReport   Command = "report"
	CommandSubmit   Command = "submit"
	CommandComplete Command = "complete"
	CommandFail     Command = "fail"
	CommandRetry    Command = "retry"
	CommandSkip     Command = "skip"
	CommandAssign   Command = "assign"
	CommandReopen   Command = "reopen"
	CommandRemind   Command = "remind"
	CommandCallback Command = "callback"
)

// JourneyCommands and RunCommands list the commands in the order of their tables.
var (
	JourneyCommands = []Command{CommandLearn, CommandTick, CommandCancel, CommandMove, CommandParticipate}
	RunCommands     = []Command{
		CommandReport, CommandSubmit, CommandComplete, CommandFail, CommandRetry, CommandSkip, CommandAssign,
		CommandReopen, CommandRemind, CommandCallback,
	}
)

// Verdict is what a cell of the table says.
type Verdict uint8

// The verdicts. The zero value is none: a missing cell, which a test refuses.
const (
	NoVerdict Verdict = iota
	Apply             // the command is carried out
	Ignore            // it came too late and changes nothing
	Refuse            // it is answered with a Conflict
)

// Journeys is the state machine of a journey: every status and command.
// Refusals protect people from surprises; late facts and times are no surprise.
var Journeys = map[Status]map[Command]Verdict{
	InProgress:   open(),
	Blocked:      open(),
	Converted:    ended(),
	NotQualified: ended(),
	Cancelled:    ended(),
}

func open() map[Command]Verdict {
	return map[Command]Verdict{
		CommandLearn: Apply, CommandTick: Apply, CommandCancel: Apply, CommandMove: Apply, CommandParticipate: Apply,
	}
}

func ended() map[Command]Verdict {
	return map[Command]Verdict{
		CommandLearn: Ignore, CommandTick: Ignore, CommandCancel: Refuse, CommandMove: Refuse, CommandParticipate: Refuse,
	}
}

// Runs is the state machine of a run.
var Runs = map[RunStatus]map[Command]Verdict{
	RunPending: {
		CommandReport: Ignore, CommandSubmit: Refuse, CommandComplete: Refuse, CommandFail: Refuse,
		CommandRetry: Refuse, CommandSkip: Apply, CommandAssign: Apply, CommandReopen: Refuse, CommandRemind: Refuse,
		CommandCallback: Ignore,
	},
	RunInProgress: {
		CommandReport: Apply, CommandSubmit: Apply, CommandComplete: Apply, CommandFail: Apply,
		CommandRetry: Apply, CommandSkip: Apply, CommandAssign: Apply, CommandReopen: Refuse, CommandRemind: Apply,
		CommandCallback: Apply,
	},
	RunBlocked: {
		CommandReport: Ignore, CommandSubmit: Refuse, CommandComplete: Refuse, CommandFail: Apply,
		CommandRetry: Apply, CommandSkip: Apply, CommandAssign: Apply, CommandReopen: Refuse, CommandRemind: Refuse,
		CommandCallback: Ignore,
	},
	RunFailed: {
		CommandReport: Ignore, CommandSubmit: Refuse, CommandComplete: Refuse, CommandFail: Refuse,
		CommandRetry: Apply, CommandSkip: Apply, CommandAssign: Refuse, CommandReopen: Refuse, CommandRemind: Refuse,
		CommandCallback: Ignore,
	},
	RunCompleted: closedRun(Apply),
	RunSkipped:   closedRun(Apply),
	RunCancelled: closedRun(Refuse),
}

func closedRun(reopen Verdict) map[Command]Verdict {
	return map[Command]Verdict{
		CommandReport: Ignore, CommandSubmit: Refuse, CommandComplete: Refuse, CommandFail: Refuse,
		CommandRetry: Refuse, CommandSkip: Refuse, CommandAssign: Refuse, CommandReopen: reopen, CommandRemind: Refuse,
		CommandCallback: Ignore,
	}
}

// allow looks a run's cell up: false means ignore.
func (r *Run) allow(c Command) (bool, error) {
	switch Runs[r.Status][c] {
	case Apply:
		return true, nil
	case Ignore:
		return false, nil
	case NoVerdict, Refuse:
	}
	return false, refusal(string(r.Status), c, "activity")
}

func (j *Journey) allow(c Command) (bool, error) {
	switch Journeys[j.rec.Status][c] {
	case Apply:
		return true, nil
	case Ignore:
		return false, nil
	case NoVerdict, Refuse:
	}
	return false, refusal(string(j.rec.Status), c, "journey")
}

func refusal(status string, c Command, thing string) error {
	return fault.New(fault.Conflict, "state_forbids", "This %s is %s: it cannot %s.", thing, status, string(c))
}
