// Package enrich holds the providers behind core/enrich: what the e-mail address
// itself tells, the bundled open company data, and the company's own web site.
//
// The first two are local: they read data compiled into the program and answer in
// microseconds. The web site is reached only through the http.RoundTripper that the
// program hands in, which guards the destination; this room never dials.
package enrich
