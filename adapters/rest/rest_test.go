package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	v1c "github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// stand answers what a test wants, through the real Connect protocol.
type stand struct {
	v1c.UnimplementedLeadServiceHandler
	v1c.UnimplementedJourneyServiceHandler
	v1c.UnimplementedFunnelServiceHandler
	registerLead    func(context.Context, *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error)
	registerJourney func(context.Context, *v1.RegisterJourneyRequest) (*v1.RegisterJourneyResponse, error)
	listJourneys    func(context.Context, *v1.ListJourneysRequest) (*v1.ListJourneysResponse, error)
	getJourney      func(context.Context, *v1.GetJourneyRequest) (*v1.GetJourneyResponse, error)
	putDraft        func(context.Context, *v1.PutDraftRequest) (*v1.PutDraftResponse, error)
	watchJourney    func(context.Context, *v1.WatchJourneyRequest, *watchStream) error
}

func (s *stand) RegisterLead(ctx context.Context, m *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) {
	return s.registerLead(ctx, m)
}

func (s *stand) RegisterJourney(ctx context.Context, m *v1.RegisterJourneyRequest) (*v1.RegisterJourneyResponse, error) {
	return s.registerJourney(ctx, m)
}

func (s *stand) ListJourneys(ctx context.Context, m *v1.ListJourneysRequest) (*v1.ListJourneysResponse, error) {
	return s.listJourneys(ctx, m)
}

func (s *stand) GetJourney(ctx context.Context, m *v1.GetJourneyRequest) (*v1.GetJourneyResponse, error) {
	return s.getJourney(ctx, m)
}

func (s *stand) PutDraft(ctx context.Context, m *v1.PutDraftRequest) (*v1.PutDraftResponse, error) {
	return s.putDraft(ctx, m)
}

// services are those of the public API.
func services() []protoreflect.ServiceDescriptor {
	var all []protoreflect.ServiceDescriptor
	for _, file := range []protoreflect.FileDescriptor{
		v1.File_kohomai_v1_lead_proto, v1.File_kohomai_v1_journey_service_proto, v1.File_kohomai_v1_session_proto,
		v1.File_kohomai_v1_funnel_proto, v1.File_kohomai_v1_catalog_proto,
	} {
		for i := range file.Services().Len() {
			all = append(all, file.Services().Get(i))
		}
	}
	return all
}

