// Package console serves the web: the console for the team at /p, the
// front-office for leads and stakeholders at /f, and the registration page at
// /r, all from the build embedded in the binary.
//
// The room holds one technology, the browser. Its Go side only hands out files
// with the right headers; it knows no domain type, opens no session and reads
// no cookie. Its TypeScript side speaks to kohomai.v1 and kohomai.front.v1 over
// Connect and to nothing else.
package console
