package pluginhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

var (
	factTypes = map[activityv1.FactType]rule.Type{
		activityv1.FactType_FACT_TYPE_TEXT: rule.Text, activityv1.FactType_FACT_TYPE_NUMBER: rule.Number,
		activityv1.FactType_FACT_TYPE_AMOUNT: rule.Amount, activityv1.FactType_FACT_TYPE_DATE: rule.Date,
		activityv1.FactType_FACT_TYPE_DATE_TIME: rule.DateTime, activityv1.FactType_FACT_TYPE_BOOLEAN: rule.Boolean,
		activityv1.FactType_FACT_TYPE_CHOICE: rule.Choice, activityv1.FactType_FACT_TYPE_LIST: rule.List,
		activityv1.FactType_FACT_TYPE_DOCUMENT: rule.Document, activityv1.FactType_FACT_TYPE_EMAIL: rule.Email,
		activityv1.FactType_FACT_TYPE_PHONE: rule.Phone, activityv1.FactType_FACT_TYPE_URL: rule.URL,
		activityv1.FactType_FACT_TYPE_COUNTRY: rule.Country,
	}
	screenKinds = map[activityv1.ScreenKind]activity.ScreenKind{
		activityv1.ScreenKind_SCREEN_KIND_FORM: activity.ScreenForm, activityv1.ScreenKind_SCREEN_KIND_SLOTS: activity.ScreenSlots,
		activityv1.ScreenKind_SCREEN_KIND_REDIRECT: activity.ScreenRedirect, activityv1.ScreenKind_SCREEN_KIND_EMBED: activity.ScreenEmbed,
		activityv1.ScreenKind_SCREEN_KIND_VIDEO: activity.ScreenVideo, activityv1.ScreenKind_SCREEN_KIND_UPLOAD: activity.ScreenUpload,
		activityv1.ScreenKind_SCREEN_KIND_CAPTURE: activity.ScreenCapture, activityv1.ScreenKind_SCREEN_KIND_SIGN: activity.ScreenSign,
		activityv1.ScreenKind_SCREEN_KIND_MESSAGE: activity.ScreenMessage,
	}
	assignees = map[activityv1.Assignee]string{
		activityv1.Assignee_ASSIGNEE_LEAD: "Lead", activityv1.Assignee_ASSIGNEE_STAKEHOLDER: "Stakeholder",
		activityv1.Assignee_ASSIGNEE_USER: "User", activityv1.Assignee_ASSIGNEE_AUTOMATIC: "Automatic",
	}
	inputKinds = map[string]activityv1.Input_Kind{
		"person": activityv1.Input_KIND_PERSON, "callback": activityv1.Input_KIND_CALLBACK, "timer": activityv1.Input_KIND_TIMER,
	}
	sources = map[activityv1.FailureSource]string{
		activityv1.FailureSource_FAILURE_SOURCE_CONNECTOR: "connector", activityv1.FailureSource_FAILURE_SOURCE_DOWNSTREAM: "downstream",
		activityv1.FailureSource_FAILURE_SOURCE_CONFIGURATION: "configuration", activityv1.FailureSource_FAILURE_SOURCE_PERSON: "person",
	}
)

// manifest is what a connector said of itself, judged and in both words.
type manifest struct {
	domain activity.Manifest
	// options of the facts that are choices.
	options map[string][]string
	resumes bool
	cancels bool
	checks  bool
}

// readManifest judges a description. What it refuses would otherwise surface in the middle
// of somebody's journey.
func readManifest(id string, w *activityv1.Manifest) (*manifest, error) {
	if w.GetId() != id {
		return nil, fmt.Errorf("the program %s says that it is %q", id, clip(w.GetId(), 40))
	}
	for _, builtin := range activity.Builtins() {
		if builtin.ID == id {
			return nil, fmt.Errorf("%s is the name of a built-in activity", id)
		}
	}
	if w.GetVersion() == "" || w.GetName() == "" {
		return nil, errors.New("the manifest has no version or no name")
	}
	for _, schema := range [][]byte{w.GetConfigSchema(), w.GetSecretsSchema()} {
		var object map[string]any
		if len(schema) > 0 && json.Unmarshal(schema, &object) != nil {
			return nil, errors.New("a schema of the manifest is no JSON object")
		}
	}
	m := &manifest{
		domain: activity.Manifest{
			ID: id, Version: w.GetVersion(), Name: w.GetName(), Summary: w.GetDescription(),
			ConfigSchema: w.GetConfigSchema(), SecretsSchema: w.GetSecretsSchema(), Reads: w.GetReads(),
			Produces: map[string]rule.Type{}, Callbacks: w.GetCallbacks(), Egress: w.GetEgress(), Sandbox: w.GetSandbox(),
			Live: w.GetLive(), CallbackHeaders: w.GetCallbackHeaders(),
		},
		options: map[string][]string{}, resumes: w.GetResumes(), cancels: w.GetCancels(), checks: w.GetChecks(),
	}
	for _, f := range w.GetProduces() {
		t, ok := factTypes[f.GetType()]
		if _, twice := m.domain.Produces[f.GetKey()]; !ok || twice || f.GetKey() == "" {
			return nil, fmt.Errorf("the manifest's fact %q is of no known type, or stands twice", clip(f.GetKey(), 40))
		}
		m.domain.Produces[f.GetKey()] = t
		m.options[f.GetKey()] = f.GetOptions()
	}
	for _, s := range w.GetScreens() {
		kind, ok := screenKinds[s]
		if !ok {
			return nil, fmt.Errorf("the manifest has a screen of the unknown kind %d", s)
		}
		m.domain.Screens = append(m.domain.Screens, kind)
	}
	for _, a := range w.GetAssignees() {
		name, ok := assignees[a]
		if !ok {
			return nil, fmt.Errorf("the manifest has the unknown assignee %d", a)
		}
		m.domain.Assignees = append(m.domain.Assignees, name)
	}
	return m, nil
}

