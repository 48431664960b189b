// Package app is the composition: it makes every part, hands each what it needs and runs
// them together. Rules stand in core, technology in adapters; here stands only who gets
// what.
package app
