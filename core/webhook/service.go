package webhook

import (
	"io"

	"github.com/kohomai/kohomai/core/ident"
)

// Service holds the use cases of webhooks.
type Service struct {
	guard  Guard
	seal   Sealer
	ids    ident.Source
	random io.Reader
}

// Parts are what a Service is made of. Random must be cryptographically random.
type Parts struct {
	Guard  Guard
	Seal   Sealer
	IDs    ident.Source
	Random io.Reader
}

// NewService makes the service.
func NewService(p Parts) *Service {
	return &Service{guard: p.Guard, seal: p.Seal, ids: p.IDs, random: p.Random}
}
