package pluginhost

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

var judgements = map[activityv1.CheckResponse_Status]string{
	activityv1.CheckResponse_STATUS_OK:       "ok",
	activityv1.CheckResponse_STATUS_DEGRADED: "degraded",
	activityv1.CheckResponse_STATUS_FAILED:   "failed",
}

// Check implements activity.Judge. No judgement is to be had on a node that does not run
// connectors, or from one that is down.
func (h *Host) Check(ctx context.Context, r activity.CheckRequest) (activity.Judgement, error) {
	c := h.connectors[r.Connector]
	if c == nil {
		return activity.Judgement{}, fault.New(fault.NotFound, "not_found", "There is no such connector.")
	}
	if !h.running.Load() {
		return activity.Judgement{}, fault.New(fault.Unavailable, "connector_unavailable", "Connectors do not run on this node.")
	}
	ctx, cancel := context.WithTimeout(ctx, callDeadline)
	defer cancel()
	p, m, wait, err := c.ready(ctx)
	if err != nil {
		return activity.Judgement{}, fault.New(fault.Unavailable, "connector_unavailable",
			"The connector %s %s.", r.Connector, err.Error()).Retry(max(wait, time.Second))
	}
	switch {
	case r.Sandbox && !m.domain.Sandbox, !r.Sandbox && !m.domain.Live:
		return activity.Judgement{Status: "failed", Message: "The connector does not work in this kind of workspace."}, nil
	case !m.checks:
		return activity.Judgement{Status: "ok"}, nil
	}
	c.clean.learn(r.Secrets)
	name, end := h.services.begin(p.token, m.hosts(r.Config))
	defer end()
	mode := activityv1.Mode_MODE_LIVE
	if r.Sandbox {
		mode = activityv1.Mode_MODE_SANDBOX
	}
	deadline, _ := ctx.Deadline()
	answer, err := p.api.Check(ctx, &activityv1.CheckRequest{
		WorkspaceId: int64(actor.From(ctx).Workspace), Mode: mode, Config: r.Config, Secrets: r.Secrets, HostCall: name,
		Deadline: timestamppb.New(deadline),
	})
	if err != nil {
		o := c.broken(ctx, err, p)
		return activity.Judgement{}, fault.New(fault.Provider, "connector_failed", "%s", o.Reason)
	}
	c.succeeded()
	return judgement(answer, c.clean.clean)
}

func judgement(w *activityv1.CheckResponse, clean func(string) string) (activity.Judgement, error) {
	status, ok := judgements[w.GetStatus()]
	if !ok {
		return activity.Judgement{}, fault.New(fault.Provider, "connector_failed", "The connector's judgement is of no known kind.")
	}
	j := activity.Judgement{Status: status, Message: clip(clean(w.GetMessage()), 500)}
	for _, p := range w.GetProblems() {
		// The contract says config.EventType, our API Config.EventType.
		part, rest, _ := strings.Cut(p.GetField(), ".")
		if part != "" {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		if rest != "" {
			part = fmt.Sprintf("%s.%s", part, rest)
		}
		j.Problems = append(j.Problems, fault.Field{Path: clip(part, 200), Code: "invalid_config", Message: clip(clean(p.GetMessage()), 300)})
	}
	return j, nil
}
