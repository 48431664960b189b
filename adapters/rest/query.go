package rest

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// readQuery sets the parameters of a query. Unknown, repeated and unreadable ones are
// all named in one Malformed fault.
func (rt *route) readQuery(query string, v protoreflect.Message) *fault.Error {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fault.New(fault.Malformed, "invalid_query", "The query of the address cannot be read.")
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var wrong []fault.Field
	for _, name := range names {
		f := rt.query[name]
		switch given := values[name]; {
		case f == nil:
			wrong = append(wrong, fault.Field{Path: name, Code: "unknown_parameter", Message: "There is no such parameter here" + rt.meant(name)})
		case !f.list && len(given) > 1:
			wrong = append(wrong, fault.Field{Path: name, Code: "duplicate_parameter", Message: "The parameter is given more than once."})
		default:
			for _, text := range given {
				value, code, message := readParameter(f, text)
				if code != "" {
					wrong = append(wrong, fault.Field{Path: name, Code: code, Message: message})
					break
				}
				if f.list {
					v.Mutable(f.desc).List().Append(value)
				} else {
					v.Set(f.desc, value)
				}
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &fault.Error{
		Kind: fault.Malformed, Code: "invalid_query",
		Detail: "The query of the address is not acceptable.", Fields: wrong,
	}
}

// meant suggests the parameter most like a mistyped one.
func (rt *route) meant(name string) string {
	var open []string
	for _, f := range rt.queryOrder {
		open = append(open, f.name)
	}
	return rule.DidYouMean(name, open)
}

// readPath sets the variables of the path. What cannot name a thing names nothing: false.
func (rt *route) readPath(value func(name string) string, v protoreflect.Message) bool {
	for _, f := range rt.path {
		read, code, _ := readParameter(f, value(string(f.desc.Name())))
		if code != "" || f.shape == textShape && read.String() == "" {
			return false
		}
		v.Set(f.desc, read)
	}
	return true
}

// readParameter reads a value of path or query from its text; code and message say why
// it cannot be read.
func readParameter(f *field, text string) (v protoreflect.Value, code, message string) {
	switch f.shape {
	case textShape:
		if strings.IndexByte(text, 0) >= 0 {
			return v, "invalid_text", "The text holds the character U+0000."
		}
		if !validUTF8(text) {
			return v, "invalid_text", "The text is not valid UTF-8."
		}
		return protoreflect.ValueOfString(text), "", ""
	case boolShape:
		switch text {
		case "true":
			return protoreflect.ValueOfBool(true), "", ""
		case "false":
			return protoreflect.ValueOfBool(false), "", ""
		}
		return v, "wrong_type", "true or false is expected."
	case intShape:
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			return protoreflect.ValueOfInt32(int32(n)), "", ""
		}
		return v, "wrong_type", "A whole number is expected."
	case idShape:
		if id, ok := ident.Parse[ident.Event](text); ok {
			return protoreflect.ValueOfInt64(int64(id)), "", ""
		}
		return v, "wrong_type", "An id is expected: a whole number above 0 and below 2^53."
	case floatShape:
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return protoreflect.ValueOfFloat64(n), "", ""
		}
		return v, "wrong_type", "A number is expected."
	case enumShape:
		if n, ok := f.enum.number[text]; ok {
			return protoreflect.ValueOfEnum(n), "", ""
		}
		return v, "unknown_value", "One of " + strings.Join(f.enum.order, ", ") + " is expected."
	case timeShape:
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return protoreflect.ValueOfMessage(timestamppb.New(t).ProtoReflect()), "", ""
		}
		return v, "wrong_type", "A time of RFC 3339 is expected."
	case objectShape, anyShape, freeShape, listShape: // refused when the routes are read
	}
	return v, "unknown_parameter", "There is no such parameter here."
}
