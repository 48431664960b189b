package kohomai_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	kohomai "github.com/kohomai/kohomai/clients/go"
	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	"github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// standIn answers as kohomai does: each call of RegisterLead takes the next of its answers.
type standIn struct {
	kohomaiv1connect.UnimplementedLeadServiceHandler
	kohomaiv1connect.UnimplementedJourneyServiceHandler
	mu       sync.Mutex
	answers  []error // nil is a success
	keys     []string
	auth     string
	statuses []kohomaiv1.JourneyStatus
	waits    []time.Duration
}

func (s *standIn) RegisterLead(ctx context.Context, r *kohomaiv1.RegisterLeadRequest) (*kohomaiv1.RegisterLeadResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, _ := connect.CallInfoForHandlerContext(ctx)
	s.keys = append(s.keys, strings.Join(info.RequestHeader().Values("Idempotency-Key"), "+"))
	s.auth = info.RequestHeader().Get("Authorization")
	if n := len(s.keys); n <= len(s.answers) && s.answers[n-1] != nil {
		return nil, s.answers[n-1]
	}
	id := int64(7)
	return &kohomaiv1.RegisterLeadResponse{Id: &id, Email: r.Email}, nil
}

func (s *standIn) ListLeads(_ context.Context, r *kohomaiv1.ListLeadsRequest) (*kohomaiv1.ListLeadsResponse, error) {
	page := map[string][]int64{"": {1, 2}, "b": {}, "c": {3}}[r.GetPageToken()]
	next := map[string]string{"": "b", "b": "c"}[r.GetPageToken()]
	if r.GetSearch() == "broken" && next != "b" {
		return nil, refusal(connect.CodeInvalidArgument, "Malformed", "invalid_page_token", "")
	}
	out := &kohomaiv1.ListLeadsResponse{}
	if next != "" {
		out.NextPageToken = &next
	}
	for _, id := range page {
		out.Leads = append(out.Leads, &kohomaiv1.Lead{Id: id})
	}
	return out, nil
}

func (s *standIn) GetJourney(_ context.Context, r *kohomaiv1.GetJourneyRequest) (*kohomaiv1.GetJourneyResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.statuses[0]
	s.statuses = s.statuses[1:]
	return &kohomaiv1.GetJourneyResponse{Journey: &kohomaiv1.Journey{Id: r.GetId(), Status: status}}, nil
}

func refusal(code connect.Code, kind, reason, after string, fields ...*errdetails.BadRequest_FieldViolation) error {
	e := connect.NewError(code, errors.New("words"))
	info := &errdetails.ErrorInfo{Reason: reason, Domain: "kohomai", Metadata: map[string]string{"Kind": kind}}
	if after != "" {
		info.Metadata["RetryAfter"] = after
	}
	d, _ := connect.NewErrorDetail(info)
	e.AddDetail(d)
	if len(fields) > 0 {
		d, _ := connect.NewErrorDetail(&errdetails.BadRequest{FieldViolations: fields})
		e.AddDetail(d)
	}
	return e
}

