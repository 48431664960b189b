// Package docs holds the documentation as it is written: guides in Markdown, and exchanges
// with the API. The exchanges are what tests hold the server to; the served documentation
// and the OpenAPI description show the same ones as examples.
//
// The package may touch the standard library only.
package docs

import "embed"

// Files are the guides and exchanges.
//
//go:embed *.md exchanges/*.http
var Files embed.FS
