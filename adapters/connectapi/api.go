package connectapi

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"hash/fnv"
	"log/slog"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/funnel"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/webhook"
	"github.com/kohomai/kohomai/core/workspace"
	frontv1c "github.com/kohomai/kohomai/proto/gen/kohomai/front/v1/frontv1connect"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	v1c "github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// Options are what the handlers call.
type Options struct {
	Engine     *engine.Engine
	Directory  engine.Directory
	Journeys   journey.Reader
	Watching   *journey.Watching
	Events     journey.EventReader
	Leads      lead.Reader
	Users      workspace.Reader
	Keys       *workspace.Service
	Funnels    funnel.Reader
	Funnel     *funnel.Service
	Webhooks   *webhook.Service
	Hooks      webhook.Reader
	DataPoints DataPoints
	// Accounts and Console serve the console's own session, Visitors and Front the
	// front-office; without them those services are not served.
	Accounts *account.Service
	Console  Door
	// Mails are those a sandbox caught; without it that service is not served.
	Mails    activity.MailReader
	Visitors *session.Service
	Front    Door
	Catalog  activity.Catalog
	// Standings tells where connectors stand; without it nothing is said of it.
	Standings activity.Standings
	Setup     *activity.Configurator
	// Providers are those of facts.
	Providers *enrich.Configurator
	Unicode   lead.Unicode
	// FrontURL is where links of the front-office lead.
	FrontURL string
	Now      func() time.Time
	Log      *slog.Logger
}

// API holds the handlers.
type API struct{ o Options }

// Services are the services the handler serves, for the REST mapper.
func Services() []protoreflect.ServiceDescriptor {
	var all []protoreflect.ServiceDescriptor
	served := map[string]bool{
		v1c.LeadServiceName: true, v1c.JourneyServiceName: true, v1c.SessionServiceName: true, v1c.FunnelServiceName: true,
		v1c.DataPointServiceName: true, v1c.UserServiceName: true, v1c.ConnectorServiceName: true, v1c.EnrichmentProviderServiceName: true, v1c.KeyServiceName: true,
		v1c.WebhookServiceName: true, v1c.EventServiceName: true,
	}
	for _, file := range []protoreflect.FileDescriptor{
		v1.File_kohomai_v1_lead_proto, v1.File_kohomai_v1_journey_service_proto, v1.File_kohomai_v1_session_proto,
		v1.File_kohomai_v1_funnel_proto, v1.File_kohomai_v1_catalog_proto,
		v1.File_kohomai_v1_connector_proto, v1.File_kohomai_v1_enrichment_proto, v1.File_kohomai_v1_key_proto, v1.File_kohomai_v1_webhook_proto, v1.File_kohomai_v1_event_proto,
	} {
		for i := range file.Services().Len() {
			if s := file.Services().Get(i); served[string(s.FullName())] {
				all = append(all, s)
			}
		}
	}
	return all
}

// FrontService is the name of the service that the front-office speaks to, by cookie.
const FrontService = frontv1c.FrontServiceName

// ConsoleServices are the names of the services that the console speaks to, by cookie.
func ConsoleServices() []string {
	names := []string{v1c.AccountServiceName, v1c.MailServiceName}
	for _, s := range Services() {
		names = append(names, string(s.FullName()))
	}
	return names
}

