package sdk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Source says where to look for the cause of a failure.
type Source string

// The sources.
const (
	FromConnector     Source = "Connector"
	FromDownstream    Source = "Downstream"
	FromConfiguration Source = "Configuration"
	FromPerson        Source = "Person"
)

// Failure is how an error reaches kohomai. Handlers rarely make one by hand: Permanent,
// RetryAfter, Downstream, Misconfigured and Rejected wrap any error, and each other.
type Failure struct {
	// Code is a stable snake_case word for programs.
	Code string
	// Reason is one sentence for the team: neither secrets nor personal data.
	Reason     string
	Retryable  bool
	Source     Source
	RetryAfter time.Duration
	cause      error
}

// Error is the reason.
func (f *Failure) Error() string { return f.Reason }

// Unwrap is the error it was made of.
func (f *Failure) Unwrap() error { return f.cause }

// Permanent says that trying again cannot help. A nil error stays nil.
func Permanent(err error) error {
	return amend(err, func(f *Failure) { f.Retryable = false })
}

// RetryAfter says not to try again before d has passed.
func RetryAfter(d time.Duration, err error) error {
	return amend(err, func(f *Failure) { f.Retryable, f.RetryAfter = true, d })
}

// Downstream says that the provider is the cause.
func Downstream(err error) error {
	return amend(err, func(f *Failure) { f.Source = FromDownstream })
}

// Misconfigured says that the configuration or the credentials are the cause, and that
// trying again with the same ones cannot help.
func Misconfigured(err error) error {
	return amend(err, func(f *Failure) { f.Source, f.Retryable = FromConfiguration, false })
}

// Rejected says that the person who did the activity is the cause: a refusal, a document
// that does not hold. Code is a snake_case word such as `declined`.
func Rejected(code, reason string) error {
	return &Failure{Code: code, Reason: reason, Source: FromPerson}
}

// Coded gives an error a stable word for programs.
func Coded(code string, err error) error {
	return amend(err, func(f *Failure) { f.Code = code })
}

// FieldError names one wrong place of the configuration or the secrets, in Check.
type FieldError struct {
	// Field is a path such as `config.EventType` or `secrets.Token`.
	Field   string
	Message string
}

// Error is field and message.
func (e *FieldError) Error() string { return e.Field + ": " + e.Message }

// InvalidField is an error of Check about one field.
func InvalidField(field, message string) error { return &FieldError{Field: field, Message: message} }

func amend(err error, change func(*Failure)) error {
	if err == nil {
		return nil
	}
	f := *asFailure(err)
	f.cause = err
	change(&f)
	return &f
}

// asFailure reads an error of any kind: unknown ones are the connector's and worth another
// try.
func asFailure(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		if f.Error() != err.Error() {
			// Wrapped with more words on the way up: keep the words.
			g := *f
			g.Reason = err.Error()
			return &g
		}
		return f
	}
	f := &Failure{Code: "failed", Reason: err.Error(), Retryable: true, Source: FromConnector}
	if errors.Is(err, context.DeadlineExceeded) {
		f.Code = "deadline_exceeded"
	}
	if _, ok := errors.AsType[*FieldError](err); ok {
		f.Code, f.Source, f.Retryable = "invalid_configuration", FromConfiguration, false
		// Joined errors stand on lines of their own; every field is told, in one sentence.
		f.Reason = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return f
}

// panicked is the failure of a handler that panicked.
func panicked(v any) *Failure {
	return &Failure{
		Code: "panic", Reason: "The connector panicked; its log has the details.",
		Retryable: true, Source: FromConnector, cause: fmt.Errorf("panic: %v", v),
	}
}