func newMapper(t testing.TB, s *stand) *Mapper {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(v1c.NewLeadServiceHandler(s))
	mux.Handle(v1c.NewJourneyServiceHandler(s))
	mux.Handle(v1c.NewFunnelServiceHandler(s))
	m, err := New(Options{
		Connect: mux, Services: services(), PublicURL: "https://kohomai.example",
		YAML: func(b []byte) ([]byte, error) {
			name, ok := strings.CutPrefix(strings.TrimSpace(string(b)), "Name: ")
			if !ok {
				return nil, errors.New("line 1: a name was expected")
			}
			return json.Marshal(map[string]string{"Name": name})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ask(m http.Handler, verb, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(verb, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	w.Header().Set("Request-Id", "req_test")
	m.ServeHTTP(w, r)
	return w
}

type problem struct {
	Type, Title, Detail, Instance string
	Status                        int
	Code, RequestID               string
	Errors                        []struct{ Field, Code, Message string }
}

func problemOf(t testing.TB, w *httptest.ResponseRecorder) problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("content type %q, body %s", got, w.Body)
	}
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	if p.Status != w.Code || p.RequestID != "req_test" || p.Type != "https://kohomai.example/docs/problems/"+p.Code || p.Title == "" {
		t.Errorf("not a whole problem: %s", w.Body)
	}
	return p
}

// refused is a fault as the handlers send it.
func refused(code connect.Code, kind, reason, retry string, fields ...string) error {
	e := connect.NewError(code, errors.New("The words."))
	info := &errdetails.ErrorInfo{Reason: reason, Metadata: map[string]string{"Kind": kind}}
	if retry != "" {
		info.Metadata["RetryAfter"] = retry
	}
	d, _ := connect.NewErrorDetail(info)
	e.AddDetail(d)
	bad := &errdetails.BadRequest{}
	for _, f := range fields {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f, Reason: "bad", Description: "It is bad."})
	}
	d, _ = connect.NewErrorDetail(bad)
	e.AddDetail(d)
	return e
}

func TestMapper_RegistersALead(t *testing.T) {
	t.Parallel()
	var seen *v1.RegisterLeadRequest
	m := newMapper(t, &stand{registerLead: func(ctx context.Context, r *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) {
		seen = r
		info, _ := connect.CallInfoForHandlerContext(ctx)
		if got := info.RequestHeader().Get("Idempotency-Key"); got != `"k1"` {
			t.Errorf("the key came as %q", got)
		}
		if info.RequestHeader().Get("Authorization") != "" || info.RequestHeader().Get("Cookie") != "" {
			t.Error("credentials went further than the edge")
		}
		info.ResponseHeader().Set("Idempotent-Replayed", "true")
		id, email := int64(9007199254740991), "jo@example.org"
		return &v1.RegisterLeadResponse{
			Id: &id, Email: &email, CreatedDate: timestamppb.New(time.Date(2026, 11, 24, 9, 30, 0, 0, time.FixedZone("", 3600))),
			Journey: &v1.RegisteredJourney{Id: 7, Status: v1.JourneyStatus_JOURNEY_STATUS_IN_PROGRESS},
		}, nil
	}})
	w := ask(m, "POST", "/api/v1/leads?ref=demo",
		`{"Email":"jo@example.org","Firstname":null,"JourneyData":[{"Name":"company.size","Value":[1,{"a":"\u00e9\n"}]}],"WebhookInput":{"Url":"https://a.example","Events":[]}}`,
		"Idempotency-Key", `"k1"`, "Authorization", "Bearer x", "Cookie", "a=b")
	want := `{"Id":9007199254740991,"Email":"jo@example.org","Firstname":null,"Lastname":null,"PhoneNumber":null,"ExternalId":null,` +
		`"createdDate":"2026-11-24T08:30:00Z","changedDate":null,"Journey":{"Id":7,"Status":"InProgress","Funnel":null},` +
		`"UUID":null,"RedirectURL":null,"ConnectionURL":null,"ValidUntil":null,"User":null,"Webhook":null}` + "\n"
	if w.Code != http.StatusCreated || w.Body.String() != want {
		t.Errorf("got %d %s\nwant %s", w.Code, w.Body, want)
	}
	if w.Header().Get("Idempotent-Replayed") != "true" || w.Header().Get("Kohomai-Version") == "" ||
		w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", w.Header())
	}
	data := seen.GetJourneyData()
	if seen.GetRef() != "demo" || seen.Firstname != nil || len(data) != 1 || seen.GetWebhookInput().GetUrl() != "https://a.example" ||
		data[0].GetValue().GetListValue().GetValues()[1].GetStructValue().GetFields()["a"].GetStringValue() != "é\n" {
		t.Errorf("the handler saw %v", seen)
	}
}

func TestMapper_AnswersWhatTheHandlerSays(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{registerLead: func(ctx context.Context, _ *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) {
		info, _ := connect.CallInfoForHandlerContext(ctx)
		info.ResponseHeader().Set("Kohomai-Status", "200")
		return &v1.RegisterLeadResponse{}, nil
	}})
	if w := ask(m, "POST", "/api/v1/leads?ref=demo", `{}`); w.Code != http.StatusOK || w.Header().Get("Kohomai-Status") != "" {
		t.Errorf("got %d, headers %v", w.Code, w.Header())
	}
}

