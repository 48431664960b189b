package sdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// server answers kohomai's calls with a connector's handlers. Nothing a handler does, a
// panic included, leaves it as anything but an outcome.
type server struct {
	activityv1.UnimplementedConnectorServiceServer
	connector Connector
	// transport gives the way out for one call; nil where there is none.
	transport func(call string) http.RoundTripper
	log       *slog.Logger
}

// Describe implements the contract.
func (s *server) Describe(context.Context, *activityv1.DescribeRequest) (*activityv1.DescribeResponse, error) {
	return &activityv1.DescribeResponse{Manifest: manifestToWire(&s.connector)}, nil
}

// Start implements the contract.
func (s *server) Start(ctx context.Context, in *activityv1.StartRequest) (*activityv1.StartResponse, error) {
	r, err := s.request(in.GetCall())
	if err != nil {
		return &activityv1.StartResponse{Outcome: failedOutcome(err)}, nil
	}
	return &activityv1.StartResponse{Outcome: s.outcome(ctx, s.connector.Start, r)}, nil
}

// Resume implements the contract.
func (s *server) Resume(ctx context.Context, in *activityv1.ResumeRequest) (*activityv1.ResumeResponse, error) {
	if s.connector.Resume == nil {
		return &activityv1.ResumeResponse{Outcome: failedOutcome(unsupported("Resume"))}, nil
	}
	r, err := s.request(in.GetCall())
	if err != nil {
		return &activityv1.ResumeResponse{Outcome: failedOutcome(err)}, nil
	}
	if r.Input = inputFromWire(in.GetInput()); r.Input.Kind == "" {
		return &activityv1.ResumeResponse{Outcome: failedOutcome(Permanent(errors.New("the input is of no known kind")))}, nil
	}
	return &activityv1.ResumeResponse{Outcome: s.outcome(ctx, s.connector.Resume, r)}, nil
}

// Cancel implements the contract.
func (s *server) Cancel(ctx context.Context, in *activityv1.CancelRequest) (*activityv1.CancelResponse, error) {
	if s.connector.Cancel == nil {
		return &activityv1.CancelResponse{}, nil
	}
	r, err := s.request(in.GetCall())
	if err == nil {
		r.Reason = in.GetReason()
		err = s.guard(r.Log, func() error { return s.connector.Cancel(ctx, r) })
	}
	if err != nil {
		return &activityv1.CancelResponse{Failed: failureToWire(asFailure(err))}, nil
	}
	return &activityv1.CancelResponse{}, nil
}

// Check implements the contract.
func (s *server) Check(ctx context.Context, in *activityv1.CheckRequest) (*activityv1.CheckResponse, error) {
	if s.connector.Check == nil {
		return &activityv1.CheckResponse{Status: activityv1.CheckResponse_STATUS_OK}, nil
	}
	log := s.log.With("workspace", in.GetWorkspaceId())
	r := &CheckRequest{
		WorkspaceID: in.GetWorkspaceId(), Mode: modes[in.GetMode()], Config: in.GetConfig(), Secrets: in.GetSecrets(),
		HTTP: s.client(in.GetHostCall()), Log: log,
	}
	err := s.guard(log, func() error { return s.connector.Check(ctx, r) })
	if err == nil {
		return &activityv1.CheckResponse{Status: activityv1.CheckResponse_STATUS_OK}, nil
	}
	answer := &activityv1.CheckResponse{Status: activityv1.CheckResponse_STATUS_FAILED, Message: clip(asFailure(err).Reason, 500)}
	for _, f := range fieldErrors(err) {
		answer.Problems = append(answer.Problems, &activityv1.FieldProblem{Field: f.Field, Message: f.Message})
	}
	return answer, nil
}

func (s *server) request(call *activityv1.Call) (*Request, error) {
	r, err := requestFromWire(call)
	if err != nil {
		return nil, err
	}
	if r.Mode == "" {
		return nil, Permanent(errors.New("the mode is unknown"))
	}
	r.HTTP = s.client(call.GetHostCall())
	r.Log = s.log.With("workspace", r.WorkspaceID, "journey", r.JourneyID, "run", r.RunID, "key", r.Key, "attempt", r.Attempt)
	return r, nil
}

func (s *server) client(call string) *http.Client {
	var transport http.RoundTripper = noWayOut{}
	if s.transport != nil {
		transport = s.transport(call)
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (s *server) outcome(ctx context.Context, handler func(context.Context, *Request) (Outcome, error), r *Request) *activityv1.Outcome {
	var answer *activityv1.Outcome
	err := s.guard(r.Log, func() error {
		o, err := handler(ctx, r)
		if err != nil {
			return err
		}
		answer, err = outcomeToWire(&s.connector, o)
		return err
	})
	if err != nil {
		return failedOutcome(err)
	}
	return answer
}

// guard turns a panic into an error, with its stack in the log.
func (s *server) guard(log *slog.Logger, do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("handler panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = panicked(v)
		}
	}()
	return do()
}

func unsupported(method string) error {
	return Coded("unsupported", Permanent(fmt.Errorf("the connector has no %s", method)))
}

// fieldErrors finds every field error in a tree of joined errors.
func fieldErrors(err error) []*FieldError {
	switch e := err.(type) { //nolint:errorlint // the tree is walked by hand
	case *FieldError:
		return []*FieldError{e}
	case interface{ Unwrap() []error }:
		var all []*FieldError
		for _, inner := range e.Unwrap() {
			all = append(all, fieldErrors(inner)...)
		}
		return all
	case interface{ Unwrap() error }:
		return fieldErrors(e.Unwrap())
	}
	return nil
}

// noWayOut is the transport of a connector that runs without kohomai.
type noWayOut struct{}

// RoundTrip implements http.RoundTripper.
func (noWayOut) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("this process has no host services to reach anything through")
}
