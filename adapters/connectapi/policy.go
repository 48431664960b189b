package connectapi

import (
	"context"

	"connectrpc.com/connect"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	v1c "github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// permission says what an API key needs for a procedure, and whether a Manager may call
// it in the console (an Administrator may always). What is not in the table is refused.
type permission struct {
	scope   string
	manager bool
}

var policy = map[string]permission{
	v1c.LeadServiceRegisterLeadProcedure:         {"leads:write", true},
	v1c.LeadServiceListLeadsProcedure:            {"leads:read", true},
	v1c.LeadServiceGetLeadProcedure:              {"leads:read", true},
	v1c.JourneyServiceRegisterJourneyProcedure:   {"journeys:write", true},
	v1c.JourneyServiceRegisterWorkflowProcedure:  {"journeys:write", true},
	v1c.JourneyServiceListJourneysProcedure:      {"journeys:read", true},
	v1c.JourneyServiceGetJourneyProcedure:        {"journeys:read", true},
	v1c.JourneyServiceListJourneyEventsProcedure: {"journeys:read", true},
	v1c.JourneyServiceCancelJourneyProcedure:     {"journeys:write", true},
	v1c.JourneyServiceCompleteActivityProcedure:  {"journeys:write", true},
	v1c.JourneyServiceFailActivityProcedure:      {"journeys:write", true},
	v1c.JourneyServiceRetryActivityProcedure:     {"journeys:write", true},
	v1c.JourneyServiceSkipActivityProcedure:      {"journeys:write", true},
	v1c.JourneyServiceAssignActivityProcedure:    {"journeys:write", true},
	v1c.JourneyServiceListActivitiesProcedure:    {"journeys:read", true},
	v1c.SessionServiceCreateSessionProcedure:     {"sessions:write", true},
	v1c.FunnelServiceListFunnelsProcedure:        {"funnels:read", true},
	v1c.FunnelServiceListWorkflowsProcedure:      {"funnels:read", true},
	v1c.FunnelServiceCreateFunnelProcedure:       {"funnels:write", true},
	v1c.FunnelServiceGetFunnelProcedure:          {"funnels:read", true},
	v1c.FunnelServiceGetDraftProcedure:           {"funnels:read", true},
	v1c.FunnelServicePutDraftProcedure:           {"funnels:write", true},
	v1c.FunnelServiceValidateDefinitionProcedure: {"funnels:read", true},
	v1c.FunnelServiceValidateDraftProcedure:      {"funnels:read", true},
	v1c.FunnelServicePublishFunnelProcedure:      {"funnels:write", true},
	v1c.FunnelServiceListVersionsProcedure:       {"funnels:read", true},
	v1c.FunnelServiceGetVersionProcedure:         {"funnels:read", true},
	v1c.FunnelServiceListOriginsProcedure:        {"funnels:read", true},
	v1c.FunnelServiceCreateOriginProcedure:       {"funnels:write", true},
	v1c.DataPointServiceListDataPointsProcedure:  {"data-points:read", true},
	v1c.UserServiceListUsersProcedure:            {"users:read", true},
	v1c.ConnectorServiceListConnectorsProcedure:  {"funnels:read", true},
}

// authorize decides by the table; ownership is row-level security's.
func authorize(a actor.Actor, procedure string) error {
	p, known := policy[procedure]
	forbidden := fault.New(fault.Forbidden, "forbidden", "This key or role may not do that.")
	switch {
	case !known:
		return forbidden
	case a.Kind == actor.None:
		return fault.New(fault.Unauthenticated, "unauthenticated", "An API key is needed: Authorization: Bearer koh_….")
	case a.Kind == actor.APIKey && a.Origin == 0 && a.Allows(p.scope):
		return nil
	case a.Kind == actor.Console && (a.Role == "Administrator" || a.Role == "Manager" && p.manager):
		return nil
	default:
		return forbidden
	}
}

// interceptor authorizes every call and gives every error its form.
func interceptor() connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			if err := authorize(actor.From(ctx), r.Spec().Procedure); err != nil {
				return nil, toConnect(err)
			}
			answer, err := next(ctx, r)
			if err != nil {
				return nil, toConnect(err)
			}
			return answer, nil
		}
	}
}
