package pg

import (
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/rule"
)

// connectorRow is a connector as a version keeps it.
type connectorRow struct {
	ID       string
	Version  string
	Produces map[string]string `json:",omitempty"`
	Reads    []string          `json:",omitempty"`
}

func connectorRows(all []funnel.Connector) []connectorRow {
	rows := make([]connectorRow, len(all))
	for i, c := range all {
		rows[i] = connectorRow{ID: c.ID, Version: c.Version, Produces: make(map[string]string, len(c.Produces)), Reads: c.Reads}
		for name, t := range c.Produces {
			rows[i].Produces[name] = t.String()
		}
	}
	return rows
}

func connectorsOf(rows []connectorRow) []funnel.Connector {
	all := make([]funnel.Connector, len(rows))
	for i, r := range rows {
		all[i] = funnel.Connector{ID: r.ID, Version: r.Version, Produces: make(map[string]rule.Type, len(r.Produces)), Reads: r.Reads}
		for name, text := range r.Produces {
			all[i].Produces[name], _ = rule.ParseType(text)
		}
	}
	return all
}
