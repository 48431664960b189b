package pg

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/rule"
)

func TestAppendData_is_what_the_standard_library_writes(t *testing.T) {
	t.Parallel()
	amount, err := rule.Read(rule.Amount, nil, map[string]any{"Amount": "12.50", "Currency": "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	number, err := rule.NumberValue(1e21)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 12, 30, 0, 123456000, time.UTC)
	for name, data := range map[string]datapoint.Data{
		"nothing": {},
		"one":     {"data.a": {Value: number, Source: "api", Confidence: 0.25, ObservedAt: at}},
		"all": {
			"lead.firstname":  {Value: rule.TextValue("Zoë \"<&>\"\n\\\u2028\x00"), Source: "lead", Confidence: 1, ObservedAt: at},
			"company.revenue": {Value: amount, Source: "bundled", Inferred: true, ObservedAt: at.Truncate(time.Second)},
			"company.size":    {ObservedAt: at},
			"data.\"odd":      {Value: rule.BooleanValue(true)},
		},
	} {
		got, err := appendData(nil, data)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, got, data)
		var back datapoint.Data
		if err := json.Unmarshal(got, &back); err != nil {
			t.Errorf("%s: %v in %s", name, err, got)
		}
	}
}

func TestAppendObject_is_what_the_standard_library_writes(t *testing.T) {
	t.Parallel()
	for name, object := range map[string]map[string]any{
		"nothing": {},
		"event":   {"Key": "call", "Name": "Kick-off é", "Visit": 3, "Reason": "a\tb\x7f\xff"},
		"other":   {"List": []string{"a", "b"}, "No": nil, "Yes": true, "Share": 0.5, "Nested": map[string]any{"a": 1}},
	} {
		got, err := appendObject(nil, object)
		if err != nil {
			t.Fatal(err)
		}
		same(t, name, got, object)
	}
	if _, err := appendObject(nil, map[string]any{"f": func() {}}); err == nil {
		t.Error("a function was encoded")
	}
}

// same compares documents as jsonb would.
func same(t *testing.T, name string, got []byte, v any) {
	t.Helper()
	want, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v in %s", name, err, got)
	}
	if err := json.Unmarshal(want, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}