// callToWire carries a request, with the facts the manifest reads and no others.
func (m *manifest) callToWire(r activity.Request, hostCall string) (*activityv1.Call, error) {
	mode := activityv1.Mode_MODE_LIVE
	if r.Sandbox {
		mode = activityv1.Mode_MODE_SANDBOX
	}
	facts := map[string]any{}
	for _, key := range m.domain.Reads {
		if namespace, all := strings.CutSuffix(key, "*"); all {
			for k, v := range r.Facts {
				if strings.HasPrefix(k, namespace) {
					facts[k] = v.Plain()
				}
			}
			continue
		}
		facts[key] = r.Facts[key].Plain()
	}
	encoded, err := json.Marshal(facts)
	if err != nil {
		return nil, fmt.Errorf("writing the facts: %w", err)
	}
	return &activityv1.Call{
		WorkspaceId: int64(r.Workspace), JourneyId: int64(r.Journey), RunId: int64(r.Run), Key: r.Key,
		IdempotencyKey: r.Idempotency, Attempt: int32(min(max(r.Attempt, 1), 1_000_000)), // bounded
		Deadline: timeToWire(r.Deadline), Mode: mode, Config: r.Config, Secrets: r.Secrets, Facts: encoded,
		CallbackUrl: r.CallbackURL, HostCall: hostCall, Now: timeToWire(r.Now), State: r.State,
		ExternalReference: r.External,
	}, nil
}

func inputToWire(in activity.Input) (*activityv1.Input, error) {
	kind, ok := inputKinds[in.From]
	if !ok {
		return nil, fmt.Errorf("an input from %q cannot be handed on", in.From)
	}
	w := &activityv1.Input{Kind: kind, Id: ident.String(in.ID), Body: in.Body}
	switch kind {
	case activityv1.Input_KIND_CALLBACK:
		var c activity.Callback
		if err := json.Unmarshal(in.Body, &c); err != nil {
			return nil, errors.New("the stored callback is not readable")
		}
		w.Body, w.Headers, w.Query, w.ReceivedAt = c.Body, c.Headers, c.Query, timeToWire(c.ReceivedAt)
	case activityv1.Input_KIND_TIMER:
		w.Body = nil
	case activityv1.Input_KIND_PERSON, activityv1.Input_KIND_UNSPECIFIED:
	}
	return w, nil
}

// outcome reads an answer. One that breaks the contract is the connector's failure, and
// trying again would break it again.
func (m *manifest) outcome(w *activityv1.Outcome, clean func(string) string) activity.Outcome {
	refused := func(why string) activity.Outcome {
		return activity.FailedWith("connector", "The connector's answer is not acceptable: "+why+".", false)
	}
	switch o := w.GetResult().(type) {
	case *activityv1.Outcome_Completed:
		facts, err := m.facts(o.Completed.GetFacts())
		if err != nil {
			return refused(err.Error())
		}
		return activity.CompletedWith(facts)
	case *activityv1.Outcome_Waiting:
		x := o.Waiting
		facts, err := m.facts(x.GetFacts())
		if err != nil {
			return refused(err.Error())
		}
		screen, err := m.screen(x.GetScreen())
		switch {
		case err != nil:
			return refused(err.Error())
		case !m.resumes:
			return refused("it waits and cannot be resumed")
		case len(x.GetState()) > activity.MaxState:
			return refused("its state is too large")
		case len(x.GetExternalReference()) > 200:
			return refused("its external reference is too long")
		}
		party := activity.Nobody
		if x.GetWaitingOn() == activityv1.WaitingOn_WAITING_ON_PROVIDER {
			party = activity.Provider
		}
		return activity.Outcome{
			Kind: activity.Waiting, Facts: facts, Screen: screen, WaitsOn: party, Until: timeFromWire(x.GetUntil()),
			External: x.GetExternalReference(), State: x.GetState(),
		}
	case *activityv1.Outcome_Failed:
		return failure(o.Failed, clean)
	default:
		return refused("it is of no known kind")
	}
}

func failure(f *activityv1.Failed, clean func(string) string) activity.Outcome {
	source, ok := sources[f.GetSource()]
	if !ok {
		source = "connector"
	}
	reason := clip(clean(f.GetReason()), 500)
	if reason == "" {
		reason = "The connector failed without a reason."
	}
	o := activity.FailedWith(source, reason, f.GetRetryable())
	o.RetryAfter = min(time.Duration(max(0, min(f.GetRetryAfterMs(), 1<<40)))*time.Millisecond, 24*time.Hour)
	return o
}

