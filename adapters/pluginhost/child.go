package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
)

// child is the operating system's side of one process, as go-plugin wants it. Its end is
// seen as soon as the process itself is gone, whatever it left behind, and then everything
// it left behind is killed too.
type child struct {
	cmd            *exec.Cmd
	stdout, stderr *os.File
	ended          chan struct{}
	err            error
	kill           sync.Once
}

func newChild(path string, env []string) *child {
	// No context: the process outlives the call that started it, and ends by Kill.
	cmd := exec.Command(path) //nolint:gosec,noctx // verified by digest just before
	cmd.Env = env
	cmd.SysProcAttr = attributes()
	return &child{cmd: cmd, ended: make(chan struct{})}
}

// Start implements runner.Runner. The thread that starts the process stays its parent until
// its end: the kernel kills the process when that thread goes, and with the host all do.
func (c *child) Start(context.Context) error {
	stdout, outside, err := os.Pipe()
	if err != nil {
		return err
	}
	stderr, errside, err := os.Pipe()
	if err != nil {
		return errors.Join(err, stdout.Close(), outside.Close())
	}
	c.stdout, c.stderr, c.cmd.Stdout, c.cmd.Stderr = stdout, stderr, outside, errside
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		// The writing ends belong to the process now.
		err = errors.Join(err, outside.Close(), errside.Close())
		if err == nil {
			limit(c.cmd.Process.Pid)
		}
		started <- err
		if err != nil {
			return
		}
		c.err = awaitEnd(c.cmd)
		close(c.ended)
	}()
	if err := <-started; err != nil {
		return errors.Join(err, stdout.Close(), stderr.Close())
	}
	return nil
}

// Wait implements runner.Runner.
func (c *child) Wait(context.Context) error {
	<-c.ended
	return c.err
}

// Kill implements runner.Runner: the whole group, at once.
func (c *child) Kill(context.Context) error {
	if c.cmd.Process != nil {
		c.kill.Do(func() {
			select {
			case <-c.ended:
			default:
				killGroup(c.cmd.Process.Pid)
			}
		})
	}
	return nil
}

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr implements runner.Runner.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cmd.Path }

// ID implements runner.Runner.
func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

// Diagnose implements runner.Runner.
func (c *child) Diagnose(context.Context) string {
	return "The program did not begin as a connector does."
}

// PluginToHost implements runner.Runner. Only unix sockets: a port would be open to every
// user of the machine.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	if network != "unix" {
		return "", "", fmt.Errorf("the connector listens on %s, and only unix sockets are accepted", network)
	}
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
