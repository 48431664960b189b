package rest

import (
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
)

// place is where in the body a value stands; it becomes text only for an error.
type place struct {
	up    *place
	name  string
	index int // of an array element; -1 for a member
}

func (p *place) member(name string) *place { return &place{up: p, name: name, index: -1} }
func (p *place) element(i int) *place      { return &place{up: p, index: i} }

// String is the JSON path, such as JourneyData[2].StringValue.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	above := p.up.String()
	switch {
	case p.index >= 0:
		return above + "[" + strconv.Itoa(p.index) + "]"
	case above == "":
		return p.name
	default:
		return above + "." + p.name
	}
}

// decoder reads a document into messages and gathers every wrong field.
type decoder struct {
	doc   *document
	wrong fault.Collector
}

func (d *decoder) refuse(at *place, code, text string, args ...any) {
	d.wrong.Add(at.String(), code, text, args...)
}

// object reads the members of n into v. Names in closed belong to the path or the
// query and are refused here like unknown ones.
func (d *decoder) object(n *node, m *message, v protoreflect.Message, at *place, closed map[string]bool) {
	if n.kind != objectNode {
		d.refuse(at, "wrong_type", "An object is expected.")
		return
	}
	for c := n.child; c != 0; c = d.doc.nodes[c].next {
		child := &d.doc.nodes[c]
		f := d.lookup(m, child)
		if f == nil || closed[f.name] {
			d.refuse(at.member(d.doc.name(child)), "unknown_field", "There is no such field here%s", m.meant(d.doc.name(child), closed))
			continue
		}
		d.field(child, f, v, at.member(f.name))
	}
}

// meant suggests the field most like a mistyped one.
func (m *message) meant(name string, closed map[string]bool) string {
	var open []string
	for _, f := range m.fields {
		if !closed[f.name] {
			open = append(open, f.name)
		}
	}
	return rule.DidYouMean(name, open)
}

func (d *decoder) lookup(m *message, n *node) *field {
	if n.nameEscaped {
		return m.byName[d.doc.name(n)]
	}
	return m.byName[string(d.doc.text[n.nameStart:n.nameEnd])]
}

// field reads one member; null means that it was not given.
func (d *decoder) field(n *node, f *field, v protoreflect.Message, at *place) {
	if n.kind == nullNode && f.shape != anyShape {
		return
	}
	if !f.list {
		if value, ok := d.value(n, f, v, at); ok {
			v.Set(f.desc, value)
		}
		return
	}
	if n.kind != arrayNode {
		d.refuse(at, "wrong_type", "An array is expected.")
		return
	}
	list := v.Mutable(f.desc).List()
	i := 0
	for c := n.child; c != 0; c = d.doc.nodes[c].next {
		if value, ok := d.element(&d.doc.nodes[c], f, list, at.element(i)); ok {
			list.Append(value)
		}
		i++
	}
}

func (d *decoder) element(n *node, f *field, list protoreflect.List, at *place) (protoreflect.Value, bool) {
	if f.shape == objectShape {
		value := list.NewElement()
		d.object(n, f.msg, value.Message(), at, nil)
		return value, true
	}
	return d.scalar(n, f, at)
}

func (d *decoder) value(n *node, f *field, v protoreflect.Message, at *place) (protoreflect.Value, bool) {
	if f.shape == objectShape {
		value := v.NewField(f.desc)
		d.object(n, f.msg, value.Message(), at, nil)
		return value, true
	}
	return d.scalar(n, f, at)
}

// scalar reads everything but objects of known fields.
func (d *decoder) scalar(n *node, f *field, at *place) (none protoreflect.Value, ok bool) {
	switch f.shape {
	case textShape:
		return d.text(n, at)
	case boolShape:
		if n.kind == boolNode {
			return protoreflect.ValueOfBool(d.doc.text[n.start] == 't'), true
		}
		d.refuse(at, "wrong_type", "true or false is expected.")
	case intShape:
		if n.kind == numberNode {
			if i, err := strconv.ParseInt(d.doc.literal(n), 10, 32); err == nil {
				return protoreflect.ValueOfInt32(int32(i)), true
			}
		}
		d.refuse(at, "wrong_type", "A whole number is expected.")
	case idShape:
		return d.id(n, at)
	case floatShape:
		if n.kind == numberNode {
			if v, err := strconv.ParseFloat(d.doc.literal(n), 64); err == nil && !math.IsInf(v, 0) {
				return protoreflect.ValueOfFloat64(v), true
			}
			d.refuse(at, "out_of_range", "The number is too large.")
			return none, false
		}
		d.refuse(at, "wrong_type", "A number is expected.")
	case enumShape:
		if n.kind != stringNode {
			d.refuse(at, "wrong_type", "A word is expected.")
			return none, false
		}
		if number, ok := f.enum.number[d.doc.str(n)]; ok {
			return protoreflect.ValueOfEnum(number), true
		}
		d.refuse(at, "unknown_value", "One of %s is expected.", strings.Join(f.enum.order, ", "))
	case timeShape:
		return d.time(n, at)
	case anyShape:
		v, ok := d.any(n, at)
		return protoreflect.ValueOfMessage(v.ProtoReflect()), ok
	case freeShape:
		if n.kind == objectNode {
			v, ok := d.free(n, at)
			return protoreflect.ValueOfMessage(v.ProtoReflect()), ok
		}
		d.refuse(at, "wrong_type", "An object is expected.")
	case listShape:
		if n.kind == arrayNode {
			v, ok := d.anyList(n, at)
			return protoreflect.ValueOfMessage(v.ProtoReflect()), ok
		}
		d.refuse(at, "wrong_type", "An array is expected.")
	case objectShape: // read by value and element
	}
	return none, false
}

