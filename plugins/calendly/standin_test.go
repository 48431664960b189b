package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/plugins/sdk"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// standIn speaks Calendly's API v2 as its documentation describes it, with a ledger of what
// was done.
type standIn struct {
	t      *testing.T
	server *httptest.Server

	mu            sync.Mutex
	subscriptions map[string]map[string]any // by URI
	links         int
	canceled      []string
	// next, when set, answers the next request instead.
	next func(w http.ResponseWriter, r *http.Request)
}

const token = "pat-secret"

func newStandIn(t *testing.T) *standIn {
	t.Helper()
	s := &standIn{t: t, subscriptions: map[string]map[string]any{}}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// RoundTrip takes requests for Calendly to the stand-in, and no others.
func (s *standIn) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || r.URL.Host != "api.calendly.com" {
		return nil, fmt.Errorf("a request to %s", r.URL.Host)
	}
	at, err := url.Parse(s.server.URL)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = at.Scheme, at.Host, "api.calendly.com"
	return s.server.Client().Transport.RoundTrip(r)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, title string) {
	answer(w, status, map[string]any{"title": title, "message": "No."})
}

const (
	userURI      = apiURL + "/users/AAA"
	organization = apiURL + "/organizations/BBB"
	kickOff      = apiURL + "/event_types/CCC"
)

// ServeHTTP implements http.Handler.
func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		next := s.next
		s.next = nil
		next(w, r)
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		refuse(w, http.StatusUnauthorized, "Unauthenticated")
		return
	}
	var body map[string]any
	if raw, _ := io.ReadAll(r.Body); len(raw) > 0 {
		if err := json.Unmarshal(raw, &body); err != nil {
			refuse(w, http.StatusBadRequest, "Invalid Argument")
			return
		}
	}
	switch key := r.Method + " " + r.URL.Path; {
	case key == "GET /users/me":
		answer(w, 200, map[string]any{"resource": map[string]any{"uri": userURI, "name": "Ada Host", "current_organization": organization}})
	case key == "GET /event_types":
		if r.URL.Query().Get("user") != userURI {
			refuse(w, http.StatusBadRequest, "Invalid Argument")
			return
		}
		page := []map[string]any{{"uri": apiURL + "/event_types/XXX", "name": "Other", "slug": "other"}}
		next := any("page-2")
		if r.URL.Query().Get("page_token") == "page-2" {
			page, next = []map[string]any{{"uri": kickOff, "name": "Kick-off call", "slug": "kick-off"}}, nil
		}
		answer(w, 200, map[string]any{"collection": page, "pagination": map[string]any{"count": 1, "next_page_token": next}})
	case key == "POST /webhook_subscriptions":
		for _, have := range s.subscriptions {
			if have["url"] == body["url"] {
				refuse(w, http.StatusConflict, "Already Exists")
				return
			}
		}
		uri := fmt.Sprintf("%s/webhook_subscriptions/%d", apiURL, len(s.subscriptions)+1)
		s.subscriptions[uri] = body
		answer(w, 201, map[string]any{"resource": map[string]any{"uri": uri, "callback_url": body["url"], "state": "active"}})
	case key == "GET /webhook_subscriptions":
		list := []map[string]any{}
		for uri, have := range s.subscriptions {
			list = append(list, map[string]any{"uri": uri, "callback_url": have["url"]})
		}
		answer(w, 200, map[string]any{"collection": list, "pagination": map[string]any{"next_page_token": nil}})
	case strings.HasPrefix(key, "DELETE /webhook_subscriptions/"):
		uri := apiURL + r.URL.Path
		if s.subscriptions[uri] == nil {
			refuse(w, http.StatusNotFound, "Resource Not Found")
			return
		}
		delete(s.subscriptions, uri)
		w.WriteHeader(http.StatusNoContent)
	case key == "POST /scheduling_links":
		if body["owner"] != kickOff || body["owner_type"] != "EventType" || body["max_event_count"] != 1.0 {
			refuse(w, http.StatusBadRequest, "Invalid Argument")
			return
		}
		s.links++
		answer(w, 201, map[string]any{"resource": map[string]any{
			"booking_url": fmt.Sprintf("https://calendly.com/s/%d", s.links), "owner": kickOff, "owner_type": "EventType",
		}})
	case strings.HasSuffix(key, "/cancellation") && r.Method == http.MethodPost:
		s.canceled = append(s.canceled, r.URL.Path)
		answer(w, 201, map[string]any{"resource": map[string]any{}})
	default:
		refuse(w, http.StatusNotFound, "Resource Not Found")
	}
}

