package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// sharedMemory is a folder in memory on most Linux systems.
const sharedMemory = "/dev/shm"

// roomNeeded is the free space below which memory is left alone: containers
// often give it no more than 64 MiB.
const roomNeeded = 2 << 30

// fleetingSettings suit many short-lived databases on one small machine.
func fleetingSettings() map[string]string {
	s := lastingSettings()
	s["max_connections"] = "400"
	s["shared_buffers"] = "128MB"
	s["wal_level"] = "minimal"
	s["max_wal_senders"] = "0"
	// A worker in the template would keep it from being cloned.
	s["autovacuum"] = "off"
	s["wal_compression"] = "off"
	// Inside the cluster, so that it goes with it.
	s["dynamic_shared_memory_type"] = "mmap"
	return s
}

// Throwaway runs a cluster for tests: without durability, in memory where there
// is room, gone at Stop and also when this process is killed. DataDir names the
// folder to make it in; empty chooses. The database is made as in Start.
func Throwaway(ctx context.Context, o Options) (_ *Server, err error) {
	if !supported {
		return nil, errors.New("embedded PostgreSQL runs on Linux, macOS and other Unix systems only")
	}
	o = o.withDefaults()
	parent := o.DataDir
	if parent == "" {
		parent = os.TempDir()
		if info, err := os.Stat(sharedMemory); err == nil && info.IsDir() && freeSpace(sharedMemory) >= roomNeeded {
			parent = sharedMemory
		}
	}
	dir, err := os.MkdirTemp(parent, "kohomai-pg-")
	if err != nil {
		return nil, err
	}
	if dir, err = realPath(dir); err != nil {
		return nil, err
	}
	warden, err := guard(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, warden())
		}
	}()

	h := home{dir: dir}
	if os.Geteuid() == 0 {
		if h.account, err = lookupAccount(o.Accounts); err != nil {
			return nil, err
		}
		if err = makeHome(dir); err != nil {
			return nil, err
		}
		if !h.account.reaches(dir) {
			return nil, fmt.Errorf("user %s cannot reach %s", h.account.name, dir)
		}
	}
	s, err := run(ctx, o, h, mode{settings: fleetingSettings(), fixed: fleeting, parting: syscall.SIGQUIT})
	if err != nil {
		return nil, err
	}
	s.watch.release = func() error { return errors.Join(s.watch.kill(), warden()) }
	return s, nil
}

// guard starts a small process that waits for us to end, however that happens,
// and then ends the cluster in dir and removes it. The returned function has it
// do so now.
func guard(dir string) (func() error, error) {
	// read returns at the end of the pipe: when we close it, or die.
	const script = `read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
n=0
while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do n=$((n+1)); sleep 0.1; done
rm -rf "$1"`
	cmd := exec.Command("/bin/sh", "-c", script, "kohomai-pg-guard", dir) // #nosec G204 -- our own folder
	cmd.Env = childEnv()
	cmd.Dir = "/"
	cmd.SysProcAttr = detached()
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the guard of a throw-away cluster: %w", err)
	}
	return func() error {
		err := errors.Join(pipe.Close(), cmd.Wait())
		if _, statErr := os.Stat(filepath.Clean(dir)); statErr == nil {
			err = errors.Join(err, fmt.Errorf("%s is left over", strconv.Quote(dir)))
		}
		return err
	}, nil
}
