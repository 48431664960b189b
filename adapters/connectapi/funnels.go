package connectapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/workspace"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

func roleOf(m *v1.ListUsersRequest) workspace.Role {
	if m.Role == nil || m.GetRole() == v1.Role_ROLE_UNSPECIFIED {
		return workspace.NoRole
	}
	return workspace.Role(word(m.GetRole().String(), "ROLE_"))
}

func (a *API) funnel(ctx context.Context, f funnel.Funnel) (*v1.Funnel, error) {
	changed := false
	if f.Current > 0 {
		versions, err := a.o.Funnels.Versions(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		changed = len(versions) > 0 && !reflect.DeepEqual(versions[0].Definition, f.Draft)
	}
	origins, err := a.o.Funnels.Origins(ctx, f.ID)
	return funnelMessage(f, origins, changed), err
}

func funnelMessage(f funnel.Funnel, origins []workspace.Origin, changed bool) *v1.Funnel {
	out := &v1.Funnel{
		Id: int64(f.ID), Name: f.Name, Status: v1.FunnelStatus_FUNNEL_STATUS_DRAFT, Changed: changed,
		CreatedDate: stamp(f.CreatedAt), ChangedDate: stamp(f.ChangedAt),
	}
	if f.Current > 0 {
		out.Status, out.Version = v1.FunnelStatus_FUNNEL_STATUS_PUBLISHED, pointer(int32(f.Current)) // #nosec G115 -- small
	}
	for _, o := range origins {
		out.Origins = append(out.Origins, origin(o))
	}
	return out
}

func origin(o workspace.Origin) *v1.Origin {
	kind := v1.OriginKind_ORIGIN_KIND_API
	if o.Kind != workspace.OriginAPI {
		kind = enumOf[v1.OriginKind](v1.OriginKind_value, "ORIGIN_KIND_", string(o.Kind))
	}
	return &v1.Origin{Id: int64(o.ID), Name: o.Name, Ref: o.Ref, Kind: kind, CreatedDate: stamp(o.CreatedAt)}
}

func (a *API) funnels(ctx context.Context, m paged) ([]*v1.Funnel, *string, error) {
	all, err := a.o.Funnels.List(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, token, err := slice(all, m)
	if err != nil {
		return nil, nil, err
	}
	out := make([]*v1.Funnel, len(all))
	for i, f := range all {
		if out[i], err = a.funnel(ctx, f); err != nil {
			return nil, nil, err
		}
	}
	return out, token, nil
}

// ListFunnels implements GET /funnels.
func (a *API) ListFunnels(ctx context.Context, m *v1.ListFunnelsRequest) (*v1.ListFunnelsResponse, error) {
	list, token, err := a.funnels(ctx, m)
	return &v1.ListFunnelsResponse{Funnels: list, NextPageToken: token}, err
}

// ListWorkflows implements GET /workflows, the older name.
func (a *API) ListWorkflows(ctx context.Context, m *v1.ListWorkflowsRequest) (*v1.ListWorkflowsResponse, error) {
	list, token, err := a.funnels(ctx, m)
	return &v1.ListWorkflowsResponse{Workflows: list, NextPageToken: token}, err
}

// CreateFunnel implements POST /funnels.
func (a *API) CreateFunnel(ctx context.Context, m *v1.CreateFunnelRequest) (*v1.CreateFunnelResponse, error) {
	def, err := definition("Definition", m.GetDefinition())
	if err != nil {
		return nil, err
	}
	if m.GetName() != "" {
		def.Name = m.GetName()
	}
	out := &v1.CreateFunnelResponse{}
	return out, once(ctx, m, out, http.StatusCreated, func(c funnel.Created) proto.Message {
		return &v1.CreateFunnelResponse{Funnel: funnelMessage(c.Funnel, c.Origins, false)}
	}, func(o idem.Once[funnel.Created]) (idem.Outcome[funnel.Created], error) {
		return a.o.Funnel.Create(ctx, def, nil, o)
	})
}

// GetFunnel implements GET /funnels/{id}.
func (a *API) GetFunnel(ctx context.Context, m *v1.GetFunnelRequest) (*v1.GetFunnelResponse, error) {
	f, err := a.o.Funnels.Get(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	out, err := a.funnel(ctx, f)
	return &v1.GetFunnelResponse{Funnel: out}, err
}

// GetDraft implements GET /funnels/{id}/draft.
func (a *API) GetDraft(ctx context.Context, m *v1.GetDraftRequest) (*v1.GetDraftResponse, error) {
	f, err := a.o.Funnels.Get(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", etag(f))
	return &v1.GetDraftResponse{Definition: structure(f.Draft)}, nil
}

func etag(f funnel.Funnel) string { return `"` + strconv.FormatInt(f.Etag, 10) + `"` }

// PutDraft implements PUT /funnels/{id}/draft under If-Match.
func (a *API) PutDraft(ctx context.Context, m *v1.PutDraftRequest) (*v1.PutDraftResponse, error) {
	def, err := definition("", m.GetDefinition())
	if err != nil {
		return nil, err
	}
	match := header(ctx, "If-Match")
	if match == "" {
		return nil, fault.New(fault.PreconditionRequired, "precondition_required", "Send If-Match with the ETag last seen.")
	}
	seen, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.Stale, "stale", "The draft was changed meanwhile.")
	}
	f, err := a.o.Funnel.SaveDraft(ctx, ident.Funnel(m.GetId()), def, seen)
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", etag(f))
	found, err := a.o.Funnel.Validate(ctx, f.Draft)
	return &v1.PutDraftResponse{Findings: findings(found)}, err
}

// ValidateDefinition implements POST /funnels/validate.
func (a *API) ValidateDefinition(ctx context.Context, m *v1.ValidateDefinitionRequest) (*v1.ValidateDefinitionResponse, error) {
	def, found, err := parse(m.GetDefinition())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		found, err = a.o.Funnel.Validate(ctx, def)
	}
	return &v1.ValidateDefinitionResponse{Valid: !funnel.Blocks(found), Findings: findings(found)}, err
}

// ValidateDraft implements POST /funnels/{id}/validate.
func (a *API) ValidateDraft(ctx context.Context, m *v1.ValidateDraftRequest) (*v1.ValidateDraftResponse, error) {
	f, err := a.o.Funnels.Get(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	found, err := a.o.Funnel.Validate(ctx, f.Draft)
	return &v1.ValidateDraftResponse{Valid: !funnel.Blocks(found), Findings: findings(found)}, err
}

func findings(in []funnel.Finding) []*v1.Finding {
	out := make([]*v1.Finding, len(in))
	for i, f := range in {
		out[i] = &v1.Finding{
			Severity: enumOf[v1.Severity](v1.Severity_value, "SEVERITY_", string(f.Severity)), Code: f.Code, Node: optional(f.Node),
			Field: f.Field, Message: f.Message, Fix: optional(f.Fix),
		}
	}
	return out
}

// PublishFunnel implements POST /funnels/{id}/publish.
func (a *API) PublishFunnel(ctx context.Context, m *v1.PublishFunnelRequest) (*v1.PublishFunnelResponse, error) {
	out := &v1.PublishFunnelResponse{}
	return out, once(ctx, m, out, http.StatusCreated, func(v funnel.Version) proto.Message {
		return &v1.PublishFunnelResponse{Version: version(v, true)}
	}, func(o idem.Once[funnel.Version]) (idem.Outcome[funnel.Version], error) {
		return a.o.Funnel.Publish(ctx, ident.Funnel(m.GetId()), m.GetNote(), o)
	})
}

func version(v funnel.Version, whole bool) *v1.Version {
	out := &v1.Version{Number: int32(v.Number), Note: optional(v.Note), PublishedAt: stamp(v.PublishedAt)} // #nosec G115 -- small
	if whole {
		out.Definition = structure(v.Definition)
	}
	return out
}

// ListVersions implements GET /funnels/{id}/versions.
func (a *API) ListVersions(ctx context.Context, m *v1.ListVersionsRequest) (*v1.ListVersionsResponse, error) {
	if _, err := a.o.Funnels.Get(ctx, ident.Funnel(m.GetId())); err != nil {
		return nil, err
	}
	all, err := a.o.Funnels.Versions(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	all, token, err := slice(all, m)
	if err != nil {
		return nil, err
	}
	out := &v1.ListVersionsResponse{NextPageToken: token}
	for _, v := range all {
		out.Versions = append(out.Versions, version(v, false))
	}
	return out, nil
}

// GetVersion implements GET /funnels/{id}/versions/{number}.
func (a *API) GetVersion(ctx context.Context, m *v1.GetVersionRequest) (*v1.GetVersionResponse, error) {
	all, err := a.o.Funnels.Versions(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if v.Number == int(m.GetNumber()) {
			return &v1.GetVersionResponse{Version: version(v, true)}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "not_found", "There is no such version.")
}

// ListOrigins implements GET /funnels/{id}/origins.
func (a *API) ListOrigins(ctx context.Context, m *v1.ListOriginsRequest) (*v1.ListOriginsResponse, error) {
	if _, err := a.o.Funnels.Get(ctx, ident.Funnel(m.GetId())); err != nil {
		return nil, err
	}
	all, err := a.o.Funnels.Origins(ctx, ident.Funnel(m.GetId()))
	out := &v1.ListOriginsResponse{}
	for _, o := range all {
		out.Origins = append(out.Origins, origin(o))
	}
	return out, err
}

// CreateOrigin implements POST /funnels/{id}/origins.
func (a *API) CreateOrigin(ctx context.Context, m *v1.CreateOriginRequest) (*v1.CreateOriginResponse, error) {
	kind := workspace.OriginAPI
	if k := m.GetKind(); k > v1.OriginKind_ORIGIN_KIND_API {
		kind = workspace.OriginKind(word(k.String(), "ORIGIN_KIND_"))
	}
	fresh := workspace.Origin{Funnel: ident.Funnel(m.GetId()), Name: m.GetName(), Ref: m.GetRef(), Kind: kind}
	out := &v1.CreateOriginResponse{}
	return out, once(ctx, m, out, http.StatusCreated, func(o workspace.Origin) proto.Message {
		return &v1.CreateOriginResponse{Origin: origin(o)}
	}, func(o idem.Once[workspace.Origin]) (idem.Outcome[workspace.Origin], error) {
		return a.o.Funnel.AddOrigin(ctx, fresh, o)
	})
}

// definition reads a funnel definition; what has no place in it is named by its path.
func definition(at string, s *structpb.Struct) (funnel.Definition, error) {
	def, found, err := parse(s)
	if err != nil {
		return def, err
	}
	var wrong fault.Collector
	for _, f := range found {
		wrong.AddError(at, fault.InvalidField(f.Field, f.Code, "%s", strings.TrimSpace(f.Message+" "+f.Fix)))
	}
	return def, wrong.Err()
}

func parse(s *structpb.Struct) (funnel.Definition, []funnel.Finding, error) {
	raw, err := json.Marshal(s.AsMap())
	if err != nil {
		return funnel.Definition{}, nil, fmt.Errorf("writing a definition as JSON: %w", err)
	}
	def, found := funnel.Parse(raw)
	return def, found, nil
}
