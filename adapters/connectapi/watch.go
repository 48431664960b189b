package connectapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	v1c "github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// Streams reports whether a path is that of a procedure that answers a stream.
func Streams(path string) bool { return path == v1c.JourneyServiceWatchJourneyProcedure }

// WatchJourney implements GET /journeys/{id}/watch.
func (a *API) WatchJourney(ctx context.Context, m *v1.WatchJourneyRequest, s *connect.ServerStream[v1.WatchJourneyResponse]) error {
	if err := checkRules(m); err != nil {
		return err
	}
	after := m.GetAfter()
	if last := header(ctx, "Last-Event-Id"); last != "" && m.After == nil {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil {
			return badQuery("Last-Event-ID", "invalid_value", "Last-Event-ID is the sequence of an event.")
		}
		after = n
	}
	return a.o.Watching.Follow(ctx, ident.Journey(m.GetId()), after, watcher{s})
}

// watcher is a stream as a journey's sink.
type watcher struct {
	stream *connect.ServerStream[v1.WatchJourneyResponse]
}

// Event implements journey.Sink.
func (w watcher) Event(e event.Event) error {
	return w.stream.Send(&v1.WatchJourneyResponse{Event: eventMessage(e)})
}

// Alive implements journey.Sink.
func (w watcher) Alive() error { return w.stream.Send(&v1.WatchJourneyResponse{}) }

// writeLimit is how long a watcher may take nothing of what it is sent.
const writeLimit = 30 * time.Second

// lasting lifts the limits of a server that are meant for short requests from streams, and
// gives each of their writes one of its own, so that a reader that is gone without a word
// holds nothing for long.
func lasting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Streams(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Time{}) // a writer without deadlines has no limit to lift
		next.ServeHTTP(patient{w, control}, r)
		_ = control.SetWriteDeadline(time.Time{}) // the connection may serve more
	})
}

type patient struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements http.ResponseWriter.
func (p patient) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(time.Now().Add(writeLimit))
	return p.ResponseWriter.Write(b)
}

// Flush implements http.Flusher.
func (p patient) Flush() {
	_ = p.control.SetWriteDeadline(time.Now().Add(writeLimit))
	_ = p.control.Flush() // the next write tells that the reader is gone
}

// Unwrap is for http.ResponseController.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// edge authorizes and validates every call and gives every error its form.
type edge struct{}

// WrapUnary implements connect.Interceptor.
func (edge) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if err := authorize(actor.From(ctx), r.Spec().Procedure); err != nil {
			return nil, toConnect(err)
		}
		if err := checkRules(r.Any()); err != nil {
			return nil, toConnect(err)
		}
		answer, err := next(ctx, r)
		if err != nil {
			return nil, toConnect(err)
		}
		return answer, nil
	}
}

// WrapStreamingClient implements connect.Interceptor; nothing here is a client.
func (edge) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor. What is asked is read by the handler,
// which validates it.
func (edge) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, s connect.StreamingHandlerConn) error {
		if err := authorize(actor.From(ctx), s.Spec().Procedure); err != nil {
			return toConnect(err)
		}
		if err := next(ctx, s); err != nil {
			return toConnect(err)
		}
		return nil
	}
}
