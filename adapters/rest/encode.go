package rest

import (
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// appendMessage writes a message as JSON: fields in the order of the proto file,
// nothing left out, unknown scalars null, empty lists [].
func appendMessage(b []byte, m *message, v protoreflect.Message) []byte {
	b = append(b, '{')
	for i, f := range m.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f.key...)
		b = appendField(b, f, v)
	}
	return append(b, '}')
}

// appendField writes the value of one field of v.
func appendField(b []byte, f *field, v protoreflect.Message) []byte {
	if f.list {
		list := v.Get(f.desc).List()
		b = append(b, '[')
		for i := range list.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, f, list.Get(i))
		}
		return append(b, ']')
	}
	if f.desc.HasPresence() && !v.Has(f.desc) {
		return append(b, "null"...)
	}
	return appendValue(b, f, v.Get(f.desc))
}

func appendValue(b []byte, f *field, v protoreflect.Value) []byte {
	switch f.shape {
	case textShape:
		return appendString(b, v.String())
	case boolShape:
		return strconv.AppendBool(b, v.Bool())
	case intShape, idShape:
		return strconv.AppendInt(b, v.Int(), 10)
	case floatShape:
		return appendFloat(b, v.Float())
	case enumShape:
		if word, ok := f.enum.words[v.Enum()]; ok {
			return appendString(b, word)
		}
		return append(b, "null"...)
	case objectShape:
		return appendMessage(b, f.msg, v.Message())
	case timeShape:
		if t, ok := v.Message().Interface().(*timestamppb.Timestamp); ok {
			return appendTime(b, t)
		}
	case anyShape:
		if a, ok := v.Message().Interface().(*structpb.Value); ok {
			return appendAny(b, a)
		}
	case freeShape:
		if s, ok := v.Message().Interface().(*structpb.Struct); ok {
			return appendFree(b, s)
		}
	case listShape:
		if l, ok := v.Message().Interface().(*structpb.ListValue); ok {
			return appendAnyList(b, l)
		}
	}
	return append(b, "null"...)
}

func appendTime(b []byte, t *timestamppb.Timestamp) []byte {
	b = append(b, '"')
	b = t.AsTime().UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendFloat writes the shortest number that reads back the same; JSON has no
// infinity, so what is none becomes null.
func appendFloat(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

func appendAny(b []byte, v *structpb.Value) []byte {
	switch k := v.GetKind().(type) {
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(b, k.BoolValue)
	case *structpb.Value_NumberValue:
		return appendFloat(b, k.NumberValue)
	case *structpb.Value_StringValue:
		return appendString(b, k.StringValue)
	case *structpb.Value_StructValue:
		return appendFree(b, k.StructValue)
	case *structpb.Value_ListValue:
		return appendAnyList(b, k.ListValue)
	default:
		return append(b, "null"...)
	}
}

// appendFree writes an object of free form, its members sorted by name.
func appendFree(b []byte, s *structpb.Struct) []byte {
	names := make([]string, 0, len(s.GetFields()))
	for name := range s.GetFields() {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		b = appendAny(b, s.GetFields()[name])
	}
	return append(b, '}')
}

func appendAnyList(b []byte, l *structpb.ListValue) []byte {
	b = append(b, '[')
	for i, v := range l.GetValues() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAny(b, v)
	}
	return append(b, ']')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. Beyond what JSON demands it escapes the two line
// separators that JavaScript once took for line ends; bytes that are no UTF-8 become
// the replacement character.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if !(r == utf8.RuneError && size == 1) && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
			b = append(b, s[from:i]...)
			if r == utf8.RuneError {
				b = append(b, `\ufffd`...)
			} else {
				b = append(b, `\u202`...)
				b = append(b, hexDigits[r&0xF])
			}
			i += size
			from = i
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
		}
		i++
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
