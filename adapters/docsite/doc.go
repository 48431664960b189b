// Package docsite serves the documentation under /docs: guides written in Markdown, a page
// for each problem, and a reference made from the OpenAPI description. Everything is
// rendered at the start; pages load nothing from elsewhere and run no script.
//
// The room may touch the standard library and goldmark. It is given the files, the
// exchanges and the description, and knows no other adapter.
package docsite
