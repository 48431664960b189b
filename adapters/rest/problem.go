package rest

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/kohomai/kohomai/core/fault"
)

// statuses is the one table from kinds to HTTP, as published.
var statuses = map[fault.Kind]int{
	fault.Internal: 500, fault.Malformed: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
	fault.MethodNotAllowed: 405, fault.TooLarge: 413, fault.MediaType: 415, fault.Conflict: 409, fault.Stale: 412,
	fault.PreconditionRequired: 428, fault.Invalid: 422, fault.Provider: 424, fault.Limited: 429, fault.Unavailable: 503,
}

// WriteProblem answers a fault as application/problem+json (RFC 9457). The type is a page
// of the served documentation under the public address.
func WriteProblem(w http.ResponseWriter, r *http.Request, publicURL string, err error) {
	f := fault.As(err)
	status := statuses[f.Kind]
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
	if f.Kind == fault.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="kohomai"`)
	}
	code := f.Code
	if code == "" {
		code = "internal"
	}
	detail := f.Detail
	if f.Kind == fault.Internal {
		detail = "Something went wrong on our side."
	}
	b := []byte(`{"type":`)
	b = appendString(b, strings.TrimSuffix(publicURL, "/")+"/docs/problems/"+code)
	b = append(b, `,"title":`...)
	b = appendString(b, title(f.Kind))
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, `,"detail":`...)
	b = appendString(b, detail)
	b = append(b, `,"instance":`...)
	b = appendString(b, r.URL.Path)
	b = append(b, `,"Code":`...)
	b = appendString(b, code)
	b = append(b, `,"RequestId":`...)
	b = appendString(b, h.Get("Request-Id"))
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
	b = append(b, `]}`...)
	w.WriteHeader(status)
	_, _ = w.Write(b)
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
