package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/workspace"
)

// DemoFile is what demo.json holds.
type DemoFile struct {
	URL       string
	Workspace string
	ApiKey    string // the published name
	// SignInURL lets the demo's Administrator into the console, once, for a day.
	SignInURL string
	Refs      map[string]string
}

const demoName = "Demo"

// Demo seeds the demo workspace, a sandbox, once, and leaves its key in demo.json. The
// key is kept while it is valid.
func (a *App) Demo(ctx context.Context, publicURL string) error {
	ws, err := a.Readers.Find(ctx, demoName)
	if fault.Is(err, fault.NotFound) {
		ws, err = a.seedDemo(ctx)
	}
	if err != nil {
		return err
	}
	if err := a.seedFunnels(actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: ws.ID, Sandbox: true})); err != nil {
		return err
	}
	file, _ := readDemo(a.Config) // one that is missing or broken is made anew
	file.URL, file.Workspace = publicURL, ident.String(ws.ID)
	file.Refs = map[string]string{"onboarding": "demo", "automatic": "demo-auto"}
	if _, err := a.Keys.Check(ctx, file.ApiKey); err != nil {
		inside := actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: ws.ID, Sandbox: true})
		made, err := a.Workspaces.CreateKey(inside, workspace.NewKey{Name: "demo", Scopes: []string{"admin"}, Sandbox: true}, idem.Once[workspace.Issued]{})
		if err != nil {
			return err
		}
		file.ApiKey = made.Value.Secret
	}
	if file.SignInURL, err = a.inviteDemo(ctx, ws, publicURL); err != nil {
		return err
	}
	return writeJSON(demoPath(a.Config), file)
}

// inviteDemo makes a fresh way in for the demo's Administrator.
func (a *App) inviteDemo(ctx context.Context, ws workspace.Workspace, publicURL string) (string, error) {
	email, err := lead.ParseEmail("admin@demo.example.com", a.Unicode)
	if err != nil {
		return "", err
	}
	return a.invite(ctx, ws, workspace.User{
		Email: email.String(), DisplayEmail: email.Display(), Firstname: "Ada", Lastname: "Admin", Role: workspace.Administrator,
	}, publicURL)
}

func (a *App) seedDemo(ctx context.Context) (workspace.Workspace, error) {
	ws, err := a.Workspaces.Create(ctx, workspace.Workspace{Name: demoName, Sandbox: true})
	if err != nil {
		return ws, err
	}
	// Its Administrator comes first: the policies of what is published need a member.
	_, err = a.inviteDemo(ctx, ws, "")
	return ws, err
}

func demoPath(c Config) string { return filepath.Join(c.DataDir, "demo.json") }

// readDemo reads what the running demo left.
func readDemo(c Config) (DemoFile, error) {
	var file DemoFile
	raw, err := os.ReadFile(demoPath(c)) // #nosec G304 -- the operator's own folder
	if err != nil {
		return file, errors.New("there is no demo.json in the data directory: start the server with make run")
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return file, fmt.Errorf("reading demo.json: %w", err)
	}
	return file, nil
}

// Play registers a lead of the demo with the running server and tells of its journey
// until it ends or waits for a person.
func Play(ctx context.Context, c Config, email, ref string, out io.Writer) error {
	file, err := readDemo(c)
	if err != nil {
		return err
	}
	client := Client{URL: file.URL, Key: file.ApiKey}
	var registered struct{ Journey struct{ Id ident.Journey } } // the published name
	body, err := json.Marshal(map[string]string{"Email": email})
	if err != nil {
		return err
	}
	if _, err := client.Do(ctx, http.MethodPost, "/leads?ref="+url.QueryEscape(ref), nil, body, &registered); err != nil {
		return err
	}
	id := ident.String(registered.Journey.Id)
	_, _ = fmt.Fprintf(out, "registered %s, journey %s\n", email, id)
	told := 0
	for {
		var list struct {
			Events []struct {
				Type      string
				Timestamp time.Time
				Data      map[string]any
			}
		}
		if _, err := client.Do(ctx, http.MethodGet, "/journeys/"+id+"/events?PageSize=200", nil, nil, &list); err != nil {
			return err
		}
		for _, e := range list.Events[told:] {
			name, _ := e.Data["Name"].(string)
			branch, _ := e.Data["Branch"].(string)
			_, _ = fmt.Fprintf(out, "%s  %-26s %s %s\n", e.Timestamp.Format(time.TimeOnly), e.Type, name, branch)
		}
		told = len(list.Events)
		var j struct{ Status, WaitingOn string }
		if _, err := client.Do(ctx, http.MethodGet, "/journeys/"+id, nil, nil, &j); err != nil {
			return err
		}
		switch {
		case j.Status != "InProgress":
			_, _ = fmt.Fprintf(out, "the journey is %s\n", j.Status)
			return nil
		case j.WaitingOn == "Lead" || j.WaitingOn == "Team" || j.WaitingOn == "Stakeholder":
			_, _ = fmt.Fprintf(out, "the journey waits on: %s\n", j.WaitingOn)
			return nil
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
