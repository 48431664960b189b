package app_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/kohomai/kohomai/app"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
	"github.com/kohomai/kohomai/proto/gen/kohomai/v1/kohomaiv1connect"
)

// stream is an open answer of server-sent events.
type stream struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Scanner
}

func (h *house) watch(id any, after string) *stream {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, fmt.Sprintf("%s/api/v1/journeys/%.0f/watch", h.url, id), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.key)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = w.Body.Close() })
	return &stream{h.t, w, bufio.NewScanner(w.Body)}
}

// next is the id and data of the next event; empty at the end.
func (s *stream) next() (id, data string) {
	for s.lines.Scan() {
		line := s.lines.Text()
		if v, ok := strings.CutPrefix(line, "id: "); ok {
			id = v
		} else if v, ok := strings.CutPrefix(line, "data: "); ok {
			data = v
		} else if line == "" && data != "" {
			return id, data
		}
	}
	return "", ""
}

func TestStory_WatchingAJourney(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lead := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"w@example.org","JourneyData":[{"Name":"company.size","Value":900}]}`)
	id := lead.at("Journey", "Id")
	s := h.watch(id, "")
	if s.answer.StatusCode != 200 || s.answer.Header.Get("Content-Type") != "text/event-stream" || s.answer.Header.Get("Request-Id") == "" {
		t.Fatalf("%d %v", s.answer.StatusCode, s.answer.Header)
	}
	first, data := s.next()
	if first != "1" || !strings.Contains(data, `"Type":"journey.started"`) {
		t.Errorf("%s %s", first, data)
	}
	// What is done now comes on the same stream, to the end.
	if done := h.ask("POST", fmt.Sprintf("/api/v1/journeys/%.0f/cancel", id), `{"Reason":"Enough"}`); done.status != 200 {
		t.Fatal(done.raw)
	}
	sequence, last := 1, ""
	for {
		n, data := s.next()
		if n == "" {
			break
		}
		if sequence++; n != fmt.Sprint(sequence) {
			t.Errorf("event %s came after %d", n, sequence-1)
		}
		last = data
	}
	if !strings.Contains(last, `"Type":"journey.cancelled"`) || s.lines.Err() != nil {
		t.Errorf("%s, %v", last, s.lines.Err())
	}
	all := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/events", id), "").at("Events").([]any)
	if len(all) != sequence {
		t.Errorf("%d events were told of %d", sequence, len(all))
	}
	again := h.watch(id, fmt.Sprint(sequence-1))
	if n, data := again.next(); n != fmt.Sprint(sequence) || data != last {
		t.Errorf("resumed with %s %s", n, data)
	}
	if over := h.watch(id, fmt.Sprint(sequence)); over.answer.StatusCode != http.StatusNoContent {
		t.Errorf("behind the end: %d", over.answer.StatusCode)
	}
	for after, status := range map[string]int{"999": 400, "x": 400, "-1": 400} {
		if bad := h.watch(id, after); bad.answer.StatusCode != status || bad.answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("Last-Event-ID %s: %d", after, bad.answer.StatusCode)
		}
	}
	if none := h.watch(float64(123456789), ""); none.answer.StatusCode != 404 {
		t.Errorf("no journey: %d", none.answer.StatusCode)
	}
}

func TestStory_WatchingOverConnect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lead := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"w@example.org","JourneyData":[{"Name":"company.size","Value":900}]}`)
	id := int64(lead.at("Journey", "Id").(float64))
	client := kohomaiv1connect.NewJourneyServiceClient(http.DefaultClient, h.url)
	ctx, call := connect.NewClientContext(t.Context())
	call.RequestHeader().Set("Authorization", "Bearer "+h.key)
	s, err := client.WatchJourney(ctx, &v1.WatchJourneyRequest{Id: id})
	if err != nil {
		t.Fatal(err)
	}
	if !s.Receive() || s.Msg().Event != nil {
		t.Errorf("the stream begins with %v, %v", s.Msg(), s.Err())
	}
	if !s.Receive() || s.Msg().GetEvent().GetType() != "journey.started" {
		t.Errorf("then comes %v, %v", s.Msg(), s.Err())
	}
	// A server that stops says so, and no stream holds it up.
	h.app.Watching.Stop()
	for s.Receive() {
	}
	if connect.CodeOf(s.Err()) != connect.CodeUnavailable {
		t.Errorf("at a stop: %v", s.Err())
	}
	bare, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	refused, err := client.WatchJourney(bare, &v1.WatchJourneyRequest{Id: id})
	if err == nil {
		refused.Receive()
		err = refused.Err()
	}
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Errorf("without a key: %v", err)
	}
}

// Who watches on one node hears of what another one commits.
func TestStory_WatchingAcrossNodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lead := h.ask("POST", "/api/v1/leads?ref=demo", `{"Email":"w@example.org","JourneyData":[{"Name":"company.size","Value":900}]}`)
	id := lead.at("Journey", "Id")
	other := h.node()
	s := other.watch(id, "")
	if n, _ := s.next(); n != "1" {
		t.Fatalf("the first event is %s", n)
	}
	h.ask("POST", fmt.Sprintf("/api/v1/journeys/%.0f/cancel", id), `{}`)
	last := ""
	for n, data := s.next(); n != ""; n, data = s.next() {
		last = data
	}
	if !strings.Contains(last, `"Type":"journey.cancelled"`) {
		t.Errorf("the last event is %s", last)
	}
}

// node is one more server over the same database, without workers.
func (h *house) node() *house {
	h.t.Helper()
	c, err := app.LoadConfig([]string{
		"DATABASE_URL=" + h.dsn, "KOHOMAI_DATA_DIR=" + h.t.TempDir(), "KOHOMAI_KEY_FILE=" + h.app.Config.KeyFile, "KOHOMAI_RATE_LIMIT=off",
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		h.t.Fatal(err)
	}
	a, err := app.Open(h.t.Context(), c, app.Options{Throwaway: true})
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = a.Engine.Run(ctx) })
	running.Go(func() { _ = a.Watching.Run(ctx) })
	server := httptest.NewUnstartedServer(nil)
	url := "http://" + server.Listener.Addr().String()
	handler, err := a.API(url, url)
	if err != nil {
		h.t.Fatal(err)
	}
	server.Config.Handler = handler
	server.Start()
	h.t.Cleanup(func() {
		a.Watching.Stop()
		server.Close()
		stop()
		running.Wait()
		a.Close()
	})
	return &house{t: h.t, app: a, url: url, key: h.key, dsn: h.dsn}
}
