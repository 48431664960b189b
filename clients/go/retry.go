package kohomai

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"connectrpc.com/connect"
)

const idempotencyKey = "Idempotency-Key"

// Attempts wait up to firstWait before the second, twice that before the third, and so on
// to mostWait, each shortened at random so that callers do not come back together.
// Retry-After is waited for in full, unless it is beyond mostRetryAfter.
const (
	firstWait      = 250 * time.Millisecond
	mostWait       = 8 * time.Second
	mostRetryAfter = time.Minute
)

// caller is the interceptor under every generated client.
type caller struct {
	key      string
	attempts int
	timeout  time.Duration
	sleep    func(context.Context, time.Duration) error
	random   func() float64 // in [0, 1)
}

// WrapUnary implements connect.Interceptor.
func (c *caller) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		r.Header().Set("Authorization", "Bearer "+c.key)
		if r.Spec().IdempotencyLevel != connect.IdempotencyNoSideEffects && r.Header().Get(idempotencyKey) == "" {
			r.Header().Set(idempotencyKey, rand.Text())
		}
		for attempt := 1; ; attempt++ {
			answer, err := c.once(ctx, next, r)
			if err == nil {
				return answer, nil
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			failed := toError(err)
			if attempt >= c.attempts || !failed.temporary() || failed.RetryAfter > mostRetryAfter {
				return nil, failed
			}
			if c.sleep(ctx, c.wait(attempt, failed.RetryAfter)) != nil {
				return nil, errors.Join(ctx.Err(), failed)
			}
		}
	}
}

func (c *caller) once(ctx context.Context, next connect.UnaryFunc, r connect.AnyRequest) (connect.AnyResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return next(ctx, r)
}

// wait is how long to wait after an attempt that failed.
func (c *caller) wait(attempt int, asked time.Duration) time.Duration {
	most := min(firstWait<<min(attempt-1, 10), mostWait)
	return asked + time.Duration(c.random()*float64(most))
}

// WrapStreamingClient implements connect.Interceptor. A stream is not repeated: resume it
// behind the last event that came.
func (c *caller) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, s connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, s)
		conn.RequestHeader().Set("Authorization", "Bearer "+c.key)
		return stream{conn}
	}
}

// WrapStreamingHandler implements connect.Interceptor.
func (c *caller) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}
