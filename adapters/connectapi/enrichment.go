package connectapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/lead"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// usualConfidence is that of a field that says nothing of it.
const usualConfidence = 0.7

func provider(s enrich.Standing) *v1.EnrichmentProvider {
	out := &v1.EnrichmentProvider{
		Key: s.Key, Kind: v1.EnrichmentProviderKind_ENRICHMENT_PROVIDER_KIND_LOCAL, Enabled: s.Enabled,
		State: v1.EnrichmentProviderState_ENRICHMENT_PROVIDER_STATE_READY, Facts: s.Provides,
	}
	if s.Local {
		return out
	}
	out.Kind = enumOf[v1.EnrichmentProviderKind](v1.EnrichmentProviderKind_value, "ENRICHMENT_PROVIDER_KIND_", string(s.Kind))
	switch {
	case !s.Enabled:
		out.State = v1.EnrichmentProviderState_ENRICHMENT_PROVIDER_STATE_OFF
	case s.AskedToday >= s.ADay:
		out.State = v1.EnrichmentProviderState_ENRICHMENT_PROVIDER_STATE_SPENT
	case !s.PausedUntil.IsZero():
		out.State = v1.EnrichmentProviderState_ENRICHMENT_PROVIDER_STATE_PAUSED
	}
	out.PausedUntil, out.Fault = stamp(s.PausedUntil), optional(s.Fault)
	out.Position, out.DailyBudget, out.AskedToday = pointer(int32(s.Place)), pointer(int32(s.ADay)), int32(s.AskedToday) // #nosec G115 -- bounded
	out.SecretSet, out.ChangedDate = s.Secret != "", stamp(s.ChangedAt)
	if s.Source != nil {
		out.HttpJson = &v1.HttpJsonSource{Url: s.Source.URL, SecretHeader: optional(s.Source.SecretHeader)}
		for _, f := range s.Source.Fields {
			out.HttpJson.Fields = append(out.HttpJson.Fields, &v1.HttpJsonField{
				Key: f.Key, Path: f.Path, Currency: optional(f.Currency), Confidence: pointer(f.Confidence), Inferred: f.Inferred,
			})
		}
	}
	return out
}

// ListEnrichmentProviders implements GET /enrichment-providers.
func (a *API) ListEnrichmentProviders(ctx context.Context, _ *v1.ListEnrichmentProvidersRequest) (*v1.ListEnrichmentProvidersResponse, error) {
	all, err := a.o.Providers.List(ctx)
	if err != nil {
		return nil, err
	}
	out := &v1.ListEnrichmentProvidersResponse{}
	for _, s := range all {
		out.EnrichmentProviders = append(out.EnrichmentProviders, provider(s))
	}
	return out, nil
}

// GetEnrichmentProvider implements GET /enrichment-providers/{key}.
func (a *API) GetEnrichmentProvider(ctx context.Context, m *v1.GetEnrichmentProviderRequest) (*v1.GetEnrichmentProviderResponse, error) {
	s, err := a.o.Providers.Get(ctx, m.GetKey())
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", quoted(s.Etag))
	return &v1.GetEnrichmentProviderResponse{Provider: provider(s)}, nil
}

// PutEnrichmentProvider implements PUT /enrichment-providers/{key} under If-Match.
func (a *API) PutEnrichmentProvider(ctx context.Context, m *v1.PutEnrichmentProviderRequest) (*v1.PutEnrichmentProviderResponse, error) {
	match := header(ctx, "If-Match")
	if match == "" {
		return nil, fault.New(fault.PreconditionRequired, "precondition_required", `Send If-Match with the ETag last seen, "0" for a new provider.`)
	}
	seen, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil {
		return nil, fault.New(fault.Stale, "stale", "The provider was changed meanwhile.")
	}
	s, err := a.o.Providers.Put(ctx, m.GetKey(), enrich.Change{
		Enabled: m.GetEnabled(), Place: int(m.GetPosition()), ADay: int(m.GetDailyBudget()), Secret: m.Secret, Source: jsonSource(m.GetHttpJson()),
	}, seen)
	if err != nil {
		return nil, err
	}
	setHeader(ctx, "Etag", quoted(s.Etag))
	return &v1.PutEnrichmentProviderResponse{Provider: provider(s)}, nil
}

func jsonSource(m *v1.HttpJsonSource) *enrich.Source {
	if m == nil {
		return nil
	}
	out := &enrich.Source{URL: m.GetUrl(), SecretHeader: m.GetSecretHeader()}
	for _, f := range m.GetFields() {
		field := enrich.Field{Key: f.GetKey(), Path: f.GetPath(), Currency: f.GetCurrency(), Confidence: usualConfidence, Inferred: f.GetInferred()}
		if f.Confidence != nil {
			field.Confidence = f.GetConfidence()
		}
		out.Fields = append(out.Fields, field)
	}
	return out
}

// DeleteEnrichmentProvider implements DELETE /enrichment-providers/{key}.
func (a *API) DeleteEnrichmentProvider(ctx context.Context, m *v1.DeleteEnrichmentProviderRequest) (*v1.DeleteEnrichmentProviderResponse, error) {
	return &v1.DeleteEnrichmentProviderResponse{}, a.o.Providers.Delete(ctx, m.GetKey())
}

// TestEnrichmentProvider implements POST /enrichment-providers/{key}/test.
func (a *API) TestEnrichmentProvider(ctx context.Context, m *v1.TestEnrichmentProviderRequest) (*v1.TestEnrichmentProviderResponse, error) {
	email, err := lead.ParseEmail(m.GetEmail(), a.o.Unicode)
	if err != nil {
		f := fault.As(err)
		return nil, fault.InvalidField("Email", f.Code, "%s", f.Detail)
	}
	found, unknown, err := a.o.Providers.Test(ctx, m.GetKey(), email)
	if err != nil {
		return nil, err
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return nil, err
	}
	return &v1.TestEnrichmentProviderResponse{Facts: facts(found, defs.All()), Unknown: unknown}, nil
}
