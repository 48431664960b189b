package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

const liveConfig = `{"EventType":"kick-off"}`

var slot = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

func TestLive_Books(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	r := newRun(t, api, liveConfig)
	w := r.start().GetWaiting()
	u, err := url.Parse(w.GetScreen().GetRedirect().GetUrl())
	if err != nil || u.Host != "calendly.com" || u.Query().Get("utm_content") != "act_3" || u.Query().Get("email") != "anna@example.com" || u.Query().Get("name") != "Anna" {
		t.Fatalf("%v: %v", w, err)
	}
	o := r.told(r.signingKey(), event("invitee.created", "inv1", "act_3", slot, nil))
	if o.GetCompleted() == nil {
		t.Fatal(o)
	}
	f := facts(t, o)
	if f["slot"] != "2026-03-04T10:00:00Z" || f["end"] != "2026-03-04T10:30:00Z" || f["host"] != "Ada Host" ||
		f["location"] != "https://zoom.example/j/1" || f["status"] != "booked" || !strings.Contains(f["invitation"].(string), "DTSTART:20260304T100000Z\r\n") {
		t.Errorf("%v", f)
	}
	if len(api.subscriptions) != 0 {
		t.Errorf("still subscribed: %v", api.subscriptions)
	}
}

// A start whose answer was lost is made again: one subscription stands, with the key that
// the state holds.
func TestLive_StartsAgain(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	r := newRun(t, api, liveConfig)
	r.start()
	r.state = nil
	if o := r.start(); o.GetWaiting() == nil {
		t.Fatal(o)
	}
	if len(api.subscriptions) != 1 {
		t.Fatalf("%d subscriptions", len(api.subscriptions))
	}
	if o := r.told(r.signingKey(), event("invitee.created", "inv1", "act_3", slot, nil)); o.GetCompleted() == nil {
		t.Error(o)
	}
}

func TestLive_DisbelievesOthers(t *testing.T) {
	t.Parallel()
	r := newRun(t, newStandIn(t), liveConfig)
	r.start()
	key, body := r.signingKey(), event("invitee.created", "inv1", "act_3", slot, nil)
	for name, header := range map[string]string{
		"no signature":        "",
		"another key":         sign("other", r.now, body),
		"too old":             sign(key, r.now.Add(-tolerance-time.Second), body),
		"from the future":     sign(key, r.now.Add(tolerance+time.Second), body),
		"of another body":     sign(key, r.now, []byte("{}")),
		"nonsense":            "t=x,v1=zz",
		"without a time":      "v1=00",
		"without a signature": "t=1772438400",
	} {
		o := r.resume(&activityv1.Input{Kind: activityv1.Input_KIND_CALLBACK, Body: body, Headers: map[string]string{signatureHeader: header}})
		if o.GetWaiting() == nil || len(o.GetWaiting().GetFacts()) > 2 {
			t.Errorf("%s: %v", name, o)
		}
	}
	for name, told := range map[string][]byte{
		"somebody else's booking":  event("invitee.created", "inv2", "act_4", slot, nil),
		"a booking not through us": event("invitee.created", "inv2", "act_3", slot, map[string]any{"tracking": map[string]any{"utm_content": "act_3"}}),
		"a cancelation of nothing": event("invitee.canceled", "inv2", "act_3", slot, nil),
		"another event":            event("invitee_no_show.created", "inv1", "act_3", slot, nil),
		"no time":                  event("invitee.created", "inv1", "act_3", slot, map[string]any{"scheduled_event": map[string]any{}}),
		"no JSON":                  []byte("{"),
	} {
		if o := r.told(key, told); o.GetWaiting() == nil {
			t.Errorf("%s: %v", name, o)
		}
	}
	// Within the tolerance it counts.
	o := r.resume(&activityv1.Input{
		Kind: activityv1.Input_KIND_CALLBACK, Body: body, Headers: map[string]string{signatureHeader: sign(key, r.now.Add(-tolerance+time.Second), body)},
	})
	if o.GetCompleted() == nil {
		t.Error(o)
	}
}