func (s *standIn) client(t *testing.T, around func(http.Handler) http.Handler) *kohomai.Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(kohomaiv1connect.NewLeadServiceHandler(s))
	mux.Handle(kohomaiv1connect.NewJourneyServiceHandler(s))
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", "req_1")
		mux.ServeHTTP(w, r)
	})
	if around != nil {
		handler = around(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := kohomai.New(server.URL+"/", "koh_test_x", kohomai.Options{Sleep: func(ctx context.Context, d time.Duration) error {
		s.waits = append(s.waits, d)
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func register(ctx context.Context, c *kohomai.Client) (*kohomaiv1.RegisterLeadResponse, error) {
	email := "ann@example.com"
	return c.Leads.RegisterLead(ctx, &kohomaiv1.RegisterLeadRequest{Ref: "shop", Email: &email})
}

func TestClient_RepeatsUnderOneKey(t *testing.T) {
	t.Parallel()
	s := &standIn{answers: []error{
		refusal(connect.CodeUnavailable, "Unavailable", "unavailable", "2s"),
		refusal(connect.CodeAborted, "Conflict", "idempotency_key_in_use", "1s"),
		refusal(connect.CodeInternal, "Internal", "internal", ""),
	}}
	lead, err := register(t.Context(), s.client(t, nil))
	if err != nil || lead.GetId() != 7 {
		t.Fatalf("%v %v", lead, err)
	}
	if len(s.keys) != 4 || s.keys[0] == "" || s.keys[1] != s.keys[0] || s.keys[3] != s.keys[0] || s.auth != "Bearer koh_test_x" {
		t.Errorf("keys %q, %s", s.keys, s.auth)
	}
	for i, bounds := range [][2]time.Duration{{2 * time.Second, 2250 * time.Millisecond}, {time.Second, 1500 * time.Millisecond}, {0, time.Second}} {
		if w := s.waits[i]; w < bounds[0] || w > bounds[1] {
			t.Errorf("wait %d was %s, want %v", i, w, bounds)
		}
	}
	// Another call has another key; one of the caller's own is kept.
	c := s.client(t, nil)
	if _, err := register(t.Context(), c); err != nil || s.keys[4] == s.keys[0] {
		t.Errorf("%v %q", err, s.keys)
	}
	if _, err := register(kohomai.Keyed(t.Context(), "order-1"), c); err != nil || s.keys[5] != "order-1" {
		t.Errorf("%v %q", err, s.keys)
	}
}

func TestClient_RepeatsOnlyWhatMayHelp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		tries int
		kind  kohomai.Kind
		code  int
	}{
		"unavailable":      {refusal(connect.CodeUnavailable, "Unavailable", "unavailable", ""), 4, kohomai.Unavailable, 503},
		"limited":          {refusal(connect.CodeResourceExhausted, "Limited", "too_many_requests", "1s"), 4, kohomai.Limited, 429},
		"away for an hour": {refusal(connect.CodeUnavailable, "Unavailable", "unavailable", "1h0m0s"), 1, kohomai.Unavailable, 503},
		"provider":         {refusal(connect.CodeUnavailable, "Provider", "provider_failed", ""), 1, kohomai.Provider, 424},
		"conflict":         {refusal(connect.CodeAborted, "Conflict", "reentry_refused", ""), 1, kohomai.Conflict, 409},
		"forbidden":        {refusal(connect.CodePermissionDenied, "Forbidden", "scope_missing", ""), 1, kohomai.Forbidden, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &standIn{answers: []error{c.err, c.err, c.err, c.err, c.err}}
			_, err := register(t.Context(), s.client(t, nil))
			e, ok := errors.AsType[*kohomai.Error](err)
			if !ok || len(s.keys) != c.tries || e.Kind != c.kind || e.Status != c.code {
				t.Errorf("%d tries, %+v", len(s.keys), err)
			}
		})
	}
}

func TestClient_ErrorsNameEveryField(t *testing.T) {
	t.Parallel()
	s := &standIn{answers: []error{refusal(connect.CodeInvalidArgument, "Invalid", "invalid", "",
		&errdetails.BadRequest_FieldViolation{Field: "Email", Reason: "invalid_email", Description: "This is not an e-mail address."},
		&errdetails.BadRequest_FieldViolation{Field: "ref", Reason: "unknown_ref", Description: "There is no such origin."})}}
	_, err := register(t.Context(), s.client(t, nil))
	e, ok := errors.AsType[*kohomai.Error](err)
	if !ok || e.Code != "invalid" || e.Status != 422 || e.RequestID != "req_1" || e.Detail != "words" || len(e.Errors) != 2 ||
		e.Errors[0] != (kohomai.FieldError{Field: "Email", Code: "invalid_email", Message: "This is not an e-mail address."}) {
		t.Fatalf("%+v", err)
	}
	if connect.CodeOf(err) != connect.CodeInvalidArgument || !strings.Contains(err.Error(), "ref: There is no such origin. (req_1)") {
		t.Errorf("%v", err)
	}
}

// A connection cut before or inside the answer, and a proxy's page, are repeated.
func TestClient_NetworkFaults(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"cut":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"cut body": func(w http.ResponseWriter, _ *http.Request) { cut(w) },
		"a proxy": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprint(w, "<h1>Bad gateway</h1>")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, n := &standIn{}, 0
			c := s.client(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if n++; n < 3 {
						fault(w, r)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			if lead, err := register(t.Context(), c); err != nil || lead.GetId() != 7 || n != 3 {
				t.Errorf("%d requests, %v", n, err)
			}
		})
	}
}

func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/proto")
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte{8, 7})
	panic(http.ErrAbortHandler)
}

func TestClient_ContextEndsIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &standIn{}
	c := s.client(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { cancel(); panic(http.ErrAbortHandler) })
	})
	if _, err := register(ctx, c); !errors.Is(err, context.Canceled) || len(s.waits) != 0 {
		t.Errorf("%v, waits %v", err, s.waits)
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	c := (&standIn{}).client(t, nil)
	var ids []int64
	for lead, err := range kohomai.All(t.Context(), c.Leads.ListLeads, &kohomaiv1.ListLeadsRequest{}, (*kohomaiv1.ListLeadsResponse).GetLeads) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, lead.GetId())
	}
	if fmt.Sprint(ids) != "[1 2 3]" {
		t.Errorf("%v", ids)
	}
	search, failed := "broken", 0
	for lead, err := range kohomai.All(t.Context(), c.Leads.ListLeads, &kohomaiv1.ListLeadsRequest{Search: &search}, (*kohomaiv1.ListLeadsResponse).GetLeads) {
		if err != nil && lead == nil {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d errors", failed)
	}
}

func TestClient_WaitForEnd(t *testing.T) {
	t.Parallel()
	s := &standIn{statuses: []kohomaiv1.JourneyStatus{
		kohomaiv1.JourneyStatus_JOURNEY_STATUS_IN_PROGRESS, kohomaiv1.JourneyStatus_JOURNEY_STATUS_BLOCKED, kohomaiv1.JourneyStatus_JOURNEY_STATUS_NOT_QUALIFIED,
	}}
	j, err := s.client(t, nil).WaitForEnd(t.Context(), 4)
	if err != nil || j.GetId() != 4 || len(s.waits) != 2 || s.waits[1] <= s.waits[0] {
		t.Errorf("%v %v %v", j, err, s.waits)
	}
}

func TestNew_Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", "k"}, {"kohomai.example.com", "k"}, {"ftp://x", "k"}, {"https://x", ""}, {"https://x", "a\nb"}} {
		if _, err := kohomai.New(c[0], c[1], kohomai.Options{}); err == nil {
			t.Errorf("%q is taken", c)
		}
	}
}
