package funnel

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/kohomai/kohomai/core/fault"
)

// Parse reads a definition in strict JSON: an unknown field, a wrong type or anything
// behind the object is an Invalid fault that names the field.
func Parse(raw []byte) (Definition, error) {
	var def Definition
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&def)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return def, fault.InvalidField("", "malformed", "Something stands behind the definition.")
		}
		return def, nil
	}
	if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return def, fault.InvalidField(te.Field, "wrong_type", "Expected %s, found %s.", te.Type.String(), te.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return def, fault.InvalidField(strings.Trim(name, `"`), "unknown_field", "A definition has no such field.")
	}
	return def, fault.InvalidField("", "malformed", "The definition cannot be read: %s.", err.Error())
}
