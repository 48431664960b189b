// Package contract asks of a running connector, in whatever language, whether it keeps the
// contract. sdktest asks it in Go tests, `kohomai plugin verify` of a program.
//
// The room may import the generated contract and gRPC.
package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// Sample is an activity to try the connector with. The zero value suits a connector that
// needs no configuration.
type Sample struct {
	// Config is a valid configuration; empty is the empty object.
	Config json.RawMessage
	// Facts are values of the data points the manifest reads, by key, as JSON.
	Facts map[string]any
}

// Check is one thing a connector must keep to.
type Check struct {
	Name string
	// Run must return nil, or what the connector does wrong.
	Run func(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error
}

// Checks are all there are, in the order of their telling.
func Checks() []Check {
	return []Check{
		{"manifest", manifestHolds},
		{"schemas", schemasHold},
		{"start", startAnswers},
		{"same start twice with one key", startTwice},
		{"many at once", manyAtOnce},
		{"unknown configuration", unknownConfig},
		{"unknown mode", unknownMode},
		{"nonsense from a person", nonsense},
		{"oversized input", oversized},
		{"forged callback", forgedCallback},
		{"unreadable state", unreadableState},
		{"unknown input", unknownInput},
		{"deadline", deadline},
		{"canceled call", canceledCall},
		{"cancel", cancelTwice},
		{"check", checkJudges},
	}
}

// now is the engine's time in every call.
var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// call is what each call about the sample carries.
func (s Sample) call(key string) *activityv1.Call {
	facts, err := json.Marshal(s.Facts)
	if err != nil || s.Facts == nil {
		facts = []byte(`{}`)
	}
	return &activityv1.Call{
		WorkspaceId: 1, JourneyId: 2, RunId: 3, Key: "sample", IdempotencyKey: key, Attempt: 1, Mode: activityv1.Mode_MODE_SANDBOX,
		Config: s.config(), Facts: facts, Now: timestamppb.New(now), Deadline: timestamppb.New(time.Now().Add(15 * time.Second)),
		CallbackUrl: "https://kohomai.example.com/callbacks/sample/token",
	}
}

func (s Sample) config() []byte {
	if len(s.Config) == 0 {
		return []byte(`{}`)
	}
	return s.Config
}

func start(ctx context.Context, c activityv1.ConnectorServiceClient, call *activityv1.Call) (*activityv1.Outcome, error) {
	answer, err := c.Start(ctx, &activityv1.StartRequest{Call: call})
	if err != nil {
		return nil, fmt.Errorf("Start broke off instead of answering an outcome: %w", err)
	}
	return answer.GetOutcome(), notPanicked(answer.GetOutcome())
}

func resume(ctx context.Context, c activityv1.ConnectorServiceClient, call *activityv1.Call, in *activityv1.Input) (*activityv1.Outcome, error) {
	answer, err := c.Resume(ctx, &activityv1.ResumeRequest{Call: call, Input: in})
	if err != nil {
		return nil, fmt.Errorf("Resume broke off instead of answering an outcome: %w", err)
	}
	return answer.GetOutcome(), notPanicked(answer.GetOutcome())
}

func notPanicked(o *activityv1.Outcome) error {
	if o.GetResult() == nil {
		return errors.New("the outcome is neither completed, waiting nor failed")
	}
	if o.GetFailed().GetCode() == "panic" {
		return errors.New("the handler panicked")
	}
	return nil
}

// begun starts the sample and returns the call that goes on with it; nil when there is
// nothing to go on with.
func (s Sample) begun(ctx context.Context, c activityv1.ConnectorServiceClient) (*activityv1.Call, error) {
	o, err := start(ctx, c, s.call("act_3"))
	if err != nil {
		return nil, err
	}
	w := o.GetWaiting()
	if w == nil {
		return nil, nil
	}
	call := s.call("act_3_9")
	call.State, call.ExternalReference = w.GetState(), w.GetExternalReference()
	return call, nil
}

func startAnswers(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	m, err := describe(ctx, c)
	if err != nil {
		return err
	}
	o, err := start(ctx, c, s.call("act_3"))
	if err != nil {
		return err
	}
	if f := o.GetFailed(); f != nil {
		return fmt.Errorf("the sample fails: %s", f.GetReason())
	}
	return outcomeHolds(m, o)
}

func startTwice(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	first, err := start(ctx, c, s.call("act_3"))
	if err != nil {
		return err
	}
	again := s.call("act_3")
	again.Attempt = 2
	second, err := start(ctx, c, again)
	if err != nil {
		return err
	}
	if !proto.Equal(first, second) {
		return errors.New("the second start under the same key answers something else than the first")
	}
	return nil
}

func manyAtOnce(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	const n = 32
	var all sync.WaitGroup
	wrong := make([]error, n)
	for i := range n {
		all.Go(func() { _, wrong[i] = start(ctx, c, s.call(fmt.Sprintf("act_%d", i))) })
	}
	all.Wait()
	return errors.Join(wrong...)
}

func unknownConfig(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	call := s.call("act_3")
	call.Config = []byte(`{"NoSuchSetting":true}`)
	o, err := start(ctx, c, call)
	if err != nil {
		return err
	}
	f := o.GetFailed()
	if f == nil || f.GetRetryable() || f.GetSource() != activityv1.FailureSource_FAILURE_SOURCE_CONFIGURATION {
		return errors.New("a setting that does not exist is not refused for good as a fault of the configuration")
	}
	call.Config = []byte(`not JSON`)
	if o, err = start(ctx, c, call); err == nil && o.GetFailed() == nil {
		err = errors.New("a configuration that is no JSON is not refused")
	}
	return err
}

func unknownMode(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	call := s.call("act_3")
	call.Mode = activityv1.Mode_MODE_UNSPECIFIED
	o, err := start(ctx, c, call)
	if err == nil && (o.GetFailed() == nil || o.GetFailed().GetRetryable()) {
		err = errors.New("a call in no known mode is not refused for good")
	}
	return err
}

// keepsWaiting judges the answer to an input that must not complete anything.
func keepsWaiting(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample, in *activityv1.Input) error {
	m, err := describe(ctx, c)
	if err != nil {
		return err
	}
	call, err := s.begun(ctx, c)
	if err != nil || call == nil {
		return err
	}
	o, err := resume(ctx, c, call, in)
	if err != nil {
		return err
	}
	if o.GetCompleted() != nil {
		return errors.New("it completed the activity")
	}
	return outcomeHolds(m, o)
}

func input(kind activityv1.Input_Kind, body string) *activityv1.Input {
	return &activityv1.Input{Kind: kind, Id: "9", Body: []byte(body), ReceivedAt: timestamppb.New(now)}
}

func nonsense(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	for _, body := range []string{``, `null`, `[]`, `{`, `"x"`, `{"NoSuchField":1}`, `{"Slot":17,"Intervals":"x","Duration":-1}`, "\x00\xff"} {
		if err := keepsWaiting(ctx, c, s, input(activityv1.Input_KIND_PERSON, body)); err != nil {
			return fmt.Errorf("answered with %q: %w", body, err)
		}
	}
	return nil
}

func oversized(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	body := append(append([]byte(`{"X":"`), bytes.Repeat([]byte("x"), 1<<20)...), `"}`...)
	return keepsWaiting(ctx, c, s, input(activityv1.Input_KIND_PERSON, string(body)))
}

func forgedCallback(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	m, err := describe(ctx, c)
	if err != nil || !m.GetCallbacks() {
		return err
	}
	for _, body := range []string{``, `{}`, `{"event":"completed","status":"ok"}`} {
		in := input(activityv1.Input_KIND_CALLBACK, body)
		in.Headers = map[string]string{}
		for _, h := range m.GetCallbackHeaders() {
			in.Headers[h] = "t=1,v1=00"
		}
		// And the same once more: a provider repeats, and so does a forger.
		for range 2 {
			if err := keepsWaiting(ctx, c, s, in); err != nil {
				return fmt.Errorf("called back with %q: %w", body, err)
			}
		}
	}
	return nil
}

func unreadableState(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	call, err := s.begun(ctx, c)
	if err != nil || call == nil {
		return err
	}
	for _, state := range []string{`{`, "\x00", `[1,2,3]`} {
		call.State = []byte(state)
		if _, err := resume(ctx, c, call, input(activityv1.Input_KIND_TIMER, "")); err != nil {
			return fmt.Errorf("resumed with the state %q: %w", state, err)
		}
	}
	return nil
}

func unknownInput(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	call, err := s.begun(ctx, c)
	if err != nil || call == nil {
		return err
	}
	o, err := resume(ctx, c, call, input(activityv1.Input_KIND_UNSPECIFIED, ""))
	if err == nil && o.GetFailed() == nil {
		err = errors.New("an input of no known kind is taken")
	}
	return err
}

func deadline(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	call := s.call("act_3")
	call.Deadline = timestamppb.New(time.Now().Add(5 * time.Second))
	_, err := start(ctx, c, call)
	return err
}

// canceledCall gives a call up and sees that the next one is served all the same.
func canceledCall(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.Start(gone, &activityv1.StartRequest{Call: s.call("act_3")}); err == nil {
		return errors.New("a call that was given up is answered")
	}
	_, err := start(ctx, c, s.call("act_3"))
	return err
}

func cancelTwice(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	m, err := describe(ctx, c)
	if err != nil || !m.GetCancels() {
		return err
	}
	call, err := s.begun(ctx, c)
	if err != nil {
		return err
	}
	if call == nil {
		call = s.call("act_3")
	}
	for range 2 {
		answer, err := c.Cancel(ctx, &activityv1.CancelRequest{Call: call, Reason: "Not needed."})
		if err != nil {
			return fmt.Errorf("Cancel broke off: %w", err)
		}
		if f := answer.GetFailed(); f != nil {
			return fmt.Errorf("Cancel fails in a sandbox: %s", f.GetReason())
		}
	}
	return nil
}

func checkJudges(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	m, err := describe(ctx, c)
	if err != nil || !m.GetChecks() {
		return err
	}
	answer, err := c.Check(ctx, &activityv1.CheckRequest{WorkspaceId: 1, Mode: activityv1.Mode_MODE_SANDBOX, Config: s.config()})
	if err != nil {
		return fmt.Errorf("Check broke off: %w", err)
	}
	if answer.GetStatus() != activityv1.CheckResponse_STATUS_OK {
		return fmt.Errorf("Check refuses the sample: %s", answer.GetMessage())
	}
	answer, err = c.Check(ctx, &activityv1.CheckRequest{WorkspaceId: 1, Mode: activityv1.Mode_MODE_SANDBOX, Config: []byte(`{"NoSuchSetting":1}`)})
	if err == nil && (answer.GetStatus() != activityv1.CheckResponse_STATUS_FAILED || answer.GetMessage() == "") {
		err = errors.New("Check does not refuse, with a message, a setting that does not exist")
	}
	return err
}
