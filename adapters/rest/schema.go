package rest

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// shape is how a field's value looks in JSON.
type shape uint8

const (
	textShape shape = iota
	boolShape
	intShape   // 32 bits
	idShape    // 64 bits: ids, accepted as number or string
	floatShape // double
	enumShape
	objectShape
	timeShape // google.protobuf.Timestamp
	anyShape  // google.protobuf.Value
	freeShape // google.protobuf.Struct
	listShape // google.protobuf.ListValue
)

// wellKnown are the messages that are not objects of their fields in JSON.
var wellKnown = map[protoreflect.FullName]shape{
	"google.protobuf.Timestamp": timeShape,
	"google.protobuf.Value":     anyShape,
	"google.protobuf.Struct":    freeShape,
	"google.protobuf.ListValue": listShape,
}

// field is what encoder, decoder and description know of one field.
type field struct {
	desc  protoreflect.FieldDescriptor
	name  string
	key   string // `"Name":`
	shape shape
	list  bool
	enum  *enum
	msg   *message // objectShape only
}

// message is what they know of one message.
type message struct {
	desc   protoreflect.MessageDescriptor
	fields []*field // in the order of the proto file
	byName map[string]*field
}

// enum holds the words of an enumeration.
type enum struct {
	desc   protoreflect.EnumDescriptor
	words  map[protoreflect.EnumNumber]string
	number map[string]protoreflect.EnumNumber
	order  []string
}

// schema holds every message met from the routes.
type schema struct {
	messages map[protoreflect.FullName]*message
	enums    map[protoreflect.FullName]*enum
}

func newSchema() *schema {
	return &schema{
		messages: make(map[protoreflect.FullName]*message),
		enums:    make(map[protoreflect.FullName]*enum),
	}
}

// message learns a message and everything it holds. It refuses what has no place in
// this JSON: maps, bytes, groups, unsigned and single precision numbers.
func (s *schema) message(desc protoreflect.MessageDescriptor) (*message, error) {
	if m, ok := s.messages[desc.FullName()]; ok {
		return m, nil
	}
	m := &message{desc: desc, byName: make(map[string]*field)}
	s.messages[desc.FullName()] = m
	for i := range desc.Fields().Len() {
		fd := desc.Fields().Get(i)
		f := &field{desc: fd, name: fd.JSONName(), key: `"` + fd.JSONName() + `":`, list: fd.IsList()}
		if err := s.shape(f); err != nil {
			return nil, err
		}
		m.fields = append(m.fields, f)
		m.byName[f.name] = f
	}
	return m, nil
}

func (s *schema) shape(f *field) error {
	fd := f.desc
	if fd.IsMap() {
		return fmt.Errorf("rest: %s is a map, which this JSON has no place for", fd.FullName())
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		f.shape = textShape
	case protoreflect.BoolKind:
		f.shape = boolShape
	case protoreflect.Int32Kind:
		f.shape = intShape
	case protoreflect.Int64Kind:
		f.shape = idShape
	case protoreflect.DoubleKind:
		f.shape = floatShape
	case protoreflect.EnumKind:
		f.shape, f.enum = enumShape, s.enum(fd.Enum())
	case protoreflect.MessageKind:
		if known, ok := wellKnown[fd.Message().FullName()]; ok {
			f.shape = known
			return nil
		}
		f.shape = objectShape
		m, err := s.message(fd.Message())
		if err != nil {
			return err
		}
		f.msg = m
	default:
		return fmt.Errorf("rest: %s is %s, which this JSON has no place for", fd.FullName(), fd.Kind())
	}
	return nil
}

func (s *schema) enum(desc protoreflect.EnumDescriptor) *enum {
	if e, ok := s.enums[desc.FullName()]; ok {
		return e
	}
	e := &enum{
		desc:   desc,
		words:  make(map[protoreflect.EnumNumber]string),
		number: make(map[string]protoreflect.EnumNumber),
	}
	prefix := upperSnake(string(desc.Name())) + "_"
	for i := range desc.Values().Len() {
		v := desc.Values().Get(i)
		if v.Number() == 0 {
			continue // unspecified: null on the wire
		}
		word := pascal(strings.TrimPrefix(string(v.Name()), prefix))
		e.words[v.Number()] = word
		e.number[word] = v.Number()
		e.order = append(e.order, word)
	}
	s.enums[desc.FullName()] = e
	return e
}

// upperSnake turns JourneyStatus into JOURNEY_STATUS.
func upperSnake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

// pascal turns IN_PROGRESS into InProgress.
func pascal(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		switch part {
		case "":
			continue
		case "API", "URL": // written so everywhere
			b.WriteString(part)
			continue
		}
		b.WriteString(part[:1])
		b.WriteString(strings.ToLower(part[1:]))
	}
	return b.String()
}
