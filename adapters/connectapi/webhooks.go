package connectapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/webhook"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

func endpoint(e webhook.Endpoint, secret string) *v1.WebhookEndpoint {
	out := &v1.WebhookEndpoint{
		Id: int64(e.ID), Level: enumOf[v1.WebhookLevel](v1.WebhookLevel_value, "WEBHOOK_LEVEL_", string(e.Level)),
		Url: e.URL, Events: e.Events, Description: optional(e.Description), Ordered: e.Ordered, Secret: optional(secret),
		Disabled: !e.Enabled(), DisabledAt: stamp(e.DisabledAt), Failures: int32(e.Failures), FailingSince: stamp(e.FailingSince), // #nosec G115 -- small
		PausedUntil: stamp(e.OpenUntil), LastSuccessAt: stamp(e.SucceededAt), CreatedDate: stamp(e.CreatedAt), ChangedDate: stamp(e.ChangedAt),
	}
	if len(e.Previous) > 0 {
		out.PreviousSecretUntil = stamp(e.PreviousUntil)
	}
	if !e.Enabled() {
		out.DisabledReason = pointer(enumOf[v1.WebhookDisabledReason](v1.WebhookDisabledReason_value, "WEBHOOK_DISABLED_REASON_", e.DisabledReason))
	}
	switch e.Level {
	case webhook.OfFunnel:
		out.Funnel = &v1.IdRef{Id: e.Subject}
	case webhook.OfJourney:
		out.Journey = &v1.IdRef{Id: e.Subject}
	case webhook.OfLead:
		out.Lead = &v1.IdRef{Id: e.Subject}
	case webhook.OfWorkspace:
	}
	return out
}

func delivery(d webhook.Delivery, attempts []webhook.Attempt) *v1.WebhookDelivery {
	out := &v1.WebhookDelivery{
		Id: int64(d.ID), MessageId: webhook.MessageID(d.Event), Type: string(d.Type), Timestamp: stamp(d.EventAt),
		Status: enumOf[v1.WebhookDeliveryStatus](v1.WebhookDeliveryStatus_value, "WEBHOOK_DELIVERY_STATUS_", string(d.Status)),
		Reason: optional(d.Reason), Attempts: int32(d.Attempts), NextAttemptAt: stamp(d.NextAt), EndedAt: stamp(d.EndedAt), // #nosec G115 -- small
		CreatedDate: stamp(d.CreatedAt),
	}
	if d.Lead != 0 {
		out.Lead = &v1.IdRef{Id: int64(d.Lead)}
	}
	if d.Journey != 0 {
		out.Journey, out.Sequence = &v1.IdRef{Id: int64(d.Journey)}, pointer(d.Sequence)
	}
	for _, a := range attempts {
		one := &v1.WebhookAttempt{
			Number: int32(a.Number), At: stamp(a.At), Url: a.URL, Body: a.Body, Answer: strings.ToValidUTF8(string(a.Answer.Body), "\uFFFD"), // #nosec G115 -- small
			Error: optional(a.Answer.Error), Seconds: a.Answer.Took.Seconds(),
		}
		if a.Answer.Status != 0 {
			one.Status = pointer(int32(a.Answer.Status)) // #nosec G115 -- an HTTP status
		}
		out.Requests = append(out.Requests, one)
	}
	return out
}

