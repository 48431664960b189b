package kohomai

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// Kind is what kind of refusal or failure an [Error] is: those of the documented table of
// problems, and Network for a server that was not reached or did not finish its answer.
type Kind string

// The kinds.
const (
	Network              Kind = "Network"
	Malformed            Kind = "Malformed"
	Unauthenticated      Kind = "Unauthenticated"
	Forbidden            Kind = "Forbidden"
	NotFound             Kind = "NotFound"
	MethodNotAllowed     Kind = "MethodNotAllowed"
	TooLarge             Kind = "TooLarge"
	MediaType            Kind = "MediaType"
	Conflict             Kind = "Conflict"
	Stale                Kind = "Stale"
	PreconditionRequired Kind = "PreconditionRequired"
	Invalid              Kind = "Invalid"
	Provider             Kind = "Provider"
	Limited              Kind = "Limited"
	Unavailable          Kind = "Unavailable"
	Internal             Kind = "Internal"
)

// statuses are those of the documented table.
var statuses = map[Kind]int{
	Malformed: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, MethodNotAllowed: 405, Conflict: 409,
	Stale: 412, TooLarge: 413, MediaType: 415, Invalid: 422, Provider: 424, PreconditionRequired: 428, Limited: 429,
	Internal: 500, Unavailable: 503,
}

// kinds are for answers that kohomai did not write, such as a proxy's.
var kinds = map[connect.Code]Kind{
	connect.CodeInvalidArgument: Invalid, connect.CodeUnauthenticated: Unauthenticated, connect.CodePermissionDenied: Forbidden,
	connect.CodeNotFound: NotFound, connect.CodeAlreadyExists: Conflict, connect.CodeAborted: Conflict,
	connect.CodeFailedPrecondition: Stale, connect.CodeResourceExhausted: Limited, connect.CodeUnavailable: Unavailable,
	connect.CodeUnimplemented: NotFound, connect.CodeDeadlineExceeded: Network, connect.CodeCanceled: Network,
}

// codeTwin says that a request with the same idempotency key is still running.
const codeTwin = "idempotency_key_in_use"

// Error is a call refused or failed. Decide by Kind and Code.
type Error struct {
	Kind Kind
	// Status is the HTTP status of the kind; 0 for Network.
	Status int
	// Code is the stable word for the cause, as /docs/problems lists them; empty when the
	// answer was not kohomai's.
	Code string
	// Detail is for people; its words may change.
	Detail string
	// RequestID names the request when you ask about it; empty when nobody answered.
	RequestID string
	// Errors are all wrong fields of the request at once.
	Errors []FieldError
	// RetryAfter is how long the server asked to wait; 0 when it did not.
	RetryAfter time.Duration

	cause error
}

// FieldError is one wrong field.
type FieldError struct {
	// Field is its JSON path, such as JourneyData[0].Name.
	Field string
	// Code is the stable word for what is wrong; Message is for people.
	Code, Message string
}

// Error tells the cause and every wrong field.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "kohomai: %s: %s", cmp.Or(e.Code, string(e.Kind)), e.Detail)
	for _, f := range e.Errors {
		fmt.Fprintf(&b, "; %s: %s", f.Field, f.Message)
	}
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (%s)", e.RequestID)
	}
	return b.String()
}

// Unwrap returns the error of Connect.
func (e *Error) Unwrap() error { return e.cause }

// temporary reports whether the same request may succeed a moment later.
func (e *Error) temporary() bool {
	switch e.Kind {
	case Network, Limited, Unavailable, Internal:
		return true
	case Conflict:
		return e.Code == codeTwin
	default:
		return false
	}
}

// toError reads what the server put into an error of Connect.
func toError(err error) *Error {
	e := &Error{Kind: Network, Detail: err.Error(), cause: err}
	ce, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return e
	}
	e.Detail = ce.Message()
	e.RequestID = ce.Meta().Get("Request-Id")
	e.Kind = cmp.Or(kinds[ce.Code()], Internal)
	if !connect.IsWireError(err) && unfinished(err, ce.Code()) {
		e.Kind = Network
	}
	for _, d := range ce.Details() {
		v, err := d.Value()
		if err != nil {
			continue // of a later server
		}
		switch v := v.(type) {
		case *errdetails.ErrorInfo:
			e.Kind, e.Code = cmp.Or(Kind(v.GetMetadata()["Kind"]), e.Kind), v.GetReason()
			e.RetryAfter, _ = time.ParseDuration(v.GetMetadata()["RetryAfter"]) // 0 when it is not there
		case *errdetails.BadRequest:
			for _, f := range v.GetFieldViolations() {
				e.Errors = append(e.Errors, FieldError{Field: f.GetField(), Code: f.GetReason(), Message: f.GetDescription()})
			}
		}
	}
	e.Status = statuses[e.Kind]
	return e
}

// unfinished reports whether an error that no server wrote is that of a connection.
func unfinished(err error, code connect.Code) bool {
	return code == connect.CodeUnavailable || code == connect.CodeUnknown ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded)
}

// stream gives what a stream fails with the same form.
type stream struct{ connect.StreamingClientConn }

// Receive implements connect.StreamingClientConn.
func (s stream) Receive(m any) error {
	err := s.StreamingClientConn.Receive(m)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return toError(err)
}