// The three documented forms of POST /journeys reach the handler as what they are.
func TestMapper_TakesEveryFormOfAJourney(t *testing.T) {
	t.Parallel()
	var seen *v1.RegisterJourneyRequest
	m := newMapper(t, &stand{registerJourney: func(_ context.Context, r *v1.RegisterJourneyRequest) (*v1.RegisterJourneyResponse, error) {
		seen = r
		uuid := "u"
		return &v1.RegisterJourneyResponse{Session: &v1.Session{Uuid: &uuid}}, nil
	}})
	for name, c := range map[string]struct {
		body  string
		right func() bool
	}{
		"nested with DataPoint": {
			`{"Journey":{"User":{"Firstname":"Jo","ContactPrefs":{"Email":"jo@example.org"}},"JourneyData":[{"StringValue":"x","DataPoint":{"Id":7}}]},"RedirectURL":"https://a.example/"}`,
			func() bool {
				return seen.GetJourney().GetUser().GetContactPrefs().GetEmail() == "jo@example.org" &&
					seen.GetJourney().GetJourneyData()[0].GetDataPoint().GetId() == 7 && seen.GetRedirectUrl() == "https://a.example/"
			},
		},
		"nested with DataKey": {
			`{"Journey":{"User":{},"JourneyData":[{"AmountValue":{"Amount":"1.50","Currency":"EUR"},"DataKey":{"Id":"8"}},{"ListValue":["a"],"DataKey":{"Key":"data.plan"}}]}}`,
			func() bool {
				d := seen.GetJourney().GetJourneyData()
				return d[0].GetDataKey().GetId() == 8 && d[0].GetAmountValue().GetAmount() == "1.50" &&
					d[1].GetListValue().GetValues()[0].GetStringValue() == "a"
			},
		},
		"flat": {
			`{"Email":"jo@example.org","JourneyData":[{"Name":"Plan","Value":true}]}`,
			func() bool {
				return seen.GetEmail() == "jo@example.org" && seen.GetJourneyData()[0].GetValue().GetBoolValue() && seen.GetJourney() == nil
			},
		},
	} {
		seen = nil
		w := ask(m, "POST", "/api/v1/journeys?ref=demo", c.body)
		if w.Code != http.StatusCreated || !strings.HasPrefix(w.Body.String(), `{"UUID":"u","RedirectURL":null,`) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if !c.right() {
			t.Errorf("%s: the handler saw %v", name, seen)
		}
	}
}

