package memory

import (
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
)

// Tamper changes what is kept of journeys, for tests that must show they would notice.
func (db *DB) Tamper(ws ident.Workspace, change func(*journey.Record)) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tenants[ws]
	for id, r := range t.journeys {
		change(&r)
		t.journeys[id] = r
	}
}
