package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// RemindJob writes to the person an activity waits for. ID is the message's own; Since is
// when it became due, by the real clock.
type RemindJob struct {
	Workspace ident.Workspace
	Run       ident.Run
	ID        int64
	Since     time.Time
}

// Kind names the job.
func (RemindJob) Kind() string { return "activity_remind" }

// Reminding is whom an activity waits for, and with what.
type Reminding struct {
	Run       ident.Run
	Journey   ident.Journey
	Activity  string
	Funnel    string
	Workspace string
	Sandbox   bool
	// To is the person's address in its normalized form; BackOffice says that the person
	// works in the console and not in the front-office.
	To, Name   string
	BackOffice bool
	// Of is the lead's name, for a person of the back-office.
	Of string
	// DueAt is zero when nothing is due.
	DueAt time.Time
}

// Remindings reads what reminders need, in the workspace of the context's actor.
type Remindings interface {
	// Reminding must return what a run in progress waits for a known person with, or
	// NotFound when it waits for nobody by now.
	Reminding(ctx context.Context, run ident.Run) (Reminding, error)
}

// ReminderLife is how long a reminder is tried when the mail server is away.
const ReminderLife = 24 * time.Hour

// Reminder writes reminders.
type Reminder struct {
	read   Remindings
	mailer activity.Mailer
	wall   func() time.Time
	links  func() (front, console string)
}

// NewReminder makes a Reminder. Links gives the addresses of front-office and console
// without a slash at the end; wall is real time.
func NewReminder(read Remindings, mailer activity.Mailer, links func() (front, console string), wall func() time.Time) *Reminder {
	return &Reminder{read: read, mailer: mailer, wall: wall, links: links}
}

// Remind writes the message of a job; for what waits for nobody by now it does nothing. A
// Provider fault says that the message can never be delivered (or is a day old), any other
// error that it may be tried again.
func (r *Reminder) Remind(ctx context.Context, j RemindJob) error {
	ctx = actor.Systemic(ctx, j.Workspace)
	w, err := r.read.Reminding(ctx, j.Run)
	if fault.Is(err, fault.NotFound) {
		return nil
	} else if err != nil {
		return fmt.Errorf("reading whom run %d waits for: %w", j.Run, err)
	}
	m := r.compose(w)
	m.ID = fmt.Sprintf("%d.remind_%d", j.Workspace, j.ID)
	err = r.mailer.Send(actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: j.Workspace, Sandbox: w.Sandbox}), m)
	if err != nil && !fault.Is(err, fault.Provider) && r.wall().Sub(j.Since) > ReminderLife {
		return fault.WrapAs(err, fault.Provider, "reminder_too_old", "The reminder could not be sent for a day.")
	}
	return err
}

func (r *Reminder) compose(w Reminding) activity.Message {
	front, console := r.links()
	m := activity.Message{To: w.To, Name: w.Name, Subject: "Reminder: " + oneLine(w.Activity)}
	var b strings.Builder
	b.WriteString("Hello")
	if w.Name != "" {
		b.WriteString(" " + w.Name)
	}
	b.WriteString(",\n\n")
	link := fmt.Sprintf("%s/f/activities/%d", front, w.Run)
	if w.BackOffice {
		link = fmt.Sprintf("%s/p/journeys/%d", console, w.Journey)
		fmt.Fprintf(&b, "%q of %s in %q is waiting for you", w.Activity, w.Of, w.Funnel)
	} else {
		fmt.Fprintf(&b, "%q is waiting for you at %s", w.Activity, w.Workspace)
	}
	if !w.DueAt.IsZero() {
		fmt.Fprintf(&b, "; it is due on %s", w.DueAt.UTC().Format("2 January 2006, 15:04 UTC"))
	}
	fmt.Fprintf(&b, ":\n\n%s\n", link)
	m.Text = b.String()
	return m
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
