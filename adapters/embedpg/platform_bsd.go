//go:build unix && !linux

package embedpg

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWithParent has no counterpart here: a postmaster that outlives us is
// recognised and stopped at the next start.
func endWithParent(*syscall.SysProcAttr, syscall.Signal) {}

// alive tells whether a process runs; one that ended and waits to be reaped
// does not.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	return !strings.HasPrefix(ps(pid, "state="), "Z")
}

// runsIn tells whether a process is a postmaster of the cluster in dir, which
// we always name on its command line.
func runsIn(pid int, dir string) bool {
	return strings.Contains(ps(pid, "command="), "-D "+dir)
}

func ps(pid int, field string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// ps fails when there is no such process, which is the same as saying nothing.
	out, _ := exec.CommandContext(ctx, "/bin/ps", "-ww", "-o", field, "-p", strconv.Itoa(pid)).Output() // #nosec G204
	return strings.TrimSpace(string(out))
}
