package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/activity"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// Options say where connectors are and what they may use.
type Options struct {
	// Dir holds the programs and SHA256SUMS. One that does not exist holds none.
	Dir string
	// Private is where copies are kept: ours alone, made when it is not there.
	Private string
	// Disabled names connectors that are not to run.
	Disabled []string
	// Transport takes HTTP requests of connectors out: the guarded one.
	Transport http.RoundTripper
	Log       *slog.Logger
	// Clock is the real one when nil.
	Clock Clock
}

// Host runs connectors. It implements activity.Runner for all of them, and knows their
// manifests.
type Host struct {
	options    Options
	services   *services
	connectors map[string]*connector
	order      []string
	sockets    string
	// running is set while Run keeps the connectors.
	running atomic.Bool
	// fault is why there is no catalog; empty when there is one.
	fault string
}

// Health is where one connector stands, for people.
type Health struct {
	ID, Version string
	Digest      string
	State       State
	// Fault is the last thing that went wrong, in words.
	Fault string
	// Starts counts processes begun; Exits those that ended in a row without a success.
	Starts, Exits int
	PID           string
	// HeldBack counts workspaces whose calls the breaker keeps away.
	HeldBack int
}

// New reads the catalog, installs private copies and learns every manifest: from what an
// earlier host kept beside the copy, or by starting the program for a moment. A connector
// that cannot be used is kept with its reason and hinders no other; where the catalog itself
// cannot be used, the host has no connectors and Fault says why.
func New(ctx context.Context, o Options) *Host {
	if o.Clock == nil {
		o.Clock = wall{}
	}
	h := &Host{options: o, services: newServices(o.Transport), connectors: map[string]*connector{}}
	if err := h.gather(ctx); err != nil {
		h.fault = err.Error()
		o.Log.Error("connectors cannot be used", "error", err)
	}
	return h
}

func (h *Host) gather(ctx context.Context) error {
	programs, err := readCatalog(h.options.Dir)
	if err != nil || len(programs) == 0 {
		return err
	}
	if err := os.MkdirAll(h.options.Private, 0o700); err != nil {
		return fmt.Errorf("making the private folder of connectors: %w", err)
	}
	if err := os.Chmod(h.options.Private, 0o700); err != nil { // #nosec G302 -- a folder, and ours alone
		return fmt.Errorf("closing the private folder of connectors: %w", err)
	}
	for _, p := range programs {
		h.connectors[p.id] = h.connector(p)
		h.order = append(h.order, p.id)
	}
	slices.Sort(h.order)
	return h.learn(ctx)
}

// Fault says why the catalog cannot be used; empty when it can.
func (h *Host) Fault() string { return h.fault }

func (h *Host) connector(p program) *connector {
	log := h.options.Log.With("connector", p.id)
	clean := &redactor{}
	c := &connector{
		program: p, clock: h.options.Clock, log: log, clean: clean, state: Verified, changed: make(chan struct{}),
		writer: &logWriter{log: log, clean: clean, now: h.options.Clock.Now},
	}
	target, err := p.install(h.options.Private)
	if err != nil {
		c.state, c.fault = Absent, err.Error()
		log.Error("connector cannot be used", "error", err)
	}
	if slices.Contains(h.options.Disabled, p.id) {
		c.state, c.fault = Disabled, "disabled by configuration"
	}
	c.verify = func() error { return p.verify(target) }
	c.launch = func() (*process, error) {
		return launch(target, h.sockets, filepath.Join(h.sockets, "host.sock"), c.writer)
	}
	return c
}

