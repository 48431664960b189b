//go:build unix

package pluginhost

import "syscall"

// killGroup ends a process and everything it started. That nothing is left to kill is no
// failure.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }
