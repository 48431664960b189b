// Package callbacks is the door at which connectors' providers call back. It asks nobody who
// they are: an address that cannot be guessed leads to one run, and whether a call is
// genuine the connector judges, by the provider's signature.
//
// A callback is acknowledged when it is committed as an input of its run. Repetitions are
// acknowledged and change nothing. An address that leads nowhere is 404 and nothing is kept
// of it: addresses are committed before any provider is told them, so one that is unknown
// now is unknown for ever.
//
// The room may import core.
package callbacks