// Moved, canceled and booked again, in whatever order Calendly's word arrives.
func TestLive_Held(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	r := newRun(t, api, `{"EventType":"Kick-off call","CompleteWhen":"Held"}`)
	r.start()
	key := r.signingKey()
	first := event("invitee.created", "inv1", "act_3", slot, nil)
	o := r.told(key, first)
	if f := facts(t, o); f["status"] != "booked" || !o.GetWaiting().GetUntil().AsTime().Equal(slot.Add(30*time.Minute)) {
		t.Fatalf("%v", o)
	}
	if o.GetWaiting().GetScreen().GetRedirect().GetUrl() != "https://calendly.com/reschedulings/inv1" {
		t.Errorf("%v", o.GetWaiting().GetScreen())
	}
	later := slot.Add(24 * time.Hour)
	old := apiURL + "/scheduled_events/inv1/invitees/inv1"
	// The new moment is told before the end of the old one.
	o = r.told(key, event("invitee.created", "inv2", "", later, map[string]any{"old_invitee": old}))
	if f := facts(t, o); f["status"] != "rescheduled" || f["slot"] != "2026-03-05T10:00:00Z" || !strings.Contains(f["invitation"].(string), "SEQUENCE:1\r\n") {
		t.Fatalf("%v", f)
	}
	for _, stale := range [][]byte{event("invitee.canceled", "inv1", "act_3", slot, map[string]any{"rescheduled": true}), first} {
		if f := facts(t, r.told(key, stale)); f["slot"] != "2026-03-05T10:00:00Z" {
			t.Fatalf("old news counted: %v", f)
		}
	}
	o = r.told(key, event("invitee.canceled", "inv2", "act_3", later, nil))
	if f := facts(t, o); f["status"] != "canceled" || api.links != 2 || !strings.HasPrefix(o.GetWaiting().GetScreen().GetRedirect().GetUrl(), "https://calendly.com/s/2?") {
		t.Fatalf("%v", o)
	}
	o = r.told(key, event("invitee.created", "inv3", "act_3", later, nil))
	if f := facts(t, o); f["slot"] != "2026-03-05T10:00:00Z" {
		t.Fatalf("%v", f)
	}
	r.now = later.Add(30 * time.Minute)
	if o = r.resume(&activityv1.Input{Kind: activityv1.Input_KIND_TIMER}); facts(t, o)["status"] != "held" || o.GetCompleted() == nil {
		t.Fatal(o)
	}
	if len(api.subscriptions) != 0 {
		t.Error("still subscribed")
	}
}

