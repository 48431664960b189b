package activity

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kohomai/kohomai/core/rule"
)

// schemaNode is the part of JSON Schema (2020-12) that connectors' configurations use; other
// keywords are the connector's own to judge, in Check.
type schemaNode struct {
	Type                 string                 `json:"type"`
	Properties           map[string]*schemaNode `json:"properties"`
	Required             []string               `json:"required"`
	AdditionalProperties *bool                  `json:"additionalProperties"`
	Items                *schemaNode            `json:"items"`
	Enum                 []any                  `json:"enum"`
	Minimum              *float64               `json:"minimum"`
	ExclusiveMinimum     *float64               `json:"exclusiveMinimum"`
	Maximum              *float64               `json:"maximum"`
	MinLength            *int                   `json:"minLength"`
	MaxLength            *int                   `json:"maxLength"`
	MinItems             *int                   `json:"minItems"`
	MaxItems             *int                   `json:"maxItems"`
	Pattern              string                 `json:"pattern"`
	Format               string                 `json:"format"`
}

// SchemaProblem is one place where a value does not fit its schema. Path begins with a dot,
// or is empty for the value itself; Fix is a proposal, often empty.
type SchemaProblem struct{ Path, Message, Fix string }

// CheckSchema judges a JSON value against a connector's schema. Properties the schema does
// not name are refused unless it allows them. An empty schema takes an empty object.
func CheckSchema(schema, value []byte) []SchemaProblem { return checkSchema(schema, value, false) }

// CheckSchemaPart judges a part of a value: what is there must fit, and what is required may
// be missing.
func CheckSchemaPart(schema, value []byte) []SchemaProblem { return checkSchema(schema, value, true) }

func checkSchema(schema, value []byte, part bool) []SchemaProblem {
	if len(schema) == 0 {
		schema = []byte(`{"type":"object"}`)
	}
	var root schemaNode
	if err := json.Unmarshal(schema, &root); err != nil {
		return []SchemaProblem{{Message: "The connector's schema is broken."}}
	}
	if part {
		root.Required = nil
	}
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		return []SchemaProblem{{Message: "The configuration is not JSON."}}
	}
	return root.check("", v)
}

func (s *schemaNode) check(path string, v any) []SchemaProblem {
	if s == nil {
		return nil
	}
	if !s.fits(v) {
		return []SchemaProblem{{Path: path, Message: fmt.Sprintf("Expected %s.", typeWords[s.Type])}}
	}
	var problems []SchemaProblem
	add := func(path, message string, args ...any) {
		problems = append(problems, SchemaProblem{Path: path, Message: fmt.Sprintf(message, args...)})
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		add(path, "Expected one of %v.", s.Enum)
	}
	switch x := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			if _, ok := x[name]; !ok {
				add(path+"."+name, "%s is required.", name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(x)) {
			sub, known := s.Properties[name]
			switch {
			case known:
				problems = append(problems, sub.check(path+"."+name, x[name])...)
			case s.Properties == nil && s.AdditionalProperties == nil && path != "":
				// An inner object without named properties is free.
			case s.AdditionalProperties == nil || !*s.AdditionalProperties:
				add(path+"."+name, "There is no setting %s.", name)
				if like := rule.Closest(name, slices.Sorted(maps.Keys(s.Properties))); like != "" {
					problems[len(problems)-1].Fix = "Did you mean " + like + "?"
				}
			}
		}
	case []any:
		if s.MinItems != nil && len(x) < *s.MinItems {
			add(path, "Expected at least %d items.", *s.MinItems)
		}
		if s.MaxItems != nil && len(x) > *s.MaxItems {
			add(path, "Expected at most %d items.", *s.MaxItems)
		}
		for i, item := range x {
			problems = append(problems, s.Items.check(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case float64:
		if s.Minimum != nil && x < *s.Minimum || s.ExclusiveMinimum != nil && x <= *s.ExclusiveMinimum {
			add(path, "The number is too small.")
		}
		if s.Maximum != nil && x > *s.Maximum {
			add(path, "The number is too large.")
		}
	case string:
		for _, message := range s.checkText(x) {
			add(path, "%s", message)
		}
	}
	return problems
}

func (s *schemaNode) checkText(x string) []string {
	var wrong []string
	if s.MinLength != nil && utf8.RuneCountInString(x) < *s.MinLength {
		wrong = append(wrong, "The text is too short.")
	}
	if s.MaxLength != nil && utf8.RuneCountInString(x) > *s.MaxLength {
		wrong = append(wrong, fmt.Sprintf("The text is too long: at most %d characters.", *s.MaxLength))
	}
	if s.Pattern != "" {
		// A pattern that Go cannot read is the connector's to judge.
		if form, err := regexp.Compile(s.Pattern); err == nil && !form.MatchString(x) {
			wrong = append(wrong, "The text is not of the expected form.")
		}
	}
	u, err := url.Parse(x)
	switch s.Format {
	case "uri":
		if err != nil || u.Scheme == "" || u.Host == "" {
			wrong = append(wrong, "Expected an address such as https://example.com/page.")
		}
	case "uri-reference":
		if err != nil || x == "" || strings.ContainsAny(x, " \\") {
			wrong = append(wrong, "Expected an address such as https://example.com/page, or a path such as /media/film.webm.")
		}
	}
	return wrong
}

// typeWords are the types of JSON Schema for people.
var typeWords = map[string]string{
	"object": "an object", "array": "a list", "string": "a text", "number": "a number",
	"integer": "a whole number", "boolean": "true or false",
}

func (s *schemaNode) fits(v any) bool {
	switch s.Type {
	case "":
		return true
	case "object":
		_, ok := v.(map[string]any)
		return ok
	case "array":
		_, ok := v.([]any)
		return ok
	case "string":
		_, ok := v.(string)
		return ok
	case "number":
		_, ok := v.(float64)
		return ok
	case "integer":
		n, ok := v.(float64)
		return ok && n == math.Trunc(n)
	case "boolean":
		_, ok := v.(bool)
		return ok
	default:
		return false
	}
}
