package rest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/fault"
)

// status is the public table of problems: what each kind of fault is answered with.
func status(k fault.Kind) int {
	switch k {
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.MediaType:
		return http.StatusUnsupportedMediaType
	case fault.Conflict:
		return http.StatusConflict
	case fault.Stale:
		return http.StatusPreconditionFailed
	case fault.PreconditionRequired:
		return http.StatusPreconditionRequired
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Provider:
		return http.StatusFailedDependency
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// defaultCodes name a fault that came without a code of its own.
var defaultCodes = map[fault.Kind]string{
	fault.Malformed: "malformed", fault.Unauthenticated: "unauthenticated", fault.Forbidden: "forbidden",
	fault.NotFound: "not_found", fault.MethodNotAllowed: "method_not_allowed", fault.TooLarge: "body_too_large",
	fault.MediaType: "unsupported_media_type", fault.Conflict: "conflict", fault.Stale: "stale",
	fault.PreconditionRequired: "precondition_required", fault.Invalid: "invalid", fault.Provider: "provider",
	fault.Limited: "limited", fault.Unavailable: "unavailable", fault.Internal: "internal",
}

// WriteProblem answers an error as application/problem+json (RFC 9457). Its type is a
// page of the served documentation below the public address. An Internal fault says
// nothing about its cause.
func WriteProblem(w http.ResponseWriter, r *http.Request, publicURL string, err error) {
	f := fault.As(err)
	code, detail := f.Code, f.Detail
	if code == "" {
		code = defaultCodes[f.Kind]
	}
	if f.Kind == fault.Internal {
		code, detail = "internal", "Something went wrong on our side. The request id names it in the logs."
	}
	number := status(f.Kind)
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	switch {
	case f.RetryAfter > 0:
		seconds := int64((f.RetryAfter + time.Second - 1) / time.Second)
		header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	case f.Kind == fault.Unavailable:
		header.Set("Retry-After", "1")
	}
	if f.Kind == fault.Unauthenticated {
		header.Set("WWW-Authenticate", `Bearer realm="kohomai"`)
	}
	b := make([]byte, 0, 512)
	b = append(b, `{"type":`...)
	b = appendString(b, strings.TrimSuffix(publicURL, "/")+"/docs/problems/"+code)
	b = append(b, `,"title":`...)
	b = appendString(b, title(f.Kind))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(number), 10)
	b = append(b, `,"detail":`...)
	b = appendString(b, detail)
	b = append(b, `,"instance":`...)
	b = appendString(b, r.URL.Path)
	b = append(b, `,"Code":`...)
	b = appendString(b, code)
	b = append(b, `,"RequestId":`...)
	b = appendString(b, header.Get(requestID))
	b = append(b, `,"Errors":[`...)
	for i, field := range f.Fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Field":`...)
		b = appendString(b, field.Path)
		b = append(b, `,"Code":`...)
		b = appendString(b, field.Code)
		b = append(b, `,"Message":`...)
		b = appendString(b, field.Message)
		b = append(b, '}')
	}
	b = append(b, ']', '}', '\n')
	header.Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(number)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // #nosec G705 -- JSON, and no sniffing; the caller is gone if this fails, and there is nobody else to tell
	}
}

// title is the kind in words: "Not found".
func title(k fault.Kind) string {
	var b strings.Builder
	for i, c := range k.String() {
		if i > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte(' ')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
