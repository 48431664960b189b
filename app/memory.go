package app

import (
	"os"
	"runtime/debug"
)

// tuneMemory trades memory for processor time: what lives is some ten megabytes, and with
// Go's usual setting a third of the server's time under load went into collecting around
// it. GOGC in the environment wins.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// settleMemory gives back what starting needed, so that an idle server is a small one.
func settleMemory() { debug.FreeOSMemory() }