func TestMapper_NamesEveryWrongField(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{})
	w := ask(m, "POST", "/api/v1/journeys", `{
		"Email":7, "Nope":1, "ref":"x", "Firstname":"a\u0000b",
		"Journey":{"User":[],"JourneyData":[{},3,{"StringValue":1,"NumberValue":"2","BooleanValue":0,"DataPoint":{"Id":0},"ListValue":{},"Ünbekannt":1}]},
		"JourneyData":{}, "WebhookInput":{"Events":["a",null]}}`)
	p := problemOf(t, w)
	if w.Code != http.StatusUnprocessableEntity || p.Code != "invalid" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Field+" "+e.Code)
		if e.Message == "" {
			t.Errorf("%s has no message", e.Field)
		}
	}
	want := []string{
		"Email wrong_type", "Nope unknown_field", "ref unknown_field", "Firstname invalid_text", "Journey.User wrong_type",
		"Journey.JourneyData[1] wrong_type", "Journey.JourneyData[2].StringValue wrong_type", "Journey.JourneyData[2].NumberValue wrong_type",
		"Journey.JourneyData[2].BooleanValue wrong_type", "Journey.JourneyData[2].DataPoint.Id wrong_type",
		"Journey.JourneyData[2].ListValue wrong_type", "Journey.JourneyData[2].Ünbekannt unknown_field",
		"JourneyData wrong_type", "WebhookInput.Events[1] wrong_type",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestMapper_Refuses(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{
		listJourneys: func(context.Context, *v1.ListJourneysRequest) (*v1.ListJourneysResponse, error) {
			return nil, refused(connect.CodeInvalidArgument, "Invalid", "invalid", "", "PageSize")
		},
		getJourney: func(context.Context, *v1.GetJourneyRequest) (*v1.GetJourneyResponse, error) {
			return nil, refused(connect.CodeUnavailable, "Unavailable", "unavailable", "1.5s")
		},
		putDraft: func(context.Context, *v1.PutDraftRequest) (*v1.PutDraftResponse, error) {
			return nil, refused(connect.CodeFailedPrecondition, "PreconditionRequired", "precondition_required", "")
		},
		registerLead: func(_ context.Context, r *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) {
			if r.GetRef() == "panic" {
				panic("on purpose")
			}
			return nil, errors.New("secret cause")
		},
	})
	leads := "/api/v1/leads"
	for name, c := range map[string]struct {
		verb, target, body string
		headers            []string
		status             int
		code, header       string
	}{
		"no JSON":              {"POST", leads, `{"Email":`, nil, 400, "malformed_json", ""},
		"something behind":     {"POST", leads, `{} {}`, nil, 400, "malformed_json", ""},
		"bad UTF-8":            {"POST", leads, "{\"Email\":\"\xff\"}", nil, 400, "malformed_json", ""},
		"lone surrogate":       {"POST", leads, `{"Email":"\ud800"}`, nil, 400, "malformed_json", ""},
		"too deep":             {"POST", leads, `{"JourneyData":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, nil, 400, "too_deep", ""},
		"twice":                {"POST", leads, `{"Email":"a","\u0045mail":"b"}`, nil, 400, "duplicate_field", ""},
		"not an object":        {"POST", leads, `[1]`, nil, 422, "invalid", ""},
		"too large":            {"POST", leads, `{"Email":"` + strings.Repeat("a", 1<<20) + `"}`, nil, 413, "body_too_large", ""},
		"text":                 {"POST", leads, `{}`, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type", ""},
		"no media type":        {"POST", leads, `{}`, []string{"Content-Type", ""}, 415, "unsupported_media_type", ""},
		"Latin-1":              {"POST", leads, `{}`, []string{"Content-Type", "application/json; charset=latin1"}, 415, "unsupported_media_type", ""},
		"YAML elsewhere":       {"POST", leads, `a: 1`, []string{"Content-Type", "application/yaml"}, 415, "unsupported_media_type", ""},
		"bad YAML":             {"PUT", "/api/v1/funnels/1/draft", `a: 1`, []string{"Content-Type", "application/yaml"}, 400, "malformed_yaml", ""},
		"no definition":        {"PUT", "/api/v1/funnels/1/draft", ``, nil, 400, "malformed_json", ""},
		"unknown parameter":    {"GET", "/api/v1/journeys?Nope=1", ``, nil, 400, "invalid_query", ""},
		"parameter twice":      {"GET", "/api/v1/journeys?PageSize=1&PageSize=2", ``, nil, 400, "invalid_query", ""},
		"no number":            {"GET", "/api/v1/journeys?PageSize=x", ``, nil, 400, "invalid_query", ""},
		"unknown word":         {"GET", "/api/v1/journeys?Status=in_progress", ``, nil, 400, "invalid_query", ""},
		"body field in query":  {"POST", leads + "?Email=a", `{}`, nil, 400, "invalid_query", ""},
		"broken query":         {"GET", "/api/v1/journeys?PageSize=%zz", ``, nil, 400, "invalid_query", ""},
		"refused parameter":    {"GET", "/api/v1/journeys?PageSize=201", ``, nil, 400, "invalid_query", ""},
		"no id":                {"GET", "/api/v1/journeys/abc", ``, nil, 404, "not_found", ""},
		"id too large":         {"GET", "/api/v1/journeys/9007199254740992", ``, nil, 404, "not_found", ""},
		"no address":           {"GET", "/api/v1/nothing", ``, nil, 404, "not_found", ""},
		"double slash":         {"GET", "/api/v1//journeys", ``, nil, 404, "not_found", ""},
		"slash behind":         {"GET", "/api/v1/journeys/", ``, nil, 404, "not_found", ""},
		"wrong verb":           {"DELETE", "/api/v1/journeys", ``, nil, 405, "method_not_allowed", "Allow: GET, HEAD, POST"},
		"not standing":         {"GET", "/api/v1/users", ``, nil, 500, "internal", ""},
		"unavailable":          {"GET", "/api/v1/journeys/1", ``, nil, 503, "unavailable", "Retry-After: 2"},
		"no If-Match":          {"PUT", "/api/v1/funnels/1/draft", `{"Name":"x"}`, nil, 428, "precondition_required", ""},
		"failure says nothing": {"POST", leads + "?ref=x", `{}`, nil, 500, "internal", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := ask(m, c.verb, c.target, c.body, c.headers...)
			p := problemOf(t, w)
			if w.Code != c.status || p.Code != c.code || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if name, value, _ := strings.Cut(c.header, ": "); c.header != "" && w.Header().Get(name) != value {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// A panic below the edge, wherever it comes from, is one problem and no trace.
func TestMapper_SurvivesAPanic(t *testing.T) {
	t.Parallel()
	m, err := New(Options{Services: services(), Connect: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("on purpose") })})
	if err != nil {
		t.Fatal(err)
	}
	w := ask(m, "GET", "/api/v1/users", "")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "on purpose") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMapper_ReadsPathQueryAndYAML(t *testing.T) {
	t.Parallel()
	var list *v1.ListJourneysRequest
	var draft *v1.PutDraftRequest
	m := newMapper(t, &stand{
		listJourneys: func(_ context.Context, r *v1.ListJourneysRequest) (*v1.ListJourneysResponse, error) {
			list = r
			return &v1.ListJourneysResponse{}, nil
		},
		putDraft: func(ctx context.Context, r *v1.PutDraftRequest) (*v1.PutDraftResponse, error) {
			draft = r
			info, _ := connect.CallInfoForHandlerContext(ctx)
			info.ResponseHeader().Set("Etag", info.RequestHeader().Get("If-Match")+"x")
			return &v1.PutDraftResponse{}, nil
		},
	})
	w := ask(m, "GET", "/api/v1/journeys?Status=Blocked&Status=NotQualified&LeadId=12&PageSize=3&Search=%C3%A9", "")
	if w.Code != 200 || w.Body.String() != `{"Journeys":[],"NextPageToken":null}`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if len(list.GetStatus()) != 2 || list.GetLeadId() != 12 || list.GetPageSize() != 3 || list.GetSearch() != "é" || list.FunnelId != nil {
		t.Errorf("the handler saw %v", list)
	}
	if head := ask(m, "HEAD", "/api/v1/journeys", ""); head.Code != 200 || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", head.Code, head.Body)
	}
	w = ask(m, "PUT", "/api/v1/funnels/5/draft", "Name: B2B\n", "Content-Type", "application/yaml", "If-Match", `"4"`)
	if w.Code != 200 || draft.GetId() != 5 || draft.GetDefinition().GetFields()["Name"].GetStringValue() != "B2B" || w.Header().Get("Etag") != `"4"x` {
		t.Errorf("%d %s, headers %v, the handler saw %v", w.Code, w.Body, w.Header(), draft)
	}
}

func TestEncoder_LeavesNothingOut(t *testing.T) {
	t.Parallel()
	number, text, confidence := 0.1, "a\"\\\x01\u2028\u00e9<&>", 1e-7
	fact := &v1.Fact{
		DataPoint: &v1.FactDataPoint{Key: "k", Type: v1.DataPointType_DATA_POINT_TYPE_URL}, NumberValue: &number, StringValue: &text,
		Confidence: &confidence, ListValue: &structpb.ListValue{Values: []*structpb.Value{structpb.NewNumberValue(1e21), structpb.NewNullValue()}},
		ObservedAt: timestamppb.New(time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)),
	}
	s := newSchema()
	m, err := s.message(fact.ProtoReflect().Descriptor())
	if err != nil {
		t.Fatal(err)
	}
	got := string(appendMessage(nil, m, fact.ProtoReflect()))
	want := `{"DataPoint":{"Id":null,"Key":"k","Name":"","Type":"URL"},"StringValue":"a\"\\\u0001\u2028é<&>","NumberValue":0.1,"BooleanValue":null,` +
		`"DateValue":null,"DateTimeValue":null,"ListValue":[1e+21,null],"AmountValue":null,"DocumentValue":null,"Source":null,` +
		`"Confidence":1e-07,"ObservedAt":"2026-01-02T03:04:05.000006Z","Inferred":false}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !json.Valid([]byte(got)) {
		t.Error("that is no JSON")
	}
}

func BenchmarkMapper_RegisterLead(b *testing.B) {
	id, text := int64(1234567), "jo@example.org"
	answer := &v1.RegisterLeadResponse{
		Id: &id, Email: &text, Uuid: &text, ConnectionUrl: &text, CreatedDate: timestamppb.Now(), ChangedDate: timestamppb.Now(), ValidUntil: timestamppb.Now(),
		Journey: &v1.RegisteredJourney{Id: 1, Status: v1.JourneyStatus_JOURNEY_STATUS_CONVERTED, Funnel: &v1.FunnelRef{Id: 1, Name: "x", Version: 1}},
	}
	m := newMapper(b, &stand{registerLead: func(context.Context, *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) { return answer, nil }})
	body := `{"Email":"jo@example.org","Firstname":"Jo","JourneyData":[{"Name":"company.size","Value":250},{"Name":"data.plan","Value":"team"}]}`
	b.ReportAllocs()
	for b.Loop() {
		if w := ask(m, "POST", "/api/v1/leads?ref=demo", body); w.Code != http.StatusCreated {
			b.Fatal(w.Body)
		}
	}
}
