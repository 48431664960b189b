package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// The hand-written state machine of the rung: what the standard journey does, without
// definitions, conditions as texts, explanations, tenants or the rest of the product.

type fact struct {
	Value  any       `json:"v"`
	Source string    `json:"s"`
	At     time.Time `json:"at"`
}

type step struct {
	key, next, otherwise string
	holds                func(map[string]fact) bool // of a decision
	activities           []string                   // of a stage
	ends                 string
}

var steps = map[string]step{
	"one": {key: "one", next: "first", otherwise: "lost", holds: func(f map[string]fact) bool {
		return f["data.a"].Value.(float64) > 10 && f["data.c"].Value.(bool)
	}},
	"first":  {key: "first", next: "two", activities: []string{"act0", "act1"}},
	"two":    {key: "two", next: "second", otherwise: "lost", holds: func(f map[string]fact) bool { return f["data.b"].Value == "x" }},
	"second": {key: "second", next: "third", activities: []string{"act2", "act3"}},
	"third":  {key: "third", next: "won", activities: []string{"act4", "act5"}},
	"won":    {key: "won", ends: "Converted"},
	"lost":   {key: "lost", ends: "NotQualified"},
}

type work struct {
	id                 int64
	key, stage, status string
	started, completed time.Time
}

type happening struct {
	id       int64
	sequence int64
	typ      string
	data     string
}

type journey struct {
	id, lead  int64
	email     string
	status    string
	position  string
	visits    map[string]int
	branches  map[string]string
	facts     map[string]fact
	runs      []*work
	events    []happening
	sequence  int64
	now       time.Time
	nextID    func() int64
	converted time.Time
}

func (j *journey) emit(typ string, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		panic(err) // plain structs
	}
	j.sequence++
	j.events = append(j.events, happening{id: j.nextID(), sequence: j.sequence, typ: typ, data: string(raw)})
}

type nodeData struct{ Node, Branch string }

type runData struct {
	Key, Stage, Connector string
	Run                   int64
}

// start takes a registration as far as it goes: a stage ends when all its activities did.
func start(n int64, now time.Time, nextID func() int64) *journey {
	email := fmt.Sprintf("lead%d@bench.example.org", n)
	j := &journey{
		id: nextID(), lead: nextID(), email: email, status: "InProgress", position: "one", visits: map[string]int{},
		branches: map[string]string{}, now: now, nextID: nextID,
		facts: map[string]fact{
			"lead.email": {email, "api", now}, "lead.firstname": {"Ada", "api", now}, "email.domain": {"bench.example.org", "email", now},
			"data.a": {42.0, "api", now}, "data.b": {"x", "api", now}, "data.c": {true, "api", now},
		},
	}
	j.emit("lead.registered", nodeData{Node: "lead"})
	j.emit("journey.started", nodeData{Node: j.position})
	for j.status == "InProgress" {
		s := steps[j.position]
		j.visits[s.key]++
		switch {
		case s.ends != "":
			j.status, j.converted = s.ends, now
			j.emit("journey.converted", nodeData{Node: s.key})
		case s.holds != nil:
			branch, next := "Yes", s.next
			if !s.holds(j.facts) {
				branch, next = "Otherwise", s.otherwise
			}
			j.branches[s.key] = branch
			j.emit("journey.decided", nodeData{Node: s.key, Branch: branch})
			j.position = next
		default:
			j.stage(s)
		}
	}
	return j
}

func (j *journey) stage(s step) {
	j.emit("journey.stage_started", nodeData{Node: s.key})
	for _, key := range s.activities {
		j.runs = append(j.runs, &work{id: j.nextID(), key: key, stage: s.key, status: "Pending"})
	}
	open := len(s.activities)
	for _, r := range j.runs {
		if r.stage != s.key || r.status != "Pending" {
			continue
		}
		about := runData{Key: r.key, Stage: r.stage, Connector: "set", Run: r.id}
		r.status, r.started = "InProgress", j.now
		j.emit("activity.started", about)
		r.status, r.completed = "Completed", j.now
		j.emit("activity.completed", about)
		open--
	}
	if open == 0 {
		j.emit("journey.stage_completed", nodeData{Node: s.key})
		j.position = s.next
	}
}

// state is what the machine would need to go on.
func (j *journey) state() string {
	raw, err := json.Marshal(map[string]any{"Position": j.position, "Visits": j.visits, "Branches": j.branches})
	if err != nil {
		panic(err) // plain maps
	}
	return string(raw)
}
