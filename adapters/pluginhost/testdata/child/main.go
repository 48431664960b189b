// Command child is a connector that behaves as badly as its configuration asks, for the
// tests of the host. What it writes to its ledger stands for an effect outside.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
)

// version and id are set when it is built.
var (
	version = "1.0.0"
	id      = "child"
	// flips, when not empty, names a file that makes the version change at each start.
	flips = ""
	// dies makes it end before it serves.
	dies = ""
)

type config struct {
	Do string
	// Until is the first attempt that goes well.
	Until  int
	Ledger string
	URL    string
}

func main() {
	if dies != "" {
		os.Exit(3)
	}
	if flips != "" {
		f, err := os.OpenFile(flips, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			_, _ = f.WriteString("x")
			info, _ := f.Stat()
			version = fmt.Sprintf("%d.0.0", info.Size())
			_ = f.Close()
		}
	}
	sdk.Serve(sdk.Connector{
		Manifest: sdk.Manifest{
			ID: id, Version: version, Name: "Child", Sandbox: true, Assignees: []sdk.Assignee{sdk.Automatic, sdk.Lead},
			Reads:    []string{"lead.email", "company.*"},
			Produces: []sdk.FactSpec{{Key: "said", Name: "Said", Type: sdk.Text}, {Key: "count", Name: "Count", Type: sdk.Number}},
			Screens:  []sdk.ScreenKind{sdk.ScreenSlots, sdk.ScreenMessage},
			Egress:   []string{"config:URL"},
		},
		Start:  start,
		Resume: resume,
		Cancel: func(_ context.Context, r *sdk.Request) error { return effect(r, "cancel") },
	})
}

func effect(r *sdk.Request, what string) error {
	var c config
	if err := sdk.Decode(r.Config, &c); err != nil {
		return err
	}
	if c.Ledger == "" {
		return nil
	}
	f, err := os.OpenFile(c.Ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s %s %d\n", what, r.IdempotencyKey, r.Attempt)
	return err
}

func start(ctx context.Context, r *sdk.Request) (sdk.Outcome, error) {
	var c config
	if err := sdk.Decode(r.Config, &c); err != nil {
		return sdk.Outcome{}, err
	}
	well := r.Attempt >= c.Until && c.Until > 0
	switch c.Do {
	case "crash-before":
		if !well {
			os.Exit(4)
		}
	case "crash-after":
		if !well {
			_ = effect(r, "start")
			os.Exit(4)
		}
	case "hang":
		_ = effect(r, "hanging")
		select {}
	case "slow":
		_ = effect(r, "slow")
		<-ctx.Done()
		return sdk.Outcome{}, ctx.Err()
	case "panic":
		panic("as asked")
	case "flood":
		line := strings.Repeat("flood ", 170)
		for range 4000 {
			fmt.Fprintln(os.Stderr, line)
		}
	case "log":
		r.Log.Warn("talking", "secret", string(r.Secrets), "mail", r.Text("lead.email"))
		fmt.Fprintln(os.Stderr, "plain words for anna@example.com")
	case "fail":
		return sdk.Outcome{}, sdk.Downstream(fmt.Errorf("the provider says no to %s", r.Secrets))
	case "undeclared":
		return sdk.Completed(sdk.Facts{"surprise": "x"}), nil
	case "facts":
		keys := []string{}
		for k := range r.Facts {
			keys = append(keys, k)
		}
		return sdk.Completed(sdk.Facts{"said": fmt.Sprint(r.Text("lead.email"), " ", r.Text("company.name"), " ", len(keys)), "count": len(keys)}), nil
	case "env":
		return sdk.Completed(sdk.Facts{"said": strings.Join(os.Environ(), "\n")}), nil
	case "stdin":
		b, err := io.ReadAll(os.Stdin)
		return sdk.Completed(sdk.Facts{"said": fmt.Sprint(len(b), err)}), nil
	case "grandchild":
		grown := exec.Command("sleep", "600")
		if err := grown.Start(); err != nil {
			return sdk.Outcome{}, err
		}
		return sdk.Completed(sdk.Facts{"count": grown.Process.Pid}), nil
	case "http":
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader("ping"))
		if err != nil {
			return sdk.Outcome{}, err
		}
		resp, err := r.HTTP.Do(req)
		if err != nil {
			return sdk.Outcome{}, err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return sdk.Completed(sdk.Facts{"said": fmt.Sprintf("%d %s", resp.StatusCode, b)}), err
	case "undeclared-host":
		_, err := r.HTTP.Get("https://elsewhere.example/")
		return sdk.Outcome{}, err
	case "wait":
		screen := &sdk.Screen{Title: "When?", Slots: &sdk.Slots{TimeZone: "UTC", Slots: []sdk.Slot{
			{ID: r.Now.UTC().Format(time.RFC3339), Start: r.Now, End: r.Now.Add(time.Hour)},
		}}}
		return sdk.Waiting(screen, sdk.State([]byte("kept")), sdk.Until(r.Now.Add(time.Hour)), sdk.Reference("ref-1")), effect(r, "start")
	}
	return sdk.Completed(sdk.Facts{"said": r.IdempotencyKey}), effect(r, "start")
}

func resume(_ context.Context, r *sdk.Request) (sdk.Outcome, error) {
	said := fmt.Sprintf("%s %s %s %s", r.Input.Kind, r.Input.Body, r.State, r.Input.Headers["x-signature"])
	return sdk.Completed(sdk.Facts{"said": said}), effect(r, "resume")
}
