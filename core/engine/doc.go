// Package engine holds the use cases that change journeys: register, learn, report, act,
// tick, cancel. All end as commands in one group commit: gathered while the previous
// batch commits, applied to aggregates in memory, written with one statement per table.
package engine
