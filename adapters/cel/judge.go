package cel

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/kohomai/kohomai/core/rule"
)

// functions are those a condition may call. Replace and format are not among them: nested,
// they make texts of any length out of short ones, at a cost CEL does not count.
var functions = []string{
	operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.NotStrictlyFalse,
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
	operators.Index, operators.In,
	"size", "startsWith", "endsWith", "contains", "matches", "lowerAscii", "upperAscii", "trim", "substring", "charAt",
	"indexOf", "lastIndexOf", "split", "join", "timestamp", "duration", "int", "double", "string", "bool",
	"getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear",
	"getHours", "getMinutes", "getSeconds",
}

// whole are the functions that give whole numbers.
var whole = []string{
	"size", "indexOf", "lastIndexOf", "int", "getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek",
	"getDayOfYear", "getHours", "getMinutes", "getSeconds", operators.Modulo,
}

var arithmetic = []string{operators.Add, operators.Subtract, operators.Multiply, operators.Divide}

var comparisons = []string{
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In,
}

// judge walks a parsed condition: it names what CEL's checker would say in its own terms,
// and rewrites literals to the types of the facts they meet.
type judge struct {
	source   string
	schema   rule.Schema
	info     *ast.SourceInfo
	problems []rule.Problem
	// costly is set when evaluating may cost more than the text is long.
	costly bool
}

func (j *judge) problem(e ast.Expr, message string, args ...any) {
	j.problems = append(j.problems, rule.Problem{
		Offset: offset(j.source, j.info.GetStartLocation(e.ID())), Message: fmt.Sprintf(message, args...),
	})
}

// walk judges e; bound are the variables of the macros around it.
func (j *judge) walk(e ast.Expr, bound []string) {
	switch e.Kind() {
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			j.problem(e, "has() is not needed: a condition over an unknown fact is neither true nor false")
			return
		}
		name, root := chain(e)
		switch {
		case root == nil:
			j.walk(e.AsSelect().Operand(), bound)
		case !slices.Contains(bound, root.AsIdent()):
			j.fact(root, name)
		}
	case ast.CallKind:
		j.call(e, bound)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			j.walk(item, bound)
		}
	case ast.ComprehensionKind:
		j.costly = true
		c := e.AsComprehension()
		j.walk(c.IterRange(), bound)
		inner := append(slices.Clone(bound), c.IterVar(), c.IterVar2(), c.AccuVar())
		for _, part := range []ast.Expr{c.AccuInit(), c.LoopCondition(), c.LoopStep(), c.Result()} {
			j.walk(part, inner)
		}
	case ast.MapKind, ast.StructKind:
		j.problem(e, "objects are not available in conditions")
	case ast.IdentKind, ast.LiteralKind, ast.UnspecifiedExprKind:
	}
}

// fact judges a dotted name: a data point, a part of an amount, or a problem.
func (j *judge) fact(at ast.Expr, name string) {
	if t, ok := j.schema[name]; ok {
		if t == rule.Amount {
			j.problem(at, "%s is an amount: compare %s.amount or %s.currency", name, name, name)
		}
		return
	}
	key, part := cutLast(name)
	if t, ok := j.schema[key]; ok {
		if t != rule.Amount || part != "amount" && part != "currency" {
			j.problem(at, "%s has no part %s", key, part)
		}
		return
	}
	if like := rule.Closest(name, slices.Sorted(maps.Keys(j.schema))); like != "" {
		j.problem(at, "there is no data point %s; did you mean %s?", name, like)
		return
	}
	j.problem(at, "there is no data point %s", name)
}

func (j *judge) call(e ast.Expr, bound []string) {
	c := e.AsCall()
	name := c.FunctionName()
	if !slices.Contains(functions, name) {
		j.problem(e, "there is no function %s in conditions", strings.Trim(name, "_"))
		return
	}
	if c.IsMemberFunction() {
		j.walk(c.Target(), bound)
	}
	for _, arg := range c.Args() {
		j.walk(arg, bound)
	}
	switch {
	case name == operators.Add, name == "matches", name == "join", name == "split":
		j.costly = true
	}
	if slices.Contains(comparisons, name) {
		j.dates(c.Args())
	}
	if slices.Contains(comparisons, name) || slices.Contains(arithmetic, name) {
		j.numbers(c.Args())
	}
	if name == operators.Conditional {
		j.numbers(c.Args()[1:])
	}
}

// dates turns texts that are compared with a date or date-time into moments.
func (j *judge) dates(args []ast.Expr) {
	if !slices.ContainsFunc(args, func(e ast.Expr) bool {
		name, _ := chain(e)
		t := j.schema[name]
		return t == rule.Date || t == rule.DateTime
	}) {
		return
	}
	eachLiteral(args, func(e ast.Expr) {
		text, ok := e.AsLiteral().(types.String)
		if !ok {
			return
		}
		at, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			at, err = time.Parse(time.DateOnly, string(text))
		}
		if err != nil {
			j.problem(e, `expected a date such as "2026-11-24" or a time such as "2026-11-24T09:30:00Z"`)
			return
		}
		factory := ast.NewExprFactory()
		moment := factory.NewLiteral(j.fresh(), types.String(at.UTC().Format(time.RFC3339Nano)))
		e.SetKindCase(factory.NewCall(e.ID(), "timestamp", moment))
	})
}

// numbers turns whole-number literals into floating ones, so that `company.size == 200`
// compares numbers with numbers (data points hold no integers), except beside what is a
// whole number itself, such as size(data.tags).
func (j *judge) numbers(args []ast.Expr) {
	if slices.ContainsFunc(args, isWhole) {
		return
	}
	eachLiteral(args, func(e ast.Expr) {
		if n, ok := e.AsLiteral().(types.Int); ok {
			e.SetKindCase(ast.NewExprFactory().NewLiteral(e.ID(), types.Double(n)))
		}
	})
}

// isWhole reports whether an expression certainly or, as a macro's variable, possibly is a
// whole number.
func isWhole(e ast.Expr) bool {
	switch e.Kind() {
	case ast.IdentKind:
		return true
	case ast.CallKind:
		c := e.AsCall()
		return slices.Contains(whole, c.FunctionName()) ||
			slices.Contains(arithmetic, c.FunctionName()) && slices.ContainsFunc(c.Args(), isWhole)
	default:
		return false
	}
}

// eachLiteral visits the literals among the arguments and in lists among them.
func eachLiteral(args []ast.Expr, visit func(ast.Expr)) {
	for _, e := range args {
		switch e.Kind() {
		case ast.LiteralKind:
			visit(e)
		case ast.ListKind:
			eachLiteral(e.AsList().Elements(), visit)
		case ast.CallKind, ast.ComprehensionKind, ast.IdentKind, ast.MapKind, ast.SelectKind, ast.StructKind, ast.UnspecifiedExprKind:
		}
	}
}

// fresh is an id that no expression of the condition has.
func (j *judge) fresh() int64 {
	next := int64(1)
	for id := range j.info.OffsetRanges() {
		next = max(next, id+1)
	}
	j.info.SetOffsetRange(next, ast.OffsetRange{})
	return next
}

func cutLast(s string) (before, after string) {
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}
