package funnel

import "fmt"

// Severity says whether a finding blocks publishing.
type Severity string

// The severities.
const (
	Error   Severity = "Error"
	Warning Severity = "Warning"
)

// Finding is one fault of a definition, at an exact place.
type Finding struct {
	Severity Severity
	// Node is the key of the node concerned, empty for the whole.
	Node string
	// Field is the JSON path, such as `Nodes[2].Branches[0].When`.
	Field string
	// Code is a stable snake_case word; Message one sentence; Fix what would mend it, if known.
	Code, Message, Fix string
}

// String is the finding for people, node and fix included, without the field.
func (f Finding) String() string {
	text := f.Message
	if f.Node != "" {
		text = f.Node + ": " + text
	}
	if f.Fix != "" {
		text += " " + f.Fix
	}
	return text
}

// Blocks reports whether findings forbid publishing.
func Blocks(findings []Finding) bool {
	for _, f := range findings {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

// findings gathers what is wrong.
type findings struct{ list []Finding }

func (f *findings) err(node, field, code, message string, args ...any) *Finding {
	return f.add(Error, node, field, code, message, args...)
}

func (f *findings) warn(node, field, code, message string, args ...any) *Finding {
	return f.add(Warning, node, field, code, message, args...)
}

func (f *findings) add(s Severity, node, field, code, message string, args ...any) *Finding {
	if len(args) > 0 {
		message = fmt.Sprintf(message, args...)
	}
	f.list = append(f.list, Finding{Severity: s, Node: node, Field: field, Code: code, Message: message})
	return &f.list[len(f.list)-1]
}
