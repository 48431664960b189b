package webhook

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestDelivery_conclude_schedule(t *testing.T) {
	t.Parallel()
	published := []string{"5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"}
	for _, spread := range []float64{0, 0.5, 0.999} {
		d := Delivery{Status: Pending}
		for i, text := range published {
			wait, err := time.ParseDuration(text)
			if err != nil {
				t.Fatal(err)
			}
			d.conclude(Answer{Status: 500}, noon, spread)
			want := time.Duration(float64(wait) * (0.9 + 0.2*spread))
			if d.Status != Pending || d.Attempts != i+1 || d.NextAt.Sub(noon) != want {
				t.Errorf("after failure %d: %s in %v, want %v", i+1, d.Status, d.NextAt.Sub(noon), want)
			}
		}
		d.conclude(Answer{}, noon, spread)
		if d.Status != Failed || d.Reason != Exhausted || !d.NextAt.IsZero() || !d.EndedAt.Equal(noon) || d.Attempts != 10 {
			t.Errorf("after ten failures: %+v", d)
		}
		d.Again(noon.Add(time.Hour))
		if d.Status != Pending || d.Tries != 0 || d.Attempts != 10 || !d.NextAt.Equal(noon.Add(time.Hour)) || !d.EndedAt.IsZero() {
			t.Errorf("sent anew: %+v", d)
		}
	}
}

func TestDelivery_conclude_answers(t *testing.T) {
	t.Parallel()
	for status, accepted := range map[int]bool{200: true, 204: true, 299: true, 301: false, 302: false, 307: false, 199: false, 400: false, 410: false, 500: false, 0: false} {
		d := Delivery{Status: Pending}
		d.conclude(Answer{Status: status}, noon, 0)
		if (d.Status == Delivered) != accepted {
			t.Errorf("%d: %s", status, d.Status)
		}
	}
	for after, want := range map[time.Duration]time.Duration{
		time.Second: 5 * time.Second, time.Minute: time.Minute, 100 * time.Hour: 24 * time.Hour,
	} {
		d := Delivery{Status: Pending}
		d.conclude(Answer{Status: 503, RetryAfter: after}, noon, 0.5)
		if got := d.NextAt.Sub(noon); got != want {
			t.Errorf("Retry-After %v: %v, want %v", after, got, want)
		}
	}
}

func TestEndpoint_circuit(t *testing.T) {
	t.Parallel()
	var e Endpoint
	for i, want := range []time.Duration{0, 0, 0, 0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		e.fail(Answer{Status: 500}, noon)
		got := time.Duration(0)
		if !e.OpenUntil.IsZero() {
			got = e.OpenUntil.Sub(noon)
		}
		if got != want || e.width() != 1 {
			t.Errorf("after %d failures it rests %v, want %v", i+1, got, want)
		}
	}
	if !e.open(noon.Add(time.Minute)) || e.open(noon.Add(5*time.Minute)) || !e.Enabled() {
		t.Errorf("%+v", e)
	}
	e.succeed(noon)
	if e.Failures != 0 || e.open(noon) || e.width() != sideBySide || !e.FailingSince.IsZero() {
		t.Errorf("one success closes it: %+v", e)
	}
	e.fail(Answer{Status: 429, RetryAfter: 10 * time.Minute}, noon)
	if e.OpenUntil.Sub(noon) != 10*time.Minute {
		t.Errorf("rests %v", e.OpenUntil.Sub(noon))
	}
	e.fail(Answer{Status: 503, RetryAfter: 10 * time.Hour}, noon)
	if e.OpenUntil.Sub(noon) != time.Hour {
		t.Errorf("rests %v", e.OpenUntil.Sub(noon))
	}
}

func TestEndpoint_disables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failures int
		since    time.Duration
		answer   Answer
		want     string
	}{
		"gone":                   {0, 0, Answer{Status: 410}, Gone},
		"tenth after five days":  {9, DisableAfter, Answer{Status: 500}, OnlyFailures},
		"tenth a second earlier": {9, DisableAfter - time.Second, Answer{Status: 500}, ""},
		"ninth after five days":  {8, DisableAfter, Answer{Status: 500}, ""},
		"no answer":              {20, 30 * 24 * time.Hour, Answer{}, OnlyFailures},
	} {
		e := Endpoint{Failures: c.failures}
		if c.failures > 0 {
			e.FailingSince = noon.Add(-c.since)
		}
		e.fail(c.answer, noon)
		if e.DisabledReason != c.want || e.Enabled() != (c.want == "") {
			t.Errorf("%s: %q", name, e.DisabledReason)
		}
	}
	e := Endpoint{WakeAt: noon, OpenUntil: noon, Failures: 3, FailingSince: noon}
	e.Disable(ByRequest, noon)
	e.Disable(Gone, noon.Add(time.Hour))
	if e.DisabledReason != ByRequest || !e.DisabledAt.Equal(noon) || !e.WakeAt.IsZero() {
		t.Errorf("%+v", e)
	}
	if e.Enable(); !e.Enabled() || e.Failures != 0 || e.DisabledReason != "" {
		t.Errorf("%+v", e)
	}
}
