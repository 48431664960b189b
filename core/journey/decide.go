package journey

import (
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/rule"
)

// decide judges the branches in order: the first that is not False decides. True takes
// it; Unknown with a pending fact waits; Unknown with only final facts goes to the
// Unknown branch, else to Otherwise. It reports whether the journey moved.
func (j *Journey) decide(step *funnel.Step) bool {
	deadline := j.rec.State.Entered.Add(step.UnknownAfter)
	d := Decision{
		Key: step.Key, Name: step.Name, Visit: j.rec.State.Visits[step.Key], DecidedAt: j.turn.Now,
	}
	branch, next := "Otherwise", step.Otherwise
	for _, b := range step.Branches {
		result := b.Condition.Eval(j.rec.Data)
		d.Explanation = append(d.Explanation, j.reason(b.Name, b.Condition, result))
		if result == rule.False {
			continue
		}
		if result == rule.True {
			branch, next = b.Name, b.Next
			break
		}
		if j.turn.Now.Before(deadline) && j.pending(b.Condition) {
			return false
		}
		if step.UnknownNext != "" {
			branch, next = "Unknown", step.UnknownNext
		}
		break
	}
	d.Branch = branch
	j.rec.State.Decisions = append(j.rec.State.Decisions, d)
	j.emit(event.JourneyDecided, nil, map[string]any{"Node": step.Key, "Name": step.Name, "Branch": branch})
	j.enter(next)
	return true
}

func (j *Journey) reason(branch string, c rule.Condition, result rule.Result) Reason {
	r := Reason{Branch: branch, Condition: c.Source(), Result: result.String()}
	for _, key := range c.Reads() {
		fact := ReasonFact{Key: key}
		datum, had := j.rec.Data[key]
		_, wanted := j.rec.State.Wanted[key]
		switch {
		case had && !datum.Final():
			fact.Value, fact.Source = datum.Value.String(), datum.Source
		case wanted:
			fact.Source = "pending"
		default:
			fact.Source = "unknown"
		}
		r.Facts = append(r.Facts, fact)
	}
	return r
}

// pending reports whether a fact the condition reads and nobody knows is being looked for.
func (j *Journey) pending(c rule.Condition) bool {
	for _, key := range c.Reads() {
		if _, known := j.rec.Data.Fact(key); known {
			continue
		}
		if _, wanted := j.rec.State.Wanted[key]; wanted {
			return true
		}
	}
	return false
}

// missing are the facts a condition reads that nobody knows.
func (j *Journey) missing(c rule.Condition) []string {
	var keys []string
	for _, key := range c.Reads() {
		if _, known := j.rec.Data.Fact(key); !known {
			keys = append(keys, key)
		}
	}
	return keys
}

// decisionDeadline is when a waiting decision stops waiting; zero when the journey is
// not at a decision.
func (j *Journey) decisionDeadline() time.Time {
	step, ok := j.turn.Plan.Node(j.rec.State.Position)
	if !ok || step.Kind != funnel.Decision {
		return time.Time{}
	}
	return j.rec.State.Entered.Add(step.UnknownAfter)
}
