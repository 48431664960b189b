package webhook

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// secretBytes is the length of a signing secret; Standard Webhooks asks for 24 to 64.
const secretBytes = 32

// Prepared is an endpoint to be: judged, with its id drawn and its secret sealed for it.
type Prepared struct {
	ID     ident.Webhook
	URL    string
	Events []string
	// Secret is shown once; Sealed is what is kept.
	Secret string
	Sealed []byte
}

// Prepare judges an address and names of events and makes the secret, before any
// transaction. Fields of its faults are Url and Events.
func (s *Service) Prepare(ctx context.Context, url string, events []string) (Prepared, error) {
	var wrong fault.Collector
	var p Prepared
	var err error
	a := actor.From(ctx)
	if p.URL, err = parseURL(url, a.Sandbox, s.guard); err != nil {
		f := fault.As(err)
		wrong.Add("Url", f.Code, "%s", f.Detail)
	}
	if p.Events, err = parsePatterns(events); err != nil {
		wrong.AddError("Events", err)
	}
	if err := wrong.Err(); err != nil {
		return Prepared{}, err
	}
	ids, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return Prepared{}, err
	}
	p.ID = ident.Webhook(ids[0])
	p.Secret, p.Sealed, err = s.newSecret(a.Workspace, p.ID)
	return p, err
}

func (s *Service) newSecret(ws ident.Workspace, id ident.Webhook) (secret string, sealed []byte, err error) {
	var raw [secretBytes]byte
	if _, err := io.ReadFull(s.random, raw[:]); err != nil {
		return "", nil, fmt.Errorf("drawing a webhook secret: %w", err)
	}
	secret = "whsec_" + base64.StdEncoding.EncodeToString(raw[:])
	sealed, err = s.seal.Seal([]byte(secret), place(ws, id))
	return secret, sealed, err
}

// place binds a sealed secret to its row.
func place(ws ident.Workspace, id ident.Webhook) string {
	return fmt.Sprintf("webhook_endpoint|secret|%d|%d", ws, id)
}

func itoa(i int) string { return strconv.Itoa(i) }
