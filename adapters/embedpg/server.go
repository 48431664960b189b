package embedpg

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// ErrHeld is returned by Start when another process runs the cluster of the
// data directory.
var ErrHeld = errors.New("another process runs the PostgreSQL of this data directory")

// Server is a cluster in use: one that we run, or one that we joined.
type Server struct {
	address Address
	watch   *supervisor // nil when joined
	stop    sync.Once
	stopErr error
}

// Open joins the cluster of the data directory when a lasting holder runs it,
// and starts it otherwise. While a holder that is not lasting has it, Open
// waits: it would take PostgreSQL with it when it ends.
func Open(ctx context.Context, o Options) (*Server, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := Start(ctx, o)
		if !errors.Is(err, ErrHeld) {
			return s, err
		}
		dir, err := realPath(o.DataDir)
		if err != nil {
			return nil, err
		}
		a, err := readAddress(dir)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return nil, err
		case err == nil && a.Lasting:
			a, err = Join(ctx, dir)
			if err == nil {
				return &Server{address: a}, nil
			}
			if !errors.Is(err, ErrNotRunning) {
				return nil, err
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the process that runs the PostgreSQL of %s: %w", dir, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// Start runs the cluster of the data directory, made first when there is none.
// It returns when connections are accepted and the database exists; ctx ends
// the waiting, not the server. ErrHeld means that another process runs it.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	if !supported {
		return nil, errors.New("embedded PostgreSQL runs on Linux, macOS and other Unix systems only; set DATABASE_URL")
	}
	o = o.withDefaults()
	if o.DataDir == "" {
		return nil, errors.New("embedded PostgreSQL needs a data directory")
	}
	if err := makeDataDir(o.DataDir); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if o.DataDir, err = realPath(o.DataDir); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	held, err := acquire(ctx, filepath.Join(o.DataDir, lockName))
	if err != nil {
		return nil, err
	}
	release := func() error { return held.Close() }
	defer func() {
		if err != nil {
			err = errors.Join(err, release())
		}
	}()
	// What an earlier holder left is not true any more.
	if err := removeIfThere(filepath.Join(o.DataDir, addressName)); err != nil {
		return nil, err
	}
	h, err := locate(o)
	if err != nil {
		return nil, fmt.Errorf("place of the embedded PostgreSQL: %w", err)
	}
	s, err := run(ctx, o, h, mode{
		settings: lastingSettings(), fixed: durable, sync: true, parting: syscall.SIGINT,
		announce: func(a Address) error { return a.write(o.DataDir) },
	})
	if err != nil {
		return nil, err
	}
	s.watch.release = func() error {
		return errors.Join(removeIfThere(filepath.Join(o.DataDir, addressName)), s.watch.end(), release())
	}
	return s, nil
}

// mode is what tells a lasting cluster from a throw-away one.
type mode struct {
	settings map[string]string
	fixed    map[string]string
	sync     bool
	parting  syscall.Signal // to PostgreSQL when we are killed
	announce func(Address) error
}

// run makes the cluster when there is none and starts it under a supervisor.
func run(ctx context.Context, o Options, h home, m mode) (*Server, error) {
	major, err := h.major()
	if err != nil {
		return nil, err
	}
	b := o.Binaries
	if b.Dir == "" {
		find := o.Find
		find.Major = major
		if b, err = Find(ctx, find); err != nil {
			return nil, err
		}
	}
	if major != 0 && b.Major != major {
		return nil, fmt.Errorf("the cluster in %s was made by PostgreSQL %d and cannot be run by %s from %s", h.dir, major, b.Version, b.Dir)
	}
	if !h.account.runs(b) {
		if b, err = b.copyTo(h.dir); err != nil {
			return nil, err
		}
	}
	if major == 0 {
		began := o.Now()
		if err := h.create(ctx, b, o.Rand, m.sync); err != nil {
			return nil, err
		}
		o.Log.Info("a PostgreSQL cluster was made", "path", h.dir, "version", b.Version, "took", o.Now().Sub(began))
	}
	if err := h.configure(m.settings, o.Settings); err != nil {
		return nil, err
	}
	password, err := h.readPassword()
	if err != nil {
		return nil, err
	}
	if err := evict(ctx, h); err != nil {
		return nil, err
	}
	w, err := supervise(ctx, o, h, b, m)
	if err != nil {
		return nil, err
	}
	a := Address{
		Host: "127.0.0.1", Port: w.port, User: superuser, Password: password, Database: o.Database,
		Cluster: h.dir, Log: h.log(), Version: b.Version, HolderPID: os.Getpid(), PostmasterPID: w.currentPID(),
		Lasting: o.Lasting, StartedAt: o.Now().UTC(),
	}
	a.URL = a.DSN(o.Database)
	s := &Server{address: a, watch: w}
	err = ensureDatabase(ctx, a.DSN(superuser), o.Database)
	if err == nil {
		w.address.Store(&a)
		err = w.announce()
	}
	if err != nil {
		return nil, errors.Join(err, w.end())
	}
	o.Log.Info("PostgreSQL runs", "version", b.Version, "port", w.port, "path", h.dir, "binaries", b.Source)
	return s, nil
}

// Address is where the cluster answers. It stays the same when PostgreSQL is
// started again after a crash, but for PostmasterPID.
func (s *Server) Address() Address {
	a := s.address
	if s.watch != nil {
		a.PostmasterPID = s.watch.currentPID()
	}
	return a
}

// DSN is the URL of the database, as superuser.
func (s *Server) DSN() string { return s.address.URL }

// DSNFor is the URL of another database of the cluster, as superuser.
func (s *Server) DSNFor(database string) string { return s.address.DSN(database) }

// Owned tells whether this process runs the cluster, rather than having joined it.
func (s *Server) Owned() bool { return s.watch != nil }

// Stop ends a cluster that this process runs, at most 30 seconds later, and
// frees the data directory. A joined one goes on. Stopping twice is stopping once.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if s.watch != nil {
			s.stopErr = s.watch.release()
		}
	})
	return s.stopErr
}

// acquire takes the lock for us. Others hold it for an instant to see whether
// it is held, so one refusal is not believed.
func acquire(ctx context.Context, path string) (*os.File, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for try := 0; ; try++ {
		f, held, err := lock(path, true)
		if err != nil {
			return nil, err
		}
		if !held {
			return f, nil
		}
		if try == 10 {
			return nil, fmt.Errorf("%w (%s)", ErrHeld, filepath.Dir(path))
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// pickPort returns a port of 127.0.0.1 that nobody listens on. It stays below
// the range that outgoing connections are given from, so that one of those
// cannot sit on it while PostgreSQL is away.
func pickPort(random io.Reader) (int, error) {
	const low, high = 15432, 32000
	for range 50 {
		var raw [4]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return 0, fmt.Errorf("choosing a port: %w", err)
		}
		port := low + int(binary.BigEndian.Uint32(raw[:])%(high-low))
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, fmt.Errorf("no free port between %d and %d on 127.0.0.1", low, high)
}
