package rule_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kohomai/kohomai/core/rule"
)

func TestRead(t *testing.T) {
	t.Parallel()
	options := []string{"free", "team"}
	for _, c := range []struct {
		typ  rule.Type
		in   any
		want string // as people read it; "-" means refused
	}{
		{rule.Text, " x ", " x "},
		{rule.Text, 1.0, "-"},
		{rule.Text, strings.Repeat("a", 10_001), "-"},
		{rule.Text, nil, "-"},
		{rule.Number, 1.5, "1.5"},
		{rule.Number, " 1e3 ", "1000"},
		{rule.Number, json.Number("7"), "7"},
		{rule.Number, int64(3), "3"},
		{rule.Number, "many", "-"},
		{rule.Number, "NaN", "-"},
		{rule.Number, "Inf", "-"},
		{rule.Number, math.Inf(1), "-"},
		{rule.Number, true, "-"},
		{rule.Amount, "12.50 EUR", "12.50 EUR"},
		{rule.Amount, map[string]any{"Amount": "12.50", "Currency": "EUR"}, "12.50 EUR"},
		{rule.Amount, "12.50", "-"},
		{rule.Amount, "12.50 eur", "-"},
		{rule.Amount, "12,50 EUR", "-"},
		{rule.Amount, "1.1234567 EUR", "-"},
		{rule.Amount, map[string]any{"Amount": 12.5, "Currency": "EUR"}, "-"},
		{rule.Amount, map[string]any{"Amount": "1", "Currency": "EUR", "x": 1}, "-"},
		{rule.Date, "2026-02-28", "2026-02-28"},
		{rule.Date, "2026-02-30", "-"},
		{rule.Date, "28.2.2026", "-"},
		{rule.DateTime, "2026-11-24T10:30:00+01:00", "2026-11-24T09:30:00Z"},
		{rule.DateTime, "2026-11-24", "-"},
		{rule.Boolean, true, "true"},
		{rule.Boolean, "false", "false"},
		{rule.Boolean, "yes", "-"},
		{rule.Boolean, 1.0, "-"},
		{rule.Choice, "team", "team"},
		{rule.Choice, "gold", "-"},
		{rule.Choice, "", "-"},
		{rule.List, []any{"a", "b"}, "a, b"},
		{rule.List, "a, b", "a, b"},
		{rule.List, []any{"a", 1.0}, "-"},
		{rule.List, "", ""},
		{rule.Document, 17.0, "17"},
		{rule.Document, map[string]any{"Id": 17.0}, "17"},
		{rule.Document, 0.0, "-"},
		{rule.Document, 1.5, "-"},
		{rule.Document, float64(1 << 53), "-"},
		{rule.Email, "a@b.c", "a@b.c"},
		{rule.Email, "A <a@b.c>", "-"},
		{rule.Email, "a", "-"},
		{rule.Phone, "+41 44 668 18 00", "+41 44 668 18 00"},
		{rule.Phone, "call me", "-"},
		{rule.URL, "https://example.org/x", "https://example.org/x"},
		{rule.URL, "javascript:alert(1)", "-"},
		{rule.URL, "example.org", "-"},
		{rule.Country, "ch", "CH"},
		{rule.Country, "Switzerland", "-"},
		{rule.NoType, "x", "-"},
	} {
		v, err := rule.Read(c.typ, options, c.in)
		switch {
		case c.want == "-":
			if err == nil || !v.IsZero() {
				t.Errorf("%v takes %v as %v", c.typ, c.in, v)
			}
		case err != nil || v.Type() != c.typ || v.String() != c.want:
			t.Errorf("%v reads %v as %q (%v), %v; want %q", c.typ, c.in, v.String(), v.Type(), err, c.want)
		}
	}
}

// TestValue_RoundTrips: what is stored, and what is shown as plain data, is read back.
func TestValue_RoundTrips(t *testing.T) {
	t.Parallel()
	for _, typ := range rule.Types() {
		if got, ok := rule.ParseType(typ.String()); !ok || got != typ {
			t.Errorf("the type %v has the name %q, which is %v", typ, typ.String(), got)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		values := []rule.Value{
			rule.TextValue(rapid.String().Draw(rt, "text")), rule.BooleanValue(rapid.Bool().Draw(rt, "boolean")),
			rule.ListValue(rapid.SliceOf(rapid.String()).Draw(rt, "list")), rule.DocumentValue(rapid.Int64Range(1, 1<<53-1).Draw(rt, "document")),
		}
		if n, err := rule.NumberValue(rapid.Float64().Draw(rt, "number")); err == nil {
			values = append(values, n)
		}
		amount := rapid.StringMatching(`-?[0-9]{1,18}(\.[0-9]{1,6})?`).Draw(rt, "amount")
		a, err := rule.AmountValue(amount, "CHF")
		if err != nil || a.Decimal() != amount || a.Text() != "CHF" {
			rt.Fatalf("%s CHF is %v, %v", amount, a, err)
		}
		for _, v := range append(values, a) {
			raw, err := json.Marshal(v)
			if err != nil {
				rt.Fatal(err)
			}
			var stored rule.Value
			// A text longer than is read is never made by Read.
			if err := json.Unmarshal(raw, &stored); err != nil || !stored.Equal(v) && v.Type() != rule.List {
				rt.Fatalf("%s is read back as %v, %v", raw, stored, err)
			}
			plain, err := rule.Read(v.Type(), nil, v.Plain())
			if err != nil || !reflect.DeepEqual(plain.Plain(), v.Plain()) {
				rt.Fatalf("%v is read back from plain data as %v, %v", v, plain, err)
			}
		}
	})
	var none rule.Value
	if raw, err := json.Marshal(none); err != nil || string(raw) != "null" {
		t.Errorf("nothing is stored as %s, %v", raw, err)
	}
	if err := json.Unmarshal([]byte(`{"t":"Nonsense","v":1}`), &none); err == nil {
		t.Error("an unknown type is read")
	}
}
