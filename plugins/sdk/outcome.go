package sdk

import (
	"encoding/json"
	"fmt"
	"time"
)

// MaxState is how much a Waiting may leave for the next call, in bytes.
const MaxState = 64 << 10

// MaxReference is how long an external reference may be, in bytes.
const MaxReference = 200

// Facts are what an activity found out: keys of the manifest, values in the JSON form of
// their type. A time.Time is a DateTime, an Amount an Amount.
type Facts map[string]any

// Money is the value of a fact of type Amount.
type Money struct {
	// Amount is decimal, such as "12.50".
	Amount string
	// Currency is ISO 4217.
	Currency string
}

// Outcome is how a handler ended well: made by Completed or Waiting, and by nothing else.
type Outcome struct {
	done    bool
	waiting *waiting
	facts   Facts
}

type waiting struct {
	screen     *Screen
	until      time.Time
	reference  string
	state      []byte
	onProvider bool
}

// Completed ends the activity with what it found out; nil is nothing.
func Completed(facts Facts) Outcome { return Outcome{done: true, facts: facts} }

// Waiting leaves the activity open until Resume, and replaces all that an earlier Waiting
// said. The screen is what its assignee sees meanwhile; nil gives the assignee nothing to do.
func Waiting(screen *Screen, options ...WaitOption) Outcome {
	o := Outcome{waiting: &waiting{screen: screen}}
	for _, option := range options {
		option(&o)
	}
	return o
}

// WaitOption says more about a Waiting.
type WaitOption func(*Outcome)

// Until asks to be resumed by the clock, by Request.Now's, at the latest then.
func Until(t time.Time) WaitOption { return func(o *Outcome) { o.waiting.until = t } }

// Reference names what was begun at the provider, at most MaxReference bytes.
func Reference(id string) WaitOption { return func(o *Outcome) { o.waiting.reference = id } }

// State is handed back with the next call, at most MaxState bytes.
func State(b []byte) WaitOption { return func(o *Outcome) { o.waiting.state = b } }

// StateJSON is State of a value that encoding/json can write.
func StateJSON(v any) WaitOption {
	return func(o *Outcome) {
		b, err := json.Marshal(v)
		if err != nil {
			// The server refuses an outcome it cannot carry; a state that cannot be written is
			// made too large on purpose, so that the mistake shows at once.
			b = make([]byte, MaxState+1)
		}
		o.waiting.state = b
	}
}

// Found tells facts known so far, as in Completed.
func Found(f Facts) WaitOption { return func(o *Outcome) { o.facts = f } }

// OnProvider says that the provider has to move, not the assignee.
func OnProvider() WaitOption { return func(o *Outcome) { o.waiting.onProvider = true } }

// check refuses what the contract does not allow, in the connector's own process, where
// its author sees it.
func (o Outcome) check(c *Connector) error {
	if o.waiting == nil && !o.done {
		return Permanent(fmt.Errorf("returned neither Completed nor Waiting nor an error"))
	}
	if w := o.waiting; w != nil {
		switch {
		case c.Resume == nil:
			return Permanent(fmt.Errorf("answered Waiting without a Resume handler"))
		case len(w.state) > MaxState:
			return Permanent(fmt.Errorf("state of %d bytes, at most %d", len(w.state), MaxState))
		case len(w.reference) > MaxReference:
			return Permanent(fmt.Errorf("external reference of %d bytes, at most %d", len(w.reference), MaxReference))
		}
		if err := w.screen.check(&c.Manifest); err != nil {
			return Permanent(err)
		}
	}
	return nil
}
