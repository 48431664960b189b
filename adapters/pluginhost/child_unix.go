//go:build unix && !linux

package pluginhost

import (
	"os/exec"
	"syscall"
)

// attributes put the process in a group of its own. Its life is not bound to ours here: it
// notices by its closed socket.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// limit has no portable form for another process.
func limit(int) {}

// awaitEnd waits for the process and kills what it left behind.
func awaitEnd(cmd *exec.Cmd) error {
	err := cmd.Wait()
	killGroup(cmd.Process.Pid)
	return err
}
