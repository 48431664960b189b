package connectapi

import (
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/workspace"
	frontv1c "github.com/kohomai/kohomai/proto/gen/kohomai/front/v1/frontv1connect"
	v1c "github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// permission says who may call a procedure: API keys that hold the scope (none where it is
// empty), Administrators where a scope, manager or administrator is set, Managers where
// manager is, people of the front-office where front is, and anybody where open is.
// What is not in the table is refused.
type permission struct {
	scope         string
	manager       bool
	administrator bool
	front         bool
	open          bool
}

var policy = map[string]permission{
	v1c.LeadServiceRegisterLeadProcedure:         {scope: "leads:write", manager: true},
	v1c.LeadServiceListLeadsProcedure:            {scope: "leads:read", manager: true},
	v1c.LeadServiceGetLeadProcedure:              {scope: "leads:read", manager: true},
	v1c.LeadServiceUpdateLeadProcedure:           {scope: "leads:write", manager: true},
	v1c.JourneyServiceRegisterJourneyProcedure:   {scope: "journeys:write", manager: true},
	v1c.JourneyServiceRegisterWorkflowProcedure:  {scope: "journeys:write", manager: true},
	v1c.JourneyServiceListJourneysProcedure:      {scope: "journeys:read", manager: true},
	v1c.JourneyServiceGetJourneyProcedure:        {scope: "journeys:read", manager: true},
	v1c.JourneyServiceListJourneyEventsProcedure: {scope: "journeys:read", manager: true},
	v1c.JourneyServiceWatchJourneyProcedure:      {scope: "journeys:read", manager: true},
	v1c.JourneyServiceCancelJourneyProcedure:     {scope: "journeys:write", manager: true},
	v1c.JourneyServiceCompleteActivityProcedure:  {scope: "journeys:write", manager: true},
	v1c.JourneyServiceFailActivityProcedure:      {scope: "journeys:write", manager: true},
	v1c.JourneyServiceRetryActivityProcedure:     {scope: "journeys:write", manager: true},
	v1c.JourneyServiceSkipActivityProcedure:      {scope: "journeys:write", manager: true},
	v1c.JourneyServiceAssignActivityProcedure:    {scope: "journeys:write", manager: true},
	v1c.JourneyServiceReopenActivityProcedure:    {scope: "journeys:write", manager: true},
	v1c.JourneyServiceRemindActivityProcedure:    {scope: "journeys:write", manager: true},
	v1c.JourneyServiceMoveJourneyProcedure:       {scope: "journeys:write", manager: true},
	v1c.JourneyServiceListParticipantsProcedure:  {scope: "journeys:read", manager: true},
	v1c.JourneyServiceAddParticipantProcedure:    {scope: "journeys:write", manager: true},
	v1c.JourneyServiceRemoveParticipantProcedure: {scope: "journeys:write", manager: true},
	v1c.JourneyServiceListJourneyDataProcedure:   {scope: "journeys:read", manager: true},
	v1c.JourneyServiceUpdateJourneyDataProcedure: {scope: "journeys:write", manager: true},
	v1c.JourneyServiceExplainJourneyProcedure:    {scope: "journeys:read", manager: true},
	v1c.JourneyServiceListActivitiesProcedure:    {scope: "journeys:read", manager: true},
	v1c.EventServiceListEventsProcedure:          {scope: "journeys:read", manager: true},
	v1c.SessionServiceCreateSessionProcedure:     {scope: "sessions:write", manager: true},
	v1c.FunnelServiceListFunnelsProcedure:        {scope: "funnels:read", manager: true},
	v1c.FunnelServiceListWorkflowsProcedure:      {scope: "funnels:read", manager: true},
	v1c.FunnelServiceCreateFunnelProcedure:       {scope: "funnels:write", manager: true},
	v1c.FunnelServiceGetFunnelProcedure:          {scope: "funnels:read", manager: true},
	v1c.FunnelServiceGetDraftProcedure:           {scope: "funnels:read", manager: true},
	v1c.FunnelServicePutDraftProcedure:           {scope: "funnels:write", manager: true},
	v1c.FunnelServiceValidateDefinitionProcedure: {scope: "funnels:read", manager: true},
	v1c.FunnelServiceValidateDraftProcedure:      {scope: "funnels:read", manager: true},
	v1c.FunnelServicePublishFunnelProcedure:      {scope: "funnels:write", manager: true},
	v1c.FunnelServiceListVersionsProcedure:       {scope: "funnels:read", manager: true},
	v1c.FunnelServiceGetVersionProcedure:         {scope: "funnels:read", manager: true},
	v1c.FunnelServiceListOriginsProcedure:        {scope: "funnels:read", manager: true},
	v1c.FunnelServiceCreateOriginProcedure:       {scope: "funnels:write", manager: true},
	v1c.DataPointServiceListDataPointsProcedure:  {scope: "data-points:read", manager: true},
	v1c.UserServiceListUsersProcedure:            {scope: "users:read", manager: true},
	v1c.KeyServiceListKeysProcedure:              {scope: "admin"},
	v1c.KeyServiceGetKeyProcedure:                {scope: "admin"},
	v1c.KeyServiceCreateKeyProcedure:             {scope: "admin"},
	v1c.KeyServiceRotateKeyProcedure:             {scope: "admin"},
	v1c.KeyServiceRevokeKeyProcedure:             {scope: "admin"},

	v1c.ConnectorServiceListConnectorsProcedure: {scope: "funnels:read", manager: true},
	v1c.ConnectorServiceGetConnectorProcedure:   {scope: "funnels:read", manager: true},

	v1c.ConnectorServiceGetConnectorConfigurationProcedure: {scope: "admin"},
	v1c.ConnectorServicePutConnectorConfigurationProcedure: {scope: "admin"},
	v1c.ConnectorServiceCheckConnectorProcedure:            {scope: "admin"},

	v1c.EnrichmentProviderServiceListEnrichmentProvidersProcedure:  {scope: "admin"},
	v1c.EnrichmentProviderServiceGetEnrichmentProviderProcedure:    {scope: "admin"},
	v1c.EnrichmentProviderServicePutEnrichmentProviderProcedure:    {scope: "admin"},
	v1c.EnrichmentProviderServiceDeleteEnrichmentProviderProcedure: {scope: "admin"},
	v1c.EnrichmentProviderServiceTestEnrichmentProviderProcedure:   {scope: "admin"},

	v1c.WebhookServiceListWebhookEndpointsProcedure:  {scope: "webhooks:read", manager: true},
	v1c.WebhookServiceCreateWebhookEndpointProcedure: {scope: "webhooks:write"},
	v1c.WebhookServiceGetWebhookEndpointProcedure:    {scope: "webhooks:read", manager: true},
	v1c.WebhookServiceUpdateWebhookEndpointProcedure: {scope: "webhooks:write"},
	v1c.WebhookServiceDeleteWebhookEndpointProcedure: {scope: "webhooks:write"},
	v1c.WebhookServiceRotateWebhookSecretProcedure:   {scope: "webhooks:write"},
	v1c.WebhookServiceTestWebhookEndpointProcedure:   {scope: "webhooks:write"},
	v1c.WebhookServiceReplayWebhookEndpointProcedure: {scope: "webhooks:write"},
	v1c.WebhookServiceListWebhookDeliveriesProcedure: {scope: "webhooks:read", manager: true},
	v1c.WebhookServiceGetWebhookDeliveryProcedure:    {scope: "webhooks:read", manager: true},
	v1c.WebhookServiceResendWebhookDeliveryProcedure: {scope: "webhooks:write"},

	v1c.AccountServiceSignInWithLinkProcedure:     {open: true},
	v1c.AccountServiceSignInWithPasswordProcedure: {open: true},
	v1c.AccountServiceGetMeProcedure:              {manager: true},
	v1c.AccountServiceSetPasswordProcedure:        {manager: true},
	v1c.AccountServiceSignOutProcedure:            {open: true},

	v1c.MailServiceListMailsProcedure: {administrator: true},
	v1c.MailServiceGetMailProcedure:   {administrator: true},

	frontv1c.FrontServiceGetHomeProcedure:        {front: true},
	frontv1c.FrontServiceGetActivityProcedure:    {front: true},
	frontv1c.FrontServiceSaveDraftProcedure:      {front: true},
	frontv1c.FrontServiceSubmitActivityProcedure: {front: true},
	frontv1c.FrontServiceReportProgressProcedure: {front: true},
	frontv1c.FrontServiceSignOutProcedure:        {open: true},
}

// authorize decides by the table; ownership is row-level security's and the handlers'.
func authorize(a actor.Actor, procedure string) error {
	p, known := policy[procedure]
	forbidden := fault.New(fault.Forbidden, "forbidden", "This key or role may not do that.")
	switch {
	case !known:
		return forbidden
	case p.open:
		return nil
	case a.Kind == actor.None && p.scope == "":
		return fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in.")
	case a.Kind == actor.None:
		return fault.New(fault.Unauthenticated, "unauthenticated", "An API key is needed: Authorization: Bearer koh_….")
	case a.Kind == actor.APIKey && a.Origin == 0 && p.scope != "" && a.Allows(p.scope):
		return nil
	case a.Kind == actor.Console && a.Role == string(workspace.Administrator) && (p.scope != "" || p.manager || p.administrator):
		return nil
	case a.Kind == actor.Console && a.Role == string(workspace.Manager) && p.manager:
		return nil
	case a.Kind == actor.Front && p.front:
		return nil
	default:
		return forbidden
	}
}
