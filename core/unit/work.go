// Package unit holds the two forms in which anything is written: Work, one use case in
// one transaction, and Batch, many commands in one commit.
package unit

import (
	"context"
	"errors"
)

// ErrNested is returned by Do inside Do.
var ErrNested = errors.New("unit: Do inside Do")

// Work runs a use case in one transaction over its typed ports.
type Work[T any] interface {
	// Do must run fn in one transaction, scoped to the workspace of the context's actor,
	// and commit if fn returns nil, else roll back. fn may run again after a serialization
	// failure: no effect outside tx. Do inside Do must be ErrNested.
	Do(ctx context.Context, fn func(ctx context.Context, tx T) error) error
}
