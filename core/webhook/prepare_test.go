package webhook

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
)

type guard struct{ refused bool }

func (g guard) Judge(*url.URL) error {
	if g.refused {
		return errors.New("refused")
	}
	return nil
}

type plainSeal struct{}

func (plainSeal) Seal(plain []byte, place string) ([]byte, error) {
	return append([]byte(place+"\n"), plain...), nil
}

func (plainSeal) Open(sealed []byte, place string) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(place+"\n"))
	if !ok {
		return nil, errors.New("sealed for another place")
	}
	return plain, nil
}

type counter struct{ last int64 }

func (c *counter) Reserve(_ context.Context, n int) ([]int64, error) {
	out := make([]int64, n)
	for i := range out {
		c.last++
		out[i] = c.last
	}
	return out, nil
}

func service(g guard) *Service {
	return NewService(Parts{Guard: g, Seal: plainSeal{}, IDs: &counter{}, Random: bytes.NewReader(make([]byte, 1<<16))})
}

func within(sandbox bool) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.APIKey, Workspace: 7, Sandbox: sandbox})
}

func TestPrepare_addresses(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://crm.example.com/hooks?x=1": "https://crm.example.com/hooks?x=1",
		"HTTPS://CRM.Example.com:443":       "https://crm.example.com/",
		"https://crm.example.com:8443/":     "https://crm.example.com:8443/",
	} {
		p, err := service(guard{}).Prepare(within(false), raw, nil)
		if err != nil || p.URL != want {
			t.Errorf("%s: %q %v", raw, p.URL, err)
		}
	}
	for raw, code := range map[string]string{
		"":                               "required",
		"crm.example.com/hooks":          "invalid_url",
		"https:///hooks":                 "invalid_url",
		"https:crm":                      "invalid_url",
		"https://crm.example.com/a b":    "invalid_url",
		"https://crm.example.com\\@evil": "invalid_url",
		"https://bücher.example/":        "invalid_url",
		"https://%zz":                    "invalid_url",
		"ftp://crm.example.com/":         "url_not_allowed",
		"http://crm.example.com/":        "url_not_allowed",
		"http://127.0.0.1:9000/":         "url_not_allowed",
		"https://u:p@crm.example.com/":   "url_not_allowed",
		"https://crm.example.com/#x":     "url_not_allowed",
		"https://a.example/" + strings.Repeat("x", 2048): "too_long",
	} {
		_, err := service(guard{}).Prepare(within(false), raw, nil)
		f := fault.As(err)
		if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != "Url" || f.Fields[0].Code != code {
			t.Errorf("%q: %v, want %s", raw, err, code)
		}
	}
	if _, err := service(guard{refused: true}).Prepare(within(true), "https://crm.example.com/", nil); !strings.Contains(err.Error(), "url_not_allowed") {
		t.Errorf("what the guard refuses: %v", err)
	}
	for _, raw := range []string{"http://127.0.0.1:9000/x", "http://[::1]:9000/", "http://localhost/"} {
		if _, err := service(guard{}).Prepare(within(true), raw, nil); err != nil {
			t.Errorf("%s in a sandbox: %v", raw, err)
		}
	}
	if _, err := service(guard{}).Prepare(within(true), "http://10.0.0.1/", nil); err == nil {
		t.Error("http beyond loopback in a sandbox")
	}
}

func TestPrepare_events(t *testing.T) {
	t.Parallel()
	p, err := service(guard{}).Prepare(within(false), "https://a.example/", []string{"journey.*", "activity.completed", "journey.*"})
	if err != nil || !slices.Equal(p.Events, []string{"journey.*", "activity.completed"}) {
		t.Errorf("%v %v", p.Events, err)
	}
	if p, err = service(guard{}).Prepare(within(false), "https://a.example/", nil); err != nil || !slices.Equal(p.Events, []string{"*"}) {
		t.Errorf("no names are all: %v %v", p.Events, err)
	}
	_, err = service(guard{}).Prepare(within(false), "nonsense", []string{"journey.started", "journey.convertd", "", "lead.?"})
	f := fault.As(err)
	var paths []string
	for _, field := range f.Fields {
		paths = append(paths, field.Path+" "+field.Code)
	}
	if !slices.Equal(paths, []string{"Url invalid_url", "Events[1] unknown_event", "Events[2] unknown_event", "Events[3] unknown_event"}) {
		t.Errorf("%v", paths)
	}
	if !strings.Contains(f.Fields[1].Message, "journey.converted") {
		t.Errorf("no suggestion: %s", f.Fields[1].Message)
	}
}

func TestPrepare_secretIsSealedForItsRow(t *testing.T) {
	t.Parallel()
	s := service(guard{})
	p, err := s.Prepare(within(false), "https://a.example/", nil)
	if err != nil || len(p.Secret) != len("whsec_")+44 || !strings.HasPrefix(p.Secret, "whsec_") {
		t.Fatalf("%q %v", p.Secret, err)
	}
	plain, err := s.seal.Open(p.Sealed, place(7, p.ID))
	if err != nil || string(plain) != p.Secret {
		t.Errorf("%q %v", plain, err)
	}
	if _, err := s.seal.Open(p.Sealed, place(8, p.ID)); err == nil {
		t.Error("it opens for another workspace")
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		name    event.Type
		want    bool
	}{
		{"*", "lead.registered", true},
		{"lead.*", "lead.registered", true},
		{"lead.*", "journey.started", false},
		{"*.completed", "activity.completed", true},
		{"*.completed", "journey.stage_completed", false},
		{"*completed", "journey.stage_completed", true},
		{"journey.*_*", "journey.stage_started", true},
		{"journey.*_*", "journey.started", false},
		{"journey.started", "journey.started", true},
		{"journey.start", "journey.started", false},
		{"journey.started*journey.started", "journey.started", false},
		{"**", "x", true},
		{"a*b*c", "axbxc", true},
		{"a*b*c", "acb", false},
		{"", "x", false},
	} {
		if got := c.name.Matches(c.pattern); got != c.want {
			t.Errorf("%s on %s: %v", c.pattern, c.name, got)
		}
	}
}
