// Package job is the word for work that must leave the process. A job is enqueued in
// the transaction that made it necessary, so it exists exactly when its cause does.
package job

import (
	"context"
	"time"
)

// Job is one piece of background work. Its fields marshal to JSON and hold ids only,
// never personal data: the queue's tables know no tenants.
type Job interface {
	// Kind is the stable name by which the job's only worker is found.
	Kind() string
}

// Options tune one insertion. The zero value runs the job as soon as possible.
type Options struct {
	// At is the earliest time to run; zero is now.
	At time.Time
	// Unique is a key under which at most one unfinished job may exist; empty is none.
	Unique string
	// Class names the workers that take the job, apart from others'; empty is the usual ones.
	Class string
}

// Item is a job with its options.
type Item struct {
	Job     Job
	Options Options
}

// Queue takes jobs inside a transaction.
type Queue interface {
	// Enqueue must insert all jobs in the surrounding transaction: after commit they
	// run at least once, after rollback none exists.
	Enqueue(ctx context.Context, jobs ...Item) error
}
