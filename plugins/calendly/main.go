// Command calendly is the connector that has a moment booked. Its sandbox offers moments of
// its own making, without any account; live it speaks Calendly's API v2: a scheduling link
// for one booking, and a signed webhook that tells of it.
package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/kohomai/kohomai/plugins/sdk"
)

const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "EventType": {
      "type": "string", "minLength": 1, "maxLength": 300, "title": "Event type",
      "description": "What is booked. Live: the name, slug or API address of an event type of the account; in a sandbox a name to show.",
      "x-ui": {"order": 1, "placeholder": "kick-off"}
    },
    "CompleteWhen": {
      "type": "string", "enum": ["Booked", "Held"], "default": "Booked", "title": "Complete when",
      "description": "Held stays open until the moment is over, and lets it be moved until then.",
      "x-ui": {"order": 2}
    },
    "Title": {"type": "string", "maxLength": 200, "title": "Title", "x-ui": {"order": 3}},
    "Text": {"type": "string", "maxLength": 2000, "title": "Text", "x-ui": {"order": 4, "widget": "textarea"}},
    "Minutes": {
      "type": "integer", "minimum": 5, "maximum": 480, "default": 30, "title": "Length in minutes",
      "description": "Sandbox only, as all below: live, the event type says so.", "x-ui": {"order": 5}
    },
    "TimeZone": {"type": "string", "maxLength": 60, "default": "UTC", "title": "Time zone of the host", "x-ui": {"order": 6, "placeholder": "Europe/Paris"}},
    "From": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "09:00", "title": "Day begins", "x-ui": {"order": 7}},
    "To": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$", "default": "17:00", "title": "Day ends", "x-ui": {"order": 8}},
    "Days": {
      "type": "array", "minItems": 1, "maxItems": 7, "title": "Days", "default": ["Mon", "Tue", "Wed", "Thu", "Fri"],
      "items": {"type": "string", "enum": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]}, "x-ui": {"order": 9}
    },
    "NoticeHours": {"type": "number", "minimum": 0, "maximum": 720, "default": 4, "title": "Minimum notice in hours", "x-ui": {"order": 10}},
    "HorizonDays": {"type": "integer", "minimum": 1, "maximum": 60, "default": 14, "title": "Days offered ahead", "x-ui": {"order": 11}},
    "Host": {"type": "string", "maxLength": 200, "title": "Host", "x-ui": {"order": 12}},
    "Location": {"type": "string", "maxLength": 300, "title": "Location", "x-ui": {"order": 13}}
  }
}`

const secretsSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["Token"],
  "properties": {
    "Token": {
      "type": "string", "minLength": 1, "maxLength": 4000, "title": "Personal access token",
      "description": "Of a Calendly account whose plan has webhooks (Standard or above).", "x-ui": {"order": 1, "widget": "password"}
    }
  }
}`

// signatureHeader carries Calendly's signature of a webhook.
const signatureHeader = "calendly-webhook-signature"

func main() { sdk.Serve(connector()) }

func connector() sdk.Connector {
	return sdk.Connector{
		Manifest: sdk.Manifest{
			ID: "calendly", Version: "1.0.0", Name: "Calendly",
			Description:   "Has a moment booked: a kick-off call, a demo, an interview.",
			ConfigSchema:  []byte(configSchema),
			SecretsSchema: []byte(secretsSchema),
			Reads:         []string{"lead.email", "lead.firstname", "lead.lastname"},
			Produces: []sdk.FactSpec{
				{Key: "slot", Name: "Start", Type: sdk.DateTime},
				{Key: "end", Name: "End", Type: sdk.DateTime},
				{Key: "host", Name: "Host", Type: sdk.Text},
				{Key: "location", Name: "Location", Type: sdk.Text, Description: "A place, a telephone number or an address to join."},
				{Key: "status", Name: "Status", Type: sdk.Choice, Options: []string{booked, rescheduled, canceled, held}},
				{Key: "invitation", Name: "Invitation", Type: sdk.Text, Description: "An iCalendar file (RFC 5545)."},
			},
			Screens:         []sdk.ScreenKind{sdk.ScreenSlots, sdk.ScreenRedirect},
			Assignees:       []sdk.Assignee{sdk.Lead, sdk.Stakeholder},
			Callbacks:       true,
			CallbackHeaders: []string{signatureHeader},
			Egress:          []string{"api.calendly.com"},
			Sandbox:         true, Live: true,
		},
		Start: start, Resume: resume, Cancel: cancel, Check: check,
	}
}

// What a booking can be.
const (
	booked      = "booked"
	rescheduled = "rescheduled"
	canceled    = "canceled"
	held        = "held"
)

func start(ctx context.Context, r *sdk.Request) (sdk.Outcome, error) {
	c, err := read(r.Config)
	if err != nil {
		return sdk.Outcome{}, err
	}
	if r.Mode == sdk.Live {
		return startLive(ctx, r, c)
	}
	return startSandbox(r, c), nil
}

func resume(ctx context.Context, r *sdk.Request) (sdk.Outcome, error) {
	c, err := read(r.Config)
	if err != nil {
		return sdk.Outcome{}, err
	}
	if r.Mode == sdk.Live {
		return resumeLive(ctx, r, c)
	}
	return resumeSandbox(r, c)
}

func cancel(ctx context.Context, r *sdk.Request) error {
	if r.Mode == sdk.Live {
		return cancelLive(ctx, r)
	}
	return nil
}

func check(ctx context.Context, r *sdk.CheckRequest) error {
	if _, err := read(r.Config); err != nil {
		return err
	}
	if r.Mode == sdk.Sandbox {
		return nil
	}
	api, err := newClient(r.HTTP, r.Secrets)
	if err != nil {
		return err
	}
	_, err = api.me(ctx)
	return err
}

// readState reads what the last Waiting left; an unreadable one is nobody's but ours.
func readState(raw []byte, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return sdk.Permanent(errors.New("the state kept for this booking is not readable"))
	}
	return nil
}
