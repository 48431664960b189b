package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"

	"github.com/kohomai/kohomai/plugins/sdktest"
)

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, connector(), sdktest.Sample{Config: []byte(`{"EventType":"kick-off","TimeZone":"Europe/Paris","Host":"Ada"}`)},
		sdktest.Sample{Config: []byte(`{"CompleteWhen":"Held"}`)})
}

// sandboxRun plays a sandbox; nothing may leave it.
type sandboxRun struct{ *run }

func newSandboxRun(t *testing.T, config string) sandboxRun {
	return sandboxRun{newRun(t, newStandIn(t), config)}
}

func (r sandboxRun) start() *activityv1.Outcome {
	r.t.Helper()
	call := r.call()
	call.Mode, call.Secrets = activityv1.Mode_MODE_SANDBOX, nil
	a, err := r.serve.Start(r.t.Context(), &activityv1.StartRequest{Call: call})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.kept(a.GetOutcome())
}

func (r sandboxRun) answer(kind activityv1.Input_Kind, body string) *activityv1.Outcome {
	r.t.Helper()
	call := r.call()
	call.Mode, call.Secrets = activityv1.Mode_MODE_SANDBOX, nil
	a, err := r.serve.Resume(r.t.Context(), &activityv1.ResumeRequest{Call: call, Input: &activityv1.Input{Kind: kind, Id: "1", Body: []byte(body)}})
	if err != nil {
		r.t.Fatal(err)
	}
	return r.kept(a.GetOutcome())
}

func (r sandboxRun) choose(slot string) *activityv1.Outcome {
	r.t.Helper()
	return r.answer(activityv1.Input_KIND_PERSON, `{"Slot":"`+slot+`"}`)
}

func offered(o *activityv1.Outcome) []string {
	var all []string
	for _, s := range o.GetWaiting().GetScreen().GetSlots().GetSlots() {
		all = append(all, s.GetId())
	}
	return all
}

func TestSandbox_Offers(t *testing.T) {
	t.Parallel()
	// Monday 2 March 2026, 08:00 UTC: 09:00 in Paris, and four hours of notice.
	o := newSandboxRun(t, `{"TimeZone":"Europe/Paris","HorizonDays":7}`).start()
	all := offered(o)
	if all[0] != "2026-03-02T12:00:00Z" || all[len(all)-1] != "2026-03-09T15:30:00Z" {
		t.Errorf("from %s to %s", all[0], all[len(all)-1])
	}
	for _, id := range all {
		at, err := time.Parse(time.RFC3339, id)
		paris, _ := time.LoadLocation("Europe/Paris")
		local := at.In(paris)
		if err != nil || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday || local.Hour() < 9 || local.Hour() >= 17 {
			t.Errorf("%s is %s", id, local)
		}
	}
	if !slices.IsSorted(all) {
		t.Error("not in order")
	}
}

// The night of 29 March 2026 is an hour shorter in Paris, that of 25 October an hour longer.
func TestSandbox_SummerTime(t *testing.T) {
	t.Parallel()
	r := newSandboxRun(t, `{"TimeZone":"Europe/Paris","HorizonDays":2,"NoticeHours":0,"Days":["Sat","Sun","Mon"],"From":"00:00","To":"06:00","Minutes":60}`)
	for _, c := range []struct {
		now  string
		want int
	}{{"2026-03-27T23:00:00Z", 6 + 5 + 6}, {"2026-10-23T22:00:00Z", 6 + 6 + 6}} {
		at, _ := time.Parse(time.RFC3339, c.now)
		r.now = at
		all := offered(r.start())
		if len(all) != c.want || len(slices.Compact(slices.Sorted(slices.Values(all)))) != c.want {
			t.Errorf("from %s: %d moments, want %d: %v", c.now, len(all), c.want, all)
		}
	}
}

