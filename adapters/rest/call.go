package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/fault"
)

// Headers of a request that the procedure may read. Who calls stands in the context
// already; credentials go no further.
var passedIn = []string{
	"Idempotency-Key", "If-Match", "If-None-Match", "Kohomai-Version", "Last-Event-Id",
	"Origin", "Traceparent", "Tracestate", "User-Agent", "X-Forwarded-For",
}

// Headers of an answer that the caller gets.
var passedOut = []string{
	"Etag", "Idempotent-Replayed", "Location", "Retry-After", "Ratelimit", "Ratelimit-Policy",
}

// statusHeader is how a handler asks for a status other than the usual one.
const statusHeader = "Kohomai-Status"

// answer is what a procedure gave back; it takes the place of a connection.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// call speaks unary Connect with the procedure's handler, in this process.
func (h *Mapper) call(r *http.Request, rt *route, wire []byte, id string) *answer {
	a := &answer{header: make(http.Header, 8)}
	h.connect.ServeHTTP(a, inner(r, rt, "application/proto", wire, id))
	return a
}

// inner is a request as the procedure's handler gets it.
func inner(r *http.Request, rt *route, media string, body []byte, id string) *http.Request {
	header := make(http.Header, 8)
	for _, name := range passedIn {
		if v := r.Header[name]; v != nil {
			header[name] = v
		}
	}
	header["Content-Type"] = []string{media}
	header["Connect-Protocol-Version"] = []string{"1"}
	header[requestID] = []string{id}
	return (&http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: rt.procedure}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Host: r.Host, RemoteAddr: r.RemoteAddr, RequestURI: rt.procedure,
	}).WithContext(r.Context())
}

func (a *answer) copyHeader(to http.Header) {
	for _, name := range passedOut {
		if v := a.header[name]; v != nil {
			to[name] = v
		}
	}
}

// success is the status of a good answer: the route's own, unless the handler asked for
// another of the 2xx.
func (a *answer) success(rt *route) int {
	if n, err := strconv.Atoi(a.header.Get(statusHeader)); err == nil && n >= 200 && n < 300 {
		return n
	}
	return rt.success
}

// wireError is an error of the Connect protocol.
type wireError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"details"`
}

// connectKinds are the kinds of errors that Connect itself makes, before any handler.
var connectKinds = map[string]fault.Kind{
	"invalid_argument": fault.Malformed, "unauthenticated": fault.Unauthenticated,
	"permission_denied": fault.Forbidden, "not_found": fault.NotFound, "resource_exhausted": fault.Limited,
	"unavailable": fault.Unavailable, "canceled": fault.Unavailable, "deadline_exceeded": fault.Unavailable,
	"already_exists": fault.Conflict, "aborted": fault.Conflict, "failed_precondition": fault.Stale,
}

// fault reads the error of an answer; nil for a good one.
func (a *answer) fault(rt *route) *fault.Error {
	if a.status == 0 || a.status == http.StatusOK { // an empty answer is never written
		return nil
	}
	var e wireError
	if err := json.Unmarshal(a.body.Bytes(), &e); err != nil {
		return fault.WrapAs(errors.New(strings.TrimSpace(a.body.String())), fault.Internal, "internal", "")
	}
	return e.fault(rt)
}

// fault is the error as a fault. What is wrong with a request that has no body is wrong
// with its address, which is Malformed rather than Invalid.
func (e wireError) fault(rt *route) *fault.Error {
	f := &fault.Error{Kind: connectKinds[e.Code], Detail: e.Message}
	for _, d := range e.Details {
		value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(d.Value, "="))
		if err != nil {
			continue
		}
		switch d.Type {
		case "google.rpc.ErrorInfo":
			var info errdetails.ErrorInfo
			if proto.Unmarshal(value, &info) == nil {
				f.Code = info.GetReason()
				for _, k := range fault.Kinds() {
					if k.String() == info.GetMetadata()["Kind"] {
						f.Kind = k
					}
				}
				if wait, err := time.ParseDuration(info.GetMetadata()["RetryAfter"]); err == nil {
					f.RetryAfter = wait
				}
			}
		case "google.rpc.BadRequest":
			var bad errdetails.BadRequest
			if proto.Unmarshal(value, &bad) == nil {
				for _, v := range bad.GetFieldViolations() {
					f.Fields = append(f.Fields, fault.Field{Path: v.GetField(), Code: v.GetReason(), Message: v.GetDescription()})
				}
			}
		}
	}
	if f.Kind == fault.Invalid && !rt.hasBody() {
		f.Kind = fault.Malformed
		if f.Code == "invalid" {
			f.Code, f.Detail = "invalid_query", "The query of the address is not acceptable."
		}
	}
	if f.Kind == fault.Internal {
		return fault.WrapAs(errors.New(e.Code+": "+e.Message), fault.Internal, "internal", "")
	}
	return f
}
