package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

const (
	maxState     = 64 << 10
	maxReference = 200
)

var (
	idForm      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	factForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)
)

func describe(ctx context.Context, c activityv1.ConnectorServiceClient) (*activityv1.Manifest, error) {
	answer, err := c.Describe(ctx, &activityv1.DescribeRequest{})
	if err != nil {
		return nil, fmt.Errorf("Describe broke off: %w", err)
	}
	if answer.GetManifest() == nil {
		return nil, errors.New("Describe answers no manifest")
	}
	return answer.GetManifest(), nil
}

func manifestHolds(ctx context.Context, c activityv1.ConnectorServiceClient, _ Sample) error {
	m, err := describe(ctx, c)
	if err != nil {
		return err
	}
	again, err := describe(ctx, c)
	if err != nil {
		return err
	}
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !proto.Equal(m, again) {
		bad("two descriptions of one build differ")
	}
	if !idForm.MatchString(m.GetId()) {
		bad("the id %q: lower-case letters, digits and hyphens, beginning with a letter, at most 40", m.GetId())
	}
	if !versionForm.MatchString(m.GetVersion()) {
		bad("the version %q is not semantic", m.GetVersion())
	}
	if m.GetName() == "" || m.GetDescription() == "" {
		bad("name or description is empty")
	}
	if !m.GetSandbox() && !m.GetLive() {
		bad("it works in no mode")
	}
	if len(m.GetAssignees()) == 0 || slices.Contains(m.GetAssignees(), activityv1.Assignee_ASSIGNEE_UNSPECIFIED) {
		bad("nobody may be assigned, or somebody unknown")
	}
	if (len(m.GetScreens()) > 0 || m.GetCallbacks()) && !m.GetResumes() {
		bad("it has screens or callbacks and cannot be resumed")
	}
	seen := map[string]bool{}
	for _, f := range m.GetProduces() {
		if !factForm.MatchString(f.GetKey()) || seen[f.GetKey()] || f.GetType() == activityv1.FactType_FACT_TYPE_UNSPECIFIED {
			bad("the fact %q has no good key, stands twice or is of no type", f.GetKey())
		}
		seen[f.GetKey()] = true
	}
	return errors.Join(errs...)
}

func schemasHold(ctx context.Context, c activityv1.ConnectorServiceClient, s Sample) error {
	m, err := describe(ctx, c)
	if err != nil {
		return err
	}
	for name, raw := range map[string][]byte{"configuration": m.GetConfigSchema(), "secrets": m.GetSecretsSchema()} {
		if len(raw) == 0 {
			continue
		}
		var schema struct {
			Type       string
			Properties map[string]json.RawMessage
			Required   []string
		}
		if err := json.Unmarshal(raw, &schema); err != nil || schema.Type != "object" {
			return fmt.Errorf("the schema of the %s is no JSON Schema of an object", name)
		}
		for _, r := range schema.Required {
			if _, ok := schema.Properties[r]; !ok {
				return fmt.Errorf("the schema of the %s requires %q and does not describe it", name, r)
			}
		}
		if name != "configuration" {
			continue
		}
		var sample map[string]json.RawMessage
		if err := json.Unmarshal(s.config(), &sample); err != nil {
			return fmt.Errorf("the sample's configuration is no JSON object: %w", err)
		}
		for key := range sample {
			if _, ok := schema.Properties[key]; !ok {
				return fmt.Errorf("the sample's setting %q is not in the schema", key)
			}
		}
	}
	return nil
}

// outcomeHolds judges an outcome by the manifest: only declared facts and screens, sizes,
// and nothing that could never go on.
func outcomeHolds(m *activityv1.Manifest, o *activityv1.Outcome) error {
	w := o.GetWaiting()
	facts := o.GetCompleted().GetFacts()
	if w != nil {
		facts = w.GetFacts()
		switch {
		case !m.GetResumes():
			return errors.New("it waits and cannot be resumed")
		case len(w.GetState()) > maxState:
			return fmt.Errorf("its state has %d bytes, at most %d", len(w.GetState()), maxState)
		case len(w.GetExternalReference()) > maxReference:
			return fmt.Errorf("its external reference has %d bytes, at most %d", len(w.GetExternalReference()), maxReference)
		case w.GetUntil() != nil && !w.GetUntil().AsTime().After(now.Add(-time.Second)):
			return errors.New("it waits until a moment that has passed")
		}
		if s := w.GetScreen(); s != nil && !slices.Contains(m.GetScreens(), kindOf(s)) {
			return fmt.Errorf("its screen %s is not declared", kindOf(s))
		}
	}
	if len(facts) == 0 {
		return nil
	}
	var told map[string]json.RawMessage
	if err := json.Unmarshal(facts, &told); err != nil {
		return errors.New("its facts are no JSON object")
	}
	for key, value := range told {
		i := slices.IndexFunc(m.GetProduces(), func(f *activityv1.FactSpec) bool { return f.GetKey() == key })
		if i < 0 {
			return fmt.Errorf("the fact %q is not declared", key)
		}
		if !fits(m.GetProduces()[i], bytes.TrimSpace(value)) {
			return fmt.Errorf("the fact %q is not a %s", key, m.GetProduces()[i].GetType())
		}
	}
	return nil
}

// fits judges the JSON form of a fact's value; what is in the form is the host's to judge.
func fits(spec *activityv1.FactSpec, raw []byte) bool {
	if string(raw) == "null" {
		return true
	}
	var text string
	switch spec.GetType() {
	case activityv1.FactType_FACT_TYPE_NUMBER:
		return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
	case activityv1.FactType_FACT_TYPE_BOOLEAN:
		return raw[0] == 't' || raw[0] == 'f'
	case activityv1.FactType_FACT_TYPE_LIST:
		return raw[0] == '['
	case activityv1.FactType_FACT_TYPE_AMOUNT, activityv1.FactType_FACT_TYPE_DOCUMENT:
		return raw[0] == '{'
	case activityv1.FactType_FACT_TYPE_DATE_TIME:
		if json.Unmarshal(raw, &text) != nil {
			return false
		}
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case activityv1.FactType_FACT_TYPE_CHOICE:
		return json.Unmarshal(raw, &text) == nil && slices.Contains(spec.GetOptions(), text)
	default:
		return json.Unmarshal(raw, &text) == nil
	}
}

func kindOf(s *activityv1.Screen) activityv1.ScreenKind {
	switch s.GetBody().(type) {
	case *activityv1.Screen_Form:
		return activityv1.ScreenKind_SCREEN_KIND_FORM
	case *activityv1.Screen_Slots:
		return activityv1.ScreenKind_SCREEN_KIND_SLOTS
	case *activityv1.Screen_Redirect:
		return activityv1.ScreenKind_SCREEN_KIND_REDIRECT
	case *activityv1.Screen_Embed:
		return activityv1.ScreenKind_SCREEN_KIND_EMBED
	case *activityv1.Screen_Video:
		return activityv1.ScreenKind_SCREEN_KIND_VIDEO
	case *activityv1.Screen_Upload:
		return activityv1.ScreenKind_SCREEN_KIND_UPLOAD
	case *activityv1.Screen_Capture:
		return activityv1.ScreenKind_SCREEN_KIND_CAPTURE
	case *activityv1.Screen_Sign:
		return activityv1.ScreenKind_SCREEN_KIND_SIGN
	case *activityv1.Screen_Message:
		return activityv1.ScreenKind_SCREEN_KIND_MESSAGE
	default:
		return activityv1.ScreenKind_SCREEN_KIND_UNSPECIFIED
	}
}
