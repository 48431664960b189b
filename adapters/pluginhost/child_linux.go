//go:build linux

package pluginhost

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put the process in a group of its own and bind its life to ours.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit sets last fences. The address space is generous because Go reserves far more than
// it uses; memory proper is asked for by GOMEMLIMIT.
func limit(pid int) {
	for resource, most := range map[int]uint64{
		unix.RLIMIT_CORE: 0, unix.RLIMIT_NOFILE: 512, unix.RLIMIT_AS: 4 << 30,
	} {
		// A kernel that refuses leaves the process without that fence, not without its work.
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
	}
}

// awaitEnd waits for the process and kills what it left behind. Ended but not yet reaped,
// it still holds its number, so the group killed is surely its own.
func awaitEnd(cmd *exec.Cmd) error {
	for unix.Waitid(unix.P_PID, cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR { // an errno
		continue
	}
	killGroup(cmd.Process.Pid)
	return cmd.Wait()
}