// run is one live activity, played by hand.
type run struct {
	t     *testing.T
	api   *standIn
	serve activityv1.ConnectorServiceServer
	now   time.Time
	// config and token are what the calls carry; state is the last Waiting's.
	config, token string
	state         []byte
	inputs        int
}

func newRun(t *testing.T, api *standIn, config string) *run {
	t.Helper()
	return &run{
		t: t, api: api, serve: sdk.Service(connector(), api), now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), config: config, token: token,
	}
}

func (r *run) call() *activityv1.Call {
	return &activityv1.Call{
		WorkspaceId: 1, JourneyId: 2, RunId: 3, Key: "call", IdempotencyKey: "act_3", Attempt: 1, Mode: activityv1.Mode_MODE_LIVE,
		Config: []byte(r.config), Secrets: []byte(`{"Token":"` + r.token + `"}`),
		Facts:       []byte(`{"lead.email":"anna@example.com","lead.firstname":"Anna","lead.lastname":null}`),
		CallbackUrl: "https://kohomai.example.com/callbacks/calendly/tok", State: r.state, Now: timestamppb.New(r.now),
	}
}

func (r *run) kept(o *activityv1.Outcome) *activityv1.Outcome {
	if w := o.GetWaiting(); w != nil {
		r.state = w.GetState()
	}
	return o
}

func (r *run) start() *activityv1.Outcome {
	r.t.Helper()
	a, err := r.serve.Start(context.Background(), &activityv1.StartRequest{Call: r.call()})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.kept(a.GetOutcome())
}

func (r *run) resume(in *activityv1.Input) *activityv1.Outcome {
	r.t.Helper()
	r.inputs++
	in.Id, in.ReceivedAt = strconv.Itoa(r.inputs), timestamppb.New(r.now)
	call := r.call()
	call.IdempotencyKey = "act_3_" + in.GetId()
	a, err := r.serve.Resume(context.Background(), &activityv1.ResumeRequest{Call: call, Input: in})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.kept(a.GetOutcome())
}

// signingKey is the key the stand-in was given for this run's address.
func (r *run) signingKey() string {
	r.api.mu.Lock()
	defer r.api.mu.Unlock()
	for _, s := range r.api.subscriptions {
		if key, ok := s["signing_key"].(string); ok {
			return key
		}
	}
	r.t.Fatal("nothing is subscribed")
	return ""
}

// sign signs as Calendly does.
func sign(key string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// event is a webhook in the recorded shape.
func event(name, invitee, mark string, start time.Time, more map[string]any) []byte {
	payload := map[string]any{
		"uri": apiURL + "/scheduled_events/" + invitee + "/invitees/" + invitee, "email": "anna@example.com", "name": "Anna",
		"status": "active", "rescheduled": false, "old_invitee": nil, "new_invitee": nil,
		"reschedule_url": "https://calendly.com/reschedulings/" + invitee, "cancel_url": "https://calendly.com/cancellations/" + invitee,
		"tracking": map[string]any{"utm_source": "kohomai", "utm_content": mark, "utm_campaign": nil},
		"scheduled_event": map[string]any{
			"uri": apiURL + "/scheduled_events/" + invitee, "name": "Kick-off call", "status": "active",
			"start_time": start.Format("2006-01-02T15:04:05.000000Z"), "end_time": start.Add(30 * time.Minute).Format("2006-01-02T15:04:05.000000Z"),
			"event_type": kickOff, "location": map[string]any{"type": "zoom", "status": "pushed", "join_url": "https://zoom.example/j/1"},
			"event_memberships": []map[string]any{{"user": userURI, "user_name": "Ada Host", "user_email": "ada@example.com"}},
		},
	}
	for k, v := range more {
		payload[k] = v
	}
	raw, err := json.Marshal(map[string]any{"event": name, "created_at": start.Add(-time.Hour), "created_by": userURI, "payload": payload})
	if err != nil {
		panic(err)
	}
	return raw
}

// told resumes the run with a webhook signed with its own key.
func (r *run) told(key string, body []byte) *activityv1.Outcome {
	r.t.Helper()
	return r.resume(&activityv1.Input{
		Kind: activityv1.Input_KIND_CALLBACK, Body: body, Headers: map[string]string{signatureHeader: sign(key, r.now, body)},
	})
}

func facts(t *testing.T, o *activityv1.Outcome) map[string]any {
	t.Helper()
	raw := o.GetCompleted().GetFacts()
	if w := o.GetWaiting(); w != nil {
		raw = w.GetFacts()
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%v: %v", o, err)
	}
	return m
}
