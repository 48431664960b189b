package cel_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kohomai/kohomai/adapters/cel"
	"github.com/kohomai/kohomai/core/rule"
)

type facts map[string]rule.Value

func (f facts) Fact(key string) (rule.Value, bool) {
	v, ok := f[key]
	return v, ok
}

var schema = rule.Schema{
	"company.size": rule.Number, "company.revenue": rule.Amount, "company.country": rule.Country,
	"email.freemail": rule.Boolean, "data.plan": rule.Choice, "data.tags": rule.List,
	"data.day": rule.Date, "activity.call.slot": rule.DateTime,
}

func value(t *testing.T, typ rule.Type, in any, options ...string) rule.Value {
	t.Helper()
	v, err := rule.Read(typ, options, in)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCompiler_Eval(t *testing.T) {
	t.Parallel()
	known := facts{
		"company.size":       value(t, rule.Number, 250.0),
		"company.revenue":    value(t, rule.Amount, "2000000.50 EUR"),
		"company.country":    value(t, rule.Country, "DE"),
		"email.freemail":     value(t, rule.Boolean, false),
		"data.plan":          value(t, rule.Choice, "team", "free", "team"),
		"data.tags":          value(t, rule.List, []any{"a", "b"}),
		"data.day":           value(t, rule.Date, "2026-11-24"),
		"activity.call.slot": value(t, rule.DateTime, "2026-11-24T09:30:00Z"),
	}
	none := facts{}
	for _, c := range []struct {
		source string
		facts  facts
		want   rule.Result
	}{
		{`company.size >= 200 && !email.freemail`, known, rule.True},
		{`company.size == 250`, known, rule.True},
		{`company.size != 250`, known, rule.False},
		{`company.size in [1, 250]`, known, rule.True},
		{`company.size / 2 > 100`, known, rule.True},
		{`company.revenue.amount > 1000000 && company.revenue.currency == "EUR"`, known, rule.True},
		{`company.country in ["DE", "FR"]`, known, rule.True},
		{`data.plan == "team"`, known, rule.True},
		{`"a" in data.tags && size(data.tags) == 2`, known, rule.True},
		{`data.day < timestamp("2026-12-01T00:00:00Z")`, known, rule.True},
		{`activity.call.slot > timestamp("2026-12-01T00:00:00Z")`, known, rule.False},
		{`company.country.startsWith("D")`, known, rule.True},
		{`data.day == "2026-11-24" && data.day < "2026-11-24T00:00:01Z"`, known, rule.True},
		{`data.day in ["2026-11-23", "2026-11-24"]`, known, rule.True},
		{`"2026-11-25" <= activity.call.slot`, known, rule.False},
		{`activity.call.slot - data.day < duration("10h")`, known, rule.True},
		{`activity.call.slot.getHours() == 9`, known, rule.True},
		{`size(data.tags) + 1 == 3`, known, rule.True},
		{`size(data.tags) < company.size`, known, rule.True},
		{`data.tags.exists_one(tag, tag == "a") && data.tags.all(tag, tag < "c")`, known, rule.True},
		{`data.tags.exists(tag, tag == data.plan)`, known, rule.False},
		{`data.tags.map(tag, tag + "x") == ["ax", "bx"]`, known, rule.True},
		{`(email.freemail ? 1 : 250) == company.size`, known, rule.True},
		{`company.size == -250 || company.size == 250.0`, known, rule.True},
		{`[1, 2, 3].all(n, n < company.size)`, known, rule.True},
		{`company.country.lowerAscii() == "de"`, known, rule.True},
		{`company.size > 1`, facts{"company.size": value(t, rule.Text, "12")}, rule.Unknown},
		{`int(data.plan) == 1`, known, rule.Unknown},
		{`data.tags[7] == "a"`, known, rule.Unknown},
		{`data.tags[7] == "a" || company.size > 1`, known, rule.True},
		{`email.freemail ? company.size > 1 : company.size > 2`, facts{"company.size": known["company.size"]}, rule.Unknown},
		{
			`data.tags.all(a, data.tags.all(b, data.tags.all(c, a < b || b < c || true)))`,
			facts{"data.tags": rule.ListValue(make([]string, 500))},
			rule.Unknown,
		}, // too costly
		{`company.size >= 200`, none, rule.Unknown},
		{`company.size >= 200 && email.freemail`, facts{"email.freemail": known["email.freemail"]}, rule.False},
		{`company.size >= 200 || !email.freemail`, facts{"email.freemail": known["email.freemail"]}, rule.True},
		{`company.size >= 200 || email.freemail`, facts{"email.freemail": known["email.freemail"]}, rule.Unknown},
		{`!(company.size >= 200)`, none, rule.Unknown},
		{`company.revenue.amount > 1`, none, rule.Unknown},
		{`10 / 0 > 1`, none, rule.True}, // numbers are floating: the quotient is infinite
	} {
		t.Run(c.source, func(t *testing.T) {
			t.Parallel()
			cond, problems := cel.New().Compile(c.source, schema)
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			if got := cond.Eval(c.facts); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestCompiler_Reads(t *testing.T) {
	t.Parallel()
	cond, problems := cel.New().Compile(`company.revenue.amount > 1.0 && company.size > 2 || company.size < 1`, schema)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := cond.Reads(); len(got) != 2 || got[0] != "company.revenue" || got[1] != "company.size" {
		t.Errorf("reads %v", got)
	}
}

func TestCompiler_Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		source string
		offset int
		say    string
	}{
		{"", -1, "empty"},
		{"company.size > ", 15, "unexpected end"},
		{"company.siz > 1", 0, "did you mean company.size?"},
		{"email.freemail &&\n \"é\" == data.plam", 27, "did you mean data.plan?"},
		{"something.else == 1", 0, "there is no data point something.else"},
		{"unknown_thing", 0, "undeclared"},
		{"company.revenue > 5", 0, "company.revenue.amount"},
		{"company.revenue.cents > 5", 0, "no part cents"},
		{"company.size.big", 0, "no part big"},
		{"company.size", 0, "true or false"},
		{"1 + 1", 0, "true or false"},
		{"company.size > \"a\"", 13, "do not go together"},
		{"data.plan == 1", 10, "do not go together"},
		{"has(company.size)", -2, "not needed"},
		{"data.day < \"tomorrow\"", 11, "expected a date"},
		{"data.plan.replace(\"a\", \"b\") == \"x\"", -2, "no function replace"},
		{"{\"a\": 1}[\"a\"] == 1", -2, "objects"},
		{strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), -2, ""},
		{strings.Repeat(" ", 4001), -1, "longer"},
	} {
		t.Run(c.source, func(t *testing.T) {
			t.Parallel()
			cond, problems := cel.New().Compile(c.source, schema)
			if cond != nil || len(problems) == 0 {
				t.Fatalf("compiled %q: %v", c.source, problems)
			}
			if p := problems[0]; c.offset != -2 && p.Offset != c.offset || !strings.Contains(p.Message, c.say) {
				t.Errorf("got %+v", p)
			}
		})
	}
}

// tree is a random condition with what it must say, by Kleene's tables.
type tree struct {
	source string
	want   func(facts) rule.Result
}

func trees(depth int) *rapid.Generator[tree] {
	return rapid.Custom(func(t *rapid.T) tree {
		if depth == 0 || rapid.IntRange(0, 4).Draw(t, "leaf") == 0 {
			key := rapid.SampledFrom([]string{"data.a", "data.b", "data.c", "data.n"}).Draw(t, "key")
			if key != "data.n" {
				return tree{key, func(f facts) rule.Result {
					v, ok := f[key]
					return truth(ok, v.Bool())
				}}
			}
			n := rapid.IntRange(-3, 3).Draw(t, "n")
			return tree{fmt.Sprintf("data.n >= %d", n), func(f facts) rule.Result {
				v, ok := f[key]
				return truth(ok, v.Number() >= float64(n))
			}}
		}
		x := trees(depth-1).Draw(t, "x")
		switch rapid.IntRange(0, 2).Draw(t, "op") {
		case 0:
			return tree{"!(" + x.source + ")", func(f facts) rule.Result {
				switch x.want(f) {
				case rule.True:
					return rule.False
				case rule.False:
					return rule.True
				default:
					return rule.Unknown
				}
			}}
		case 1:
			y := trees(depth-1).Draw(t, "y")
			return tree{"(" + x.source + " && " + y.source + ")", func(f facts) rule.Result {
				a, b := x.want(f), y.want(f)
				switch {
				case a == rule.False || b == rule.False:
					return rule.False
				case a == rule.True && b == rule.True:
					return rule.True
				default:
					return rule.Unknown
				}
			}}
		default:
			y := trees(depth-1).Draw(t, "y")
			return tree{"(" + x.source + " || " + y.source + ")", func(f facts) rule.Result {
				a, b := x.want(f), y.want(f)
				switch {
				case a == rule.True || b == rule.True:
					return rule.True
				case a == rule.False && b == rule.False:
					return rule.False
				default:
					return rule.Unknown
				}
			}}
		}
	})
}

func truth(known, is bool) rule.Result {
	switch {
	case !known:
		return rule.Unknown
	case is:
		return rule.True
	default:
		return rule.False
	}
}

// Conditions follow Kleene's three-valued tables, and learning a fact never turns a
// decided condition around.
func TestCondition_ThreeValued(t *testing.T) {
	t.Parallel()
	logic := rule.Schema{"data.a": rule.Boolean, "data.b": rule.Boolean, "data.c": rule.Boolean, "data.n": rule.Number}
	compiler := cel.New()
	rapid.Check(t, func(t *rapid.T) {
		condition := trees(4).Draw(t, "condition")
		cond, problems := compiler.Compile(condition.source, logic)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", condition.source, problems)
		}
		known := facts{}
		for _, key := range []string{"data.a", "data.b", "data.c"} {
			if rapid.Bool().Draw(t, key+" known") {
				known[key] = rule.BooleanValue(rapid.Bool().Draw(t, key))
			}
		}
		before := cond.Eval(known)
		if want := condition.want(known); before != want {
			t.Fatalf("%s over %v: %v, want %v", condition.source, known, before, want)
		}
		n, err := rule.NumberValue(float64(rapid.IntRange(-4, 4).Draw(t, "n")))
		if err != nil {
			t.Fatal(err)
		}
		known["data.n"] = n
		after := cond.Eval(known)
		if want := condition.want(known); after != want || before != rule.Unknown && before != after {
			t.Fatalf("%s: %v, then %v, want %v", condition.source, before, after, want)
		}
	})
}

// One condition is evaluated from many goroutines at once.
func TestCondition_Concurrent(t *testing.T) {
	t.Parallel()
	compiler := cel.New()
	cond, problems := compiler.Compile(`company.size >= 200 && !email.freemail`, schema)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	known := facts{"company.size": value(t, rule.Number, 250.0), "email.freemail": rule.BooleanValue(false)}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				if got := cond.Eval(known); got != rule.True {
					t.Errorf("got %v", got)
				}
				if got := cond.Eval(facts{}); got != rule.Unknown {
					t.Errorf("got %v", got)
				}
				if _, problems := compiler.Compile(`company.size > 1`, schema); len(problems) > 0 {
					t.Error(problems)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkCondition_Eval(b *testing.B) {
	cond, problems := cel.New().Compile(`company.size >= 200 && !email.freemail`, schema)
	if len(problems) > 0 {
		b.Fatal(problems)
	}
	size, _ := rule.NumberValue(250)
	known := facts{"company.size": size, "email.freemail": rule.BooleanValue(false)}
	b.ReportAllocs()
	for b.Loop() {
		if cond.Eval(known) != rule.True {
			b.Fatal("not true")
		}
	}
}

func BenchmarkCompiler_Compile(b *testing.B) {
	compiler := cel.New()
	b.ReportAllocs()
	for b.Loop() {
		if _, problems := compiler.Compile(`company.size >= 200 && !email.freemail`, schema); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`company.size > 1 && data.plan == "team"`)
	f.Add(`[1,2].all(x, x > company.size)`)
	compiler := cel.New()
	f.Fuzz(func(t *testing.T, source string) {
		cond, problems := compiler.Compile(source, schema)
		if (cond == nil) == (len(problems) == 0) {
			t.Fatalf("%q: condition %v with problems %v", source, cond, problems)
		}
		if cond != nil {
			cond.Eval(facts{})
		}
	})
}
