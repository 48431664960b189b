package observe

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the figures of one process.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	batch    prometheus.Histogram
	commit   *prometheus.HistogramVec
}

// Standing figures are read when Prometheus asks.
type Standing struct {
	// Jobs by state, finished ones left out.
	Jobs map[string]int64
	// DueJourneys are those whose moment has come and that nobody has woken yet.
	DueJourneys int64
	// OpenCalls are calls of connectors without an outcome.
	OpenCalls int64
	// HorizonAge is how long the oldest transaction has kept events from their readers.
	HorizonAge time.Duration
}

// Figures reads the standing figures of an installation.
type Figures interface {
	// Standing must answer without locking, within the context's deadline.
	Standing(ctx context.Context) (Standing, error)
}

// scrapeLimit is how long Prometheus may wait for the database.
const scrapeLimit = 3 * time.Second

// NewMetrics makes the figures of a process. Version and commit tell what it was built from.
func NewMetrics(figures Figures, version, commit string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kohomai_http_request_seconds", Help: "Requests by route, method and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "status"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "kohomai_engine_batch_commands", Help: "Commands committed together.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9),
		}),
		commit: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "kohomai_engine_commit_seconds", Help: "Time to apply and commit a batch, by how it ended.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"result"}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "kohomai_build_info", Help: "What this process was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "commit": commit},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.batch, m.commit, build, standing{figures},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, ErrorHandling: promhttp.ContinueOnError})
}

// Applied implements engine.Meter.
func (m *Metrics) Applied(commands int, took time.Duration, err error) {
	result := "committed"
	if err != nil {
		result = "failed"
	} else {
		m.batch.Observe(float64(commands))
	}
	m.commit.WithLabelValues(result).Observe(took.Seconds())
}

type routeKey struct{}

// Requests counts what next answers and how long it took. Routes inside tells the route;
// what no route took is counted as "none".
func (m *Metrics) Requests(next http.Handler, now func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, route, seen := now(), "none", &answer{ResponseWriter: w}
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), routeKey{}, &route)))
		if seen.status == 0 {
			seen.status = http.StatusOK
		}
		m.requests.WithLabelValues(route, method(r.Method), strconv.Itoa(seen.status)).Observe(now().Sub(began).Seconds())
	})
}

// Routes tells Requests which route next took: the request's pattern in the last mux, or
// what name says. Both must come from a small set, not from the address as it was sent.
func Routes(next http.Handler, name func(r *http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if route, ok := r.Context().Value(routeKey{}).(*string); ok {
			if s := name(r); s != "" {
				*route = s
			}
		}
	})
}

// method keeps invented methods from becoming figures of their own.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}

// answer remembers the status of an answer on its way.
type answer struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Flush implements http.Flusher, for streams.
func (a *answer) Flush() {
	if f, ok := a.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

var (
	jobsDesc    = prometheus.NewDesc("kohomai_jobs", "Unfinished jobs by state.", []string{"state"}, nil)
	dueDesc     = prometheus.NewDesc("kohomai_journeys_due", "Journeys whose moment has come and that nobody has woken yet.", nil, nil)
	callsDesc   = prometheus.NewDesc("kohomai_calls_open", "Calls of connectors without an outcome.", nil, nil)
	horizonDesc = prometheus.NewDesc("kohomai_event_horizon_age_seconds", "How long the oldest transaction has kept events from their readers.", nil, nil)
)

// standing reads the database when it is asked.
type standing struct{ figures Figures }

// Describe implements prometheus.Collector.
func (s standing) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsDesc, dueDesc, callsDesc, horizonDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s standing) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeLimit)
	defer cancel()
	f, err := s.figures.Standing(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(jobsDesc, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for state, n := range f.Jobs {
		gauge(jobsDesc, float64(n), state)
	}
	gauge(dueDesc, float64(f.DueJourneys))
	gauge(callsDesc, float64(f.OpenCalls))
	gauge(horizonDesc, f.HorizonAge.Seconds())
}