func TestSandbox_Books(t *testing.T) {
	t.Parallel()
	r := newSandboxRun(t, `{"EventType":"kick-off","Host":"Ada Host","Location":"By video","TimeZone":"Europe/Paris"}`)
	all := offered(r.start())
	o := r.choose(all[3])
	if f := facts(t, o); o.GetCompleted() == nil || f["slot"] != all[3] || f["host"] != "Ada Host" || f["location"] != "By video" || f["status"] != "booked" {
		t.Errorf("%v", o)
	}
}

func TestSandbox_Refuses(t *testing.T) {
	t.Parallel()
	r := newSandboxRun(t, `{}`)
	all := offered(r.start())
	for _, id := range []string{"2026-03-02T12:07:00Z", "2026-03-07T12:00:00Z", "2020-01-01T10:00:00Z", "2030-01-01T10:00:00Z", "soon", ""} {
		o := r.choose(id)
		if o.GetWaiting().GetScreen().GetNotice() == "" || len(offered(o)) != len(all) {
			t.Errorf("%s: %v", id, o)
		}
	}
	// A moment that passed while the page stood open.
	r.now = r.now.Add(48 * time.Hour)
	if o := r.choose(all[0]); o.GetWaiting() == nil || slices.Contains(offered(o), all[0]) {
		t.Errorf("%v", o)
	}
}

func TestSandbox_Moves(t *testing.T) {
	t.Parallel()
	r := newSandboxRun(t, `{"CompleteWhen":"Held","TimeZone":"Europe/Paris"}`)
	all := offered(r.start())
	o := r.choose(all[0])
	if f := facts(t, o); o.GetWaiting() == nil || f["status"] != "booked" || slices.Contains(offered(o), all[0]) {
		t.Fatalf("%v", o)
	}
	o = r.choose(all[5])
	if f := facts(t, o); f["status"] != "rescheduled" || f["slot"] != all[5] || !strings.Contains(f["invitation"].(string), "SEQUENCE:1\r\n") {
		t.Fatalf("%v", f)
	}
	if left := offered(o); slices.Contains(left, all[0]) || slices.Contains(left, all[5]) {
		t.Error("a moment is offered twice in one run")
	}
	if o = r.choose(all[5]); o.GetWaiting().GetScreen().GetNotice() == "" || facts(t, o)["slot"] != all[5] {
		t.Errorf("the same moment again: %v", o)
	}
	end, _ := time.Parse(time.RFC3339, all[5])
	r.now = end.Add(30 * time.Minute)
	if o = r.answer(activityv1.Input_KIND_TIMER, ""); facts(t, o)["status"] != "held" || o.GetCompleted() == nil {
		t.Errorf("%v", o)
	}
}

func TestInvitation(t *testing.T) {
	t.Parallel()
	text := invitation{
		run: 7, start: slot, end: slot.Add(time.Hour), made: slot, title: strings.Repeat("Früh; spät, ", 20) + "\nEND:VCALENDAR", host: "Ada",
	}.String()
	if strings.Count(text, "\r\nEND:VCALENDAR") != 1 || !strings.Contains(text, `Früh\; spät\,`) {
		t.Error(text)
	}
	for _, line := range strings.Split(text, "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") {
		t.Error("a bare line break")
	}
}

func TestRead_NamesEveryField(t *testing.T) {
	t.Parallel()
	_, err := read([]byte(`{"TimeZone":"Mars/Base","From":"9","Minutes":1,"Days":["Someday"],"NoticeHours":-1,"CompleteWhen":"Never"}`))
	for _, field := range []string{"TimeZone", "From", "Minutes", "Days", "NoticeHours", "CompleteWhen"} {
		if err == nil || !strings.Contains(err.Error(), "config."+field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	if _, err := read([]byte(`{"From":"16:50","To":"17:00"}`)); err == nil || !strings.Contains(err.Error(), "config.To") {
		t.Errorf("no room: %v", err)
	}
}
