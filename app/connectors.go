package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/kohomai/kohomai/adapters/pluginhost"
	"github.com/kohomai/kohomai/core/activity"
)

// Connectors are the kinds of activity there are: those built in, and the programs of the
// plugin directory. What is wrong with a program is told and stops nothing else, so making
// them never fails.
type Connectors struct {
	// host is made when a connector is first asked for: a command that needs none does not
	// read and hash all programs.
	host func() *pluginhost.Host
}

// pluginDir is the default of KOHOMAI_PLUGIN_DIR: the folder plugins beside the program.
func pluginDir() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		self = real
	}
	return filepath.Join(filepath.Dir(self), "plugins")
}

// newConnectors knows the connectors of a configuration. The transport takes their requests
// out.
func newConnectors(c Config, transport http.RoundTripper) *Connectors {
	return &Connectors{host: sync.OnceValue(func() *pluginhost.Host {
		return pluginhost.New(context.Background(), pluginhost.Options{
			Dir: c.PluginDir, Private: filepath.Join(c.DataDir, "connectors"), Transport: transport, Log: c.Log,
		})
	})}
}

// Manifest implements activity.Catalog.
func (c *Connectors) Manifest(id string) (activity.Manifest, bool) {
	for _, m := range activity.Builtins() {
		if m.ID == id {
			return m, true
		}
	}
	return c.host().Manifest(id)
}

// Manifests implements activity.Catalog.
func (c *Connectors) Manifests() []activity.Manifest {
	all := append(activity.Builtins(), c.host().Manifests()...)
	slices.SortFunc(all, func(a, b activity.Manifest) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// Standings implements activity.Standings: where every connector stands on this node, also
// those that cannot be used.
func (c *Connectors) Standings() []activity.Standing {
	var all []activity.Standing
	for _, m := range activity.Builtins() {
		all = append(all, activity.Standing{Connector: m.ID, Version: m.Version, State: string(pluginhost.Ready), Builtin: true})
	}
	for _, h := range c.host().Health() {
		all = append(all, activity.Standing{Connector: h.ID, Version: h.Version, State: string(h.State), Fault: h.Fault})
	}
	slices.SortFunc(all, func(a, b activity.Standing) int { return strings.Compare(a.Connector, b.Connector) })
	return all
}

// Fault says why the plugin directory as a whole cannot be used; empty when it can.
func (c *Connectors) Fault() string { return c.host().Fault() }

// Check implements activity.Judge.
func (c *Connectors) Check(ctx context.Context, r activity.CheckRequest) (activity.Judgement, error) {
	return c.host().Check(ctx, r)
}

// runners carry out what leaves the process: e-mail of our own, and the connectors.
type runners struct {
	email      *activity.Emailer
	connectors *Connectors
}

// Call implements activity.Runner.
func (r runners) Call(ctx context.Context, q activity.Request) activity.Outcome {
	if q.Connector == activity.Email {
		return r.email.Call(ctx, q)
	}
	return r.connectors.host().Call(ctx, q)
}

// Work runs jobs and, while they run, the connectors they call.
func (a *App) Work(ctx context.Context) error {
	if !a.Options.Work {
		return a.Jobs.Run(ctx)
	}
	supervised, end := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.Connectors.host().Run(supervised); err != nil {
			a.Config.Log.Error("connectors cannot run on this node", "error", err)
		}
	})
	// Jobs drain first: the calls under way are still answered.
	err := a.Jobs.Run(ctx)
	end()
	running.Wait()
	return err
}

// ListPlugins prints the catalog: every connector with its version and where it stands. It
// judges the programs by themselves and needs no database.
func ListPlugins(c Config, out io.Writer) error {
	all := newConnectors(c, newTransport(c))
	if why := all.Fault(); why != "" {
		_, _ = fmt.Fprintf(out, "%s: %s\n", c.PluginDir, why)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CONNECTOR\tVERSION\tSTATE\tNOTE")
	for _, s := range all.Standings() {
		note := s.Fault
		if s.Builtin {
			note = "built in"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Connector, s.Version, s.State, note)
	}
	return table.Flush()
}
