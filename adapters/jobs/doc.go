// Package jobs runs what must leave the process, on River: jobs are inserted in the
// transaction that made them necessary and worked on every node.
package jobs
