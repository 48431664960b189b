package datapoint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// Definition says that a data point exists: its key, label and type.
type Definition struct {
	// ID is 0 until the definition is stored in a workspace.
	ID ident.DataPoint
	// Key is namespace and name, such as "company.size" or "data.plan".
	Key string
	// Name is the label, unique in a workspace.
	Name string
	Type rule.Type
	// Options of a Choice, at least one; empty for other types.
	Options []string
	// Builtin definitions are seeded and cannot be changed.
	Builtin bool
}

var keyForm = regexp.MustCompile(`^(lead|email|company|journey|data|activity\.[a-z][a-z0-9_]{0,62})\.[a-z][a-z0-9_]{0,62}$`)

// ValidKey reports whether a key has the form of a data point's.
func ValidKey(key string) bool { return keyForm.MatchString(key) }

// Namespace is the first part of a key, such as "company".
func Namespace(key string) string {
	ns, _, _ := strings.Cut(key, ".")
	return ns
}

// OfLead reports whether a fact belongs to the lead (and so reaches all its open
// journeys) rather than to one journey.
func OfLead(key string) bool {
	switch Namespace(key) {
	case "lead", "email", "company":
		return true
	default:
		return false
	}
}

var builtin = []Definition{
	{Key: "lead.email", Name: "E-mail", Type: rule.Email},
	{Key: "lead.firstname", Name: "First name", Type: rule.Text},
	{Key: "lead.lastname", Name: "Last name", Type: rule.Text},
	{Key: "lead.phone", Name: "Phone number", Type: rule.Phone},
	{Key: "lead.title", Name: "Job title", Type: rule.Text},
	{Key: "lead.country", Name: "Country of residence", Type: rule.Country},
	{Key: "lead.birthdate", Name: "Birth date", Type: rule.Date},
	{Key: "email.domain", Name: "E-mail domain", Type: rule.Text},
	{Key: "email.freemail", Name: "Free e-mail provider", Type: rule.Boolean},
	{Key: "email.disposable", Name: "Disposable e-mail", Type: rule.Boolean},
	{Key: "email.role", Name: "Role address", Type: rule.Boolean},
	{Key: "company.name", Name: "Company name", Type: rule.Text},
	{Key: "company.domain", Name: "Company domain", Type: rule.Text},
	{Key: "company.website", Name: "Company web site", Type: rule.URL},
	{Key: "company.size", Name: "Company size (employees)", Type: rule.Number},
	{Key: "company.revenue", Name: "Company revenue (a year)", Type: rule.Amount},
	{Key: "company.industry", Name: "Company industry", Type: rule.Text},
	{Key: "company.sector", Name: "Company sector", Type: rule.Text},
	{Key: "company.country", Name: "Company country", Type: rule.Country},
	{Key: "company.city", Name: "Company city", Type: rule.Text},
	{Key: "company.founded", Name: "Company founded (year)", Type: rule.Number},
	{Key: "company.description", Name: "Company description", Type: rule.Text},
	{Key: "journey.visits", Name: "Visits of the current stage", Type: rule.Number},
	{Key: "journey.origin", Name: "Origin (ref)", Type: rule.Text},
}

// Builtin lists the built-in definitions, in the order they are shown.
func Builtin() []Definition {
	all := slices.Clone(builtin)
	for i := range all {
		all[i].Builtin = true
	}
	return all
}

// Schema is the definitions as a compiler wants them.
func Schema(defs []Definition) rule.Schema {
	s := make(rule.Schema, len(defs))
	for _, d := range defs {
		s[d.Key] = d.Type
	}
	return s
}
