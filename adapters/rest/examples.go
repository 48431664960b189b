package rest

import (
	"encoding/json"
	"strings"
)

// Example is an exchange that the description shows with its operation. The request is
// empty where the call has no body, or one that is not JSON.
type Example struct {
	// Name is unique, such as "leads-a-new-lead"; Summary says what it shows.
	Name, Summary string
	// Verb and Path are the request's, the path with Prefix and without a query.
	Verb, Path string
	Request    string
	Status     int
	Answer     string
}

// matches reports whether the example is of a route.
func (e Example) matches(rt *route) bool {
	if e.Verb != rt.verb {
		return false
	}
	given, ok := strings.CutPrefix(e.Path, Prefix)
	if !ok {
		return false
	}
	parts, wanted := strings.Split(given, "/"), strings.Split(rt.pattern, "/")
	if len(parts) != len(wanted) {
		return false
	}
	for i, w := range wanted {
		if !strings.HasPrefix(w, "{") && w != parts[i] {
			return false
		}
	}
	return true
}

// of are the examples of a route.
func (d *describer) of(rt *route) []Example {
	var all []Example
	for _, e := range d.examples {
		if e.matches(rt) {
			all = append(all, e)
		}
	}
	return all
}

// requests shows the bodies of examples that went well, in a media type's object.
func requests(examples []Example) object {
	var o object
	for _, e := range examples {
		if e.Status < 300 && e.Request != "" && json.Valid([]byte(e.Request)) {
			o.add(e.Name, object{{"summary", e.Summary}, {"value", json.RawMessage(e.Request)}})
		}
	}
	return o
}

// answers shows the answers of a status.
func answers(examples []Example, status int) object {
	var o object
	for _, e := range examples {
		if e.Status == status && e.Answer != "" {
			o.add(e.Name, object{{"summary", e.Summary}, {"value", json.RawMessage(e.Answer)}})
		}
	}
	return o
}

// texts shows the answers of a status that are no JSON.
func texts(examples []Example, status int) object {
	var o object
	for _, e := range examples {
		if e.Status == status && e.Answer != "" {
			o.add(e.Name, object{{"summary", e.Summary}, {"value", e.Answer}})
		}
	}
	return o
}

// withExamples adds them to a media type's object, if there are any.
func withExamples(content, examples object) object {
	if len(examples) > 0 {
		content.add("examples", examples)
	}
	return content
}
