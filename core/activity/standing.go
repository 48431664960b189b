package activity

// Standing is where a connector stands on this node, for people.
type Standing struct {
	Connector, Version string
	// State is one of "absent", "verified", "starting", "ready", "degraded", "failed" and
	// "disabled".
	State string
	// Fault is the last thing that went wrong, in words; empty when nothing did.
	Fault   string
	Builtin bool
}

// Standings tells where connectors stand.
type Standings interface {
	// Standings must list every connector, sorted by id, also those that cannot be used.
	Standings() []Standing
}
