package funnel

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/kohomai/kohomai/core/rule"
)

// schemaNode is the part of JSON Schema that connectors' configurations use.
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
	MinItems             *int                   `json:"minItems"`
}

type schemaProblem struct{ path, message, fix string }

// checkSchema judges a configuration against a connector's schema. Properties the schema
// does not name are refused unless it allows them. An empty schema takes an empty object.
func checkSchema(schema, config []byte) []schemaProblem {
	if len(schema) == 0 {
		schema = []byte(`{"type":"object"}`)
	}
	var root schemaNode
	if err := json.Unmarshal(schema, &root); err != nil {
		return []schemaProblem{{message: "The connector's schema is broken."}}
	}
	var value any
	if err := json.Unmarshal(config, &value); err != nil {
		return []schemaProblem{{message: "The configuration is not JSON."}}
	}
	return root.check("", value)
}

func (s *schemaNode) check(path string, v any) []schemaProblem {
	if s == nil {
		return nil
	}
	if !s.fits(v) {
		return []schemaProblem{{path: path, message: fmt.Sprintf("Expected %s.", typeWords[s.Type])}}
	}
	var problems []schemaProblem
	add := func(path, message string, args ...any) {
		problems = append(problems, schemaProblem{path: path, message: fmt.Sprintf(message, args...)})
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
				problems[len(problems)-1].fix = didYouMean(rule.Closest(name, slices.Sorted(maps.Keys(s.Properties))))
			}
		}
	case []any:
		if s.MinItems != nil && len(x) < *s.MinItems {
			add(path, "Expected at least %d items.", *s.MinItems)
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
		if s.MinLength != nil && len(x) < *s.MinLength {
			add(path, "The text is too short.")
		}
	}
	return problems
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