func TestLive_Failures(t *testing.T) {
	t.Parallel()
	type want struct {
		retryable bool
		source    activityv1.FailureSource
		after     time.Duration
		code      string
	}
	const downstream, configuration = activityv1.FailureSource_FAILURE_SOURCE_DOWNSTREAM, activityv1.FailureSource_FAILURE_SOURCE_CONFIGURATION
	status := func(code int, headers ...string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i+1 < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			refuse(w, code, "No")
		}
	}
	for name, c := range map[string]struct {
		next func(http.ResponseWriter, *http.Request)
		want want
	}{
		"429 with seconds":      {status(429, "Retry-After", "17"), want{true, downstream, 17 * time.Second, "limited"}},
		"429 without":           {status(429), want{true, downstream, patience, "limited"}},
		"429 for a century":     {status(429, "Retry-After", "3153600000"), want{true, downstream, time.Hour, "limited"}},
		"500":                   {status(500), want{true, downstream, 0, "provider_error"}},
		"503":                   {status(503), want{true, downstream, 0, "provider_error"}},
		"403":                   {status(403), want{false, configuration, 0, "forbidden"}},
		"400":                   {status(400), want{false, downstream, 0, "provider_refused"}},
		"a redirect":            {status(302, "Location", "https://evil.example/"), want{false, downstream, 0, "provider_refused"}},
		"garbage":               {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, want{true, downstream, 0, "unexpected_answer"}},
		"JSON of another shape": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"resource":{"uri":7}}`)) }, want{true, downstream, 0, "unexpected_answer"}},
		"an empty answer":       {func(w http.ResponseWriter, _ *http.Request) {}, want{true, downstream, 0, "unexpected_answer"}},
		"a broken connection": {func(w http.ResponseWriter, _ *http.Request) {
			panic(http.ErrAbortHandler)
		}, want{true, downstream, 0, "unreachable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newStandIn(t)
			api.next = c.next
			r := newRun(t, api, liveConfig)
			f := r.start().GetFailed()
			if f == nil || f.GetRetryable() != c.want.retryable || f.GetSource() != c.want.source || f.GetCode() != c.want.code ||
				f.GetRetryAfterMs() != c.want.after.Milliseconds() {
				t.Fatalf("%v, want %+v", f, c.want)
			}
			if strings.Contains(f.GetReason(), token) {
				t.Error("the reason tells the token")
			}
			// The trouble over, the same start works.
			if c.want.retryable && r.start().GetWaiting() == nil {
				t.Error("it does not recover")
			}
		})
	}
}

func TestLive_Misconfigured(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	for name, c := range map[string]struct {
		change func(*run)
		says   string
	}{
		"a wrong token":        {func(r *run) { r.token = "wrong" }, "token is not accepted"},
		"no token":             {func(r *run) { r.token = "" }, "secrets.Token"},
		"no event type":        {func(r *run) { r.config = `{}` }, "config.EventType"},
		"an unknown one":       {func(r *run) { r.config = `{"EventType":"nope"}` }, "config.EventType"},
		"a setting too many":   {func(r *run) { r.config = `{"EventType":"kick-off","ApiUrl":"https://evil.example"}` }, "ApiUrl"},
		"an address elsewhere": {func(r *run) { r.config = `{"EventType":"https://evil.example/event_types/1"}` }, "config.EventType"},
	} {
		r := newRun(t, api, liveConfig)
		c.change(r)
		f := r.start().GetFailed()
		if f == nil || f.GetRetryable() || f.GetSource() != activityv1.FailureSource_FAILURE_SOURCE_CONFIGURATION || !strings.Contains(f.GetReason(), c.says) {
			t.Errorf("%s: %v", name, f)
		}
	}
}

func TestLive_Timeout(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	release := make(chan struct{})
	defer close(release)
	api.next = func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}
	r := newRun(t, api, liveConfig)
	ctx, cancel := contextFor(t, 50*time.Millisecond)
	defer cancel()
	a, err := r.serve.Start(ctx, &activityv1.StartRequest{Call: r.call()})
	if f := a.GetOutcome().GetFailed(); err != nil || f == nil || !f.GetRetryable() || f.GetCode() != "unreachable" {
		t.Errorf("%v, %v", a, err)
	}
}

func TestLive_Cancel(t *testing.T) {
	t.Parallel()
	api := newStandIn(t)
	r := newRun(t, api, `{"EventType":"kick-off","CompleteWhen":"Held"}`)
	r.start()
	r.told(r.signingKey(), event("invitee.created", "inv1", "act_3", slot, nil))
	for range 2 {
		a, err := r.serve.Cancel(t.Context(), &activityv1.CancelRequest{Call: r.call(), Reason: "Left."})
		if err != nil || a.GetFailed() != nil {
			t.Fatalf("%v, %v", a, err)
		}
	}
	if len(api.subscriptions) != 0 || len(api.canceled) == 0 || api.canceled[0] != "/scheduled_events/inv1/cancellation" {
		t.Errorf("%v, %v", api.subscriptions, api.canceled)
	}
}
