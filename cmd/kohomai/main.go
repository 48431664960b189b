// Command kohomai is the whole product: server, workers and the operator's tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/kohomai/kohomai/app"
)

type commands struct {
	kong.Plugins // the settings
	Serve        struct {
		NoWorkers bool `help:"Serve the API alone; jobs are worked elsewhere."`
		Migrate   bool `help:"Bring the schema up first."`
		Demo      bool `help:"Seed the demo workspace and leave its key in demo.json."`
	} `cmd:"" help:"API and job workers in one process."`
	Work    struct{} `cmd:"" help:"Job workers and connectors only: one more node over a database that others serve."`
	Migrate struct {
		Up     struct{} `cmd:"" help:"Bring the schema up."`
		Status struct{} `cmd:"" help:"Tell which migrations are applied."`
	} `cmd:"" help:"The schema."`
	Workspace struct {
		Create struct {
			Name      string `required:"" help:"The workspace's name."`
			Admin     string `required:"" help:"E-mail of its first administrator."`
			SandboxOf string `help:"Make it the sandbox of this workspace (id or name)."`
		} `cmd:"" help:"Make a workspace with its administrator."`
	} `cmd:"" help:"Tenants."`
	Keys struct {
		Create struct {
			Workspace string   `required:"" help:"Id or name."`
			Name      string   `required:"" help:"What the key is for."`
			Scopes    []string `required:"" help:"Such as leads:write,journeys:read or admin."`
		} `cmd:"" help:"Make an API key and print it, once."`
	} `cmd:"" help:"API keys."`
	Users struct {
		Invite struct {
			Workspace string `required:"" help:"Id or name."`
			Email     string `required:"" help:"Whom to invite."`
			Role      string `required:"" enum:"Administrator,Manager" help:"Administrator or Manager."`
		} `cmd:"" help:"Let a person into the back-office."`
	} `cmd:"" help:"People of the back-office."`
	Funnel struct {
		Lint struct {
			File string `arg:"" type:"existingfile" help:"A definition in YAML or JSON."`
		} `cmd:"" help:"Judge a definition."`
		Push struct {
			remote
			File    string `arg:"" type:"existingfile" help:"A definition in YAML or JSON; its Name says which funnel it is."`
			Publish bool   `help:"Publish it when nothing is wrong with it."`
			Note    string `help:"What changed, for the list of versions."`
		} `cmd:"" help:"Store a definition as a draft."`
		Pull struct {
			remote
			Funnel  string `arg:"" help:"Name or id."`
			File    string `arg:"" default:"-" help:"Where to write; YAML, or JSON when it is named .json."`
			Version int    `help:"A published version instead of the draft."`
		} `cmd:"" help:"Write a funnel's draft to a file."`
	} `cmd:"" help:"Definitions as files."`
	Plugin struct {
		List   struct{} `cmd:"" help:"List the connectors and where they stand."`
		Verify struct {
			Path   string `arg:"" type:"existingfile" help:"A connector's program, in any language."`
			Config string `type:"existingfile" help:"A file with a valid configuration, in JSON."`
		} `cmd:"" help:"Tell whether a program keeps the contract of connectors."`
	} `cmd:"" help:"Connectors."`
	Demo struct {
		Lead struct {
			Email string `arg:"" help:"Whom to register."`
			Ref   string `default:"demo-auto" help:"Through which origin: demo or demo-auto."`
		} `cmd:"" help:"Register a lead and follow its journey."`
		Seed struct{} `cmd:"" default:"1" help:"Seed the demo workspace."`
	} `cmd:"" help:"The demo workspace."`
	Doctor  struct{} `cmd:"" help:"Check what kohomai stands on; each finding with its remedy."`
	Openapi struct{} `cmd:"" name:"openapi" help:"Print the description of the API, OpenAPI 3.1."`
	Version struct{} `cmd:"" help:"Version, commit and schema version."`
}

