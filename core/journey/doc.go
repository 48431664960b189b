// Package journey is the heart: the aggregate of one lead's run through one version of a
// funnel, and its state machine. It is pure: methods take a command, a time and a supply
// of ids, change the aggregate and collect what must follow (events, outside calls,
// facts to look for). No clock, no randomness, no I/O.
package journey
