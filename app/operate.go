package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/kohomai/kohomai/adapters/yaml"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/workspace"
	"github.com/kohomai/kohomai/migrations"
)

// Version tells what this binary was built from, and the schema it needs.
func Version() string {
	version, commit := build()
	return "kohomai " + version + " (commit " + commit + ", schema " + migrations.Newest() + ")"
}

// build is the version and the commit of this binary.
func build() (version, commit string) {
	version, commit = "development", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" {
			version = v
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return version, commit
}

// MigrateUp brings the schema up.
func MigrateUp(ctx context.Context, c Config) error {
	return withDatabase(ctx, c, func(dsn string) error { return migrations.Up(ctx, dsn) })
}

// MigrateStatus tells applied and missing migrations.
func MigrateStatus(ctx context.Context, c Config, out io.Writer) error {
	return withDatabase(ctx, c, func(dsn string) error {
		applied, missing, err := migrations.Status(ctx, dsn)
		for _, name := range applied {
			_, _ = fmt.Fprintln(out, "applied", name)
		}
		for _, name := range missing {
			_, _ = fmt.Fprintln(out, "missing", name)
		}
		return err
	})
}

func withDatabase(ctx context.Context, c Config, do func(dsn string) error) error {
	d, err := locateDatabase(ctx, c, false)
	if err != nil {
		return err
	}
	return errors.Join(explain(c.databaseSetting("KOHOMAI_MIGRATE_URL"), do(d.MigrateURL)), d.Close())
}

// within acts in a workspace, by id or name.
func (a *App) within(ctx context.Context, name string, do func(context.Context, *App, workspace.Workspace) error) error {
	ws, err := a.Readers.Find(ctx, name)
	if err != nil {
		return err
	}
	return do(actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: ws.ID, Sandbox: ws.Sandbox}), a, ws)
}

// CreateKey prints one API key, and only that.
func CreateKey(ctx context.Context, c Config, ws, name string, scopes []string, out io.Writer) error {
	a, err := Open(ctx, c, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return CreateKeyIn(ctx, a, ws, name, scopes, out)
}

// CreateKeyIn is CreateKey in an open app.
func CreateKeyIn(ctx context.Context, a *App, ws, name string, scopes []string, out io.Writer) error {
	return a.within(ctx, ws, func(ctx context.Context, a *App, w workspace.Workspace) error {
		made, err := a.Workspaces.CreateKey(ctx, workspace.NewKey{Name: name, Scopes: scopes, Sandbox: w.Sandbox}, idem.Once[workspace.Issued]{})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, made.Value.Secret)
		return err
	})
}

// SeedDemo seeds the demo workspace; its address is that of the running server, if any.
func SeedDemo(ctx context.Context, c Config) error {
	a, err := Open(ctx, c, Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Demo(ctx, publicAddress(c))
}

// toJSON reads a definition in YAML as JSON.
func toJSON(raw []byte) ([]byte, error) {
	doc, err := yaml.Convert(raw)
	if err != nil {
		return nil, err
	}
	return doc.JSON, nil
}
