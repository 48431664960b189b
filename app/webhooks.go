package app

import (
	"crypto/rand"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/webhook"
)

// webhookSet tells other programs what happened.
var webhookSet = wire.NewSet(newWebhooks)

func newWebhooks(guard *outbound.Transport, seal *auth.Sealer, ids ident.Source) *webhook.Service {
	return webhook.NewService(webhook.Parts{Guard: guard, Seal: seal, IDs: ids, Random: rand.Reader})
}
