// Package memory is the engine's ports in maps: for stories across modules, for the
// simulator, and as the second witness of the ports' contracts. Transactions are real:
// one at a time, all or nothing, and values are copied on their way in and out. It keeps
// nothing beyond the process and knows core only.
package memory
