package pg

import (
	"context"
	"fmt"
	"time"

	"github.com/kohomai/kohomai/core/idem"
)

// RetainEvery is how often what was kept long enough is deleted.
const RetainEvery = 10 * time.Minute

// keepLinks is how long a link or code is kept after its time: who comes with it is told
// what became of it, and offered another.
const keepLinks = 7 * 24 * time.Hour

// mostForgotten is how many rows of a table are deleted in one transaction.
const mostForgotten = 1000

// Retention deletes, in every workspace, what was kept long enough.
type Retention struct {
	db   *DB
	now  func() time.Time
	most int
}

// NewRetention makes it; now is real time.
func NewRetention(db *DB, now func() time.Time) *Retention {
	return &Retention{db: db, now: now, most: mostForgotten}
}

// Forget deletes idempotency records after idem.Keep, links and codes a week after their
// time, visits that are over, and drafts of runs that are. It works in short steps, also
// beside another node that does the same.
func (r *Retention) Forget(ctx context.Context) error {
	now := r.now()
	for {
		var gone int
		if err := r.db.sql.QueryRowContext(ctx, `SELECT forget_expired($1, $2, $3, $4)`,
			now.Add(-idem.Keep), now.Add(-keepLinks), now, r.most).Scan(&gone); err != nil {
			return classify(fmt.Errorf("deleting what was kept long enough: %w", err))
		}
		if gone < r.most || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