// remote is which server to ask, and as whom.
type remote struct {
	URL string `name:"url" env:"KOHOMAI_URL" help:"The server; the one over the data directory by default."`
	Key string `name:"key" env:"KOHOMAI_API_KEY" help:"An API key; the demo's by default. Better given by the variable."`
}

func main() {
	settings := newSettingFlags()
	c := commands{Plugins: kong.Plugins{settings.of.Interface()}}
	parsed := kong.Parse(&c, kong.Name("kohomai"),
		kong.Description("Qualify leads in real time and take each through an onboarding journey made for them."), kong.UsageOnError())
	ctx, stop := context.WithCancelCause(context.Background())
	go await(stop)
	if err := run(ctx, parsed.Command(), &c, settings); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "kohomai: "+err.Error())
		os.Exit(1)
	}
}

// await ends the work at the first signal; at the second it ends the process, whatever is
// under way.
func await(stop context.CancelCauseFunc) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if s := <-signals; s == syscall.SIGTERM {
		stop(app.ErrTerminated)
	} else {
		stop(context.Canceled)
	}
	<-signals
	os.Exit(130)
}

func run(ctx context.Context, command string, c *commands, settings settingFlags) error {
	if command == "openapi" {
		description, err := app.OpenAPI("http://127.0.0.1:8080")
		if err == nil {
			_, err = os.Stdout.Write(description)
		}
		return err
	}
	if command == "version" {
		_, err := fmt.Println(app.Version())
		return err
	}
	log := app.NewLogger(os.Stderr)
	config, err := app.LoadConfig(append(os.Environ(), settings.environ()...), log)
	if err != nil {
		return err
	}
	switch command {
	case "serve":
		o := app.Options{Migrate: c.Serve.Migrate || config.Database == "", Work: !c.Serve.NoWorkers}
		return app.Serve(ctx, config, o, c.Serve.Demo)
	case "doctor":
		return app.Doctor(ctx, config, os.Stdout)
	case "work":
		return app.Work(ctx, config, app.Options{})
	case "migrate up":
		return app.MigrateUp(ctx, config)
	case "migrate status":
		return app.MigrateStatus(ctx, config, os.Stdout)
	case "workspace create":
		w := c.Workspace.Create
		return app.CreateWorkspace(ctx, config, w.Name, w.Admin, w.SandboxOf, os.Stdout)
	case "keys create":
		k := c.Keys.Create
		return app.CreateKey(ctx, config, k.Workspace, k.Name, k.Scopes, os.Stdout)
	case "users invite":
		u := c.Users.Invite
		return app.Invite(ctx, config, u.Workspace, u.Email, u.Role, os.Stdout)
	case "funnel lint <file>":
		return app.Lint(config, c.Funnel.Lint.File, os.Stdout)
	case "funnel push <file>":
		p := c.Funnel.Push
		client, err := app.NewClient(config, p.URL, p.Key)
		if err != nil {
			return err
		}
		return app.Push(ctx, client, p.File, p.Publish, p.Note, os.Stdout)
	case "funnel pull <funnel>", "funnel pull <funnel> <file>":
		p := c.Funnel.Pull
		client, err := app.NewClient(config, p.URL, p.Key)
		if err != nil {
			return err
		}
		return app.Pull(ctx, client, p.Funnel, p.Version, p.File, os.Stdout)
	case "plugin list":
		return app.ListPlugins(config, os.Stdout)
	case "plugin verify <path>":
		return app.VerifyPlugin(ctx, config, c.Plugin.Verify.Path, c.Plugin.Verify.Config, os.Stdout)
	case "demo lead <email>":
		return app.Play(ctx, config, c.Demo.Lead.Email, c.Demo.Lead.Ref, os.Stdout)
	case "demo seed", "demo":
		return app.SeedDemo(ctx, config)
	default:
		return fmt.Errorf("there is no command %s", command)
	}
}
