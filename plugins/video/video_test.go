package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
	"github.com/kohomai/kohomai/plugins/sdktest"
)

var began = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, connector(), sdktest.Sample{Config: []byte(`{"Url":"https://media.example.com/film.mp4","Share":0.5}`)},
		sdktest.Sample{Config: []byte(`{"Url":"/media/welcome.webm","CaptionsUrl":"/media/welcome.vtt"}`)})
}

// viewer watches a film of 100 seconds through the state machine of reports.
type viewer struct {
	t *testing.T
	s state
}

func newViewer(t *testing.T) *viewer { return &viewer{t, state{Began: began, Reported: began}} }

// report tells of pieces so many seconds after the beginning.
func (v *viewer) report(after float64, pieces ...interval) *viewer {
	v.s = v.s.take(sdk.VideoAnswer{Intervals: pieces, Duration: 100, Position: 50}, began.Add(time.Duration(after*float64(time.Second))))
	return v
}

func (v *viewer) want(seen float64) *viewer {
	v.t.Helper()
	if got := seconds(v.s.Watched); math.Abs(got-seen) > 1e-9 {
		v.t.Errorf("watched %.3f seconds, want %.3f: %v", got, seen, v.s.Watched)
	}
	return v
}

func TestWatched(t *testing.T) {
	t.Parallel()
	t.Run("what is played counts", func(t *testing.T) {
		newViewer(t).report(10, interval{0, 10}).want(10).report(20, interval{10, 20}).want(20)
	})
	t.Run("what is skipped does not", func(t *testing.T) {
		newViewer(t).report(10, interval{0, 5}, interval{90, 95}).want(10)
	})
	t.Run("twice counts once", func(t *testing.T) {
		newViewer(t).report(10, interval{0, 10}).report(20, interval{0, 10}).want(10).report(30, interval{5, 15}).want(15)
	})
	t.Run("nobody watches faster than twice the clock", func(t *testing.T) {
		// Two seconds of slack are forgiven.
		newViewer(t).report(10, interval{0, 100}).want(24)
	})
	t.Run("nor by reporting often", func(t *testing.T) {
		v := newViewer(t)
		for i := range 1000 {
			v.report(0.01*float64(i), interval{float64(i % 100), float64(i%100) + 1})
		}
		if got := seconds(v.s.Watched); got > 2*(9.99+2)+1e-6 {
			t.Errorf("%.2f seconds watched in 10", got)
		}
	})
	t.Run("pieces outside the film are cut", func(t *testing.T) {
		newViewer(t).report(50, interval{-5, 2}, interval{98, 200}, interval{9, 3}, interval{math.NaN(), 4}).want(4)
	})
	t.Run("a film does not grow shorter", func(t *testing.T) {
		v := newViewer(t).report(10, interval{0, 10})
		v.s = v.s.take(sdk.VideoAnswer{Duration: 10}, began.Add(20*time.Second))
		if v.s.share() != 0.1 {
			t.Errorf("share %v", v.s.share())
		}
	})
	t.Run("a clock that goes back gains nothing and loses nothing", func(t *testing.T) {
		newViewer(t).report(10, interval{0, 10}).report(-60, interval{10, 90}).want(10)
	})
}

// Whatever is reported, in whatever order: never more than the film, never more than twice
// the time, and what was seen stays seen.
func TestWatched_Random(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		v, at, before := newViewer(t), 0.0, 0.0
		for range 30 {
			at += random.Float64() * 10
			var pieces []interval
			for range random.IntN(4) {
				from := random.Float64()*140 - 20
				pieces = append(pieces, interval{from, from + random.Float64()*60 - 5})
			}
			v.report(at, pieces...)
			got := seconds(v.s.Watched)
			if got > 100+1e-6 || got > 2*(at+2)+1e-6 || got < before-1e-6 {
				t.Fatalf("seed %d: %.3f seconds after %.3f, %.3f before", seed, got, at, before)
			}
			before = got
		}
	}
}

func TestBounded(t *testing.T) {
	t.Parallel()
	var all []interval
	for i := range 2000 {
		all = append(all, interval{float64(2 * i), float64(2*i) + 1})
	}
	s := state{Watched: bounded(all), Duration: 5000}
	raw, err := json.Marshal(s)
	if err != nil || len(raw) > sdk.MaxState || len(s.Watched) > maxIntervals {
		t.Errorf("%d pieces, %d bytes, %v", len(s.Watched), len(raw), err)
	}
}

func ask(t *testing.T, config string, resume *sdk.Request) (sdk.Outcome, error) {
	t.Helper()
	r := resume
	if r == nil {
		r = &sdk.Request{Now: began}
	}
	r.Config = []byte(config)
	if r.Input == nil {
		return start(context.Background(), r)
	}
	return connector().Resume(context.Background(), r)
}

func TestResume(t *testing.T) {
	t.Parallel()
	const config = `{"Url":"https://media.example.com/film.mp4","Share":0.5}`
	report := func(s state, body string, after time.Duration) sdk.Outcome {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		o, err := ask(t, config, &sdk.Request{Now: began.Add(after), State: raw, Input: &sdk.Input{Kind: sdk.ByPerson, Body: []byte(body)}})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	half := report(state{Began: began, Reported: began}, `{"Intervals":[[0,40]],"Position":40,"Duration":100}`, 40*time.Second)
	if got := fmt.Sprintf("%+v", half); strings.Contains(got, "done:true") {
		t.Errorf("at 40 %% of 50: %s", got)
	}
	s := state{Began: began, Reported: began.Add(40 * time.Second), Watched: []interval{{0, 40}}, Duration: 100, Credited: 40, Position: 40}
	if got := fmt.Sprintf("%+v", report(s, `{"Intervals":[[40,51]],"Position":51,"Duration":100}`, 52*time.Second)); !strings.Contains(got, "done:true") ||
		!strings.Contains(got, "watched:0.51") || !strings.Contains(got, "position:51") {
		t.Errorf("at the share: %s", got)
	}
	if got := fmt.Sprintf("%+v", report(s, `{"Intervals":"all"}`, time.Hour)); strings.Contains(got, "done:true") {
		t.Errorf("nonsense completes: %s", got)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for config, wrong := range map[string]string{
		`{}`:                                "config.Url",
		`{"Url":"ftp://x.org/a"}`:           "config.Url",
		`{"Url":"//evil.example/a"}`:        "config.Url",
		`{"Url":"/\\evil.example/a"}`:       "config.Url",
		`{"Url":"/media/a.webm","Share":0}`: "config.Share",
		`{"Url":"/media/a.webm","CaptionsUrl":"javascript:x"}`:      "config.CaptionsUrl",
		`{"Url":"https://example.com/a","Share":1,"Autoplay":true}`: "Autoplay",
	} {
		if _, err := ask(t, config, nil); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v, want %s named", config, err, wrong)
		}
	}
}

func TestProvider(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://www.youtube.com/watch?v=x": "youtube", "https://youtu.be/x": "youtube", "https://vimeo.com/1": "vimeo",
		"https://example.com/a.m3u8": "hls", "https://example.com/a.mp4": "file", "/media/welcome.webm": "file",
		"https://notyoutube.com/x": "file",
	} {
		if got := provider(address); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}
