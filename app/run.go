package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// ErrTerminated is the cause of a context that ends because a supervisor wants the process
// to stop (SIGTERM): a balancer is then given time to look elsewhere first.
var ErrTerminated = errors.New("told to stop")

// How long a stop may take.
const (
	// drainPause lets balancers see that the node is not ready any more.
	drainPause = 5 * time.Second
	// drainLimit is for requests under way.
	drainLimit = 30 * time.Second
)

// Serve opens the app and serves until the context ends, then drains: readyz says so,
// requests under way are answered, running jobs end, and what they committed is the last.
func Serve(ctx context.Context, c Config, o Options, demo bool) error {
	tuneMemory()
	o.Lasting = true
	if err := c.makeDataDir(); err != nil {
		return err
	}
	release, err := c.onlyServer()
	if err != nil {
		return err
	}
	defer release()
	listener, err := listen(ctx, "KOHOMAI_ADDR", c.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // closed by its server, when there came to be one
	a, err := Open(ctx, c, o)
	if err != nil {
		return err
	}
	defer a.Close()
	url := "http://" + listener.Addr().String()
	public, front := c.addresses(url)
	handler, err := a.API(public, front)
	if err != nil {
		return err
	}
	return a.run(ctx, []running{{listener, handler}}, func(ctx context.Context) error {
		if demo {
			if err := a.Demo(ctx, public); err != nil {
				return fmt.Errorf("seeding the demo: %w", err)
			}
		}
		path := filepath.Join(c.DataDir, "server.json")
		if err := writeJSON(path, map[string]any{"url": public, "pid": os.Getpid()}); err != nil {
			return err
		}
		c.Log.Info("ready", "url", public)
		settleMemory()
		if demo {
			return welcome(os.Stdout, c)
		}
		return nil
	})
}

// Work opens the app and works jobs and connectors until the context ends: one more node
// over a database that others serve.
func Work(ctx context.Context, c Config, o Options) error {
	o.Work = true
	a, err := Open(ctx, c, o)
	if err != nil {
		return err
	}
	defer a.Close()
	return a.run(ctx, nil, func(context.Context) error {
		c.Log.Info("ready", "workers", true)
		return nil
	})
}

// running is a listener with what answers on it.
type running struct {
	net.Listener
	handler http.Handler
}

// run runs everything until the context ends or a part fails, then stops it from the
// outside in.
func (a *App) run(ctx context.Context, faces []running, ready func(context.Context) error) error {
	if a.Config.MetricsAddr != "" {
		listener, err := listen(ctx, "KOHOMAI_METRICS_ADDR", a.Config.MetricsAddr)
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", a.Metrics.Handler())
		faces = append(faces, running{listener, mux})
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	part := func(group *sync.WaitGroup, run func() error) {
		group.Go(func() {
			if err := run(); err != nil {
				fail(err)
			}
		})
	}
	// Inner parts outlive outer ones: what a request or a job under way commits goes
	// through the engine.
	lasting := context.WithoutCancel(ctx)
	engineCtx, stopEngine := context.WithCancel(lasting)
	jobsCtx, stopJobs := context.WithCancel(lasting)
	defer stopEngine()
	defer stopJobs()
	var engineRuns, jobsRun, serving sync.WaitGroup
	a.Engine.Measure(a.Metrics)
	part(&engineRuns, func() error { return a.Engine.Run(engineCtx) })
	part(&jobsRun, func() error { return a.Work(jobsCtx) })
	jobsRun.Go(func() { a.watchHorizon(jobsCtx) })
	part(&jobsRun, func() error { return a.Watching.Run(jobsCtx) })
	servers := make([]*http.Server, len(faces))
	for i, face := range faces {
		servers[i] = newServer(face.handler)
		part(&serving, func() error {
			if err := servers[i].Serve(face.Listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	if err := ready(ctx); err != nil {
		fail(err)
	}
	<-ctx.Done()

	a.draining.Store(true)
	if len(faces) > 0 && errors.Is(context.Cause(ctx), ErrTerminated) {
		a.Config.Log.Info("draining", "pause", drainPause.String())
		time.Sleep(drainPause)
	}
	a.Watching.Stop()
	drain, cancel := context.WithTimeout(lasting, drainLimit)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(drain); err != nil {
			a.Config.Log.Warn("requests were cut off", "error", err)
			_ = s.Close()
		}
	}
	serving.Wait()
	stopJobs()
	jobsRun.Wait()
	stopEngine()
	engineRuns.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) && !errors.Is(cause, ErrTerminated) {
		return cause
	}
	a.Config.Log.Info("stopped")
	return nil
}

func newServer(h http.Handler) *http.Server {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, Protocols: &p,
	}
}

// listen takes an address, or says by its setting what is wrong with it.
func listen(ctx context.Context, setting, addr string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is taken by another program: stop it, or name another address (port 0 picks a free one)", setting, addr)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s: %s may not be listened on by %s: take a port above 1023, and let a proxy stand before it", setting, addr, self())
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s: %s is no address of this machine", setting, addr)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return l, nil
}

// onlyServer keeps two servers off one data directory: server.json names one. More nodes
// over one database have a data directory each, with a copy of the key file.
func (c Config) onlyServer() (release func(), err error) {
	lock, err := lockFile(filepath.Join(c.DataDir, "server.lock"))
	if errors.Is(err, errLocked) {
		at, err := Running(c)
		if err != nil {
			at = "an address it has not told yet"
		}
		return nil, fmt.Errorf("a server runs over %s already, at %s: stop it, or name another KOHOMAI_DATA_DIR; kohomai work joins it with more workers", c.DataDir, at)
	}
	if err != nil {
		return nil, fmt.Errorf("KOHOMAI_DATA_DIR: %w", err)
	}
	stale := filepath.Join(c.DataDir, "server.json")
	_ = os.Remove(stale) // of a server that was killed
	return func() {
		_ = os.Remove(stale)
		_ = lock.Close()
	}, nil
}
