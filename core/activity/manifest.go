package activity

import "github.com/kohomai/kohomai/core/rule"

// Manifest is what a connector says about itself.
type Manifest struct {
	// ID is the connector's name in funnel definitions, such as "calendly".
	ID      string
	Version string
	// Name and Summary are shown in the catalog.
	Name    string
	Summary string
	// ConfigSchema and SecretsSchema are JSON Schema (draft 2020-12) with UI hints, as
	// JSON text; empty accepts an empty object only.
	ConfigSchema  []byte
	SecretsSchema []byte
	// Reads lists the data point keys the connector sees; it sees no others.
	Reads []string
	// Produces are the facts of an outcome, by name; they become activity.<key>.<name>.
	Produces map[string]rule.Type
	// Screens it may show, and who may be assigned: "Lead", "User", "Stakeholder", "Automatic".
	Screens   []ScreenKind
	Assignees []string
	// Callbacks is set when providers call back; Egress lists the hosts it may reach.
	Callbacks bool
	Egress    []string
	// CallbackHeaders are the headers of a callback it sees, by lower-case name.
	CallbackHeaders []string
	// Sandbox is set when the connector works whole without an account, Live when it works
	// with the provider's real service.
	Sandbox, Live bool
	// Builtin activities run inside kohomai.
	Builtin bool
}
