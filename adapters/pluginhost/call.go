package pluginhost

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kohomai/kohomai/core/activity"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// callDeadline is the longest a call may take; what takes longer answers Waiting.
const callDeadline = 15 * time.Second

// endDelay is how long after its last word a process may take to be gone.
const endDelay = 500 * time.Millisecond

// Call implements activity.Runner. It makes the call once. A connector that is missing,
// held back or ends in the middle is the host's failure; one that answers too late or
// nonsense is its own.
func (h *Host) Call(ctx context.Context, r activity.Request) activity.Outcome {
	c := h.connectors[r.Connector]
	if c == nil {
		return activity.FailedWith("host", fmt.Sprintf("There is no connector %s.", clip(r.Connector, 40)), true)
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	if !r.Deadline.IsZero() {
		var sooner context.CancelFunc
		ctx, sooner = context.WithDeadline(ctx, r.Deadline)
		defer sooner()
	}
	p, m, wait, err := c.ready(ctx)
	if err != nil {
		return later(fmt.Sprintf("The connector %s %s.", r.Connector, err), wait)
	}
	if !r.Sandbox && !m.domain.Live || r.Sandbox && !m.domain.Sandbox {
		return activity.FailedWith("configuration", fmt.Sprintf("The connector %s does not work in this kind of workspace.", r.Connector), false)
	}
	if wait, ok := c.breaker.allow(r.Workspace, c.clock.Now()); !ok {
		return later(fmt.Sprintf("The connector %s keeps failing; calls rest for a while.", r.Connector), wait)
	}
	outcome, answered := c.call(ctx, h.services, p, m, r)
	judged := good
	if outcome.Kind == activity.Failed && outcome.Retryable {
		judged = bad
		if outcome.Source == "host" {
			judged = unclear
		}
	}
	c.breaker.done(r.Workspace, judged, c.clock.Now())
	if answered {
		c.succeeded()
	}
	return outcome
}

// later is a failure of ours that trying again mends.
func later(reason string, wait time.Duration) activity.Outcome {
	o := activity.FailedWith("host", reason, true)
	o.RetryAfter = max(0, wait)
	return o
}

// call makes the call and says whether the connector answered at all.
func (c *connector) call(ctx context.Context, s *services, p *process, m *manifest, r activity.Request) (activity.Outcome, bool) {
	c.clean.learn(r.Secrets)
	if deadline, ok := ctx.Deadline(); ok {
		r.Deadline = deadline
	}
	name, end := s.begin(p.token, m.hosts(r.Config))
	defer end()
	call, err := m.callToWire(r, name)
	if err != nil {
		return activity.FailedWith("host", "The call cannot be written.", false), false
	}
	outcome, err := c.ask(ctx, p, m, r, call)
	if err == nil {
		return outcome, true
	}
	return c.broken(ctx, err, p), false
}

// ask makes the call over the wire. Its error is the transport's.
func (c *connector) ask(ctx context.Context, p *process, m *manifest, r activity.Request, call *activityv1.Call) (activity.Outcome, error) {
	switch r.Kind {
	case activity.Start:
		answer, err := p.api.Start(ctx, &activityv1.StartRequest{Call: call})
		if err != nil {
			return activity.Outcome{}, err
		}
		return m.outcome(answer.GetOutcome(), c.clean.clean), nil
	case activity.Resume:
		input, err := inputToWire(r.Input)
		if err != nil {
			return activity.FailedWith("host", clip(err.Error(), 200), false), nil
		}
		answer, err := p.api.Resume(ctx, &activityv1.ResumeRequest{Call: call, Input: input})
		if err != nil {
			return activity.Outcome{}, err
		}
		return m.outcome(answer.GetOutcome(), c.clean.clean), nil
	case activity.Cancel:
		if !m.cancels {
			return activity.CompletedWith(nil), nil
		}
		answer, err := p.api.Cancel(ctx, &activityv1.CancelRequest{Call: call})
		if err != nil {
			return activity.Outcome{}, err
		}
		if f := answer.GetFailed(); f != nil {
			return failure(f, c.clean.clean), nil
		}
		return activity.CompletedWith(nil), nil
	default:
		return activity.FailedWith("host", "The call is of no known kind.", false), nil
	}
}

// broken judges a call that brought no answer.
func (c *connector) broken(ctx context.Context, err error, p *process) activity.Outcome {
	said := status.Convert(err)
	// The transport's words come from the connector's side too.
	c.log.Warn("call brought no answer", "code", said.Code().String(), "error", c.clean.clean(clip(said.Message(), 300)))
	switch said.Code() {
	case codes.DeadlineExceeded:
		return activity.FailedWith("connector", "The connector did not answer in time.", true)
	case codes.ResourceExhausted:
		return activity.FailedWith("connector", "A message of the call is too large.", false)
	default:
	}
	if ctx.Err() != nil {
		return activity.FailedWith("host", "The call was given up before its answer.", true)
	}
	// A lost connection is seen a moment before the end of the process that held it.
	select {
	case <-p.ended():
		return activity.FailedWith("host", "The connector ended in the middle of the call.", true)
	case <-time.After(endDelay):
		return activity.FailedWith("connector", "The connector broke the contract.", true)
	}
}

// fraction is a random number from 0 to below 1.
func fraction() float64 { return rand.Float64() } // #nosec G404 -- jitter, no secret
