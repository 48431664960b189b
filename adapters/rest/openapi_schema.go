package rest

import (
	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kohomai/kohomai/core/ident"
)

// name makes a message a named schema, without the fields in closed.
func (d *describer) name(m *message, closed map[string]bool) {
	if d.names == nil {
		d.names = make(map[protoreflect.FullName]bool)
	}
	if d.names[m.desc.FullName()] {
		return
	}
	d.names[m.desc.FullName()] = true
	at := len(d.named)
	d.named.add(string(m.desc.Name()), nil) // the place is kept while its parts are named
	answered, asked := d.answered[m.desc.FullName()], d.asked[m.desc.FullName()]
	properties, required := object{}, []any{}
	for _, f := range m.fields {
		if closed[f.name] {
			continue
		}
		properties.add(f.name, d.property(f, answered))
		required = append(required, f.name)
	}
	o := object{{"type", "object"}}
	if text := d.said[string(m.desc.FullName())]; text != "" {
		o.add("description", text)
	}
	o.add("properties", properties)
	switch {
	case !answered:
		o.add("additionalProperties", false)
	case !asked:
		o.add("required", required)
	}
	d.named[at].value = o
}

// property is a field's schema with its description.
func (d *describer) property(f *field, answered bool) object {
	o := d.field(f, true)
	if !answered && f.shape == idShape && !f.list {
		o = idAsked(f.desc.HasPresence())
	}
	if text := d.said[string(f.desc.FullName())]; text != "" {
		o = append(object{{"description", text}}, o...)
	}
	if !answered && f.list {
		return object{{"oneOf", []any{o, object{{"type", "null"}}}}}
	}
	return o
}

// idAsked is an id in a request, where a text of its digits is taken as well.
func idAsked(null bool) object {
	kinds := []any{"integer", "string"}
	if null {
		kinds = append(kinds, "null")
	}
	return object{
		{"type", kinds},
		{"format", "int64"},
		{"minimum", 1},
		{"maximum", int64(ident.Max)},
		{"pattern", "^[1-9][0-9]{0,15}$"},
		{"maxLength", 16},
	}
}

// field is the schema of a field's value. A field that may be unknown may be null where
// nullable is wanted: in bodies, not in parameters.
func (d *describer) field(f *field, nullable bool) object {
	if f.list {
		o := object{{"type", "array"}, {"items", d.value(f, false)}}
		if n := ruleOf(f).GetRepeated().GetMaxItems(); n > 0 {
			o.add("maxItems", n)
		}
		return o
	}
	return d.value(f, nullable && (f.desc.HasPresence() || f.shape == enumShape))
}

func (d *describer) value(f *field, null bool) object {
	kind := func(name string, more ...member) object {
		if null {
			return append(object{{"type", []any{name, "null"}}}, more...)
		}
		return append(object{{"type", name}}, more...)
	}
	rule := ruleOf(f)
	switch f.shape {
	case textShape:
		o := kind("string")
		if n := rule.GetString().GetMaxLen(); n > 0 {
			o.add("maxLength", n)
		}
		return o
	case boolShape:
		return kind("boolean")
	case intShape:
		o := kind("integer", member{"format", "int32"})
		if r := rule.GetInt32(); r.GetLte() > 0 {
			o.add("minimum", r.GetGte())
			o.add("maximum", r.GetLte())
		}
		return o
	case idShape:
		return kind("integer", member{"format", "int64"}, member{"minimum", 1}, member{"maximum", int64(ident.Max)})
	case floatShape:
		return kind("number")
	case enumShape:
		words := make([]any, 0, len(f.enum.order)+1)
		for _, w := range f.enum.order {
			words = append(words, w)
		}
		if null {
			words = append(words, nil)
		}
		return kind("string", member{"enum", words})
	case timeShape:
		return kind("string", member{"format", "date-time"})
	case anyShape:
		return object{}
	case freeShape:
		return kind("object")
	case listShape:
		return kind("array", member{"items", object{}})
	case objectShape:
		d.name(f.msg, nil)
		if null {
			return object{{"oneOf", []any{ref(string(f.msg.desc.Name())), object{{"type", "null"}}}}}
		}
	}
	return ref(string(f.msg.desc.Name()))
}

func ruleOf(f *field) *validate.FieldRules {
	rule, _ := proto.GetExtension(f.desc.Options(), validate.E_Field).(*validate.FieldRules)
	return rule
}

// schemas are the named messages and the problem.
func (d *describer) schemas() object {
	text := object{{"type", "string"}}
	problem := object{
		{"type", "object"},
		{"description", "A problem of RFC 9457 with a stable code and every wrong field at once."},
		{"properties", object{
			{"type", object{{"type", "string"}, {"format", "uri"}}},
			{"title", text},
			{"status", object{{"type", "integer"}}},
			{"detail", text},
			{"instance", text},
			{"Code", object{{"type", "string"}, {"description", "A stable word for the cause."}}},
			{"RequestId", text},
			{"Errors", object{{"type", "array"}, {"items", object{
				{"type", "object"},
				{"properties", object{
					{"Field", object{{"type", "string"}, {"description", "JSON path or name of the parameter."}}},
					{"Code", text},
					{"Message", text},
				}},
				{"required", []any{"Field", "Code", "Message"}},
			}}}},
		}},
		{"required", []any{"type", "title", "status", "detail", "instance", "Code", "RequestId", "Errors"}},
	}
	return append(d.named, member{"Problem", problem})
}
