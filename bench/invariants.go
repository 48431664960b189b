package main

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
)

// acknowledged counts what each side answered, over all turns.
var acknowledged struct{ bench, kohomai atomic.Int64 }

// productCheck counts the converted journeys of the standard funnel, those with six
// results recorded once, and those whose events have no gap.
const productCheck = `WITH ours AS (SELECT j.* FROM kohomai.journey j JOIN kohomai.funnel f USING (workspace_id)
		WHERE f.id = j.funnel_id AND f.name = 'Standard journey')
	SELECT (SELECT count(*) FROM ours WHERE status = 'Converted'),
	(SELECT count(*) FROM (SELECT r.journey_id FROM kohomai.activity_run r JOIN ours ON ours.id = r.journey_id GROUP BY 1
		HAVING count(*) = 6 AND bool_and(r.status = 'Completed') AND count(DISTINCT r.key) = 6) AS r),
	(SELECT count(*) FROM (SELECT e.journey_id FROM kohomai.event e JOIN ours ON ours.id = e.journey_id GROUP BY 1, ours.sequence
		HAVING count(*) = ours.sequence AND count(DISTINCT e.sequence) = ours.sequence AND max(e.sequence) = ours.sequence) AS e)`

// invariants judges what a side stored: converted = acknowledged, six results each,
// events without a gap.
func invariants(ctx context.Context, dsn, database, check string) error {
	c, err := pgx.Connect(ctx, inDatabase(dsn, database))
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	want := acknowledged.kohomai.Load()
	if database == "bench" {
		want = acknowledged.bench.Load()
	}
	// Right after a load the statistics know nothing of it.
	if _, err := c.Exec(ctx, "ANALYZE"); err != nil {
		return err
	}
	var converted, six, gapless int64
	if err := c.QueryRow(ctx, check).Scan(&converted, &six, &gapless); err != nil {
		return fmt.Errorf("judging what was stored: %w", err)
	}
	if converted != want || six != want || gapless != want {
		return fmt.Errorf("%d acknowledged, but %d converted, %d with six results, %d with events without a gap", want, converted, six, gapless)
	}
	return nil
}
