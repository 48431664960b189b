package kohomai

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// Client has one generated client per service. Its fields are set by [New] and are safe
// for use by many goroutines.
type Client struct {
	Leads      kohomaiv1connect.LeadServiceClient
	Journeys   kohomaiv1connect.JourneyServiceClient
	Sessions   kohomaiv1connect.SessionServiceClient
	Funnels    kohomaiv1connect.FunnelServiceClient
	DataPoints kohomaiv1connect.DataPointServiceClient
	Users      kohomaiv1connect.UserServiceClient
	Connectors kohomaiv1connect.ConnectorServiceClient
	Enrichment kohomaiv1connect.EnrichmentProviderServiceClient
	Keys       kohomaiv1connect.KeyServiceClient
	Webhooks   kohomaiv1connect.WebhookServiceClient
	Events     kohomaiv1connect.EventServiceClient

	sleep func(context.Context, time.Duration) error
}

// Options change how calls are made. The zero value is good.
type Options struct {
	// HTTP makes the requests; http.DefaultClient when nil.
	HTTP connect.HTTPClient
	// Attempts is how often a call is tried at most, the first time included; 4 when 0.
	// 1 never repeats.
	Attempts int
	// Timeout is how long one attempt may take; 30 seconds when 0. What takes longer is
	// tried again. Streams have no limit.
	Timeout time.Duration
	// Sleep waits between attempts and polls, and ends early with the context's error; a
	// timer when nil. Tests replace it.
	Sleep func(ctx context.Context, d time.Duration) error
}

const (
	defaultAttempts = 4
	defaultTimeout  = 30 * time.Second
)

// New makes a client of the server at an address such as https://kohomai.example.com, with
// an API key. It sends nothing; it fails when address or key cannot be right.
func New(address, key string, o Options) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("kohomai: %q is not the address of a server, such as https://kohomai.example.com", address)
	}
	if key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("kohomai: an API key is needed, such as koh_test_…")
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Attempts <= 0 {
		o.Attempts = defaultAttempts
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	base := strings.TrimSuffix(address, "/")
	with := connect.WithInterceptors(&caller{
		key: key, attempts: o.Attempts, timeout: o.Timeout, sleep: o.Sleep, random: rand.Float64,
	})
	return &Client{
		Leads:      kohomaiv1connect.NewLeadServiceClient(o.HTTP, base, with),
		Journeys:   kohomaiv1connect.NewJourneyServiceClient(o.HTTP, base, with),
		Sessions:   kohomaiv1connect.NewSessionServiceClient(o.HTTP, base, with),
		Funnels:    kohomaiv1connect.NewFunnelServiceClient(o.HTTP, base, with),
		DataPoints: kohomaiv1connect.NewDataPointServiceClient(o.HTTP, base, with),
		Users:      kohomaiv1connect.NewUserServiceClient(o.HTTP, base, with),
		Connectors: kohomaiv1connect.NewConnectorServiceClient(o.HTTP, base, with),
		Enrichment: kohomaiv1connect.NewEnrichmentProviderServiceClient(o.HTTP, base, with),
		Keys:       kohomaiv1connect.NewKeyServiceClient(o.HTTP, base, with),
		Webhooks:   kohomaiv1connect.NewWebhookServiceClient(o.HTTP, base, with),
		Events:     kohomaiv1connect.NewEventServiceClient(o.HTTP, base, with),
		sleep:      o.Sleep,
	}, nil
}

// Keyed gives the next call an idempotency key of the caller's own, such as the id of an
// order: the effect then happens once however often the program runs. Use the context for
// one call only. Without it, each call gets a random key that all its attempts share.
func Keyed(ctx context.Context, key string) context.Context {
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set(idempotencyKey, key)
	return ctx
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
