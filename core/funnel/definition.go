package funnel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is the kind of a node.
type Kind string

// The kinds of node.
const (
	Decision Kind = "Decision"
	Stage    Kind = "Stage"
	End      Kind = "End"
)

// Reentry says what registering the same person again in the same funnel does.
type Reentry string

// The re-entry policies. The empty one is Continue.
const (
	Continue Reentry = "Continue"
	Restart  Reentry = "Restart"
	Refuse   Reentry = "Refuse"
)

// EndResult is what reaching an end makes of a journey.
type EndResult string

// The results of an end.
const (
	Converted    EndResult = "Converted"
	NotQualified EndResult = "NotQualified"
)

// Definition is a funnel as people write it, in JSON or YAML; its field names are the
// public ones.
type Definition struct {
	Name        string
	Description string `json:",omitempty"`
	Start       string
	DataPoints  []DataPoint `json:",omitempty"`
	Reentry     Reentry     `json:",omitempty"`
	Nodes       []Node
}

// DataPoint is a data point a funnel brings along.
type DataPoint struct {
	Key     string
	Name    string
	Type    string
	Options []string `json:",omitempty"`
}

// Node is a decision, a stage or an end; the fields of the other kinds are empty.
type Node struct {
	Key  string
	Kind Kind
	Name string `json:",omitempty"`

	Branches  []Branch       `json:",omitempty"`
	Unknown   *UnknownBranch `json:",omitempty"`
	Otherwise string         `json:",omitempty"`

	Activities []Activity `json:",omitempty"`
	Next       string     `json:",omitempty"`
	// MaxVisits bounds how often the node may be visited; needed in loops, 0 elsewhere.
	MaxVisits int `json:",omitempty"`

	Result EndResult `json:",omitempty"`
}

// Branch is one way out of a decision.
type Branch struct {
	Name string
	When string
	Next string
}

// UnknownBranch is where a decision goes when facts are finally unknown, or still pending
// After its visit began (default 30 s).
type UnknownBranch struct {
	After Duration `json:",omitempty"`
	Next  string   `json:",omitempty"`
}

// Activity is one thing to do in a stage.
type Activity struct {
	Key       string
	Connector string
	Name      string `json:",omitempty"`
	Assignee  Assignee
	Config    map[string]any `json:",omitempty"`
	When      string         `json:",omitempty"`
	Due       *Due           `json:",omitempty"`
	Remind    []Duration     `json:",omitempty"`
	Timeout   Duration       `json:",omitempty"`
	OnFailure *OnFailure     `json:",omitempty"`
	// Required is true when absent.
	Required *bool `json:",omitempty"`
}

// Assignee says who does an activity: exactly one of the fields is set.
type Assignee struct {
	Lead        bool   `json:",omitempty"`
	Automatic   bool   `json:",omitempty"`
	User        int64  `json:",omitempty"`
	Stakeholder string `json:",omitempty"`
	Policy      string `json:",omitempty"`
}

// Due marks an activity overdue some time after it started.
type Due struct{ In Duration }

// FailurePolicy says what a failed activity does to its stage.
type FailurePolicy string

// The failure policies. The empty one is Block.
const (
	Block          FailurePolicy = "Block"
	ContinueOnFail FailurePolicy = "Continue"
	Goto           FailurePolicy = "Goto"
)

// OnFailure is a failure policy; Next is the node of Goto. In JSON it is "Block",
// "Continue" or {"Next":"node"}.
type OnFailure struct {
	Policy FailurePolicy
	Next   string
}

// UnmarshalJSON reads the three forms.
func (o *OnFailure) UnmarshalJSON(raw []byte) error {
	var word FailurePolicy
	if err := json.Unmarshal(raw, &word); err == nil {
		if word != Block && word != ContinueOnFail {
			return fmt.Errorf("expected Block, Continue or {Next: node}")
		}
		*o = OnFailure{Policy: word}
		return nil
	}
	var to struct{ Next string }
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&to); err != nil || to.Next == "" {
		return fmt.Errorf("expected Block, Continue or {Next: node}")
	}
	*o = OnFailure{Policy: Goto, Next: to.Next}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (o OnFailure) MarshalJSON() ([]byte, error) {
	if o.Policy == Goto {
		return json.Marshal(struct{ Next string }{o.Next})
	}
	if o.Policy == "" {
		return json.Marshal(string(Block))
	}
	return json.Marshal(string(o.Policy))
}

// Duration is a length of time as funnels write it: a number and one of s, m, h, d, w,
// or several such as 1h30m; at most ten years, in steps of a millisecond.
type Duration time.Duration

// MarshalText writes the shortest form ParseDuration reads.
func (d Duration) MarshalText() ([]byte, error) {
	t := time.Duration(d)
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{7 * 24 * time.Hour, "w"}, {24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if t != 0 && t%u.unit == 0 {
			return []byte(strconv.FormatInt(int64(t/u.unit), 10) + u.name), nil
		}
	}
	return []byte(strconv.FormatFloat(t.Seconds(), 'f', -1, 64) + "s"), nil
}

// UnmarshalText reads a duration.
func (d *Duration) UnmarshalText(text []byte) error {
	t, err := ParseDuration(string(text))
	*d = Duration(t)
	return err
}

const mostDuration = 10 * 366 * 24 * time.Hour

// ParseDuration reads a duration as funnels write it.
func ParseDuration(s string) (time.Duration, error) {
	var total time.Duration
	rest := strings.TrimSpace(s)
	for rest != "" {
		i := strings.IndexAny(rest, "smhdw")
		if i < 1 {
			return 0, fmt.Errorf("expected a duration such as 30s, 24h or 14d")
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		if err != nil || n < 0 || n > 1e9 || math.IsNaN(n) {
			return 0, fmt.Errorf("expected a duration such as 30s, 24h or 14d")
		}
		unit := map[byte]time.Duration{
			's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
		}[rest[i]]
		total += time.Duration(n * float64(unit))
		rest = rest[i+1:]
		if total > mostDuration || total < 0 {
			return 0, fmt.Errorf("expected a duration of at most ten years")
		}
	}
	if strings.TrimSpace(s) == "" {
		return 0, fmt.Errorf("expected a duration such as 30s, 24h or 14d")
	}
	return total.Round(time.Millisecond), nil
}
