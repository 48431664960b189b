package activity

import (
	"encoding/json"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

// The built-in activities. All but Email are pure: they complete or wait in the very
// application that starts them. Email leaves by a job, like a connector's call.
const (
	Form     = "form"
	Approval = "approval"
	Task     = "task"
	Wait     = "wait"
	Set      = "set"
	Email    = "email"
)

// Builtins are the manifests of the built-in activities.
func Builtins() []Manifest {
	schema := func(s string) []byte { return []byte(s) }
	people := []string{"Lead", "User", "Stakeholder"}
	return []Manifest{
		{
			ID: Approval, Version: "1", Name: "Approval", Summary: "Somebody approves or refuses.",
			ConfigSchema: schema(`{"type":"object","properties":{"Instructions":{"type":"string"}}}`),
			Produces:     map[string]rule.Type{"approved": rule.Boolean}, Assignees: people, Sandbox: true, Live: true, Builtin: true,
		},
		{
			ID: Email, Version: "1", Name: "E-mail", Summary: "Sends the lead an e-mail.",
			ConfigSchema: schema(`{"type":"object","properties":{"Subject":{"type":"string"},"Text":{"type":"string"},"Template":{"type":"string"}}}`),
			Reads:        emailReads,
			Assignees:    []string{"Automatic"}, Sandbox: true, Live: true, Builtin: true,
		},
		{
			ID: Form, Version: "1", Name: "Form", Summary: "Asks for data points.",
			ConfigSchema: schema(`{"type":"object","required":["Fields"],"properties":{"Title":{"type":"string"},"Text":{"type":"string"},"Fields":{"type":"array","items":{"type":"string"}},"Optional":{"type":"array","items":{"type":"string"}}}}`),
			Assignees:    people, Screens: []ScreenKind{ScreenForm}, Sandbox: true, Live: true, Builtin: true,
		},
		{
			ID: Set, Version: "1", Name: "Set data", Summary: "Writes data points.",
			ConfigSchema: schema(`{"type":"object","required":["Values"],"properties":{"Values":{"type":"object"}}}`),
			Assignees:    []string{"Automatic"}, Sandbox: true, Live: true, Builtin: true,
		},
		{
			ID: Task, Version: "1", Name: "Task", Summary: "Somebody does something and says so.",
			ConfigSchema: schema(`{"type":"object","properties":{"Instructions":{"type":"string"}}}`),
			Assignees:    people, Sandbox: true, Live: true, Builtin: true,
		},
		{
			ID: Wait, Version: "1", Name: "Wait", Summary: "Lets time pass.",
			ConfigSchema: schema(`{"type":"object","required":["For"],"properties":{"For":{"type":"string"}}}`),
			Assignees:    []string{"Automatic"}, Sandbox: true, Live: true, Builtin: true,
		},
	}
}

// Pure reports whether a connector's activities run inside the engine, with no job.
func Pure(connector string) bool {
	switch connector {
	case Form, Approval, Task, Wait, Set:
		return true
	default:
		return false
	}
}

// FormConfig is the configuration of a form: the keys of the data points it asks for,
// all required but the Optional ones.
type FormConfig struct {
	Title, Text      string
	Fields, Optional []string
}

// SetConfig is the configuration of set: plain JSON values by key.
type SetConfig struct{ Values map[string]any }

// WaitConfig is the configuration of wait: a duration such as "24h".
type WaitConfig struct{ For string }

// Began is what starting a pure built-in activity came to: an outcome, and for set the
// data points written.
type Began struct {
	Outcome Outcome
	Data    map[string]rule.Value
}

// Begin starts a pure built-in activity. Defs are the data points a form or set may
// name; parse reads a duration as funnels write them.
func Begin(connector string, config []byte, defs map[string]datapoint.Definition, data datapoint.Data,
	parse func(string) (time.Duration, error), now time.Time,
) Began {
	broken := func(reason string) Began { return Began{Outcome: FailedWith("connector", reason, false)} }
	switch connector {
	case Form:
		var c FormConfig
		if err := json.Unmarshal(config, &c); err != nil {
			return broken("The form's configuration is broken.")
		}
		return Began{Outcome: Outcome{Kind: Waiting, Screen: formScreen(c, defs, data)}}
	case Approval, Task:
		var c struct{ Instructions string }
		if err := json.Unmarshal(config, &c); err != nil {
			return broken("The configuration is broken.")
		}
		return Began{Outcome: Outcome{Kind: Waiting, Screen: &Screen{Kind: ScreenMessage, Text: c.Instructions}}}
	case Wait:
		var c WaitConfig
		if err := json.Unmarshal(config, &c); err != nil {
			return broken("The configuration is broken.")
		}
		d, err := parse(c.For)
		if err != nil {
			return broken("The duration of the wait is broken.")
		}
		return Began{Outcome: Outcome{Kind: Waiting, WaitsOn: System, Until: now.Add(d)}}
	case Set:
		var c SetConfig
		if err := json.Unmarshal(config, &c); err != nil {
			return broken("The configuration is broken.")
		}
		values, err := ReadValues(c.Values, defs)
		if err != nil {
			return broken("A value to set does not fit its data point.")
		}
		return Began{Outcome: CompletedWith(nil), Data: values}
	default:
		return broken("This activity is not built in.")
	}
}

func formScreen(c FormConfig, defs map[string]datapoint.Definition, data datapoint.Data) *Screen {
	s := &Screen{Kind: ScreenForm, Title: c.Title, Text: c.Text}
	optional := map[string]bool{}
	for _, key := range c.Optional {
		optional[key] = true
	}
	for _, key := range append(append([]string{}, c.Fields...), c.Optional...) {
		def, ok := defs[key]
		if !ok {
			continue
		}
		f := Field{Key: key, Label: def.Name, Type: def.Type.String(), Options: def.Options, Required: !optional[key]}
		if v, known := data.Fact(key); known {
			f.Value = v.Plain()
		}
		s.Fields = append(s.Fields, f)
	}
	return s
}
