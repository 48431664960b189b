package pg

import (
	"context"
	"fmt"
	"time"
)

// MonthsEvery is how often the event log gets its coming months; it also does at start.
const MonthsEvery = 24 * time.Hour

// Months keeps partitions of the event log ahead of time: this month's and the next two.
// What no month takes falls into the default partition, where reading is slower.
type Months struct {
	db  *DB
	now func() time.Time
}

// NewMonths makes it; now is real time.
func NewMonths(db *DB, now func() time.Time) *Months { return &Months{db: db, now: now} }

// Make makes the months that are missing. Two nodes may do so at one moment.
func (m *Months) Make(ctx context.Context) error {
	if _, err := m.db.sql.ExecContext(ctx, "SELECT make_event_months($1)", m.now()); err != nil {
		return classify(fmt.Errorf("making months of the event log: %w", err))
	}
	return nil
}
