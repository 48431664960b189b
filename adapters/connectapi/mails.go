package connectapi

import (
	"context"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// mails serves what a sandbox caught instead of sending it.
type mails struct{ reader activity.MailReader }

// caught refuses workspaces whose mail leaves.
func caught(ctx context.Context) error {
	if actor.From(ctx).Sandbox {
		return nil
	}
	return fault.New(fault.Conflict, "not_a_sandbox", "Only a sandbox catches mail; this workspace sends it.")
}

// ListMails implements kohomai.v1.MailService.
func (s *mails) ListMails(ctx context.Context, m *v1.ListMailsRequest) (*v1.ListMailsResponse, error) {
	if err := caught(ctx); err != nil {
		return nil, err
	}
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	found, err := s.reader.List(ctx, m.GetRecipient(), p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListMailsResponse{NextPageToken: next(m, found.Next)}
	for _, one := range found.Items {
		out.Mails = append(out.Mails, mailHead(one))
	}
	return out, nil
}

// GetMail implements kohomai.v1.MailService.
func (s *mails) GetMail(ctx context.Context, m *v1.GetMailRequest) (*v1.GetMailResponse, error) {
	if err := caught(ctx); err != nil {
		return nil, err
	}
	one, err := s.reader.Get(ctx, ident.Mail(m.GetId()))
	if err != nil {
		return nil, err
	}
	out := mailHead(one)
	out.Text = pointer(one.Text)
	return &v1.GetMailResponse{Mail: out}, nil
}

func mailHead(m activity.Caught) *v1.Mail {
	return &v1.Mail{Id: int64(m.ID), Recipient: m.To, Subject: m.Subject, CaughtAt: stamp(m.At)}
}