// ListWebhookEndpoints implements GET /webhook-endpoints.
func (a *API) ListWebhookEndpoints(ctx context.Context, m *v1.ListWebhookEndpointsRequest) (*v1.ListWebhookEndpointsResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := webhook.Filter{Subject: m.GetSubject(), Disabled: m.Disabled}
	if m.GetLevel() != v1.WebhookLevel_WEBHOOK_LEVEL_UNSPECIFIED {
		f.Level = webhook.Level(word(m.GetLevel().String(), "WEBHOOK_LEVEL_"))
	}
	found, err := a.o.Hooks.List(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListWebhookEndpointsResponse{NextPageToken: next(m, found.Next)}
	for _, e := range found.Items {
		out.WebhookEndpoints = append(out.WebhookEndpoints, endpoint(e, ""))
	}
	return out, nil
}

// CreateWebhookEndpoint implements POST /webhook-endpoints.
func (a *API) CreateWebhookEndpoint(ctx context.Context, m *v1.CreateWebhookEndpointRequest) (*v1.CreateWebhookEndpointResponse, error) {
	n := webhook.New{Level: webhook.OfWorkspace, URL: m.GetUrl(), Events: m.GetEvents(), Description: m.GetDescription(), Ordered: m.GetOrdered()}
	for _, one := range []struct {
		level webhook.Level
		ref   *v1.IdRef
	}{{webhook.OfFunnel, m.GetFunnel()}, {webhook.OfJourney, m.GetJourney()}, {webhook.OfLead, m.GetLead()}} {
		switch {
		case one.ref == nil:
		case n.Level != webhook.OfWorkspace:
			return nil, fault.InvalidField(string(one.level), "not_allowed", "At most one of Funnel, Journey and Lead is given.")
		case one.ref.GetId() == 0:
			return nil, fault.InvalidField(string(one.level)+".Id", "required", "An Id is required.")
		default:
			n.Level, n.Subject = one.level, one.ref.GetId()
		}
	}
	out := &v1.CreateWebhookEndpointResponse{}
	return out, once(ctx, m, out, 201, func(s webhook.Shown) proto.Message {
		return &v1.CreateWebhookEndpointResponse{Endpoint: endpoint(s.Endpoint, s.Secret)}
	}, func(o idem.Once[webhook.Shown]) (idem.Outcome[webhook.Shown], error) {
		return a.o.Webhooks.Create(ctx, n, o)
	})
}

// GetWebhookEndpoint implements GET /webhook-endpoints/{id}.
func (a *API) GetWebhookEndpoint(ctx context.Context, m *v1.GetWebhookEndpointRequest) (*v1.GetWebhookEndpointResponse, error) {
	e, err := a.o.Hooks.Get(ctx, ident.Webhook(m.GetId()))
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", `"`+strconv.FormatInt(e.Etag, 10)+`"`)
	return &v1.GetWebhookEndpointResponse{Endpoint: endpoint(e, "")}, nil
}

// UpdateWebhookEndpoint implements PATCH /webhook-endpoints/{id} under If-Match.
func (a *API) UpdateWebhookEndpoint(ctx context.Context, m *v1.UpdateWebhookEndpointRequest) (*v1.UpdateWebhookEndpointResponse, error) {
	match := header(ctx, "If-Match")
	if match == "" {
		return nil, fault.New(fault.PreconditionRequired, "precondition_required", "Send If-Match with the ETag last seen.")
	}
	seen, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.Stale, "stale", "The endpoint was changed meanwhile.")
	}
	c := webhook.Change{URL: m.Url, Description: m.Description, Ordered: m.Ordered, Disabled: m.Disabled}
	if len(m.GetEvents()) > 0 {
		c.Events = m.GetEvents()
	}
	out := &v1.UpdateWebhookEndpointResponse{}
	var etag int64
	err = once(ctx, m, out, 200, func(e webhook.Endpoint) proto.Message {
		etag = e.Etag
		return &v1.UpdateWebhookEndpointResponse{Endpoint: endpoint(e, "")}
	}, func(o idem.Once[webhook.Endpoint]) (idem.Outcome[webhook.Endpoint], error) {
		return a.o.Webhooks.Update(ctx, ident.Webhook(m.GetId()), seen, c, o)
	})
	if err == nil && etag != 0 {
		setHeader(ctx, "Etag", `"`+strconv.FormatInt(etag, 10)+`"`)
	}
	return out, err
}

// DeleteWebhookEndpoint implements DELETE /webhook-endpoints/{id}.
func (a *API) DeleteWebhookEndpoint(ctx context.Context, m *v1.DeleteWebhookEndpointRequest) (*v1.DeleteWebhookEndpointResponse, error) {
	return &v1.DeleteWebhookEndpointResponse{}, a.o.Webhooks.Delete(ctx, ident.Webhook(m.GetId()))
}

// RotateWebhookSecret implements POST /webhook-endpoints/{id}/rotate.
func (a *API) RotateWebhookSecret(ctx context.Context, m *v1.RotateWebhookSecretRequest) (*v1.RotateWebhookSecretResponse, error) {
	overlap := webhook.OverlapUsual
	if m.OverlapSeconds != nil {
		overlap = time.Duration(m.GetOverlapSeconds()) * time.Second
	}
	out := &v1.RotateWebhookSecretResponse{}
	return out, once(ctx, m, out, 200, func(s webhook.Shown) proto.Message {
		return &v1.RotateWebhookSecretResponse{Endpoint: endpoint(s.Endpoint, s.Secret)}
	}, func(o idem.Once[webhook.Shown]) (idem.Outcome[webhook.Shown], error) {
		return a.o.Webhooks.Rotate(ctx, ident.Webhook(m.GetId()), overlap, o)
	})
}

