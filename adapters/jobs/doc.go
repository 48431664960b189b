// Package jobs runs what must leave the process, on River: jobs are inserted in the
// transaction that made them necessary and worked on every node. It also wakes journeys
// whose moment has come and makes up for jobs that were lost.
//
// The room knows River and its schema, and the ports it declares. River repeats a job only
// because the database or a node failed: every failure of a connector or a provider is
// told to the engine, which alone decides what is tried again.
package jobs
