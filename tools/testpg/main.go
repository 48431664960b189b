// Command testpg runs a command with a throw-away PostgreSQL for tests:
//
//	go run ./tools/testpg -- go test ./...
//
// The command finds its URL, as superuser, in KOHOMAI_TEST_PG. A value that is
// set already is passed on and nothing is started. The exit code is the
// command's. Command and PostgreSQL end with testpg.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/kohomai/kohomai/adapters/embedpg"
)

const env = "KOHOMAI_TEST_PG"

// Exit codes of our own, as shells use them.
const (
	badUsage   = 2
	notStarted = 126
)

func main() { os.Exit(run(context.Background(), os.Args[1:])) }

func run(ctx context.Context, args []string) (code int) {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: testpg -- COMMAND [ARGUMENT...]")
		return badUsage
	}
	// The terminal sends Ctrl-C to the command as well; others send to us only.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(signals)

	if os.Getenv(env) == "" {
		s, err := embedpg.Throwaway(ctx, embedpg.Options{})
		if err != nil {
			fmt.Fprintln(os.Stderr, "testpg:", err)
			return notStarted
		}
		defer func() {
			if err := s.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "testpg:", err)
				code = max(code, 1)
			}
		}()
		if err := os.Setenv(env, s.DSN()); err != nil {
			fmt.Fprintln(os.Stderr, "testpg:", err)
			return notStarted
		}
		defer os.Unsetenv(env) //nolint:errcheck // a name that was set before
	}

	cmd := exec.CommandContext(ctx, args[0], args[1:]...) // #nosec G204 G702 -- running it is the purpose
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
		return notStarted
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGTERM {
				// It fails when the command has just ended, which the other case sees.
				_ = cmd.Process.Signal(s)
			}
		case err := <-ended:
			return exitCode(err)
		}
	}
}

// exitCode is the command's; one that a signal ended has 128 and more.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		fmt.Fprintln(os.Stderr, "testpg:", err)
		return 1
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
