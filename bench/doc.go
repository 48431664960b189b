// Command bench measures the built program through its HTTP API beside a hand-written
// rung that stores the same rows on the same PostgreSQL, interleaved in one run. It
// prints ratios: absolute figures belong to the machine.
package main
