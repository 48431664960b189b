package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Serve opens the app and serves until the context ends, then drains: nothing new is
// taken, what is running gets half a minute.
func Serve(ctx context.Context, c Config, o Options, demo bool) error {
	o.Lasting = true
	a, err := Open(ctx, c, o)
	if err != nil {
		return err
	}
	defer a.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listening on KOHOMAI_ADDR: %w", err)
	}
	url := "http://" + listener.Addr().String()
	public, front := c.PublicURL, c.FrontURL
	if public == "" {
		public = url
	}
	if front == "" {
		front = public
	}
	handler, err := a.API(public, front)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, Protocols: protocols(),
	}
	// The engine outlives the server: requests under way still commit while it drains.
	engineCtx, stopEngine := context.WithCancel(context.WithoutCancel(ctx))
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return a.Engine.Run(engineCtx) })
	group.Go(func() error { return a.Jobs.Run(running) })
	group.Go(func() error {
		err := server.Serve(listener)
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	})
	group.Go(func() error {
		defer stopEngine()
		<-running.Done()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer cancel()
		return server.Shutdown(drain)
	})
	group.Go(func() error {
		if demo {
			if err := a.Demo(running, public); err != nil {
				return fmt.Errorf("seeding the demo: %w", err)
			}
		}
		if err := writeJSON(filepath.Join(c.DataDir, "server.json"), map[string]any{"url": public, "pid": os.Getpid()}); err != nil {
			return err
		}
		c.Log.Info("ready", "url", public)
		return nil
	})
	err = group.Wait()
	_ = os.Remove(filepath.Join(c.DataDir, "server.json"))
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		c.Log.Info("stopped")
		return nil
	}
	return err
}

func protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return &p
}

// writeJSON replaces a small file that only its owner may read.
func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return os.Rename(fresh, path)
}

// Running is the address of the server over a data directory, or an error when none runs.
func Running(c Config) (string, error) {
	raw, err := os.ReadFile(filepath.Join(c.DataDir, "server.json")) // #nosec G304 -- the operator's own folder
	var s struct {
		URL string `json:"url"`
	}
	if err != nil || json.Unmarshal(raw, &s) != nil {
		return "", errors.New("no server runs over this data directory: start one with make run or kohomai serve")
	}
	return strings.TrimSuffix(s.URL, "/"), nil
}
