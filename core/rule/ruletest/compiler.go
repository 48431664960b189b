// Package ruletest compiles conditions of a tiny language, so that tests of the core need
// no expression engine: comparisons of keys with numbers, texts and truths, !, &&, || and
// parentheses, three-valued as rule.Condition demands. It is no substitute for the real
// compiler: types are not checked against the schema.
package ruletest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kohomai/kohomai/core/rule"
)

// Compiler is a rule.Compiler.
type Compiler struct{}

// Compile implements rule.Compiler.
func (Compiler) Compile(source string, schema rule.Schema) (rule.Condition, []rule.Problem) {
	p := &parser{tokens: tokens(source), schema: schema}
	eval, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = fmt.Errorf("%q is too much", p.tokens[0])
	}
	if err != nil {
		return nil, []rule.Problem{{Offset: -1, Message: err.Error()}}
	}
	slices.Sort(p.reads)
	return &Condition{source: source, reads: slices.Compact(p.reads), eval: eval}, nil
}

// Must compiles a condition whose keys need not be declared, or panics.
func Must(source string) *Condition {
	c, problems := Compiler{}.Compile(source, nil)
	if len(problems) > 0 {
		panic(source + ": " + problems[0].Message)
	}
	return c.(*Condition) //nolint:forcetypeassert // it is made above
}

// Condition is a compiled condition.
type Condition struct {
	source string
	reads  []string
	eval   evaluator
}

type evaluator func(rule.Facts) rule.Result

// Source implements rule.Condition.
func (c *Condition) Source() string { return c.source }

// Reads implements rule.Condition.
func (c *Condition) Reads() []string { return c.reads }

// Eval implements rule.Condition.
func (c *Condition) Eval(f rule.Facts) rule.Result { return c.eval(f) }

func tokens(s string) []string {
	for _, sign := range []string{"&&", "||", ">=", "==", "<", "(", ")"} {
		s = strings.ReplaceAll(s, sign, " "+sign+" ")
	}
	return strings.Fields(strings.ReplaceAll(s, "!", " ! "))
}

type parser struct {
	tokens []string
	reads  []string
	schema rule.Schema
}

func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) or() (evaluator, error) { return p.chain("||", rule.True, p.and) }

func (p *parser) and() (evaluator, error) { return p.chain("&&", rule.False, p.unary) }

// chain joins operands by Kleene's logic: one that is strong decides, else one that is
// unknown does.
func (p *parser) chain(sign string, strong rule.Result, operand func() (evaluator, error)) (evaluator, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	all := []evaluator{first}
	for p.peek() == sign {
		p.next()
		more, err := operand()
		if err != nil {
			return nil, err
		}
		all = append(all, more)
	}
	if len(all) == 1 {
		return first, nil
	}
	weak := rule.True + rule.False - strong
	return func(f rule.Facts) rule.Result {
		out := weak
		for _, e := range all {
			switch e(f) {
			case strong:
				return strong
			case rule.Unknown:
				out = rule.Unknown
			default: // the weak one changes nothing
			}
		}
		return out
	}, nil
}

func (p *parser) unary() (evaluator, error) {
	switch t := p.next(); t {
	case "!":
		inner, err := p.unary()
		if err != nil {
			return nil, err
		}
		return func(f rule.Facts) rule.Result {
			switch inner(f) {
			case rule.True:
				return rule.False
			case rule.False:
				return rule.True
			default:
				return rule.Unknown
			}
		}, nil
	case "(":
		inner, err := p.or()
		if err == nil && p.next() != ")" {
			err = fmt.Errorf("a parenthesis is missing")
		}
		return inner, err
	case "true":
		return func(rule.Facts) rule.Result { return rule.True }, nil
	case "false":
		return func(rule.Facts) rule.Result { return rule.False }, nil
	default:
		return p.comparison(t)
	}
}

func (p *parser) comparison(key string) (evaluator, error) {
	if !strings.Contains(key, ".") {
		return nil, fmt.Errorf("%q is no key", key)
	}
	if _, declared := p.schema[key]; p.schema != nil && !declared {
		return nil, fmt.Errorf("there is no data point %q", key)
	}
	p.reads = append(p.reads, key)
	sign := p.peek()
	if sign != ">=" && sign != "<" && sign != "==" {
		return compared(key, func(v rule.Value) bool { return v.Bool() }), nil
	}
	p.next()
	literal := p.next()
	if literal == "" {
		return nil, fmt.Errorf("a value is missing")
	}
	n, err := strconv.ParseFloat(literal, 64)
	switch {
	case sign == "==" && err != nil:
		return compared(key, func(v rule.Value) bool { return v.String() == literal }), nil
	case err != nil:
		return nil, fmt.Errorf("%q is no number", literal)
	case sign == "==":
		return compared(key, func(v rule.Value) bool { return v.Number() == n }), nil
	case sign == "<":
		return compared(key, func(v rule.Value) bool { return v.Number() < n }), nil
	default:
		return compared(key, func(v rule.Value) bool { return v.Number() >= n }), nil
	}
}

func compared(key string, holds func(rule.Value) bool) evaluator {
	return func(f rule.Facts) rule.Result {
		v, known := f.Fact(key)
		switch {
		case !known:
			return rule.Unknown
		case holds(v):
			return rule.True
		default:
			return rule.False
		}
	}
}
