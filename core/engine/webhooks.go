package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// MostWebhooks is how many webhooks a lead may have.
const MostWebhooks = 20

// Subscription is a webhook prepared for a registration: its address judged, its id drawn,
// its secret sealed. The batch sets the lead.
type Subscription struct {
	ID     ident.Webhook
	Lead   ident.User
	URL    string
	Events []string
	Sealed []byte
	// Secret is shown once, by the registration that makes the webhook; it is never stored.
	Secret string
}

// WebhookStore keeps the webhooks of leads.
type WebhookStore interface {
	// Of must return id, lead and address of all webhooks of the leads, who are locked.
	Of(ctx context.Context, leads []ident.User) ([]Subscription, error)
	// Save must insert the webhooks, each with its events and sealed secret, and where the
	// lead has one for the address replace its events only: all in one statement.
	Save(ctx context.Context, all []Subscription) error
}

// subscriber is what tells a lead's webhooks apart.
type subscriber struct {
	lead ident.User
	url  string
}

// lockWebhooks reads the webhooks of the locked leads that commands subscribe.
func (b *batch) lockWebhooks(ctx context.Context, commands []*command) error {
	var leads []ident.User
	for _, c := range commands {
		if l := b.leads[c.email.String()]; c.subscribes && l != nil {
			leads = append(leads, l.ID)
		}
	}
	if len(leads) == 0 {
		return nil
	}
	known, err := b.tx.Webhooks.Of(ctx, leads)
	for _, s := range known {
		b.know(s)
	}
	return err
}

func (b *batch) know(s Subscription) {
	if b.webhooks == nil {
		b.webhooks, b.webhookCount = map[subscriber]ident.Webhook{}, map[ident.User]int{}
	}
	b.webhooks[subscriber{s.Lead, s.URL}] = s.ID
	b.webhookCount[s.Lead]++
}

// maySubscribe refuses one webhook too many. Lead is 0 for a new one.
func (b *batch) maySubscribe(lead ident.User, s *Subscription) error {
	if s == nil || lead == 0 || b.webhooks[subscriber{lead, s.URL}] != 0 || b.webhookCount[lead] < MostWebhooks {
		return nil
	}
	return fault.New(fault.Conflict, "too_many_webhooks", "This lead has %d webhooks already.", MostWebhooks)
}

// subscribe gives a lead its webhook. One that it has for the address keeps id and secret
// and takes the new events.
func (b *batch) subscribe(lead ident.User, s *Subscription) *Subscription {
	if s == nil {
		return nil
	}
	one := *s
	one.Lead = lead
	who := subscriber{lead, one.URL}
	if id := b.webhooks[who]; id != 0 {
		one.ID, one.Secret = id, ""
	} else {
		b.know(one)
	}
	for i, earlier := range b.subscriptions {
		if earlier.Lead == lead && earlier.URL == one.URL {
			b.subscriptions[i].Events = one.Events
			return &one
		}
	}
	b.subscriptions = append(b.subscriptions, one)
	return &one
}
