package cel_test

import (
	"testing"

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
	for _, source := range []string{
		"", "company.siz > 1", "company.size", "company.size > ", "company.size > \"a\"", "data.plan == 1", "1 + 1", "unknown_thing",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			if cond, problems := cel.New().Compile(source, schema); cond != nil || len(problems) == 0 {
				t.Errorf("compiled %q: %v", source, problems)
			}
		})
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
