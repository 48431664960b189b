// Package fault is the one error vocabulary of kohomai. Core packages make faults,
// adapters translate foreign errors into them, and the edges (REST, Connect, command
// line) turn them into answers by one table each. Code decides by Kind, people and
// programs read Code and Fields.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind says what sort of refusal an error is. The zero value is Internal, so that an
// error nobody classified is never taken for the caller's mistake.
type Kind uint8

// The kinds, in the order of the public table of problems.
const (
	Internal Kind = iota
	Malformed
	Unauthenticated
	Forbidden
	NotFound
	MethodNotAllowed
	TooLarge
	MediaType
	Conflict
	Stale
	PreconditionRequired
	Invalid
	Provider
	Limited
	Unavailable
)

var kindNames = [...]string{
	"Internal", "Malformed", "Unauthenticated", "Forbidden", "NotFound", "MethodNotAllowed",
	"TooLarge", "MediaType", "Conflict", "Stale", "PreconditionRequired", "Invalid",
	"Provider", "Limited", "Unavailable",
}

// String returns the public name of the kind, such as "NotFound".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Kinds lists every kind, for tables that must be complete.
func Kinds() []Kind {
	all := make([]Kind, len(kindNames))
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// Field names one wrong place of an input.
type Field struct {
	// Path is the JSON path as the caller wrote it, such as `JourneyData[2].Value`.
	Path string
	// Code is a stable snake_case word, such as `unknown_field`.
	Code string
	// Message is one sentence for a person, without the value where it may be personal.
	Message string
}

// Error is a refusal with everything an edge needs to answer exactly.
// The zero value is an Internal fault without a code.
type Error struct {
	Kind Kind
	// Code is a stable snake_case word, unique per cause, such as `reentry_refused`.
	Code string
	// Detail is one sentence for a person. It never holds secrets or personal data.
	Detail string
	// Fields lists every wrong field at once.
	Fields []Field
	// RetryAfter is how long to wait before trying again; zero says nothing about it.
	RetryAfter time.Duration
	cause      error
}

// New makes a fault. Detail is formatted as by fmt.Sprintf.
func New(kind Kind, code, detail string, args ...any) *Error {
	if len(args) > 0 {
		detail = fmt.Sprintf(detail, args...)
	}
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// WrapAs gives a foreign error a kind and a code and keeps it as the cause.
func WrapAs(cause error, kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail, cause: cause}
}

// InvalidField is an Invalid fault about one field.
func InvalidField(path, code, message string, args ...any) *Error {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	return &Error{
		Kind: Invalid, Code: "invalid", Detail: "One field is not acceptable.",
		Fields: []Field{{Path: path, Code: code, Message: message}},
	}
}

// Error describes the fault for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Code == "" {
		b.WriteString(e.Kind.String())
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, " [%s %s: %s]", f.Path, f.Code, f.Message)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap returns the foreign error behind the fault, if any.
func (e *Error) Unwrap() error { return e.cause }

// Retry returns a copy that asks the caller to wait.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// As finds the fault in an error chain; an unclassified error becomes Internal, nil stays nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return &Error{Kind: Internal, Code: "internal", Detail: "Something went wrong on our side.", cause: err}
}

// Is reports whether err carries a fault of that kind.
func Is(err error, kind Kind) bool {
	return err != nil && As(err).Kind == kind
}

// HasCode reports whether err carries a fault with that code.
func HasCode(err error, code string) bool {
	f, ok := errors.AsType[*Error](err)
	return ok && f.Code == code
}

// Collector gathers wrong fields so that one answer names them all.
// The zero value is ready to use.
type Collector struct{ fields []Field }

// Add notes one wrong field.
func (c *Collector) Add(path, code, message string, args ...any) {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	c.fields = append(c.fields, Field{Path: path, Code: code, Message: message})
}

// AddError notes the fields of a fault below a path prefix; other errors become one
// field of code `invalid`.
func (c *Collector) AddError(prefix string, err error) {
	if err == nil {
		return
	}
	f := As(err)
	if len(f.Fields) == 0 {
		c.Add(prefix, "invalid", f.Detail)
		return
	}
	for _, field := range f.Fields {
		field.Path = joinPath(prefix, field.Path)
		c.fields = append(c.fields, field)
	}
}

// Len is the number of wrong fields so far.
func (c *Collector) Len() int { return len(c.fields) }

// Err returns nil when nothing was noted, else one Invalid fault with every field.
func (c *Collector) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	detail := "One field is not acceptable."
	if n := len(c.fields); n > 1 {
		detail = fmt.Sprintf("%d fields are not acceptable.", n)
	}
	return &Error{Kind: Invalid, Code: "invalid", Detail: detail, Fields: slices.Clone(c.fields)}
}

func joinPath(prefix, path string) string {
	switch {
	case prefix == "":
		return path
	case path == "":
		return prefix
	case strings.HasPrefix(path, "["):
		return prefix + path
	default:
		return prefix + "." + path
	}
}