// Handler serves the procedures over Connect, gRPC and gRPC-Web.
func Handler(o Options) http.Handler {
	api := &API{o: o}
	options := []connect.HandlerOption{
		connect.WithInterceptors(edge{}), connect.WithReadMaxBytes(1 << 20),
		connect.WithRecover(func(_ context.Context, spec connect.Spec, _ http.Header, cause any) error {
			o.Log.Error("a handler panicked", "procedure", spec.Procedure, "cause", cause)
			return toConnect(fault.New(fault.Internal, "internal", ""))
		}),
	}
	mux := http.NewServeMux()
	mux.Handle(v1c.NewLeadServiceHandler(api, options...))
	mux.Handle(v1c.NewJourneyServiceHandler(api, options...))
	mux.Handle(v1c.NewSessionServiceHandler(api, options...))
	mux.Handle(v1c.NewFunnelServiceHandler(api, options...))
	mux.Handle(v1c.NewDataPointServiceHandler(api, options...))
	mux.Handle(v1c.NewUserServiceHandler(api, options...))
	mux.Handle(v1c.NewKeyServiceHandler(&keys{keys: o.Keys, reader: o.Users}, options...))
	mux.Handle(v1c.NewConnectorServiceHandler(api, options...))
	mux.Handle(v1c.NewEnrichmentProviderServiceHandler(api, options...))
	mux.Handle(v1c.NewWebhookServiceHandler(api, options...))
	mux.Handle(v1c.NewEventServiceHandler(api, options...))
	if o.Accounts != nil {
		mux.Handle(v1c.NewAccountServiceHandler(&accounts{people: o.Accounts, door: o.Console}, options...))
	}
	if o.Mails != nil {
		mux.Handle(v1c.NewMailServiceHandler(&mails{o.Mails}, options...))
	}
	if o.Visitors != nil {
		mux.Handle(frontv1c.NewFrontServiceHandler(&front{
			journeys: o.Journeys, engine: o.Engine, people: o.Visitors, door: o.Front, now: o.Now,
		}, options...))
	}
	return lasting(mux)
}

func setHeader(ctx context.Context, name, value string) {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		info.ResponseHeader().Set(name, value)
	}
}

func header(ctx context.Context, name string) string {
	if info, ok := connect.CallInfoForHandlerContext(ctx); ok {
		return info.RequestHeader().Get(name)
	}
	return ""
}

// paged is a request for a page of a list.
type paged interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// token is a position in a list, bound to its filter.
type token struct {
	Sort   string `json:"s,omitempty"`
	ID     int64  `json:"i"`
	Filter uint64 `json:"f"`
}

// pageOf reads where a list's page starts. A token of another list or filter is refused.
func pageOf(m paged) (page.Request, error) {
	p := page.Request{Size: int(m.GetPageSize())}
	if p.Size < 0 || p.Size > page.MaxSize {
		return p, badQuery("PageSize", "out_of_range", "PageSize is 1 to 200.")
	}
	if m.GetPageToken() == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(m.GetPageToken())
	var t token
	if err != nil || json.Unmarshal(raw, &t) != nil || t.Filter != filterOf(m) {
		return p, badQuery("PageToken", "invalid_page_token", "This page token belongs to no such list.")
	}
	p.After = &page.Cursor{Sort: t.Sort, ID: t.ID}
	return p, nil
}

func badQuery(field, code, message string) error {
	return &fault.Error{
		Kind: fault.Malformed, Code: "invalid_query", Detail: "The query is not acceptable.",
		Fields: []fault.Field{{Path: field, Code: code, Message: message}},
	}
}

// next is the token of the page behind, nil on the last one.
func next(m paged, c *page.Cursor) *string {
	if c == nil {
		return nil
	}
	raw, _ := json.Marshal(token{Sort: c.Sort, ID: c.ID, Filter: filterOf(m)})
	s := base64.RawURLEncoding.EncodeToString(raw)
	return &s
}

// filterOf is a digest of everything asked but size and place.
func filterOf(m paged) uint64 {
	c := proto.Clone(m).ProtoReflect()
	for _, name := range []protoreflect.Name{"page_size", "page_token"} {
		if f := c.Descriptor().Fields().ByName(name); f != nil {
			c.Clear(f)
		}
	}
	raw, _ := proto.MarshalOptions{Deterministic: true}.Marshal(c.Interface())
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.Descriptor().FullName()))
	_, _ = h.Write(raw)
	return h.Sum64() >> 11
}

// slice pages a list that is short and read whole.
func slice[T any](items []T, m paged) ([]T, *string, error) {
	p, err := pageOf(m)
	if err != nil {
		return nil, nil, err
	}
	start := 0
	if p.After != nil {
		start = min(int(p.After.ID), len(items))
	}
	end := min(start+p.Limit(), len(items))
	if end == len(items) {
		return items[start:end], nil, nil
	}
	return items[start:end], next(m, &page.Cursor{ID: int64(end)}), nil
}
