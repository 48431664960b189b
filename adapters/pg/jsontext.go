package pg

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
)

// JSON by hand, for the two documents that every registration writes by the dozen: facts
// and the details of events. It is what encoding/json makes of the same values but for
// the order of keys, which jsonb does not keep.

// appendData writes facts as datapoint.Data is kept.
func appendData(b []byte, data datapoint.Data) ([]byte, error) {
	b = append(b, '{')
	for key, d := range data {
		value, err := d.Value.MarshalJSON()
		if err != nil {
			return b, fmt.Errorf("encoding the fact %s: %w", key, err)
		}
		b = append(appendString(next(b), key), `:{"v":`...)
		b = append(b, value...)
		if d.Source != "" {
			b = appendString(append(b, `,"s":`...), d.Source)
		}
		if d.Confidence != 0 {
			b = strconv.AppendFloat(append(b, `,"c":`...), d.Confidence, 'g', -1, 64)
		}
		if d.Inferred {
			b = append(b, `,"i":true`...)
		}
		b = append(d.ObservedAt.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano), `"}`...)
	}
	return append(b, '}'), nil
}

// appendObject writes the details of an event but for some.
func appendObject(b []byte, object map[string]any, but ...string) ([]byte, error) {
	b = append(b, '{')
	for key, v := range object {
		if slices.Contains(but, key) {
			continue
		}
		b = append(appendString(next(b), key), ':')
		switch v := v.(type) {
		case string:
			b = appendString(b, v)
		case int:
			b = strconv.AppendInt(b, int64(v), 10)
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return b, fmt.Errorf("encoding the detail %s: %w", key, err)
			}
			b = append(b, raw...)
		}
	}
	return append(b, '}'), nil
}

// next puts a comma where a member stands already.
func next(b []byte) []byte {
	if b[len(b)-1] == '{' {
		return b
	}
	return append(b, ',')
}

// appendString quotes a string; encoding/json does those that need escapes.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			raw, _ := json.Marshal(s) // a string never fails
			return append(b, raw...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
