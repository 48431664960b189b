package embedpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// poll is how often PostgreSQL's files are looked at while waiting; a warm
	// start takes about 20 ms.
	poll = 3 * time.Millisecond
	// logLimit is the size at which the log is put aside at a start.
	logLimit = 16 << 20
)

type stopStep struct {
	signal syscall.Signal
	wait   time.Duration
}

// stops are the ways to end a postmaster, each with the time it is given: a
// fast shutdown, an immediate one (the next start recovers), the kernel's.
var stops = []stopStep{
	{syscall.SIGINT, 20 * time.Second},
	{syscall.SIGQUIT, 5 * time.Second},
	{syscall.SIGKILL, 5 * time.Second},
}

// postmaster is one run of the postgres program.
type postmaster struct {
	pid    int
	data   string
	exited chan struct{} // closed when it ended
	err    error         // how it ended; read after exited
	log    string
	logAt  int64 // where its part of the log begins
	signal func(os.Signal) error
}

// launch forks postgres. The caller's goroutine must be locked to its thread
// until exited is closed: the child ends with that thread.
func launch(h home, b Binaries, port int, fixed map[string]string, parting syscall.Signal) (*postmaster, error) {
	if info, err := os.Stat(h.log()); err == nil && info.Size() > logLimit {
		if err := os.Rename(h.log(), h.log()+".1"); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(h.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	info, err := log.Stat()
	if err != nil {
		return nil, err
	}

	args := []string{"-D", h.data(), "-c", "listen_addresses=127.0.0.1", "-c", "port=" + strconv.Itoa(port), "-c", "unix_socket_directories="}
	names := make([]string, 0, len(fixed))
	for name := range fixed {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		args = append(args, "-c", name+"="+fixed[name])
	}
	cmd := exec.Command(b.path("postgres"), args...) // #nosec G204 -- the chosen binaries; ended by stop, not by a context
	cmd.Env = childEnv()
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = h.account.attributes()
	endWithParent(cmd.SysProcAttr, parting)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting PostgreSQL %s: %w", b.Version, err)
	}
	p := &postmaster{
		pid: cmd.Process.Pid, data: h.data(), exited: make(chan struct{}),
		log: h.log(), logAt: info.Size(), signal: cmd.Process.Signal,
	}
	go func() {
		p.err = cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// ready waits until the postmaster accepts connections. It says so itself, in
// its pid file, so no connection is tried.
func (p *postmaster) ready(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if f, err := readPidFile(p.data); err == nil && f.pid == p.pid && f.status == "ready" {
			return nil
		}
		select {
		case <-p.exited:
			return &startError{err: p.err, log: p.said()}
		case <-ctx.Done():
			return fmt.Errorf("waiting for PostgreSQL to accept connections: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// stop ends the postmaster by the steps, one after the other. It returns when
// it is gone.
func (p *postmaster) stop(steps []stopStep) {
	for _, step := range steps {
		// A failure means that it has ended already, which the wait finds out.
		_ = p.signal(step.signal)
		select {
		case <-p.exited:
			return
		case <-time.After(step.wait):
		}
	}
	<-p.exited
}

// said is what this run wrote to the log.
func (p *postmaster) said() string {
	f, err := os.Open(p.log)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // only read
	text := make([]byte, 64<<10)
	n, _ := f.ReadAt(text, p.logAt) // a short read is the normal case
	return string(text[:n])
}

// startError is a postmaster that ended instead of becoming ready.
type startError struct {
	err error
	log string
}

func (e *startError) Error() string {
	return fmt.Sprintf("PostgreSQL did not start: %v: %s", e.err, tailOf(e.log))
}

func (e *startError) Unwrap() error { return e.err }

// portTaken: somebody took the port between our looking and its listening.
func (e *startError) portTaken() bool { return strings.Contains(e.log, "could not bind") }

// survivors: children of a killed postmaster still hold its shared memory.
// They end by themselves within moments.
func (e *startError) survivors() bool {
	return strings.Contains(e.log, "pre-existing shared memory block")
}

// pidFile is the part of postmaster.pid that we read: the first line is the
// postmaster, the eighth its state.
type pidFile struct {
	pid    int
	status string
}

func readPidFile(data string) (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid")) // #nosec G304
	if err != nil {
		return pidFile{}, err
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		return pidFile{}, fmt.Errorf("postmaster.pid names no process: %q", lines[0])
	}
	f := pidFile{pid: pid}
	if len(lines) >= 8 {
		f.status = strings.TrimSpace(lines[7])
	}
	return f, nil
}

// evict ends a postmaster that an earlier, killed holder left running. It is
// called under the lock, so whatever runs is left over.
//
// A pid file that names no running postmaster of the cluster is removed:
// PostgreSQL would take a stranger of that number, or a dead postmaster that
// nobody has reaped yet, for a living one. Children of the dead one that still
// hold the shared memory are found without the file (PostgreSQL 12 and later).
func evict(ctx context.Context, h home) error {
	path := filepath.Join(h.data(), "postmaster.pid")
	f, err := readPidFile(h.data())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		// Cut short by a crash of the machine: nothing of it can be running.
		return removeIfThere(path)
	case !alive(f.pid) || !runsIn(f.pid, h.data()):
		return removeIfThere(path)
	}
	left, err := os.FindProcess(f.pid)
	if err != nil {
		return err
	}
	for _, step := range stops {
		if err := left.Signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stopping the PostgreSQL left over by an earlier run (process %d): %w", f.pid, err)
		}
		gone, err := waitGone(ctx, f.pid, step.wait)
		if err != nil || gone {
			return err
		}
	}
	return fmt.Errorf("the PostgreSQL left over by an earlier run (process %d) does not end", f.pid)
}

func waitGone(ctx context.Context, pid int, patience time.Duration) (bool, error) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for alive(pid) {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-limit.C:
			return false, nil
		case <-tick.C:
		}
	}
	return true, nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
