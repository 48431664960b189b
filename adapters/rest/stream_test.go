package rest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

type watchStream = connect.ServerStream[v1.WatchJourneyResponse]

func (s *stand) WatchJourney(ctx context.Context, m *v1.WatchJourneyRequest, out *watchStream) error {
	return s.watchJourney(ctx, m, out)
}

func TestMapper_StreamsEvents(t *testing.T) {
	t.Parallel()
	m := newMapper(t, &stand{watchJourney: func(ctx context.Context, m *v1.WatchJourneyRequest, out *watchStream) error {
		info, _ := connect.CallInfoForHandlerContext(ctx)
		if m.GetId() != 7 || m.GetAfter() != 2 || info.RequestHeader().Get("Last-Event-Id") != "2" || info.RequestHeader().Get("Authorization") != "" {
			t.Errorf("the handler saw %v, %v", m, info.RequestHeader())
		}
		return errors.Join(
			out.Send(&v1.WatchJourneyResponse{}),
			out.Send(&v1.WatchJourneyResponse{Event: &v1.JourneyEvent{Id: 9, Sequence: 3, Type: "activity.completed", Activity: new("a\nb")}}),
		)
	}})
	w := ask(m, "GET", "/api/v1/journeys/7/watch?After=2", "", "Last-Event-Id", "2", "Authorization", "Bearer x")
	want := "retry: 1000\n\n: alive\n\nid: 3\ndata: " +
		`{"Id":9,"Sequence":3,"Type":"activity.completed","Timestamp":null,"Actor":null,"Activity":"a\nb","Data":null}` + "\n\n"
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "text/event-stream" || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v\n%s\nwant\n%s", w.Code, w.Header(), w.Body, want)
	}
	if !w.Flushed {
		t.Error("nothing was flushed")
	}
	if head := ask(m, "HEAD", "/api/v1/journeys/7/watch?After=2", "", "Last-Event-Id", "2"); head.Code != 200 || head.Body.Len() != 0 {
		t.Errorf("HEAD: %d %s", head.Code, head.Body)
	}
}

func TestMapper_StreamsEndAsTheyMust(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(out *watchStream) error
		status int
		code   string
	}{
		"over": {func(*watchStream) error { return nil }, 204, ""},
		"none": {func(*watchStream) error { return refused(connect.CodeNotFound, "NotFound", "not_found", "") }, 404, "not_found"},
		"many": {func(*watchStream) error {
			return refused(connect.CodeResourceExhausted, "Limited", "too_many_streams", "3s")
		}, 429, "too_many_streams"},
		"broken": {func(*watchStream) error { return errors.New("secret") }, 500, "internal"},
		"panics": {func(*watchStream) error { panic("on purpose") }, 500, "internal"},
		"stopped": {func(out *watchStream) error {
			return errors.Join(out.Send(&v1.WatchJourneyResponse{}), errors.New("secret"))
		}, 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMapper(t, &stand{watchJourney: func(_ context.Context, _ *v1.WatchJourneyRequest, out *watchStream) error { return c.do(out) }})
			w := ask(m, "GET", "/api/v1/journeys/7/watch", "")
			if w.Code != c.status || strings.Contains(w.Body.String(), "secret") {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if c.code != "" && problemOf(t, w).Code != c.code {
				t.Errorf("%s", w.Body)
			}
			if c.status == 429 && w.Header().Get("Retry-After") != "3" {
				t.Errorf("headers %v", w.Header())
			}
		})
	}
}

// What a handler's connection says in pieces is one message all the same.
func TestMapper_ReadsMessagesInPieces(t *testing.T) {
	t.Parallel()
	m, err := New(Options{Services: services(), Connect: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, b := range []byte("\x00\x00\x00\x00\x00\x02\x00\x00\x00\x02{}") {
			if _, err := w.Write([]byte{b}); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.Write([]byte("\x00\xff\xff\xff\xff")); err == nil {
			t.Error("a message of four gigabytes was taken")
		}
	})})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(m, "GET", "/api/v1/journeys/7/watch", ""); w.Code != 200 || w.Body.String() != "retry: 1000\n\n: alive\n\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
