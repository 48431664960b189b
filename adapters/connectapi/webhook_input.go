package connectapi

import (
	"context"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// webhook prepares the subscription that a registration asks for. Publishable keys may not:
// anybody could have a lead's events sent to themselves.
func (a *API) webhook(ctx context.Context, r *engine.Registration, w *v1.WebhookInput, wrong *fault.Collector) error {
	if w == nil {
		return nil
	}
	if actor.From(ctx).Origin != 0 {
		return fault.New(fault.Forbidden, "webhook_not_allowed", "A publishable key may not give WebhookInput.")
	}
	p, err := a.o.Webhooks.Prepare(ctx, w.GetUrl(), w.GetEvents())
	if fault.Is(err, fault.Invalid) {
		wrong.AddError("WebhookInput", err)
		return nil
	}
	r.Webhook = &engine.Subscription{ID: p.ID, URL: p.URL, Events: p.Events, Secret: p.Secret, Sealed: p.Sealed}
	return err
}

// registeredWebhook is the webhook a registration made or found.
func registeredWebhook(s *engine.Subscription) *v1.RegisteredWebhook {
	if s == nil {
		return nil
	}
	return &v1.RegisteredWebhook{Id: int64(s.ID), Secret: optional(s.Secret)}
}
