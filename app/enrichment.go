package app

import (
	"time"

	"github.com/google/wire"

	providers "github.com/kohomai/kohomai/adapters/enrich"
	"github.com/kohomai/kohomai/adapters/jobs"
	"github.com/kohomai/kohomai/adapters/outbound"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/unit"
)

// enrichSet finds facts about leads: what is local for everybody, the rest as each
// workspace has set it up.
var enrichSet = wire.NewSet(
	pg.NewEnrichment, wire.Bind(new(enrich.SettingReader), new(*pg.Enrichment)), wire.Bind(new(enrich.Cache), new(*pg.Enrichment)),
	providers.NewMaker, wire.Bind(new(enrich.Maker), new(*providers.Maker)),
	enrich.NewRoster, newEnrichment, wire.Bind(new(engine.Enricher), new(*enrich.Service)),
	enrich.NewFinder, wire.Bind(new(jobs.Finder), new(*enrich.Finder)),
	enrichmentWork, newProviders,
)

func newEnrichment(roster *enrich.Roster, cache enrich.Cache, now func() time.Time) (*enrich.Service, error) {
	locals, err := providers.Locals()
	if err != nil {
		return nil, err
	}
	return enrich.NewService(locals, roster, cache, enrich.Limits{}, now)
}

func enrichmentWork(db *pg.DB, seal pg.Sealer, ids *pg.IDs) unit.Work[enrich.Tx] {
	return pg.NewWork(db, pg.EnrichTx(seal, ids))
}

func newProviders(work unit.Work[enrich.Tx], reader enrich.SettingReader, maker enrich.Maker, guard *outbound.Transport, service *enrich.Service, now func() time.Time) *enrich.Configurator {
	return enrich.NewConfigurator(work, reader, maker, guard, service, now)
}
