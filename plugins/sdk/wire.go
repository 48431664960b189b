package sdk

import (
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// Conversions between what authors write and what travels. Each is total: an unknown enum
// value becomes the unspecified one and is refused where it matters.

var (
	modes      = map[activityv1.Mode]Mode{activityv1.Mode_MODE_SANDBOX: Sandbox, activityv1.Mode_MODE_LIVE: Live}
	inputKinds = map[activityv1.Input_Kind]InputKind{
		activityv1.Input_KIND_PERSON: ByPerson, activityv1.Input_KIND_CALLBACK: ByCallback, activityv1.Input_KIND_TIMER: ByTimer,
	}
	sources = map[Source]activityv1.FailureSource{
		FromConnector:     activityv1.FailureSource_FAILURE_SOURCE_CONNECTOR,
		FromDownstream:    activityv1.FailureSource_FAILURE_SOURCE_DOWNSTREAM,
		FromConfiguration: activityv1.FailureSource_FAILURE_SOURCE_CONFIGURATION,
		FromPerson:        activityv1.FailureSource_FAILURE_SOURCE_PERSON,
	}
	factTypeNumbers = map[FactType]activityv1.FactType{
		Text: activityv1.FactType_FACT_TYPE_TEXT, Number: activityv1.FactType_FACT_TYPE_NUMBER,
		Amount: activityv1.FactType_FACT_TYPE_AMOUNT, Date: activityv1.FactType_FACT_TYPE_DATE,
		DateTime: activityv1.FactType_FACT_TYPE_DATE_TIME, Boolean: activityv1.FactType_FACT_TYPE_BOOLEAN,
		Choice: activityv1.FactType_FACT_TYPE_CHOICE, List: activityv1.FactType_FACT_TYPE_LIST,
		Document: activityv1.FactType_FACT_TYPE_DOCUMENT, Email: activityv1.FactType_FACT_TYPE_EMAIL,
		Phone: activityv1.FactType_FACT_TYPE_PHONE, URL: activityv1.FactType_FACT_TYPE_URL,
		Country: activityv1.FactType_FACT_TYPE_COUNTRY,
	}
	screenNumbers = map[ScreenKind]activityv1.ScreenKind{
		ScreenForm: activityv1.ScreenKind_SCREEN_KIND_FORM, ScreenSlots: activityv1.ScreenKind_SCREEN_KIND_SLOTS,
		ScreenRedirect: activityv1.ScreenKind_SCREEN_KIND_REDIRECT, ScreenEmbed: activityv1.ScreenKind_SCREEN_KIND_EMBED,
		ScreenVideo: activityv1.ScreenKind_SCREEN_KIND_VIDEO, ScreenUpload: activityv1.ScreenKind_SCREEN_KIND_UPLOAD,
		ScreenCapture: activityv1.ScreenKind_SCREEN_KIND_CAPTURE, ScreenSign: activityv1.ScreenKind_SCREEN_KIND_SIGN,
		ScreenMessage: activityv1.ScreenKind_SCREEN_KIND_MESSAGE,
	}
	assigneeNumbers = map[Assignee]activityv1.Assignee{
		Lead: activityv1.Assignee_ASSIGNEE_LEAD, Stakeholder: activityv1.Assignee_ASSIGNEE_STAKEHOLDER,
		User: activityv1.Assignee_ASSIGNEE_USER, Automatic: activityv1.Assignee_ASSIGNEE_AUTOMATIC,
	}
)

func manifestToWire(c *Connector) *activityv1.Manifest {
	m := &c.Manifest
	w := &activityv1.Manifest{
		Id: m.ID, Version: m.Version, Name: m.Name, Description: m.Description, DocumentationUrl: m.DocumentationURL,
		ConfigSchema: m.ConfigSchema, SecretsSchema: m.SecretsSchema, Reads: m.Reads, Callbacks: m.Callbacks, CallbackHeaders: m.CallbackHeaders,
		Egress: m.Egress, Sandbox: m.Sandbox, Live: m.Live,
		Resumes: c.Resume != nil, Cancels: c.Cancel != nil, Checks: c.Check != nil,
	}
	for _, f := range m.Produces {
		w.Produces = append(w.Produces, &activityv1.FactSpec{
			Key: f.Key, Name: f.Name, Type: factTypeNumbers[f.Type], Description: f.Description, Options: f.Options,
		})
	}
	for _, s := range m.Screens {
		w.Screens = append(w.Screens, screenNumbers[s])
	}
	for _, a := range m.Assignees {
		w.Assignees = append(w.Assignees, assigneeNumbers[a])
	}
	return w
}

func requestFromWire(call *activityv1.Call) (*Request, error) {
	if call == nil {
		return nil, Permanent(fmt.Errorf("the call is empty"))
	}
	r := &Request{
		WorkspaceID: call.GetWorkspaceId(), JourneyID: call.GetJourneyId(), RunID: call.GetRunId(), Key: call.GetKey(),
		IdempotencyKey: call.GetIdempotencyKey(), Attempt: int(call.GetAttempt()), Mode: modes[call.GetMode()],
		Config: call.GetConfig(), Secrets: call.GetSecrets(), CallbackURL: call.GetCallbackUrl(),
		State: call.GetState(), ExternalReference: call.GetExternalReference(),
		Deadline: timeFromWire(call.GetDeadline()), Now: timeFromWire(call.GetNow()),
	}
	if len(call.GetFacts()) > 0 {
		if err := json.Unmarshal(call.GetFacts(), &r.Facts); err != nil {
			return nil, Permanent(fmt.Errorf("the facts are not a JSON object"))
		}
	}
	return r, nil
}

func inputFromWire(in *activityv1.Input) *Input {
	return &Input{
		Kind: inputKinds[in.GetKind()], ID: in.GetId(), Body: in.GetBody(), Headers: in.GetHeaders(),
		Query: in.GetQuery(), ReceivedAt: timeFromWire(in.GetReceivedAt()),
	}
}

// outcomeToWire is where an answer is held against the contract.
func outcomeToWire(c *Connector, o Outcome) (*activityv1.Outcome, error) {
	if err := o.check(c); err != nil {
		return nil, err
	}
	facts, err := encodeFacts(&c.Manifest, o.facts)
	if err != nil {
		return nil, Coded("undeclared_fact", Permanent(err))
	}
	if o.waiting == nil {
		return &activityv1.Outcome{Result: &activityv1.Outcome_Completed{Completed: &activityv1.Completed{Facts: facts}}}, nil
	}
	w := &activityv1.Waiting{
		Screen: screenToWire(o.waiting.screen), Until: timeToWire(o.waiting.until), ExternalReference: o.waiting.reference,
		State: o.waiting.state, Facts: facts,
	}
	if o.waiting.onProvider {
		w.WaitingOn = activityv1.WaitingOn_WAITING_ON_PROVIDER
	}
	return &activityv1.Outcome{Result: &activityv1.Outcome_Waiting{Waiting: w}}, nil
}

func failureToWire(f *Failure) *activityv1.Failed {
	source, ok := sources[f.Source]
	if !ok {
		source = activityv1.FailureSource_FAILURE_SOURCE_CONNECTOR
	}
	code := f.Code
	if code == "" {
		code = "failed"
	}
	return &activityv1.Failed{
		Code: code, Reason: clip(f.Reason, 500), Retryable: f.Retryable, Source: source,
		RetryAfterMs: max(0, f.RetryAfter.Milliseconds()),
	}
}

func failedOutcome(err error) *activityv1.Outcome {
	return &activityv1.Outcome{Result: &activityv1.Outcome_Failed{Failed: failureToWire(asFailure(err))}}
}

func screenToWire(s *Screen) *activityv1.Screen {
	if s == nil {
		return nil
	}
	w := &activityv1.Screen{Title: s.Title, Text: s.Text, Action: s.Action, Notice: s.Notice}
	switch {
	case s.Form != nil:
		f := &activityv1.Form{}
		for _, x := range s.Form.Fields {
			f.Fields = append(f.Fields, &activityv1.Field{
				Key: x.Key, Label: x.Label, Type: string(x.Type), Help: x.Help, Required: x.Required,
				Options: x.Options, Value: x.Value, Multiline: x.Multiline,
			})
		}
		w.Body = &activityv1.Screen_Form{Form: f}
	case s.Slots != nil:
		all := &activityv1.Slots{TimeZone: s.Slots.TimeZone, Host: s.Slots.Host, Location: s.Slots.Location}
		for _, x := range s.Slots.Slots {
			all.Slots = append(all.Slots, &activityv1.Slot{Id: x.ID, Start: timeToWire(x.Start), End: timeToWire(x.End)})
		}
		w.Body = &activityv1.Screen_Slots{Slots: all}
	case s.Redirect != nil:
		w.Body = &activityv1.Screen_Redirect{Redirect: &activityv1.Redirect{Url: s.Redirect.URL, NewWindow: s.Redirect.NewWindow}}
	case s.Embed != nil:
		w.Body = &activityv1.Screen_Embed{Embed: &activityv1.Embed{
			Url: s.Embed.URL, Title: s.Embed.Title, Height: int32(min(max(s.Embed.Height, 0), 10_000)), // bounded
		}}
	case s.Video != nil:
		w.Body = &activityv1.Screen_Video{Video: videoToWire(s.Video)}
	case s.Upload != nil:
		u := &activityv1.Upload{}
		for _, x := range s.Upload.Slots {
			u.Slots = append(u.Slots, &activityv1.UploadSlot{
				Key: x.Key, Label: x.Label, Help: x.Help, Accept: x.Accept, MaxBytes: x.MaxBytes, Required: x.Required,
			})
		}
		w.Body = &activityv1.Screen_Upload{Upload: u}
	case s.Capture != nil:
		c := &activityv1.Capture{AllowUpload: s.Capture.AllowUpload}
		for _, x := range s.Capture.Steps {
			c.Steps = append(c.Steps, &activityv1.CaptureStep{Key: x.Key, Label: x.Label, Help: x.Help, Frame: x.Frame})
		}
		w.Body = &activityv1.Screen_Capture{Capture: c}
	case s.Sign != nil:
		w.Body = &activityv1.Screen_Sign{Sign: &activityv1.Sign{
			DocumentId: s.Sign.DocumentID, Consent: s.Sign.Consent, SignerName: s.Sign.SignerName,
			AllowDrawn: s.Sign.AllowDrawn, AllowTyped: s.Sign.AllowTyped, AllowDecline: s.Sign.AllowDecline,
		}}
	case s.Message != nil:
		tone := map[string]activityv1.Message_Tone{"success": activityv1.Message_TONE_SUCCESS, "warning": activityv1.Message_TONE_WARNING}
		w.Body = &activityv1.Screen_Message{Message: &activityv1.Message{Tone: tone[s.Message.Tone], Acknowledge: s.Message.Acknowledge}}
	}
	return w
}

func videoToWire(v *Video) *activityv1.Video {
	w := &activityv1.Video{
		Url: v.URL, Provider: v.Provider, PosterUrl: v.PosterURL, Share: v.Share, Watched: v.Watched, Position: v.Position,
	}
	for _, c := range v.Captions {
		w.Captions = append(w.Captions, &activityv1.Captions{Url: c.URL, Language: c.Language, Label: c.Label})
	}
	for _, i := range v.Intervals {
		w.Intervals = append(w.Intervals, i[0], i[1])
	}
	return w
}

func timeToWire(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func timeFromWire(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}

// clip shortens a text to at most n bytes, between characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
