package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
)

// sourcePage is SOURCE.md beside the data.
func sourcePage(entries map[string]int, dropped []string) []byte {
	var b bytes.Buffer
	b.WriteString(`# Where this data comes from

Written by ` + "`go run ./tools/enrichdata`" + `; do not edit by hand. Equal sources give equal bytes.

| source (npm) | version | license | home |
|---|---|---|---|
`)
	for _, s := range sources {
		fmt.Fprintf(&b, "| %s | %s | %s, see LICENSE.%s | %s |\n", s.Name, s.Version, s.License, s.Name, s.Home)
	}
	b.WriteString(`
| file | entries | made from |
|---|---|---|
`)
	from := map[string]string{
		"free.set":                "free-email-domains: domains.json",
		"disposable.set":          "disposable-email-domains: index.json (these names)",
		"disposable-wildcard.set": "disposable-email-domains: wildcard.json (these names and all below)",
		"companies.tsv":           "email-enricher: src/data.ts",
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		fmt.Fprintf(&b, "| %s | %d | %s |\n", name, entries[name], from[name])
	}
	b.WriteString(`
## Domain lists
Names are brought to lower-case A-labels; what is no domain name is left out. The format is described in
` + "`adapters/enrich/domainset`" + `. Left out of the free providers after looking at them:
`)
	for _, name := range slices.Sorted(maps.Keys(notFree)) {
		fmt.Fprintf(&b, "- %s: %s\n", name, notFree[name])
	}
	b.WriteString(`
## Companies
The thousand largest companies of the United States by revenue, as ranked in 2022 for the fiscal years that ended by
March 2022. Columns of ` + "`companies.tsv`" + `, separated by tabs, sorted by domain: registrable domain of the web site, name,
web site, employees, revenue of the year in US dollars, sector in the words of the ranking, city and state of the
head office.

Not taken over: ranks, profit, market value and ticker (they age fastest), and everything about the chief executive
(personal data). Investor and press sites are replaced by the domain itself.
The e-mail domain of a company may differ from that of its web site; such a company is simply not found.
`)
	if len(dropped) > 0 {
		b.WriteString("\nDropped rows:\n")
		for _, d := range dropped {
			fmt.Fprintf(&b, "- %s\n", d)
		}
	}
	return b.Bytes()
}