// TestWebhookEndpoint implements POST /webhook-endpoints/{id}/test.
func (a *API) TestWebhookEndpoint(ctx context.Context, m *v1.TestWebhookEndpointRequest) (*v1.TestWebhookEndpointResponse, error) {
	out := &v1.TestWebhookEndpointResponse{}
	return out, once(ctx, m, out, 202, func(d webhook.Delivery) proto.Message {
		return &v1.TestWebhookEndpointResponse{Delivery: delivery(d, nil)}
	}, func(o idem.Once[webhook.Delivery]) (idem.Outcome[webhook.Delivery], error) {
		return a.o.Webhooks.Test(ctx, ident.Webhook(m.GetId()), o)
	})
}

// ReplayWebhookEndpoint implements POST /webhook-endpoints/{id}/replay.
func (a *API) ReplayWebhookEndpoint(ctx context.Context, m *v1.ReplayWebhookEndpointRequest) (*v1.ReplayWebhookEndpointResponse, error) {
	r := webhook.Range{Delivered: m.GetIncludeDelivered()}
	if m.GetSince() != nil {
		r.Since = m.GetSince().AsTime()
	}
	if m.GetUntil() != nil {
		r.Till = m.GetUntil().AsTime()
	}
	out := &v1.ReplayWebhookEndpointResponse{}
	return out, once(ctx, m, out, 202, func(r webhook.Range) proto.Message {
		return &v1.ReplayWebhookEndpointResponse{Since: stamp(r.Since), Until: stamp(r.Till), IncludeDelivered: r.Delivered}
	}, func(o idem.Once[webhook.Range]) (idem.Outcome[webhook.Range], error) {
		return a.o.Webhooks.Replay(ctx, ident.Webhook(m.GetId()), r, o)
	})
}

// ListWebhookDeliveries implements GET /webhook-endpoints/{id}/deliveries.
func (a *API) ListWebhookDeliveries(ctx context.Context, m *v1.ListWebhookDeliveriesRequest) (*v1.ListWebhookDeliveriesResponse, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, err
	}
	f := webhook.DeliveryFilter{
		Endpoint: ident.Webhook(m.GetId()), Type: event.Type(m.GetType()), Lead: ident.User(m.GetLead()), Journey: ident.Journey(m.GetJourney()),
	}
	if m.GetStatus() != v1.WebhookDeliveryStatus_WEBHOOK_DELIVERY_STATUS_UNSPECIFIED {
		f.Status = webhook.Status(word(m.GetStatus().String(), "WEBHOOK_DELIVERY_STATUS_"))
	}
	if m.GetSince() != nil {
		f.Since = m.GetSince().AsTime()
	}
	if m.GetUntil() != nil {
		f.Till = m.GetUntil().AsTime()
	}
	if _, err := a.o.Hooks.Get(ctx, f.Endpoint); err != nil {
		return nil, err
	}
	found, err := a.o.Hooks.Deliveries(ctx, f, p)
	if err != nil {
		return nil, err
	}
	out := &v1.ListWebhookDeliveriesResponse{NextPageToken: next(m, found.Next)}
	for _, d := range found.Items {
		out.Deliveries = append(out.Deliveries, delivery(d, nil))
	}
	return out, nil
}

// GetWebhookDelivery implements GET /webhook-endpoints/{id}/deliveries/{delivery_id}.
func (a *API) GetWebhookDelivery(ctx context.Context, m *v1.GetWebhookDeliveryRequest) (*v1.GetWebhookDeliveryResponse, error) {
	if _, err := a.o.Hooks.Get(ctx, ident.Webhook(m.GetId())); err != nil {
		return nil, err
	}
	d, attempts, err := a.o.Hooks.Delivery(ctx, ident.Webhook(m.GetId()), ident.Delivery(m.GetDeliveryId()))
	if err != nil {
		return nil, err
	}
	return &v1.GetWebhookDeliveryResponse{Delivery: delivery(d, attempts)}, nil
}

// ResendWebhookDelivery implements POST /webhook-endpoints/{id}/deliveries/{delivery_id}/resend.
func (a *API) ResendWebhookDelivery(ctx context.Context, m *v1.ResendWebhookDeliveryRequest) (*v1.ResendWebhookDeliveryResponse, error) {
	out := &v1.ResendWebhookDeliveryResponse{}
	return out, once(ctx, m, out, 202, func(d webhook.Delivery) proto.Message {
		return &v1.ResendWebhookDeliveryResponse{Delivery: delivery(d, nil)}
	}, func(o idem.Once[webhook.Delivery]) (idem.Outcome[webhook.Delivery], error) {
		return a.o.Webhooks.Resend(ctx, ident.Webhook(m.GetId()), ident.Delivery(m.GetDeliveryId()), o)
	})
}
