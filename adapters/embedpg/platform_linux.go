//go:build linux

package embedpg

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// endWithParent asks the kernel to send sig to the child when the thread that
// forked it ends. The forking goroutine must be locked to its thread for as
// long as the child lives.
func endWithParent(attr *syscall.SysProcAttr, sig syscall.Signal) { attr.Pdeathsig = sig }

// alive tells whether a process runs; one that ended and waits to be reaped
// does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // #nosec G304
	if err != nil {
		return false
	}
	// "pid (name) S ...": the name may hold anything, so look after the last ')'.
	after := stat[bytes.LastIndexByte(stat, ')')+1:]
	after = bytes.TrimSpace(after)
	return len(after) > 0 && after[0] != 'Z' && after[0] != 'X'
}

// runsIn tells whether a process is a postmaster of the cluster in dir: a
// postmaster's working directory is its cluster.
func runsIn(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	return cwd == dir
}