func (d *decoder) text(n *node, at *place) (none protoreflect.Value, ok bool) {
	if n.kind != stringNode {
		d.refuse(at, "wrong_type", "A text is expected.")
		return none, false
	}
	s, ok := d.clean(n, at)
	return protoreflect.ValueOfString(s), ok
}

// clean decodes a string and refuses the character U+0000, which no store keeps.
func (d *decoder) clean(n *node, at *place) (string, bool) {
	s := d.doc.str(n)
	if n.escaped && strings.IndexByte(s, 0) >= 0 {
		d.refuse(at, "invalid_text", "The text holds the character U+0000.")
		return "", false
	}
	return s, true
}

func (d *decoder) id(n *node, at *place) (none protoreflect.Value, ok bool) {
	var text string
	switch n.kind {
	case numberNode:
		text = d.doc.literal(n)
	case stringNode:
		text = d.doc.str(n)
	default:
		d.refuse(at, "wrong_type", "An id is expected: a whole number, or one as text.")
		return none, false
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil || i <= 0 || i > ident.Max {
		d.refuse(at, "wrong_type", "An id is expected: a whole number above 0 and below 2^53.")
		return none, false
	}
	return protoreflect.ValueOfInt64(i), true
}

func (d *decoder) time(n *node, at *place) (none protoreflect.Value, ok bool) {
	if n.kind == stringNode {
		if t, err := time.Parse(time.RFC3339, d.doc.str(n)); err == nil {
			if stamp := timestamppb.New(t); stamp.IsValid() {
				return protoreflect.ValueOfMessage(stamp.ProtoReflect()), true
			}
		}
	}
	d.refuse(at, "wrong_type", "A time of RFC 3339 is expected.")
	return none, false
}

// any reads a value of free form.
func (d *decoder) any(n *node, at *place) (*structpb.Value, bool) {
	switch n.kind {
	case boolNode:
		return structpb.NewBoolValue(d.doc.text[n.start] == 't'), true
	case numberNode:
		v, err := strconv.ParseFloat(d.doc.literal(n), 64)
		if err != nil || math.IsInf(v, 0) {
			d.refuse(at, "out_of_range", "The number is too large.")
			return structpb.NewNullValue(), false
		}
		return structpb.NewNumberValue(v), true
	case stringNode:
		s, ok := d.clean(n, at)
		return structpb.NewStringValue(s), ok
	case arrayNode:
		l, ok := d.anyList(n, at)
		return structpb.NewListValue(l), ok
	case objectNode:
		s, ok := d.free(n, at)
		return structpb.NewStructValue(s), ok
	case nullNode:
	}
	return structpb.NewNullValue(), true
}

func (d *decoder) free(n *node, at *place) (*structpb.Struct, bool) {
	s := &structpb.Struct{Fields: make(map[string]*structpb.Value)}
	all := true
	for c := n.child; c != 0; c = d.doc.nodes[c].next {
		child := &d.doc.nodes[c]
		name := d.doc.name(child)
		if strings.IndexByte(name, 0) >= 0 {
			d.refuse(at.member(strings.ReplaceAll(name, "\x00", "")), "invalid_text", "The name holds the character U+0000.")
			all = false
			continue
		}
		v, ok := d.any(child, at.member(name))
		all = all && ok
		s.Fields[name] = v
	}
	return s, all
}

func (d *decoder) anyList(n *node, at *place) (*structpb.ListValue, bool) {
	l := &structpb.ListValue{}
	all := true
	i := 0
	for c := n.child; c != 0; c = d.doc.nodes[c].next {
		v, ok := d.any(&d.doc.nodes[c], at.element(i))
		all = all && ok
		l.Values = append(l.Values, v)
		i++
	}
	return l, all
}
