package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/rule"
)

// Message is one e-mail to one person, as plain text.
type Message struct {
	// ID is the same for every attempt at the same message, such as "act_17"; it becomes
	// part of the Message-ID, by which receivers recognize a repetition.
	ID string
	// To is an address with its domain as an A-label; Name is the person's, may be empty.
	To, Name      string
	Subject, Text string
}

// Mailer takes messages to be delivered.
type Mailer interface {
	// Send must return nil only when the message was handed over for good. A refusal that
	// trying again cannot change must be a Provider fault, everything else Unavailable.
	// It must act for the workspace of the context's actor.
	Send(ctx context.Context, m Message) error
}

// Mailbox keeps the messages of a sandbox workspace instead of sending them.
type Mailbox interface {
	// Put must keep the message in the workspace of the context's actor; a message whose
	// ID it has already must be kept once.
	Put(ctx context.Context, m Message, at time.Time) error
}

// Caught is a message that a sandbox kept.
type Caught struct {
	ID                ident.Mail
	To, Subject, Text string
	At                time.Time
}

// MailReader reads what the workspace of the context's actor caught.
type MailReader interface {
	// List must list the messages newest first, those to one address where it is given.
	List(ctx context.Context, to string, p page.Request) (page.Of[Caught], error)
	// Get must return one message, or NotFound.
	Get(ctx context.Context, id ident.Mail) (Caught, error)
}

// Post sends the messages of live workspaces and catches those of sandboxes.
type Post struct {
	live    Mailer
	mailbox Mailbox
	now     func() time.Time
}

// NewPost makes a Post.
func NewPost(live Mailer, mailbox Mailbox, now func() time.Time) *Post {
	return &Post{live: live, mailbox: mailbox, now: now}
}

// Send implements Mailer: nothing of a sandbox leaves the installation.
func (p *Post) Send(ctx context.Context, m Message) error {
	if actor.From(ctx).Sandbox {
		return p.mailbox.Put(ctx, m, p.now())
	}
	return p.live.Send(ctx, m)
}

// EmailConfig is the configuration of email: a template by name, or subject and text
// of its own, which win over the template's.
type EmailConfig struct{ Template, Subject, Text string }

// emailReads are the facts an e-mail may mention.
var emailReads = []string{"company.name", "lead.email", "lead.firstname", "lead.lastname", "lead.title"}

// emailTemplates are the templates every workspace has.
var emailTemplates = map[string]EmailConfig{
	"welcome": {
		Subject: "Welcome",
		Text:    "Hello {{lead.firstname}},\n\nthank you for registering. We have begun to prepare everything for you\nand will tell you about the next step.\n",
	},
	"reminder": {
		Subject: "Something is waiting for you",
		Text:    "Hello {{lead.firstname}},\n\na step of your onboarding is waiting for you.\n",
	},
}

// Emailer is the Runner of the built-in email activity.
type Emailer struct{ mailer Mailer }

// NewEmailer makes an Emailer.
func NewEmailer(m Mailer) *Emailer { return &Emailer{mailer: m} }

// Call implements Runner: it sends one message to the lead. Sandbox requests are sent
// for a sandbox actor, whoever the context's was.
func (e *Emailer) Call(ctx context.Context, r Request) Outcome {
	if r.Kind == Cancel {
		return CompletedWith(nil) // what is sent cannot be called back
	}
	m, err := ComposeEmail(r.Config, r.Facts)
	if err != nil {
		return FailedWith("connector", fault.As(err).Detail, false)
	}
	m.ID = messageID(r.Workspace, r.Idempotency)
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: r.Workspace, Sandbox: r.Sandbox})
	if err := e.mailer.Send(ctx, m); err != nil {
		f := fault.As(err)
		if f.Kind == fault.Provider {
			return FailedWith("downstream", f.Detail, false)
		}
		out := FailedWith("downstream", f.Detail, true)
		out.RetryAfter = f.RetryAfter
		return out
	}
	return CompletedWith(nil)
}

// messageID is unique in an installation.
func messageID(ws ident.Workspace, key string) string { return fmt.Sprintf("%d.%s", ws, key) }

// ComposeEmail makes the message of an email activity from its configuration and the
// facts. Errors are Invalid faults.
func ComposeEmail(config []byte, facts map[string]rule.Value) (Message, error) {
	var c EmailConfig
	if err := json.Unmarshal(config, &c); err != nil {
		return Message{}, fault.New(fault.Invalid, "invalid_config", "The e-mail's configuration is broken.")
	}
	template, known := emailTemplates[c.Template]
	if c.Template != "" && !known {
		return Message{}, fault.New(fault.Invalid, "unknown_template", "There is no e-mail template of this name.")
	}
	if c.Subject != "" {
		template.Subject = c.Subject
	}
	if c.Text != "" {
		template.Text = c.Text
	}
	m := Message{
		To:   facts["lead.email"].Text(),
		Name: oneLine(facts["lead.firstname"].Text() + " " + facts["lead.lastname"].Text()),
		// A subject is one line whatever stands in it.
		Subject: oneLine(substitute(template.Subject, facts)), Text: substitute(template.Text, facts),
	}
	switch {
	case m.To == "":
		return Message{}, fault.New(fault.Invalid, "no_address", "The lead's e-mail address is not known.")
	case m.Subject == "" || strings.TrimSpace(m.Text) == "":
		return Message{}, fault.New(fault.Invalid, "empty_email", "The e-mail has no subject or no text.")
	}
	return m, nil
}

var placeholder = regexp.MustCompile(`[ \t]?\{\{\s*([a-z0-9_.]+)\s*\}\}`)

// substitute puts facts in place of {{key}}. It is no template language: nothing is
// executed, and a fact's own braces stay text. An unknown fact leaves nothing, not even
// the blank before it.
func substitute(text string, facts map[string]rule.Value) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		v := facts[placeholder.FindStringSubmatch(found)[1]].String()
		if v == "" {
			return ""
		}
		if found[0] != '{' {
			return found[:1] + v
		}
		return v
	})
}

// oneLine makes a header's text: no line breaks or other control characters, single blanks.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }), " ")
}
