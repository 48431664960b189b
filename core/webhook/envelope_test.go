package webhook

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/event"
)

var update = flag.Bool("update", false, "write what is expected anew")

func TestEnvelope_golden(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 10, 30, 0, 123456000, time.FixedZone("CET", 3600))
	var got bytes.Buffer
	for _, f := range []Fact{
		{
			Event:    event.Event{ID: 81234, Type: event.ActivityDone, At: at, Lead: 4711, Journey: 4712, Sequence: 12, Run: 4720, Data: map[string]any{"Email": "kept out"}},
			Status:   "InProgress",
			Activity: &Activity{ID: 4720, Key: "check", Name: "Prüfung <1>", Connector: "approval", Stage: "kickoff", Visit: 1},
		},
		{Event: event.Event{ID: 81235, Type: event.JourneyConverted, At: at, Lead: 4711, Journey: 4712, Sequence: 13}, Status: "Converted"},
		{Event: event.Event{ID: 81236, Type: event.LeadRegistered, At: at.Truncate(time.Second), Lead: 4711}},
		{Event: event.Event{ID: 81237, Type: event.EndpointDisabled, At: at, Data: map[string]any{"Endpoint": 4800.0, "Reason": "Gone"}}},
		{Event: event.Event{ID: 81238, Type: TestType, At: at}},
	} {
		body, err := Envelope(4100, f)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Indent(&got, body, "", "  "); err != nil {
			t.Fatal(err)
		}
		got.WriteByte('\n')
	}
	const golden = "testdata/envelopes.json"
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s\n%v", got.Bytes(), want, err)
	}
}
