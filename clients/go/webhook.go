package kohomai

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// WebhookMessage is what a webhook endpoint is sent.
type WebhookMessage struct {
	// ID is the same for every try and replay of an event: drop what comes twice.
	ID        string      `json:"-"`
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      WebhookData `json:"data"`
}

// WebhookData is what the event is about. Pointers are nil where it is about no such thing.
type WebhookData struct {
	ID int64 `json:"Id"`
	// Sequence counts the events of a journey from 1 without a gap.
	Sequence  *int64
	Workspace WebhookRef
	Lead      *WebhookRef
	Journey   *struct {
		ID     int64 `json:"Id"`
		Status string
	}
	Activity *struct {
		ID                          int64 `json:"Id"`
		Key, Name, Connector, Stage string
		Visit                       int
	}
}

// WebhookRef is a thing by its id.
type WebhookRef struct {
	ID int64 `json:"Id"`
}

// ErrWebhook is that a message is not from kohomai, is too old, or was changed.
var ErrWebhook = errors.New("kohomai: the webhook message is not genuine")

// VerifyWebhook checks the signature of a message over its body exactly as it came, and
// that it was sent within five minutes of now, and reads it. One of the secrets must have
// signed it: give the old and the new one while you change them.
func VerifyWebhook(body []byte, header http.Header, secrets ...string) (*WebhookMessage, error) {
	err := errors.New("no secret given")
	for _, secret := range secrets {
		var webhook *standardwebhooks.Webhook
		if webhook, err = standardwebhooks.NewWebhook(secret); err == nil {
			err = webhook.Verify(body, header)
		}
		if err == nil {
			m := &WebhookMessage{ID: header.Get(standardwebhooks.HeaderWebhookID)}
			if err := json.Unmarshal(body, m); err != nil {
				return nil, fmt.Errorf("kohomai: reading the webhook message: %w", err)
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrWebhook, err)
}
