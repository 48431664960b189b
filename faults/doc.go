// Package faults kills the built program for real and judges what is left: a client of
// the binary that keeps its own ledger and knows nothing of the code inside.
package faults
