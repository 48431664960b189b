package app

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/kohomai/kohomai/adapters/text"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/workspace"
)

// CreateWorkspace makes a workspace with its sandbox, or the sandbox of another one alone,
// and prints their ids and the links that let their first Administrator in.
func CreateWorkspace(ctx context.Context, c Config, name, admin, sandboxOf string, out io.Writer) error {
	a, err := Open(ctx, c, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return CreateWorkspaceIn(ctx, a, name, admin, sandboxOf, out)
}

// CreateWorkspaceIn is CreateWorkspace in an open app.
func CreateWorkspaceIn(ctx context.Context, a *App, name, admin, sandboxOf string, out io.Writer) error {
	email, err := lead.ParseEmail(admin, text.Unicode{})
	if err != nil {
		return fmt.Errorf("--admin: %w", err)
	}
	live := workspace.Workspace{Name: strings.TrimSpace(name)}
	sandbox := workspace.Workspace{Name: live.Name + " sandbox", Sandbox: true}
	if sandboxOf != "" {
		if live, err = a.Readers.Find(ctx, sandboxOf); err != nil {
			return fmt.Errorf("--sandbox-of: %w", err)
		}
		if live.Sandbox {
			return fmt.Errorf("--sandbox-of: %s is a sandbox itself", sandboxOf)
		}
		sandbox.Name = strings.TrimSpace(name)
	}
	var wanted []workspace.Workspace
	if sandboxOf == "" {
		wanted = append(wanted, live)
	}
	wanted = append(wanted, sandbox)
	for _, w := range wanted {
		// Commands name workspaces: two of one name could not be told apart.
		if _, err := a.Readers.Find(ctx, w.Name); !fault.Is(err, fault.NotFound) {
			if err == nil {
				err = fmt.Errorf("there is a workspace named %q already", w.Name)
			}
			return fmt.Errorf("--name: %w", err)
		}
	}
	for _, w := range wanted {
		w.SandboxOf = 0
		if w.Sandbox {
			w.SandboxOf = live.ID
		}
		if w, err = a.Workspaces.Create(ctx, w); err != nil {
			return err
		}
		what := "sandbox"
		if !w.Sandbox {
			live, what = w, "workspace"
		}
		link, err := a.invite(ctx, w, workspace.User{
			Email: email.String(), DisplayEmail: email.Display(), Role: workspace.Administrator,
		}, publicAddress(a.Config))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%-9s  %s  %s\nsign in    %s\n", what, ident.String(w.ID), w.Name, link); err != nil {
			return err
		}
	}
	return nil
}

// Invite lets a person into the back-office and prints the link that signs them in.
func Invite(ctx context.Context, c Config, ws, email, role string, out io.Writer) error {
	a, err := Open(ctx, c, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return InviteIn(ctx, a, ws, email, role, out)
}

// InviteIn is Invite in an open app.
func InviteIn(ctx context.Context, a *App, ws, email, role string, out io.Writer) error {
	e, err := lead.ParseEmail(email, text.Unicode{})
	if err != nil {
		return fmt.Errorf("--email: %w", err)
	}
	return a.within(ctx, ws, func(ctx context.Context, a *App, w workspace.Workspace) error {
		link, err := a.invite(ctx, w, workspace.User{
			Email: e.String(), DisplayEmail: e.Display(), Role: workspace.Role(role),
		}, publicAddress(a.Config))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, link)
		return err
	})
}

// invite lets a person into a workspace and returns the link that signs them in.
func (a *App) invite(ctx context.Context, w workspace.Workspace, u workspace.User, address string) (string, error) {
	inside := actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: w.ID, Sandbox: w.Sandbox})
	_, token, err := a.Workspaces.Invite(inside, u, workspace.InvitationLife)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(address, "/") + "/p/signin?token=" + url.QueryEscape(token), nil
}

// publicAddress is where browsers find the console: as set, else where the server over the
// data directory listens or would.
func publicAddress(c Config) string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	if at, err := Running(c); err == nil {
		return at
	}
	return "http://" + c.Addr
}

// welcome tells the person in front of the terminal where to go.
func welcome(out io.Writer, c Config) error {
	file, err := readDemo(c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
  console   %s/p/
  sign in   %s
            (once, within 24 hours; a fresh link comes with each start)
  API key   %s

`, strings.TrimSuffix(file.URL, "/"), file.SignInURL, demoPath(c))
	return err
}
