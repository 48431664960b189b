package activity

import (
	"slices"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/rule"
)

// ReadValues reads plain JSON values by data point key. Every unknown key and every value
// that does not fit is named in one Invalid fault.
func ReadValues(in map[string]any, defs map[string]datapoint.Definition) (map[string]rule.Value, error) {
	var wrong fault.Collector
	out := make(map[string]rule.Value, len(in))
	keys := make([]string, 0, len(in))
	for key := range in {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		def, ok := defs[key]
		if !ok {
			wrong.Add(key, "unknown_data_point", "There is no data point of this key.")
			continue
		}
		v, err := rule.Read(def.Type, def.Options, in[key])
		if err != nil {
			wrong.Add(key, "invalid_value", "%s.", capitalized(err.Error()))
			continue
		}
		out[key] = v
	}
	return out, wrong.Err()
}

// ReadForm reads what a person submitted on a form's screen: every field by its type,
// required ones present, nothing that was not asked.
func ReadForm(screen *Screen, in map[string]any, defs map[string]datapoint.Definition) (map[string]rule.Value, error) {
	var wrong fault.Collector
	asked := map[string]bool{}
	given := map[string]any{}
	for _, f := range screen.Fields {
		asked[f.Key] = true
		v, ok := in[f.Key]
		if s, isText := v.(string); !ok || v == nil || isText && s == "" {
			if f.Required {
				wrong.Add(f.Key, "required", "%s is required.", f.Label)
			}
			continue
		}
		given[f.Key] = v
	}
	for key := range in {
		if !asked[key] {
			wrong.Add(key, "unknown_field", "This form has no such field.")
		}
	}
	values, err := ReadValues(given, defs)
	wrong.AddError("", err)
	return values, wrong.Err()
}

func capitalized(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
