package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"
)

// plan is how long what is measured.
type plan struct {
	turn    time.Duration
	turns   int
	callers int
	open    time.Duration
}

func main() {
	binary := flag.String("binary", "bin/kohomai", "the built program")
	var p plan
	flag.DurationVar(&p.turn, "for", 10*time.Second, "how long each turn lasts")
	flag.IntVar(&p.turns, "turns", 3, "how often the two take turns")
	flag.IntVar(&p.callers, "callers", 128, "how many registrations are in flight at saturation")
	flag.DurationVar(&p.open, "open", 10*time.Second, "how long each turn of the open loop lasts; 0 leaves it out")
	statements := flag.Bool("statements", false, "also list the statements of both sides by their time")
	record := flag.String("record", "", "append the result to this file, such as docs/performance.md")
	machine := flag.String("machine", "", "the machine in words, for the record")
	flag.Parse()
	if err := run(context.Background(), *binary, p, *statements, *record, *machine); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, p plan, statements bool, record, machine string) error {
	prog, err := begin(ctx, binary)
	if err != nil {
		return err
	}
	defer prog.end()
	ladder, err := newRung(ctx, prog.dsn)
	if err != nil {
		return err
	}
	defer ladder.pool.Close()
	watch, err := newWatch(ctx, prog)
	if err != nil {
		return err
	}
	defer watch.close(ctx)

	var r results
	for range p.turns {
		hand, err := closed(ctx, watch, "bench", p, ladder.register)
		if err != nil {
			return fmt.Errorf("the rung: %w", err)
		}
		product, err := closed(ctx, watch, "kohomai", p, prog.register)
		if err != nil {
			return fmt.Errorf("the product: %w", err)
		}
		r.hand, r.product = append(r.hand, hand), append(r.product, product)
	}
	if statements {
		if err := watch.statements(ctx, os.Stdout); err != nil {
			return err
		}
	}
	if p.open > 0 {
		if err := latencies(ctx, p, prog, ladder, &r); err != nil {
			return err
		}
	}
	for database, check := range map[string]string{"bench": rungCheck, "kohomai": productCheck} {
		if err := invariants(ctx, prog.dsn, database, check); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	text := r.text()
	fmt.Print(text)
	if record != "" {
		return keep(ctx, record, machine, text)
	}
	return nil
}

// latencies measures in an open loop: a bare commit and a registration at 10 a second,
// then both at half of what the product reached.
func latencies(ctx context.Context, p plan, prog *program, ladder *rung, r *results) error {
	half := r.middle(r.product).rate / 2
	for _, at := range []struct {
		rate          float64
		bare, product *latency
	}{{10, &r.bareCalm, &r.calm}, {half, &r.bareHalf, &r.half}} {
		for range 2 {
			if err := open(ctx, at.rate, p.open/2, at.bare, ladder.bare); err != nil {
				return fmt.Errorf("a bare commit: %w", err)
			}
			if err := open(ctx, at.rate, p.open/2, at.product, prog.register); err != nil {
				return fmt.Errorf("the product: %w", err)
			}
		}
	}
	return nil
}
