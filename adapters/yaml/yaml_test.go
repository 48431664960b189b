package yaml_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kohomai/kohomai/adapters/yaml"
)

func TestConvert(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"order is kept":             {"b: 1\na: 2\n", `{"b":1,"a":2}`},
		"durations and dates":       {"After: 30s\nDay: 2026-11-24\n", `{"After":"30s","Day":"2026-11-24"}`},
		"words that look boolean":   {"[yes, no, true, on]", `["yes","no",true,"on"]`},
		"numbers":                   {"[1, -2.50, 0x10, 1_000, 9007199254740993, 010]", `[1,-2.50,16,1000,9007199254740993,8]`},
		"quoted numbers stay texts": {`["1", 'true', "~"]`, `["1","true","~"]`},
		"null":                      {"a: ~\nb:\n", `{"a":null,"b":null}`},
		"json":                      {`{"a":[1,{"b":"\u00e9<"}]}`, `{"a":[1,{"b":"é<"}]}`},
		"aliases":                   {"a: &x [1]\nb: *x\n", `{"a":[1],"b":[1]}`},
		"block texts":               {"a: |\n  one\n  two\n", `{"a":"one\ntwo\n"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := yaml.Convert([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(d.JSON); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestConvert_Refuses(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 9; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), i-1)
	}
	for name, c := range map[string]struct {
		in   string
		line int
		say  string
	}{
		"empty":              {"", 0, "empty"},
		"comment alone":      {"# nothing\n", 0, "empty"},
		"duplicate key":      {"a: 1\nb: 2\na: 3\n", 3, `"a" stands on line 1`},
		"two documents":      {"a: 1\n---\nb: 2\n", 2, "only one"},
		"merge key":          {"a: &a {x: 1}\nb:\n  <<: *a\n", 3, "merge"},
		"a tag":              {"a: !secret x\n", 1, "tag"},
		"binary":             {"a: !!binary aGk=\n", 1, "tag"},
		"infinity":           {"a:\n- .inf\n", 2, "finite"},
		"key that is a list": {"[a]: 1\n", 1, "key"},
		"alias bomb":         {bomb, -1, "too many values"},
		"alias of itself":    {"a: &a [*a]\n", 1, "deep"},
		"too deep":           {strings.Repeat("[", 40) + strings.Repeat("]", 40), 1, "deep"},
		"too large":          {strings.Repeat("#", 1<<20+1), 0, "larger"},
		"syntax":             {"a: 1\nb: [1\nc: 2\n", -1, ""},
		"unknown alias":      {"a: *nobody\n", -1, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := yaml.Convert([]byte(c.in))
			var wrong *yaml.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v", err)
			}
			if c.line >= 0 && wrong.Line != c.line || !strings.Contains(wrong.Message, c.say) {
				t.Errorf("got %v", wrong)
			}
		})
	}
}

func TestDocument_Line(t *testing.T) {
	t.Parallel()
	d, err := yaml.Convert([]byte("Name: x\nNodes:\n- Key: a\n  Kind: Stage\n-\n  Key: b\n  Branches: [{When: 'x'}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"Name": 1, "Nodes[0].Kind": 4, "Nodes[1].Key": 6, "Nodes[1].Branches[0].When": 7,
		"Nodes[1].Branches[0].Next": 7, "Nodes[0].Next": 3, "": 0, "Start": 0,
	} {
		if got := d.Line(path); got != want {
			t.Errorf("%q: line %d, want %d", path, got, want)
		}
	}
}

// JSON made into YAML and back holds the same.
func TestFormat_RoundTrip(t *testing.T) {
	t.Parallel()
	var plain func(depth int) *rapid.Generator[any]
	texts := rapid.OneOf(
		rapid.SampledFrom([]string{"yes", "null", "~", "1", "1e3", "0x1", "2026-11-24", "<<", "*a", "&a", "- a", "a: b", "#", "", " ", "\n", "a\nb", " a\nb", "a\n\n", "a\nb\n", "é\U0001F600", "!x", "|", "1_0", ".inf"}),
		rapid.StringMatching(`[ -~]{0,20}`),
	)
	plain = func(depth int) *rapid.Generator[any] {
		leaves := []*rapid.Generator[any]{
			texts.AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
			rapid.Float64Range(-1e9, 1e9).AsAny(), rapid.Map(rapid.IntRange(-1000, 1000), func(n int) float64 { return float64(n) }).AsAny(),
		}
		if depth > 0 {
			inner := rapid.Deferred(func() *rapid.Generator[any] { return plain(depth - 1) })
			leaves = append(leaves, rapid.SliceOfN(inner, 0, 4).AsAny(), rapid.MapOfN(texts, inner, 0, 4).AsAny())
		}
		return rapid.OneOf(leaves...)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := plain(3).Draw(t, "value")
		raw, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Format(raw)
		if err != nil {
			t.Fatal(err)
		}
		d, err := yaml.Convert(text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", raw, err, text)
		}
		var want, got any
		if err := errors.Join(json.Unmarshal(raw, &want), json.Unmarshal(d.JSON, &got)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s\n%s\n%s", raw, text, diff)
		}
	})
}

func TestFormat_Refuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "{", `{"a":1} 2`, strings.Repeat("[", 50)} {
		if _, err := yaml.Format([]byte(in)); err == nil {
			t.Errorf("%q was taken", in)
		}
	}
}

func FuzzConvert(f *testing.F) {
	f.Add("a: &x [1, 2]\nb: *x\n")
	f.Add("Nodes:\n- {Key: a, Kind: End}\n")
	f.Add("a: !!float 1\n? b\n: c\n")
	f.Fuzz(func(t *testing.T, in string) {
		d, err := yaml.Convert([]byte(in))
		if err == nil && !json.Valid(d.JSON) {
			t.Fatalf("%q became %q", in, d.JSON)
		}
	})
}
