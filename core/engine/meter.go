package engine

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/unit"
)

// Meter hears of every commit of the engine.
type Meter interface {
	// Applied is told how many commands a batch held, how long it took with its commit, and
	// how it ended. It must not block.
	Applied(commands int, took time.Duration, err error)
}

// Measure sets who hears of commits, before Run.
func (e *Engine) Measure(m Meter) { e.meter = m }

func (e *Engine) measured(ctx context.Context, group string, commands []*command) ([]unit.Result[any], error) {
	began := e.wall()
	results, err := e.apply(ctx, group, commands)
	if e.meter != nil {
		e.meter.Applied(len(commands), e.wall().Sub(began), err)
	}
	return results, err
}
