package activity_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/rule"
)

// tray records what arrives, as Mailer and as Mailbox.
type tray struct {
	sent, kept []activity.Message
	actors     []actor.Actor
	err        error
}

func (t *tray) Send(ctx context.Context, m activity.Message) error {
	t.sent, t.actors = append(t.sent, m), append(t.actors, actor.From(ctx))
	return t.err
}

func (t *tray) Put(ctx context.Context, m activity.Message, _ time.Time) error {
	t.kept, t.actors = append(t.kept, m), append(t.actors, actor.From(ctx))
	return t.err
}

func facts(pairs ...string) map[string]rule.Value {
	out := map[string]rule.Value{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = rule.TextValue(pairs[i+1])
	}
	return out
}

func TestComposeEmail(t *testing.T) {
	t.Parallel()
	m, err := activity.ComposeEmail([]byte(`{"Subject":"For {{company.name}}:\r\nBcc: x@evil.example","Text":"Hello {{ lead.firstname }}, {{data.secret}}."}`),
		facts("lead.email", "jane@acme.example", "lead.firstname", "{{lead.email}}\r\n", "lead.lastname", "Doe", "company.name", "Acme"))
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "jane@acme.example" || m.Name != "{{lead.email}} Doe" {
		t.Errorf("to %q %q", m.Name, m.To)
	}
	if m.Subject != "For Acme: Bcc: x@evil.example" {
		t.Errorf("subject %q", m.Subject)
	}
	if m.Text != "Hello {{lead.email}}\r\n,." {
		t.Errorf("text %q", m.Text)
	}
}

func TestComposeEmail_Template(t *testing.T) {
	t.Parallel()
	m, err := activity.ComposeEmail([]byte(`{"Template":"welcome"}`), facts("lead.email", "jane@acme.example"))
	if err != nil || m.Subject != "Welcome" || !strings.HasPrefix(m.Text, "Hello,\n") {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = activity.ComposeEmail([]byte(`{"Template":"welcome","Subject":"Own"}`), facts("lead.email", "jane@acme.example"))
	if err != nil || m.Subject != "Own" || m.Text == "" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestComposeEmail_Refuses(t *testing.T) {
	t.Parallel()
	known := facts("lead.email", "jane@acme.example")
	for code, config := range map[string]string{
		"invalid_config": `{`, "unknown_template": `{"Template":"nope"}`, "empty_email": `{"Subject":"x"}`,
	} {
		if _, err := activity.ComposeEmail([]byte(config), known); !fault.HasCode(err, code) {
			t.Errorf("%s: %v", config, err)
		}
	}
	if _, err := activity.ComposeEmail([]byte(`{"Template":"welcome"}`), nil); !fault.HasCode(err, "no_address") {
		t.Errorf("without address: %v", err)
	}
}

func request(sandbox bool) activity.Request {
	return activity.Request{
		Kind: activity.Start, Connector: activity.Email, Workspace: 3, Run: 17, Idempotency: "act_17", Sandbox: sandbox,
		Config: []byte(`{"Template":"welcome"}`), Facts: facts("lead.email", "jane@acme.example"),
	}
}

func TestEmailer_SandboxIsCaught(t *testing.T) {
	t.Parallel()
	for _, sandbox := range []bool{true, false} {
		var in tray
		e := activity.NewEmailer(activity.NewPost(&in, &in, time.Now))
		if o := e.Call(t.Context(), request(sandbox)); o.Kind != activity.Completed {
			t.Errorf("sandbox %v: %+v", sandbox, o)
		}
		if (len(in.kept) == 1) != sandbox || (len(in.sent) == 1) == sandbox {
			t.Errorf("sandbox %v: sent %d, kept %d", sandbox, len(in.sent), len(in.kept))
		}
		if m := append(in.sent, in.kept...)[0]; m.ID != "3.act_17" {
			t.Errorf("id %q", m.ID)
		}
		if in.actors[0].Workspace != 3 || in.actors[0].Kind != actor.System {
			t.Errorf("acted as %+v", in.actors[0])
		}
	}
}

func TestEmailer_Failures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err       error
		retryable bool
		after     time.Duration
	}{
		"refused for good": {fault.New(fault.Provider, "mail_refused", "The mail server refused the address."), false, 0},
		"away":             {fault.New(fault.Unavailable, "mail_unavailable", "The mail server is away.").Retry(time.Minute), true, time.Minute},
		"unclassified":     {errors.New("boom"), true, 0},
	} {
		in := tray{err: c.err}
		o := activity.NewEmailer(&in).Call(t.Context(), request(false))
		if o.Kind != activity.Failed || o.Retryable != c.retryable || o.RetryAfter != c.after || o.Reason == "" || strings.Contains(o.Reason, "boom") {
			t.Errorf("%s: %+v", name, o)
		}
	}
	var in tray
	broken := request(false)
	broken.Config = []byte(`{"Template":"nope"}`)
	if o := activity.NewEmailer(&in).Call(t.Context(), broken); o.Kind != activity.Failed || o.Retryable || len(in.sent) != 0 {
		t.Errorf("a broken configuration: %+v", o)
	}
	cancel := request(false)
	cancel.Kind = activity.Cancel
	if activity.NewEmailer(&in).Call(t.Context(), cancel); len(in.sent) != 0 {
		t.Error("a cancelled activity sent its mail")
	}
}

func TestBuiltins_EmailReadsWhatItSends(t *testing.T) {
	t.Parallel()
	for _, m := range activity.Builtins() {
		if m.ID == activity.Email && len(m.Reads) == 0 {
			t.Error("the email activity would never know the address")
		}
	}
}
