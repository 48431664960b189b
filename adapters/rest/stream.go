package rest

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/fault"
)

const eventStream = "text/event-stream"

// retryAfter is when clients come back after a stream has ended early, in milliseconds.
const retryAfter = 1000

// Flags of an envelope of the Connect protocol.
const (
	envelopeHead = 5
	endOfStream  = 2
)

// mostMessage is more than any message of a stream.
const mostMessage = 4 << 20

// stream carries a request to a procedure that answers a stream, and gives what it says as
// server-sent events. What is refused before the first message is a problem; a stream that
// ends well without any is 204, which tells a browser not to come back.
func (h *Mapper) stream(w http.ResponseWriter, r *http.Request, rt *route, wire []byte) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	body := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(wire))) // #nosec G115 -- made of an address
	s := &events{to: w, route: rt, head: r.Method == http.MethodHead, cancel: cancel, header: make(http.Header, 8)}
	h.connect.ServeHTTP(s, inner(r.WithContext(ctx), rt, "application/connect+proto", append(body, wire...), w.Header().Get(requestID)))
	if s.begun {
		return // what ended it, the client finds out by resuming
	}
	f := s.end(rt)
	if f == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if f.Kind == fault.Internal {
		h.log.ErrorContext(r.Context(), "the API failed", "procedure", rt.procedure, "error", f, "request", w.Header().Get(requestID))
	}
	h.problem(w, r, f)
}

// events reads the messages of a stream as they are written and gives each on. It takes the
// place of a connection.
type events struct {
	to     http.ResponseWriter
	route  *route
	head   bool
	cancel func()

	header http.Header
	status int
	// begun is set once the answer's status is told.
	begun  bool
	broken error
	// rest is what came of a message that is not whole yet; last is the end of the stream.
	rest bytes.Buffer
	last []byte
}

// Header implements http.ResponseWriter. What it holds is the inner protocol's.
func (s *events) Header() http.Header { return s.header }

// WriteHeader implements http.ResponseWriter.
func (s *events) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
}

// Unwrap is for http.ResponseController: deadlines are the connection's.
func (s *events) Unwrap() http.ResponseWriter { return s.to }

// Flush implements http.Flusher.
func (s *events) Flush() {
	if s.begun {
		_ = http.NewResponseController(s.to).Flush() // the next write tells that the reader is gone
	}
}

// Write implements http.ResponseWriter.
func (s *events) Write(b []byte) (int, error) {
	s.WriteHeader(http.StatusOK)
	if s.broken != nil {
		return 0, s.broken
	}
	s.rest.Write(b)
	for s.status == http.StatusOK && s.rest.Len() >= envelopeHead {
		head := s.rest.Bytes()[:envelopeHead]
		size := int(binary.BigEndian.Uint32(head[1:]))
		if size > mostMessage {
			s.broken = fmt.Errorf("a message of %d bytes", size)
			break
		}
		if s.rest.Len() < envelopeHead+size {
			break
		}
		flags := head[0]
		message := s.rest.Next(envelopeHead + size)[envelopeHead:]
		if flags&endOfStream != 0 {
			s.last = bytes.Clone(message)
			continue
		}
		if s.broken = s.message(message); s.broken != nil {
			break
		}
	}
	if s.broken != nil {
		s.cancel()
		return 0, s.broken
	}
	return len(b), nil
}

// message gives one message on.
func (s *events) message(wire []byte) error {
	out := s.route.out.New()
	if err := proto.Unmarshal(wire, out.Interface()); err != nil {
		return err
	}
	var b []byte
	if !s.begun {
		s.begun = true
		s.to.Header().Set("Content-Type", eventStream)
		s.to.Header().Set("X-Accel-Buffering", "no") // proxies that gather answers must not
		s.to.WriteHeader(s.route.success)
		if s.head {
			return http.ErrAbortHandler
		}
		b = fmt.Appendf(b, "retry: %d\n\n", retryAfter)
	}
	if !out.Has(s.route.answer.desc) {
		b = append(b, ": alive\n\n"...)
	} else {
		event := out.Get(s.route.answer.desc).Message()
		b = append(b, "id: "...)
		b = append(b, event.Get(s.route.eventID.desc).String()...)
		b = append(b, "\ndata: "...)
		b = appendMessage(b, s.route.answer.msg, event)
		b = append(b, "\n\n"...)
	}
	_, err := s.to.Write(b) // #nosec G705 -- text/event-stream, of JSON the server encoded
	return err
}

// end is why the stream ended; nil when it ended well.
func (s *events) end(rt *route) *fault.Error {
	if s.status != http.StatusOK || s.last == nil {
		// Not even a stream came about.
		a := &answer{header: s.header, status: s.status, body: s.rest}
		if f := a.fault(rt); f != nil {
			return f
		}
		return fault.WrapAs(errors.New("the stream broke off"), fault.Internal, "internal", "")
	}
	var last struct {
		Error *wireError `json:"error"`
	}
	if err := json.Unmarshal(s.last, &last); err != nil {
		return fault.WrapAs(err, fault.Internal, "internal", "")
	}
	if last.Error == nil {
		return nil
	}
	return last.Error.fault(rt)
}
