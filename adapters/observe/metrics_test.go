package observe_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/adapters/observe"
)

type figures struct{ err error }

func (f figures) Standing(context.Context) (observe.Standing, error) {
	return observe.Standing{Jobs: map[string]int64{"available": 3}, DueJourneys: 2, OpenCalls: 1, HorizonAge: 1500 * time.Millisecond}, f.err
}

func scrape(t *testing.T, m *observe.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := observe.NewMetrics(figures{}, "v1", "abc")
	m.Applied(5, 10*time.Millisecond, nil)
	m.Applied(1, time.Millisecond, errors.New("no"))
	clock := time.Unix(0, 0)
	mux := http.NewServeMux()
	mux.HandleFunc("/things/{id}", func(w http.ResponseWriter, _ *http.Request) {
		clock = clock.Add(30 * time.Millisecond)
		w.WriteHeader(http.StatusTeapot)
	})
	handler := m.Requests(observe.Routes(mux, func(r *http.Request) string { return r.Pattern }), func() time.Time { return clock })
	for _, c := range [][2]string{{"GET", "/things/1"}, {"GET", "/things/2"}, {"BREW", "/nothing/secret"}} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(c[0], c[1], nil))
	}
	text := scrape(t, m)
	for _, want := range []string{
		`kohomai_http_request_seconds_count{method="GET",route="/things/{id}",status="418"} 2`,
		`kohomai_http_request_seconds_bucket{method="GET",route="/things/{id}",status="418",le="0.025"} 0`,
		`kohomai_http_request_seconds_count{method="other",route="none",status="404"} 1`,
		`kohomai_engine_batch_commands_sum 5`, `kohomai_engine_batch_commands_count 1`,
		`kohomai_engine_commit_seconds_count{result="failed"} 1`, `kohomai_build_info{commit="abc",version="v1"} 1`,
		`kohomai_jobs{state="available"} 3`, "kohomai_journeys_due 2", "kohomai_calls_open 1", "kohomai_event_horizon_age_seconds 1.5",
		"go_goroutines ", "process_start_time_seconds ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, "secret") {
		t.Error("an address as it was sent became a figure")
	}
}

func TestMetrics_DatabaseAway(t *testing.T) {
	t.Parallel()
	text := scrape(t, observe.NewMetrics(figures{err: errors.New("away")}, "v1", "abc"))
	if strings.Contains(text, "kohomai_jobs{") || !strings.Contains(text, "kohomai_build_info") {
		t.Errorf("%s", text)
	}
}
