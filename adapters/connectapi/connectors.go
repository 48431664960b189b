package connectapi

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/fault"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// ListConnectors implements GET /connectors.
func (a *API) ListConnectors(context.Context, *v1.ListConnectorsRequest) (*v1.ListConnectorsResponse, error) {
	out := &v1.ListConnectorsResponse{}
	for _, s := range a.o.Standings.Standings() {
		out.Connectors = append(out.Connectors, a.connector(s))
	}
	return out, nil
}

// GetConnector implements GET /connectors/{key}.
func (a *API) GetConnector(_ context.Context, m *v1.GetConnectorRequest) (*v1.GetConnectorResponse, error) {
	for _, s := range a.o.Standings.Standings() {
		if s.Connector == m.GetKey() {
			return &v1.GetConnectorResponse{Connector: a.connector(s)}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "not_found", "There is no such connector.")
}

// connector is one that stands, with what it says of itself where that is known.
func (a *API) connector(s activity.Standing) *v1.Connector {
	out := &v1.Connector{
		Key: s.Connector, Name: s.Connector, Version: s.Version, BuiltIn: s.Builtin, State: optional(s.State), Fault: optional(s.Fault),
	}
	m, ok := a.o.Catalog.Manifest(s.Connector)
	if !ok {
		return out
	}
	out.Name, out.Version, out.Description, out.Assignees = m.Name, m.Version, m.Summary, m.Assignees
	out.Facts = slices.Sorted(maps.Keys(m.Produces))
	out.Sandbox, out.Live, out.Egress, out.Reads = m.Sandbox, m.Live, m.Egress, m.Reads
	out.ConfigSchema = structure(json.RawMessage(m.ConfigSchema))
	if len(m.SecretsSchema) > 0 {
		out.SecretsSchema = structure(json.RawMessage(m.SecretsSchema))
	}
	return out
}

// GetConnectorConfiguration implements GET /connectors/{key}/configuration.
func (a *API) GetConnectorConfiguration(
	ctx context.Context, m *v1.GetConnectorConfigurationRequest,
) (*v1.GetConnectorConfigurationResponse, error) {
	c, err := a.o.Setup.Get(ctx, m.GetKey())
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", quoted(c.Etag))
	return &v1.GetConnectorConfigurationResponse{Configuration: configuration(c)}, nil
}

// PutConnectorConfiguration implements PUT /connectors/{key}/configuration under If-Match.
func (a *API) PutConnectorConfiguration(
	ctx context.Context, m *v1.PutConnectorConfigurationRequest,
) (*v1.PutConnectorConfigurationResponse, error) {
	match := header(ctx, "If-Match")
	if match == "" {
		return nil, fault.New(fault.PreconditionRequired, "precondition_required", "Send If-Match with the ETag last seen.")
	}
	seen, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.Stale, "stale", "The configuration was changed meanwhile.")
	}
	config, err := settings(m.GetConfig())
	if err != nil {
		return nil, err
	}
	secrets, err := settings(m.GetSecrets())
	if err != nil {
		return nil, err
	}
	c, err := a.o.Setup.Put(ctx, m.GetKey(), config, secrets, seen)
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", quoted(c.Etag))
	return &v1.PutConnectorConfigurationResponse{Configuration: configuration(c)}, nil
}

// CheckConnector implements POST /connectors/{key}/check.
func (a *API) CheckConnector(ctx context.Context, m *v1.CheckConnectorRequest) (*v1.CheckConnectorResponse, error) {
	config, err := settings(m.GetConfig())
	if err != nil {
		return nil, err
	}
	secrets, err := settings(m.GetSecrets())
	if err != nil {
		return nil, err
	}
	j, err := a.o.Setup.Check(ctx, m.GetKey(), config, secrets)
	if err != nil {
		return nil, err
	}
	out := &v1.CheckConnectorResponse{Status: j.Status, Message: optional(j.Message)}
	for _, p := range j.Problems {
		out.Problems = append(out.Problems, &v1.ConnectorProblem{Field: p.Path, Message: p.Message})
	}
	return out, nil
}

func configuration(c activity.Configuration) *v1.ConnectorConfiguration {
	out := &v1.ConnectorConfiguration{Config: structure(json.RawMessage(c.Config)), SecretsSet: c.SecretsSet()}
	if c.Etag > 0 {
		out.ChangedDate = stamp(c.ChangedAt)
	}
	return out
}

// settings writes what was given as JSON; nil when nothing was.
func settings(s *structpb.Struct) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	raw, err := json.Marshal(s.AsMap())
	if err != nil {
		return nil, fmt.Errorf("writing settings as JSON: %w", err)
	}
	return raw, nil
}

func quoted(etag int64) string { return `"` + strconv.FormatInt(etag, 10) + `"` }
