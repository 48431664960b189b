package cel

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/kohomai/kohomai/core/rule"
)

// Bounds of a condition: its text, and what evaluating it may cost.
const (
	mostSource = 4000
	costLimit  = 100_000
)

// Compiler compiles conditions. Make it with New; it is safe for concurrent use and keeps
// one CEL environment per schema.
type Compiler struct {
	mu   sync.Mutex
	last *cel.Env
	of   rule.Schema
}

// New makes a compiler.
func New() *Compiler { return &Compiler{} }

var _ rule.Compiler = (*Compiler)(nil)

// Compile implements rule.Compiler. Amounts are read by their parts: key.amount and
// key.currency. Whole-number literals compare with numbers as people expect.
func (c *Compiler) Compile(source string, schema rule.Schema) (rule.Condition, []rule.Problem) {
	if len(source) > mostSource {
		return nil, []rule.Problem{{Offset: -1, Message: "the condition is too long"}}
	}
	env, err := c.env(schema)
	if err != nil {
		return nil, []rule.Problem{{Offset: -1, Message: err.Error()}}
	}
	parsed, issues := env.Parse(source)
	if issues.Err() != nil {
		return nil, problems(issues)
	}
	widenNumbers(parsed.NativeRep().Expr())
	checked, issues := env.Check(parsed)
	if issues.Err() != nil {
		return nil, problems(issues)
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		return nil, []rule.Problem{{Offset: -1, Message: "a condition must be true or false, this is " + checked.OutputType().String()}}
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptPartialEval, cel.OptTrackCost), cel.CostLimit(costLimit))
	if err != nil {
		return nil, []rule.Problem{{Offset: -1, Message: err.Error()}}
	}
	variables := referenced(checked)
	reads := map[string]bool{}
	for _, v := range variables {
		reads[keyOf(v, schema)] = true
	}
	return &condition{source: source, program: program, variables: variables, schema: schema, reads: slices.Sorted(maps.Keys(reads))}, nil
}

func (c *Compiler) env(schema rule.Schema) (*cel.Env, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && maps.Equal(c.of, schema) {
		return c.last, nil
	}
	options := []cel.EnvOption{cel.CrossTypeNumericComparisons(true), ext.Strings(), cel.DefaultUTCTimeZone(true)}
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
	case rule.Number, rule.Document:
		return cel.DoubleType
	case rule.Boolean:
		return cel.BoolType
	case rule.List:
		return cel.ListType(cel.StringType)
	case rule.Date, rule.DateTime:
		return cel.TimestampType
	default:
		return cel.StringType
	}
}

// keyOf is the data point a CEL variable belongs to.
func keyOf(variable string, schema rule.Schema) string {
	if _, ok := schema[variable]; ok {
		return variable
	}
	key, _, _ := cutLast(variable, ".")
	return key
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
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

// widenNumbers turns whole-number literals into floating ones, so that
// `company.size == 200` compares numbers with numbers. Data points hold no integers.
func widenNumbers(e ast.Expr) {
	factory := ast.NewExprFactory()
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(node ast.Expr) {
		if node.Kind() != ast.CallKind {
			return
		}
		switch node.AsCall().FunctionName() {
		case "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "_+_", "_-_", "_*_", "_/_":
		default:
			return
		}
		call := node.AsCall()
		if reads(call.Args(), "size") || reads(call.Args(), "indexOf") {
			return
		}
		for _, arg := range call.Args() {
			widen(factory, arg)
			if arg.Kind() == ast.ListKind {
				for _, item := range arg.AsList().Elements() {
					widen(factory, item)
				}
			}
		}
	}))
}

func widen(factory ast.ExprFactory, e ast.Expr) {
	if e.Kind() != ast.LiteralKind {
		return
	}
	if n, ok := e.AsLiteral().(types.Int); ok {
		e.SetKindCase(factory.NewLiteral(e.ID(), types.Double(n)))
	}
}

// reads reports whether one of the arguments calls a function that gives whole numbers.
func reads(args []ast.Expr, function string) bool {
	for _, a := range args {
		if a.Kind() == ast.CallKind && a.AsCall().FunctionName() == function {
			return true
		}
	}
	return false
}

func problems(issues *cel.Issues) []rule.Problem {
	var out []rule.Problem
	for _, e := range issues.Errors() {
		out = append(out, rule.Problem{Offset: e.Location.Column(), Message: e.Message})
	}
	if len(out) == 0 {
		out = append(out, rule.Problem{Offset: -1, Message: "the condition does not compile"})
	}
	return out
}

// condition is a compiled condition.
type condition struct {
	source    string
	program   cel.Program
	variables []string
	reads     []string
	schema    rule.Schema
}

func (c *condition) Source() string  { return c.source }
func (c *condition) Reads() []string { return c.reads }

// Eval implements rule.Condition.
func (c *condition) Eval(facts rule.Facts) rule.Result {
	known := make(map[string]any, len(c.variables))
	var unknown []*cel.AttributePatternType
	for _, variable := range c.variables {
		key := keyOf(variable, c.schema)
		v, ok := facts.Fact(key)
		if !ok || v.Type() != c.schema[key] {
			unknown = append(unknown, cel.AttributePattern(variable))
			continue
		}
		known[variable] = native(v, strings.TrimPrefix(variable, key))
	}
	activation, err := cel.PartialVars(known, unknown...)
	if err != nil {
		return rule.Unknown
	}
	out, _, err := c.program.Eval(activation)
	if err != nil || out == nil {
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

// native is a value as CEL takes it; part is ".amount" or ".currency" of an Amount.
func native(v rule.Value, part string) any {
	switch v.Type() {
	case rule.Number, rule.Document:
		return v.Number()
	case rule.Amount:
		if part == ".currency" {
			return v.Text()
		}
		return v.Number()
	case rule.Boolean:
		return v.Bool()
	case rule.List:
		return v.List()
	case rule.Date, rule.DateTime:
		return v.Time()
	default:
		return v.Text()
	}
}
