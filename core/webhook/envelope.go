package webhook

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
)

// Fact is an event with what its message says beside: the status its journey had, and the
// activity concerned.
type Fact struct {
	event.Event
	Status   string // of the journey, just after the event
	Activity *Activity
}

// Activity is the run an event is about.
type Activity struct {
	ID        ident.Run
	Key, Name string
	Connector string
	Stage     string
	Visit     int
}

type envelope struct {
	Type      event.Type `json:"type"`
	Timestamp string     `json:"timestamp"`
	Data      content    `json:"data"`
}

type content struct {
	ID        ident.Event   `json:"Id"`
	Sequence  *int64        `json:"Sequence"`
	Workspace reference     `json:"Workspace"`
	Lead      *reference    `json:"Lead"`
	Journey   *journeyRef   `json:"Journey"`
	Activity  *activityRef  `json:"Activity"`
	Endpoint  *endpointNote `json:"Endpoint,omitempty"`
}

type reference struct {
	ID int64 `json:"Id"`
}

type journeyRef struct {
	ID     ident.Journey `json:"Id"`
	Status string        `json:"Status"`
}

type activityRef struct {
	ID        ident.Run `json:"Id"`
	Key       string    `json:"Key"`
	Name      string    `json:"Name"`
	Connector string    `json:"Connector"`
	Stage     string    `json:"Stage"`
	Visit     int       `json:"Visit"`
}

// endpointNote is part of endpoint.disabled only.
type endpointNote struct {
	ID     int64  `json:"Id"`
	Reason string `json:"Reason"`
}

// Envelope is the body of a message. It holds ids and no personal data, and the same event
// always has the same body.
func Envelope(ws ident.Workspace, f Fact) ([]byte, error) {
	out := envelope{Type: f.Type, Timestamp: f.At.UTC().Format(time.RFC3339Nano)}
	out.Data = content{ID: f.ID, Workspace: reference{int64(ws)}}
	if f.Lead != 0 {
		out.Data.Lead = &reference{int64(f.Lead)}
	}
	if f.Journey != 0 {
		sequence := f.Sequence
		out.Data.Sequence, out.Data.Journey = &sequence, &journeyRef{f.Journey, f.Status}
	}
	if a := f.Activity; a != nil {
		out.Data.Activity = &activityRef{a.ID, a.Key, a.Name, a.Connector, a.Stage, a.Visit}
	}
	if f.Type == event.EndpointDisabled {
		id, _ := f.Data["Endpoint"].(float64)
		reason, _ := f.Data["Reason"].(string)
		out.Data.Endpoint = &endpointNote{int64(id), reason}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing a webhook's body: %w", err)
	}
	return body, nil
}

// MessageID is the webhook-id of an event: the same for every try, resending and replay.
func MessageID(e ident.Event) string { return "evt_" + ident.String(e) }
