package webhook

import (
	"context"
	"fmt"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/workspace"
)

// NoticeJob tells the Administrators that an endpoint was disabled.
type NoticeJob struct {
	Workspace ident.Workspace
	Endpoint  ident.Webhook
	// Event is the endpoint.disabled; it tells the messages of two times apart.
	Event ident.Event
}

// Kind names the job.
func (NoticeJob) Kind() string { return "webhook_notice" }

// Notice writes the mails of a job. A mail that is refused for good is not tried again.
func (s *Service) Notice(ctx context.Context, j NoticeJob) error {
	ctx = actor.Systemic(ctx, j.Workspace)
	e, err := s.reader.Get(ctx, j.Endpoint)
	if fault.Is(err, fault.NotFound) || err == nil && e.Enabled() {
		return nil
	} else if err != nil {
		return err
	}
	ws, err := s.workspaces.Workspace(ctx)
	if err != nil {
		return err
	}
	admins, err := s.people.Users(ctx, workspace.Administrator, page.Request{Size: page.MaxSize})
	if err != nil {
		return err
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.System, Workspace: j.Workspace, Sandbox: ws.Sandbox})
	for _, u := range admins.Items {
		m := notice(e, ws, s.console())
		m.ID = fmt.Sprintf("%d.webhook_%d_%d", j.Workspace, j.Event, u.ID)
		m.To, m.Name = u.Email, u.Firstname
		if err := s.mailer.Send(ctx, m); err != nil && !fault.Is(err, fault.Provider) {
			return err
		}
	}
	return nil
}

func notice(e Endpoint, ws workspace.Workspace, console string) activity.Message {
	why := "every request to it has failed for five days"
	if e.DisabledReason == Gone {
		why = "it answered 410 Gone"
	}
	return activity.Message{
		Subject: "A webhook endpoint was disabled",
		Text: fmt.Sprintf(`The webhook endpoint %d of %s was disabled, because %s:

%s

Nothing is sent to it any more, and what was waiting is kept as failed. When the receiver works
again, enable the endpoint and replay what it missed:

%s/p/settings/api
`, e.ID, ws.Name, why, e.URL, console),
	}
}
