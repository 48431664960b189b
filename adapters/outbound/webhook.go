package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/kohomai/kohomai/core/webhook"
)

// keptAnswer is how much of a receiver's answer is read and kept.
const keptAnswer = 64 << 10

// WebhookSender is webhook.Sender over a guarded transport.
type WebhookSender struct {
	transport *Transport
	agent     string
	now       func() time.Time
}

// NewWebhookSender makes a sender. Agent names the program to receivers.
func NewWebhookSender(t *Transport, agent string, now func() time.Time) *WebhookSender {
	return &WebhookSender{transport: t, agent: agent, now: now}
}

// Send implements webhook.Sender.
func (s *WebhookSender) Send(ctx context.Context, r webhook.Request) webhook.Answer {
	start := s.now()
	a := s.send(ctx, r)
	a.Took = s.now().Sub(start)
	return a
}

func (s *WebhookSender) send(ctx context.Context, r webhook.Request) webhook.Answer {
	signatures := make([]string, len(r.Secrets))
	for i, secret := range r.Secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return webhook.Answer{Error: "The secret cannot sign."}
		}
		if signatures[i], err = signer.Sign(r.ID, r.At, r.Body); err != nil {
			return webhook.Answer{Error: "The secret cannot sign."}
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return webhook.Answer{Error: "The address cannot be requested."}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", s.agent)
	request.Header.Set(standardwebhooks.HeaderWebhookID, r.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(r.At.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	answer, err := s.transport.RoundTrip(request) // follows no redirect
	if err != nil {
		return webhook.Answer{Error: reason(err)}
	}
	defer func() { _ = answer.Body.Close() }()
	out := webhook.Answer{Status: answer.StatusCode, RetryAfter: retryAfter(answer.Header.Get("Retry-After"), s.now())}
	// More than is kept is not read: the connection is closed instead.
	if out.Body, err = io.ReadAll(io.LimitReader(answer.Body, keptAnswer)); err != nil && ctx.Err() == nil {
		out.Error = "The answer broke off: " + reason(err)
	}
	return out
}

// reason says in a sentence why there was no answer. It names no address that was dialed:
// the log of deliveries must not map the inside of a network.
func reason(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, ErrRefused):
		return "Requests to this address are not let out."
	case errors.As(err, &dns):
		return "The host name could not be resolved."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "There was no answer in time."
	case errors.Is(err, context.Canceled):
		return "The request was cut off on our side."
	case strings.Contains(err.Error(), "connection refused"):
		return "The connection was refused."
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return "The TLS connection failed: the certificate or the protocol is not acceptable."
	default:
		return "The connection failed."
	}
}

// retryAfter reads seconds or a date; what is neither, or past, is zero.
func retryAfter(header string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(strings.TrimSpace(header), 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
