// Command suite runs the project's tests, one part after the other, and ends with one line
// that counts them all:
//
//	go run ./tools/testpg -- go run ./tools/suite ./...
//
// The arguments go to `go test`. The pages' own tests (vitest) and the browser's (node:
// test, in e2e/) run beside when adapters/console holds them. Output of tests that passed
// is left out; every skipped one is named with its reason. The exit code is 1 when any
// test failed or a part could not run.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// web is where the pages live.
const web = "adapters/console"

// count is what a part came to.
type count struct{ passed, failed, skipped int }

func (c *count) add(o count) { c.passed += o.passed; c.failed += o.failed; c.skipped += o.skipped }

func (c count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

func main() {
	// Ctrl-C reaches the tests by the terminal; we stay for their end.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	signal.Ignore(os.Interrupt)
	code := run(ctx, os.Stdout, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, out io.Writer, args []string) int {
	var all count
	broken := false
	for _, part := range []struct {
		name string
		run  func(context.Context, io.Writer) (count, error)
	}{
		{"go", func(ctx context.Context, out io.Writer) (count, error) { return goTests(ctx, out, args) }},
		{"pages", vitest},
		{"browser", browser},
	} {
		began := time.Now()
		n, err := part.run(ctx, out)
		if errors.Is(err, errNone) {
			continue
		}
		if err != nil {
			broken = true
			_, _ = fmt.Fprintf(out, "%s: %v\n", part.name, err)
			if n.failed == 0 {
				n.failed++ // what could not run is not passed over
			}
		}
		_, _ = fmt.Fprintf(out, "%s: %s (%s)\n", part.name, n, time.Since(began).Round(time.Second))
		all.add(n)
	}
	_, _ = fmt.Fprintln(out, all)
	if broken || all.failed > 0 {
		return 1
	}
	return 0
}

// errNone says that a part is not there.
var errNone = errors.New("no such tests")

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

func goTests(ctx context.Context, out io.Writer, args []string) (count, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...) // #nosec G204 G702 -- running it is the purpose
	cmd.Stderr = os.Stderr
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return count{}, err
	}
	if err := cmd.Start(); err != nil {
		return count{}, err
	}
	n, readErr := readGo(lines, out)
	return n, errors.Join(readErr, cmd.Wait())
}

// readGo counts tests and subtests, and prints what is worth reading.
func readGo(lines io.Reader, out io.Writer) (count, error) {
	var n count
	outputs := map[string][]string{}
	failures := map[string]int{}
	in := bufio.NewReader(lines)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) != nil {
				_, _ = fmt.Fprint(out, line) // the build's own words
			} else {
				n.add(judge(e, outputs, failures, out))
			}
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

func judge(e event, outputs map[string][]string, failures map[string]int, out io.Writer) count {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		if e.Action == "build-output" {
			_, _ = fmt.Fprint(out, e.Output)
			return count{}
		}
		outputs[key] = append(outputs[key], e.Output)
		return count{}
	case "pass", "fail", "skip":
	default:
		return count{}
	}
	text := strings.Join(outputs[key], "")
	delete(outputs, key)
	name := strings.TrimPrefix(e.Package, "github.com/kohomai/kohomai/")
	if e.Test == "" {
		switch {
		case e.Action == "pass":
			_, _ = fmt.Fprintf(out, "ok    %s %.1fs\n", name, e.Elapsed)
		case e.Action == "fail":
			_, _ = fmt.Fprintf(out, "FAIL  %s %.1fs\n", name, e.Elapsed)
			if failures[e.Package] == 0 { // it did not build, panicked or ran out of time
				_, _ = fmt.Fprint(out, text)
				return count{failed: 1}
			}
		}
		return count{}
	}
	switch e.Action {
	case "fail":
		failures[e.Package]++
		_, _ = fmt.Fprint(out, text)
		return count{failed: 1}
	case "skip":
		_, _ = fmt.Fprintf(out, "SKIP  %s %s\n%s", name, e.Test, reason(text))
		return count{skipped: 1}
	default:
		return count{passed: 1}
	}
}

// reason is what a skipped test said.
func reason(text string) string {
	var said strings.Builder
	for line := range strings.Lines(text) {
		if t := strings.TrimSpace(line); !strings.HasPrefix(t, "=== ") && !strings.HasPrefix(t, "--- ") {
			said.WriteString(line)
		}
	}
	return said.String()
}

func vitest(ctx context.Context, out io.Writer) (count, error) {
	if _, err := os.Stat(filepath.Join(web, "node_modules", "vitest")); err != nil {
		return count{}, errNone
	}
	report := filepath.Join(os.TempDir(), fmt.Sprintf("vitest-%d.json", os.Getpid()))
	defer func() { _ = os.Remove(report) }()
	cmd := exec.CommandContext(ctx, "npx", "vitest", "run", "--reporter=dot", "--reporter=json", "--outputFile.json="+report) // #nosec G204 -- ours
	cmd.Dir = web
	ran := quietly(cmd, out)
	raw, err := os.ReadFile(report) // #nosec G304 -- named above
	if err != nil {
		return count{}, errors.Join(ran, err)
	}
	var r struct{ NumPassedTests, NumFailedTests, NumPendingTests, NumTodoTests int }
	if err := json.Unmarshal(raw, &r); err != nil {
		return count{}, errors.Join(ran, err)
	}
	return count{passed: r.NumPassedTests, failed: r.NumFailedTests, skipped: r.NumPendingTests + r.NumTodoTests}, ran
}

func browser(ctx context.Context, out io.Writer) (count, error) {
	files, err := filepath.Glob(filepath.Join(web, "e2e", "*.test.*"))
	if err != nil || len(files) == 0 {
		return count{}, errors.Join(err, errNone)
	}
	cmd := exec.CommandContext(ctx, "node", "e2e/run.mjs", "--tap")
	cmd.Dir = web
	var tap strings.Builder
	cmd.Stdout, cmd.Stderr = &tap, os.Stderr
	ran := cmd.Run()
	n, found := readTAP(tap.String())
	if ran != nil || !found {
		_, _ = fmt.Fprint(out, tap.String())
	} else {
		for line := range strings.Lines(tap.String()) {
			if strings.Contains(line, "# SKIP") {
				_, _ = fmt.Fprint(out, "SKIP  "+line)
			}
		}
	}
	if !found {
		ran = errors.Join(ran, errors.New("the browser's tests did not count themselves"))
	}
	return n, ran
}

// readTAP reads the closing counts of node's runner.
func readTAP(text string) (n count, found bool) {
	for line := range strings.Lines(text) {
		var value int
		for word, into := range map[string]*int{"pass": &n.passed, "fail": &n.failed, "cancelled": &n.failed, "skipped": &n.skipped, "todo": &n.skipped} {
			if c, err := fmt.Sscanf(line, "# "+word+" %d", &value); c == 1 && err == nil {
				*into += value
				found = true
			}
		}
	}
	return n, found
}

// quietly prints what a command said only when it failed.
func quietly(cmd *exec.Cmd, out io.Writer) error {
	said, err := cmd.CombinedOutput()
	if err != nil {
		_, _ = out.Write(said)
	}
	return err
}
