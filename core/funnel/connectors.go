package funnel

import (
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/rule"
)

// Connector is what a version keeps of a connector as it stood at the publishing: its facts
// have their types also while it does not stand, and those of a newer one do not change
// what was published.
type Connector struct {
	ID, Version string
	// Produces are its facts by name, Reads the data points it sees.
	Produces map[string]rule.Type
	Reads    []string
}

// keepConnector notes a connector that the definition uses.
func (p *Plan) keepConnector(m activity.Manifest) {
	if !slices.ContainsFunc(p.connectors, func(c Connector) bool { return c.ID == m.ID }) {
		p.connectors = append(p.connectors, Connector{ID: m.ID, Version: m.Version, Produces: m.Produces, Reads: m.Reads})
		slices.SortFunc(p.connectors, func(a, b Connector) int { return strings.Compare(a.ID, b.ID) })
	}
}

// published is the catalog as a version sees it.
type published struct {
	activity.Catalog
	connectors []Connector
}

// Manifest implements activity.Catalog.
func (p published) Manifest(id string) (activity.Manifest, bool) {
	m, ok := p.Catalog.Manifest(id)
	if i := slices.IndexFunc(p.connectors, func(c Connector) bool { return c.ID == id }); i >= 0 {
		kept := p.connectors[i]
		m.ID, m.Version, m.Produces, m.Reads, ok = id, kept.Version, kept.Produces, kept.Reads, true
	}
	return m, ok
}
