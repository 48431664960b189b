package cel

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/ext"

	"github.com/kohomai/kohomai/core/rule"
)

// Bounds of a condition: its text in bytes, how deeply it may nest, and what evaluating
// it may cost in CEL's units.
const (
	mostSource = 4000
	mostDepth  = 100
	costLimit  = 100_000
)

// Compiler compiles conditions. Make it with New; it is safe for concurrent use and keeps
// the CEL environment of the schema it saw last.
type Compiler struct {
	mu   sync.Mutex
	last *cel.Env
	of   rule.Schema
}

// New makes a compiler.
func New() *Compiler { return &Compiler{} }

var _ rule.Compiler = (*Compiler)(nil)

// Compile implements rule.Compiler. Amounts are read by their parts: key.amount and
// key.currency. Whole-number literals compare with numbers as people expect, and dates and
// date-times with texts such as "2026-11-24".
func (c *Compiler) Compile(source string, schema rule.Schema) (rule.Condition, []rule.Problem) {
	if len(source) > mostSource {
		return nil, []rule.Problem{{Offset: -1, Message: "the condition is longer than 4,000 bytes"}}
	}
	if strings.TrimSpace(source) == "" {
		return nil, []rule.Problem{{Offset: -1, Message: "the condition is empty"}}
	}
	env, err := c.env(schema)
	if err != nil {
		return nil, []rule.Problem{{Offset: -1, Message: err.Error()}}
	}
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return nil, problems(source, issues)
	}
	j := &judge{source: source, schema: schema, info: parsed.NativeRep().SourceInfo()}
	j.walk(parsed.NativeRep().Expr(), nil)
	if len(j.problems) > 0 {
		return nil, j.problems
	}
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, problems(source, issues)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, []rule.Problem{{Offset: 0, Message: "a condition must be true or false, this is " + checked.OutputType().String()}}
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptPartialEval)}
	if j.costly {
		options = append(options, cel.CostLimit(costLimit))
	}
	program, err := env.Program(checked, options...)
	if err != nil {
		return nil, []rule.Problem{{Offset: -1, Message: err.Error()}}
	}
	return newCondition(source, program, referenced(checked), schema), nil
}

func (c *Compiler) env(schema rule.Schema) (*cel.Env, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && maps.Equal(c.of, schema) {
		return c.last, nil
	}
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true), ext.Strings(), cel.DefaultUTCTimeZone(true),
		cel.ParserRecursionLimit(mostDepth), cel.ParserExpressionSizeLimit(mostSource),
	}
	for key, t := range schema {
		if t == rule.Amount {
			options = append(options, cel.Variable(key+".amount", cel.DoubleType), cel.Variable(key+".currency", cel.StringType))
			continue
		}
		options = append(options, cel.Variable(key, celType(t)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	c.last, c.of = env, maps.Clone(schema)
	return env, nil
}

func celType(t rule.Type) *cel.Type {
	switch t {
	case rule.Number, rule.Document, rule.Amount:
		return cel.DoubleType
	case rule.Boolean:
		return cel.BoolType
	case rule.List:
		return cel.ListType(cel.StringType)
	case rule.Date, rule.DateTime:
		return cel.TimestampType
	case rule.NoType, rule.Text, rule.Choice, rule.Email, rule.Phone, rule.URL, rule.Country:
	}
	return cel.StringType
}

// referenced lists the variables an expression reads, sorted.
func referenced(a *cel.Ast) []string {
	seen := map[string]bool{}
	for _, reference := range a.NativeRep().ReferenceMap() {
		if reference.Name != "" && len(reference.OverloadIDs) == 0 && reference.Value == nil && strings.Contains(reference.Name, ".") {
			seen[strings.TrimPrefix(reference.Name, ".")] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func problems(source string, issues *cel.Issues) []rule.Problem {
	var out []rule.Problem
	for _, e := range issues.Errors() {
		message, _, _ := strings.Cut(e.Message, " (in container")
		message, _, _ = strings.Cut(message, " applied to")
		message, _, _ = strings.Cut(strings.TrimPrefix(message, "Syntax error: "), " expecting ")
		message = strings.ReplaceAll(message, "mismatched input '<EOF>'", "unexpected end")
		if args, ok := strings.CutPrefix(e.Message, "found no matching overload for "); ok {
			message = "these types do not go together: " + args
		}
		out = append(out, rule.Problem{Offset: offset(source, e.Location), Message: message})
	}
	if len(out) == 0 {
		out = append(out, rule.Problem{Offset: -1, Message: "the condition does not compile"})
	}
	return out
}

// offset turns a line (from 1) and column (characters, from 0) into bytes from the
// beginning; -1 when the place is not in the source.
func offset(source string, at common.Location) int {
	if at.Line() < 1 || at.Column() < 0 {
		return -1
	}
	start := 0
	for range at.Line() - 1 {
		i := strings.IndexByte(source[start:], '\n')
		if i < 0 {
			return -1
		}
		start += i + 1
	}
	left := at.Column()
	for i := range source[start:] {
		if left == 0 {
			return start + i
		}
		left--
	}
	return len(source)
}

// chain is the dotted name of an expression such as company.size with its root identifier;
// empty when it is something else.
func chain(e ast.Expr) (name string, root ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		return e.AsIdent(), e
	case ast.SelectKind:
		s := e.AsSelect()
		if s.IsTestOnly() {
			return "", nil
		}
		name, root = chain(s.Operand())
		if root == nil {
			return "", nil
		}
		return name + "." + s.FieldName(), root
	default:
		return "", nil
	}
}