func (m *manifest) facts(raw []byte) (map[string]rule.Value, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var plain map[string]any
	if err := dec.Decode(&plain); err != nil {
		return nil, errors.New("its facts are no JSON object")
	}
	facts := make(map[string]rule.Value, len(plain))
	for key, v := range plain {
		t, ok := m.domain.Produces[key]
		if !ok {
			return nil, fmt.Errorf("the fact %q is not declared", clip(key, 40))
		}
		if v == nil {
			continue
		}
		value, err := rule.Read(t, m.options[key], v)
		if err != nil {
			return nil, fmt.Errorf("the fact %q is not a %s", key, t)
		}
		facts[key] = value
	}
	return facts, nil
}

func (m *manifest) screen(w *activityv1.Screen) (*activity.Screen, error) {
	if w == nil {
		return nil, nil
	}
	s := &activity.Screen{Title: clip(w.GetTitle(), 300), Text: clip(w.GetText(), 5000), Notice: clip(w.GetNotice(), 500)}
	switch b := w.GetBody().(type) {
	case *activityv1.Screen_Form:
		s.Kind = activity.ScreenForm
		for _, f := range b.Form.GetFields() {
			field := activity.Field{
				Key: f.GetKey(), Label: f.GetLabel(), Type: f.GetType(), Options: f.GetOptions(), Required: f.GetRequired(), Help: f.GetHelp(),
			}
			if len(f.GetValue()) > 0 && json.Unmarshal(f.GetValue(), &field.Value) != nil {
				return nil, fmt.Errorf("the value of the field %q is no JSON", clip(f.GetKey(), 40))
			}
			s.Fields = append(s.Fields, field)
		}
	case *activityv1.Screen_Slots:
		s.Kind, s.TimeZone, s.Host, s.Location = activity.ScreenSlots, b.Slots.GetTimeZone(), b.Slots.GetHost(), b.Slots.GetLocation()
		for _, x := range b.Slots.GetSlots() {
			s.Slots = append(s.Slots, activity.Slot{
				ID: x.GetId(), Start: timeFromWire(x.GetStart()).Format(time.RFC3339), End: timeFromWire(x.GetEnd()).Format(time.RFC3339),
			})
		}
	case *activityv1.Screen_Redirect:
		s.Kind, s.URL = activity.ScreenRedirect, b.Redirect.GetUrl()
	case *activityv1.Screen_Embed:
		s.Kind, s.URL = activity.ScreenEmbed, b.Embed.GetUrl()
	case *activityv1.Screen_Video:
		s.Kind, s.URL = activity.ScreenVideo, b.Video.GetUrl()
		s.Poster = b.Video.GetPosterUrl()
		s.Share, s.Watched, s.Position = b.Video.GetShare(), b.Video.GetWatched(), b.Video.GetPosition()
		if tracks := b.Video.GetCaptions(); len(tracks) > 0 {
			s.Captions = tracks[0].GetUrl()
		}
	case *activityv1.Screen_Message:
		s.Kind = activity.ScreenMessage
	case *activityv1.Screen_Upload, *activityv1.Screen_Capture, *activityv1.Screen_Sign:
		return nil, errors.New("its screen is of a kind this release cannot show")
	default:
		return nil, errors.New("its screen is of no known kind")
	}
	if !slices.Contains(m.domain.Screens, s.Kind) {
		return nil, fmt.Errorf("the screen %s is not declared", s.Kind)
	}
	for _, address := range []string{s.URL, s.Captions, s.Poster} {
		if s.Kind == activity.ScreenVideo && ownPath(address) {
			continue
		}
		if u, err := url.Parse(address); err != nil || address != "" && (u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			return nil, errors.New("its screen has an address that is not absolute http")
		}
	}
	return s, nil
}

// ownPath reports whether an address is a path on our own host.
func ownPath(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "" && u.Host == "" && len(u.Path) > 1 && u.Path[0] == '/' && u.Path[1] != '/' && u.Path[1] != '\\'
}

// hosts are those a call may reach: the manifest's, and those its configuration names.
func (m *manifest) hosts(config []byte) []string {
	var all []string
	var properties map[string]any
	for _, h := range m.domain.Egress {
		property, fromConfig := strings.CutPrefix(h, "config:")
		if !fromConfig {
			all = append(all, strings.ToLower(h))
			continue
		}
		if properties == nil && json.Unmarshal(config, &properties) != nil {
			continue
		}
		if address, ok := properties[property].(string); ok {
			if u, err := url.Parse(address); err == nil && u.Host != "" {
				// With its port: a configuration names one server, not a whole machine.
				all = append(all, strings.ToLower(u.Host))
			}
		}
	}
	return all
}

func headersToWire(h http.Header) []*activityv1.Header {
	var all []*activityv1.Header
	for name, values := range h {
		for _, v := range values {
			all = append(all, &activityv1.Header{Name: name, Value: v})
		}
	}
	return all
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
