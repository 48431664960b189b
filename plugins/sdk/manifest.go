package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Manifest is what a connector says of itself. kohomai gives it nothing it did not declare
// here, and an administrator approves it with what it says.
type Manifest struct {
	// ID is the name used in funnels: lower-case letters, digits and hyphens, beginning with
	// a letter, at most 40.
	ID string
	// Version is semantic, such as "1.2.0".
	Version string
	Name    string
	// Description is one or two sentences for the catalog.
	Description      string
	DocumentationURL string
	// ConfigSchema is the JSON Schema (2020-12, type object) of an activity's configuration;
	// properties may carry `x-ui` hints. Empty: no configuration.
	ConfigSchema json.RawMessage
	// SecretsSchema is the same for the workspace's credentials. Empty: none.
	SecretsSchema json.RawMessage
	// Reads lists the data points it wants to see; `company.*` means the namespace.
	Reads []string
	// Produces lists the facts it finds out.
	Produces []FactSpec
	// Screens lists the kinds of screen it may show.
	Screens []ScreenKind
	// Assignees lists who its activities may be given to.
	Assignees []Assignee
	// Callbacks says that it takes its provider's calls at Request.CallbackURL.
	Callbacks bool
	// CallbackHeaders are the headers of a callback it wants to see, by lower-case name, such
	// as the one that carries the signature; no others are kept.
	CallbackHeaders []string
	// Egress lists the hosts it reaches, such as "api.example.com", or "config:BaseURL" for
	// the host of a URL in the configuration.
	Egress []string
	// Sandbox and Live say which modes it works in.
	Sandbox, Live bool
}

// FactSpec declares one fact that a connector produces.
type FactSpec struct {
	// Key is lower-case snake_case, at most 40.
	Key         string
	Name        string
	Type        FactType
	Description string
	// Options of a Choice.
	Options []string
}

// Assignee is a kind of people an activity may be given to.
type Assignee string

// The assignees.
const (
	Lead        Assignee = "Lead"
	Stakeholder Assignee = "Stakeholder"
	User        Assignee = "User"
	Automatic   Assignee = "Automatic"
)

var (
	idForm      = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	factForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	readForm    = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*(\.\*)?$`)
	versionForm = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`)
	headerForm  = regexp.MustCompile(`^[a-z0-9-]{1,60}$`)
	hostForm    = regexp.MustCompile(`^([a-z0-9-]+\.)+[a-z]{2,}$`)
)

// Validate names everything that is wrong with a connector at once; nil when it may serve.
func (c Connector) Validate() error {
	errs := c.Manifest.faults()
	if c.Start == nil {
		errs = append(errs, errors.New("Start is not set"))
	}
	if c.Resume == nil && len(c.Manifest.Screens) > 0 {
		errs = append(errs, errors.New("Resume is not set, but the manifest has screens"))
	}
	if c.Resume == nil && c.Manifest.Callbacks {
		errs = append(errs, errors.New("Resume is not set, but the manifest takes callbacks"))
	}
	return errors.Join(errs...)
}

func (m Manifest) faults() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !idForm.MatchString(m.ID) {
		bad("ID %q: lower-case letters, digits and hyphens, beginning with a letter, at most 40", m.ID)
	}
	if !versionForm.MatchString(m.Version) {
		bad("Version %q is not semantic", m.Version)
	}
	if strings.TrimSpace(m.Name) == "" {
		bad("Name is empty")
	}
	if u, err := url.Parse(m.DocumentationURL); m.DocumentationURL != "" && (err != nil || u.Scheme != "https") {
		bad("DocumentationURL %q is not an https address", m.DocumentationURL)
	}
	if !m.Sandbox && !m.Live {
		bad("neither Sandbox nor Live is set")
	}
	if len(m.Assignees) == 0 {
		bad("Assignees is empty")
	}
	for _, a := range m.Assignees {
		if !slices.Contains([]Assignee{Lead, Stakeholder, User, Automatic}, a) {
			bad("Assignees: %q is unknown", a)
		}
	}
	for name, schema := range map[string]json.RawMessage{"ConfigSchema": m.ConfigSchema, "SecretsSchema": m.SecretsSchema} {
		if err := schemaFault(schema); err != nil {
			bad("%s: %w", name, err)
		}
	}
	for _, r := range m.Reads {
		if !readForm.MatchString(r) || !strings.Contains(r, ".") {
			bad("Reads: %q is no data point", r)
		}
	}
	seen := map[string]bool{}
	for _, f := range m.Produces {
		switch {
		case !factForm.MatchString(f.Key):
			bad("Produces: %q: lower-case snake_case, at most 40", f.Key)
		case seen[f.Key]:
			bad("Produces: %q stands twice", f.Key)
		case !slices.Contains(factTypes, f.Type):
			bad("Produces: %q has the unknown type %q", f.Key, f.Type)
		case f.Type == Choice && len(f.Options) == 0:
			bad("Produces: %q is a choice without options", f.Key)
		}
		seen[f.Key] = true
	}
	for _, h := range m.CallbackHeaders {
		if !headerForm.MatchString(h) {
			bad("CallbackHeaders: %q is no lower-case header name", h)
		}
	}
	if len(m.CallbackHeaders) > 0 && !m.Callbacks {
		bad("CallbackHeaders are set, but Callbacks is not")
	}
	for _, s := range m.Screens {
		if !slices.Contains(screenKinds, s) {
			bad("Screens: %q is unknown", s)
		}
	}
	for _, h := range m.Egress {
		property, fromConfig := strings.CutPrefix(h, "config:")
		if fromConfig && property == "" || !fromConfig && !hostForm.MatchString(h) {
			bad("Egress: %q is neither a host name nor config:<property>", h)
		}
	}
	return errs
}

// schemaFault judges the form of a schema. It does not compile it: that is for whoever
// validates configurations against it.
func schemaFault(raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	var schema struct {
		Type       string                     `json:"type"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if err := json.Unmarshal(raw, &schema); err != nil {
		return fmt.Errorf("is not a JSON object: %w", err)
	}
	if schema.Type != "object" {
		return errors.New(`has no "type": "object"`)
	}
	for _, r := range schema.Required {
		if _, ok := schema.Properties[r]; !ok {
			return fmt.Errorf("requires %q, which it does not describe", r)
		}
	}
	return nil
}
