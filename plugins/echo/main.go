// Command echo is the smallest connector: it completes at once and answers what it was
// given. It shows how a connector is written and lets an automatic stage go through a
// real process.
package main

import (
	"context"

	"github.com/kohomai/kohomai/plugins/sdk"
)

const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "Message": {
      "type": "string", "maxLength": 500, "title": "Message",
      "description": "Comes back as the fact message.",
      "x-ui": {"order": 1, "placeholder": "Hello"}
    }
  }
}`

type config struct{ Message string }

func main() { sdk.Serve(connector()) }

func connector() sdk.Connector {
	return sdk.Connector{
		Manifest: sdk.Manifest{
			ID: "echo", Version: "1.0.0", Name: "Echo",
			Description:  "Completes at once and answers what it was given. For trying things out.",
			ConfigSchema: []byte(configSchema),
			Reads:        []string{"lead.email", "company.name"},
			Produces: []sdk.FactSpec{
				{Key: "message", Name: "Message", Type: sdk.Text},
				{Key: "email", Name: "E-mail", Type: sdk.Email},
				{Key: "company", Name: "Company", Type: sdk.Text},
				{Key: "echoed_at", Name: "Echoed at", Type: sdk.DateTime},
			},
			Assignees: []sdk.Assignee{sdk.Automatic},
			Sandbox:   true, Live: true,
		},
		Start: start,
		Check: func(_ context.Context, r *sdk.CheckRequest) error { return sdk.Decode(r.Config, &config{}) },
	}
}

func start(_ context.Context, r *sdk.Request) (sdk.Outcome, error) {
	var c config
	if err := sdk.Decode(r.Config, &c); err != nil {
		return sdk.Outcome{}, err
	}
	facts := sdk.Facts{"echoed_at": r.Now.UTC()}
	for key, text := range map[string]string{
		"message": c.Message, "email": r.Text("lead.email"), "company": r.Text("company.name"),
	} {
		if text != "" {
			facts[key] = text
		}
	}
	return sdk.Completed(facts), nil
}
