// Package docs holds the documentation as it is written: guides in Markdown, and exchanges
// with the API. The exchanges are what tests hold the server to; the served documentation
// and the OpenAPI description show the same ones as examples.
//
// The package may touch the standard library only.
package docs

import "embed"

// Files are the guides and exchanges.
//
//go:embed *.md exchanges/*.http decisions/*.md
var Files embed.FS

// Contents are the guides in the order they are offered, by section. A guide is named by
// its file; what is not listed is served all the same.
var Contents = []Section{
	{"Guides", []string{"start", "registration", "sessions", "funnels", "watching", "events", "webhooks", "enrichment"}},
	{"Every call", []string{"keys", "errors", "problems", "idempotency", "paging", "clients"}},
	{"Running it", []string{"configuration", "operations", "performance", "engine"}},
}

// Section is a part of the contents.
type Section struct {
	Title  string
	Guides []string
}
