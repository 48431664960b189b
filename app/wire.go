//go:build wireinject

package app

import (
	"context"

	"github.com/google/wire"
)

// assemble makes the app over a database. `make gen/wire` writes it to wire_gen.go.
func assemble(ctx context.Context, c Config, o Options, d *Database) (*App, error) {
	panic(wire.Build(storeSet, authSet, outsideSet, connectorSet, enrichSet, domainSet, jobSet, observeSet, peopleSet, webhookSet, watchSet, wire.Struct(new(App), "*")))
}
