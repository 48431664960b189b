// Command bench measures the built program through its HTTP API beside a hand-written
// rung that does the same journey on the same PostgreSQL, interleaved in one run. It
// prints ratios and counts: absolute figures belong to the machine. What each side
// writes and what the goals are stands in docs/performance.md.
//
// It is a client: of the program's API, and of PostgreSQL to count and to judge what was
// stored. It imports nothing of the product.
package main
