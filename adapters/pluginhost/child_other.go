//go:build !unix

package pluginhost

import (
	"os"
	"os/exec"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

func limit(int) {}

// killGroup ends the process alone: this platform has no groups.
func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
	}
}

// awaitEnd waits for the process.
func awaitEnd(cmd *exec.Cmd) error { return cmd.Wait() }
