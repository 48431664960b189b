// Package audit is the record of who did what in the back-office. Rows are only ever
// added, in the transaction of the change they describe.
package audit

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/actor"
)

// Entry is one deed.
type Entry struct {
	At    time.Time
	Actor actor.Actor
	// Action is "object.verb", such as "funnel.publish".
	Action string
	// Object is the kind and id of what was changed, such as "funnel/4711".
	Object string
	// Detail is JSON-encodable and free of secrets.
	Detail map[string]any
}

// Log takes entries inside a transaction.
type Log interface {
	// Append must insert the entries in the surrounding transaction.
	Append(ctx context.Context, entries ...Entry) error
}
