package cel

import (
	"maps"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/kohomai/kohomai/core/rule"
)

// condition is a compiled condition.
type condition struct {
	source    string
	program   cel.Program
	variables []variable
	reads     []string
}

// variable is a CEL variable and the fact it shows.
type variable struct {
	name, key string
	typ       rule.Type
	currency  bool // the currency of an amount, not its number
	unknown   *cel.AttributePatternType
}

func newCondition(source string, program cel.Program, names []string, schema rule.Schema) *condition {
	c := &condition{source: source, program: program}
	keys := map[string]bool{}
	for _, name := range names {
		v := variable{name: name, key: name, unknown: cel.AttributePattern(name)}
		if _, ok := schema[name]; !ok {
			var part string
			v.key, part = cutLast(name)
			v.currency = part == "currency"
		}
		v.typ = schema[v.key]
		keys[v.key] = true
		c.variables = append(c.variables, v)
	}
	c.reads = slices.Sorted(maps.Keys(keys))
	return c
}

// Source implements rule.Condition.
func (c *condition) Source() string { return c.source }

// Reads implements rule.Condition. The caller must not change the list.
func (c *condition) Reads() []string { return c.reads }

// Eval implements rule.Condition. A fact of another type than the schema's is unknown.
func (c *condition) Eval(facts rule.Facts) rule.Result {
	known := make(map[string]any, len(c.variables))
	var unknown []*cel.AttributePatternType
	for _, v := range c.variables {
		value, ok := facts.Fact(v.key)
		if !ok || value.Type() != v.typ {
			unknown = append(unknown, v.unknown)
			continue
		}
		known[v.name] = v.native(value)
	}
	activation, err := cel.PartialVars(known, unknown...)
	if err != nil {
		return rule.Unknown
	}
	out, _, err := c.program.Eval(activation)
	if err != nil {
		return rule.Unknown
	}
	return result(out)
}

func result(out ref.Val) rule.Result {
	switch out {
	case types.True:
		return rule.True
	case types.False:
		return rule.False
	default:
		return rule.Unknown
	}
}

// native is a value as CEL takes it.
func (v variable) native(value rule.Value) any {
	switch value.Type() {
	case rule.Number, rule.Document:
		return value.Number()
	case rule.Amount:
		if v.currency {
			return value.Text()
		}
		return value.Number()
	case rule.Boolean:
		return value.Bool()
	case rule.List:
		return value.List()
	case rule.Date, rule.DateTime:
		return value.Time()
	case rule.NoType, rule.Text, rule.Choice, rule.Email, rule.Phone, rule.URL, rule.Country:
	}
	return value.Text()
}