// learn fills in manifests. Programs that must be asked are asked side by side.
func (h *Host) learn(ctx context.Context) error {
	var unknown []*connector
	for _, id := range h.order {
		c := h.connectors[id]
		if c.state != Verified {
			continue
		}
		if c.manifest = h.kept(c.program); c.manifest == nil {
			unknown = append(unknown, c)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	closing, err := h.open()
	if err != nil {
		return err
	}
	defer closing()
	var asked sync.WaitGroup
	for _, c := range unknown {
		asked.Go(func() {
			p, err := c.start(ctx)
			if err != nil {
				state := Verified
				if c.standing() == Down {
					state = Down
				}
				c.set(state, c.clean.clean(clip(err.Error(), 500)))
				c.log.Error("connector cannot be used", "error", err)
				return
			}
			if w, err := p.describe(ctx); err == nil {
				h.keep(c.program, w)
			}
			p.stop()
			c.halt(Verified)
		})
	}
	asked.Wait()
	return nil
}

// Run keeps every connector running until the context ends; then it ends them all.
func (h *Host) Run(ctx context.Context) error {
	closing, err := h.open()
	if err != nil {
		return err
	}
	defer closing()
	h.forget()
	h.running.Store(true)
	defer h.running.Store(false)
	var running sync.WaitGroup
	for _, id := range h.order {
		running.Go(func() { h.connectors[id].supervise(ctx) })
	}
	running.Wait()
	return nil
}

// open makes the folder of the sockets and serves the host services in it. It is not below
// the data directory, because a socket's path may have little more than 100 characters.
func (h *Host) open() (closing func(), err error) {
	if h.sockets, err = os.MkdirTemp("", "kohomai-"); err != nil {
		return nil, fmt.Errorf("making a folder for the connectors' sockets: %w", err)
	}
	listener, err := net.Listen("unix", filepath.Join(h.sockets, "host.sock")) //nolint:noctx // a local socket
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening for connectors: %w", err), os.RemoveAll(h.sockets))
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage))
	activityv1.RegisterHostServiceServer(server, h.services)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends by Stop
	}()
	return func() {
		server.Stop()
		<-served
		if err := os.RemoveAll(h.sockets); err != nil {
			h.options.Log.Warn("removing the connectors' sockets", "error", err)
		}
	}, nil
}

// forget removes the copies of programs that the catalog no longer approves.
func (h *Host) forget() {
	folders, err := os.ReadDir(h.options.Private)
	if err != nil {
		return // there is none to remove
	}
	for _, f := range folders {
		if !digestForm.MatchString(f.Name()) || slices.ContainsFunc(h.order, func(id string) bool {
			return h.connectors[id].program.digest == f.Name()
		}) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(h.options.Private, f.Name())); err != nil {
			h.options.Log.Warn("removing a superseded connector", "error", err)
		}
	}
}

// Manifest returns what a usable connector says of itself.
func (h *Host) Manifest(id string) (activity.Manifest, bool) {
	for _, m := range h.Manifests() {
		if m.ID == id {
			return m, true
		}
	}
	return activity.Manifest{}, false
}

// Manifests lists what the usable connectors say of themselves, sorted by id.
func (h *Host) Manifests() []activity.Manifest {
	var all []activity.Manifest
	for _, id := range h.order {
		c := h.connectors[id]
		c.mu.Lock()
		if c.manifest != nil && c.state != Down && c.state != Disabled {
			all = append(all, c.manifest.domain)
		}
		c.mu.Unlock()
	}
	return all
}

// Health tells where each connector stands, sorted by id.
func (h *Host) Health() []Health {
	all := make([]Health, 0, len(h.order))
	for _, id := range h.order {
		c := h.connectors[id]
		held := c.breaker.opened()
		c.mu.Lock()
		s := Health{
			ID: id, Digest: c.program.digest, State: c.state, Fault: c.fault, Starts: c.starts, Exits: c.exits, HeldBack: held,
		}
		if c.manifest != nil {
			s.Version = c.manifest.domain.Version
		}
		if c.process != nil {
			s.PID = c.process.child.ID()
		}
		if s.State == Ready && held > 0 {
			s.State = Degraded
		}
		c.mu.Unlock()
		all = append(all, s)
	}
	return all
}

// kept reads the manifest an earlier host kept beside the copy: the same program says the
// same. Nil when there is none to trust.
func (h *Host) kept(p program) *manifest {
	raw, err := os.ReadFile(h.memo(p))
	if err != nil {
		return nil
	}
	w := &activityv1.Manifest{}
	if proto.Unmarshal(raw, w) != nil {
		return nil
	}
	m, err := readManifest(p.id, w)
	if err != nil {
		return nil
	}
	return m
}

func (h *Host) keep(p program, w *activityv1.Manifest) {
	raw, err := proto.Marshal(w)
	if err == nil {
		err = os.WriteFile(h.memo(p), raw, 0o600)
	}
	if err != nil {
		h.options.Log.Warn("keeping a connector's manifest", "connector", p.id, "error", err)
	}
}

func (h *Host) memo(p program) string {
	return filepath.Join(h.options.Private, p.digest, p.id+".manifest")
}

// wall is the real clock.
type wall struct{}

// Now implements Clock.
func (wall) Now() time.Time { return time.Now() }

// After implements Clock.
func (wall) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Jitter implements Clock.
func (wall) Jitter() float64 { return 0.8 + 0.4*fraction() }
