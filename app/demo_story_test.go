package app_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// activityOf finds one of the lead's activities on the start page by its name.
func activityOf(home reply, name string) map[string]any {
	for i := range 20 {
		a, _ := home.at("Journeys", 0, "Activities", i).(map[string]any)
		if a != nil && a["Name"] == name {
			return a
		}
	}
	return nil
}

// The demo, as two people play it: the lead watches, tells and books in one window, the
// account manager approves in the other.
func TestStory_DemoAllTheWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r, token := h.register("eve@example.org", `,"Firstname":"Eve"`)
	id := r.at("Journey", "Id")
	eve := h.browser()
	if got := eve.form(url.Values{"UUID": {token}}); got.status != 303 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	open := func(name string) (run string, activity reply) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			home := eve.call(front+"GetHome", `{}`)
			if a := activityOf(home, name); a != nil && a["State"] == "ACTIVITY_STATE_OPEN" {
				run = a["RunId"].(string)
				return run, eve.call(front+"GetActivity", `{"RunId":"`+run+`"}`)
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s never opened: %s", name, home.raw)
			}
		}
	}

	// The film: skipping to its end is not watching it.
	run, film := open("Watch how it goes")
	address, _ := film.at("Screen", "Video", "Url").(string)
	captions, _ := film.at("Screen", "Video", "Captions").(string)
	for path, kind := range map[string]string{address: "video/webm", captions: "text/vtt; charset=utf-8"} {
		if got := eve.do("GET", path, ""); got.status != 200 || got.header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, got.status, got.header.Get("Content-Type"))
		}
	}
	if part := eve.do("GET", address, "", "Range", "bytes=0-99"); part.status != 206 || len(part.raw) != 100 {
		t.Errorf("a part of the film: %d, %d bytes", part.status, len(part.raw))
	}
	skipped := eve.call(front+"ReportProgress", `{"RunId":"`+run+`","Progress":{"Intervals":[[0,24]],"Position":24,"Duration":24}}`)
	if skipped.status != 200 || skipped.at("Activity", "State") != "ACTIVITY_STATE_OPEN" {
		t.Fatalf("%d %s", skipped.status, skipped.raw)
	}
	if watched, _ := skipped.at("Screen", "Video", "Watched").(float64); watched <= 0 || watched > 0.5 {
		t.Errorf("watched %v within a moment", watched)
	}

	// The call: one of the moments that were offered, and no other.
	run, call := open("Kick-off call")
	slot, _ := call.at("Screen", "Slots", "Slots", 2, "Start").(string)
	if slot == "" || call.at("Screen", "Slots", "Host") != "Your account manager" || call.at("Screen", "Slots", "TimeZone") != "Europe/Paris" {
		t.Fatalf("%s", call.raw)
	}
	if gone := eve.call(front+"SubmitActivity", `{"RunId":"`+run+`","Input":{"Slot":"2020-01-01T10:00:00Z"}}`); gone.at("Activity", "State") != "ACTIVITY_STATE_OPEN" ||
		!strings.Contains(gone.raw, "no longer free") {
		t.Errorf("a moment nobody offered: %d %s", gone.status, gone.raw)
	}
	if done := eve.call(front+"SubmitActivity", `{"RunId":"`+run+`","Input":{"Slot":"`+slot+`"}}`); done.at("Activity", "State") != "ACTIVITY_STATE_COMPLETED" {
		t.Fatalf("%d %s", done.status, done.raw)
	}

	run, _ = open("What you need")
	if done := eve.call(front+"SubmitActivity", `{"RunId":"`+run+`","Input":{"data.plan":"enterprise"}}`); done.at("Activity", "State") != "ACTIVITY_STATE_COMPLETED" {
		t.Fatalf("%d %s", done.status, done.raw)
	}

	// The rest of the film takes its time; here the team spares her that.
	path := fmt.Sprintf("/api/v1/journeys/%.0f/activities/", id)
	if got := h.ask("POST", path+"film/skip", `{"Reason":"Seen it."}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	h.journey(id, func(j reply) bool { return j.at("WaitingOn") == "Team" })

	ada := h.browser()
	if in := ada.call(account+"SignInWithLink", `{"Token":"`+h.signInToken()+`"}`); in.status != 200 {
		t.Fatalf("%d %s", in.status, in.raw)
	}
	approve := fmt.Sprintf(`{"Id":"%.0f","Key":"check"}`, id)
	if got := ada.call("/kohomai.v1.JourneyService/CompleteActivity", approve); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.raw)
	}
	end := h.journey(id, ended)
	if end.at("Status") != "Converted" {
		t.Fatalf("%s", end.raw)
	}
	facts := map[string]any{}
	for _, d := range end.at("JourneyData").([]any) {
		d := d.(map[string]any)
		facts[d["DataPoint"].(map[string]any)["Key"].(string)] = d
	}
	for _, key := range []string{"activity.call.slot", "activity.call.invitation", "activity.call.status", "activity.film.watched", "data.segment"} {
		if facts[key] == nil {
			t.Errorf("%s is not among the facts: %v", key, end.raw)
		}
	}
}
