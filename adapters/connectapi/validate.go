package connectapi

import (
	"errors"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kohomai/kohomai/core/fault"
)

// checkRules judges a request by the rules in its proto file: lengths, ranges, counts. What
// they say of meaning is the core's. Every wrong field is named by its JSON path.
func checkRules(m any) error {
	message, ok := m.(proto.Message)
	if !ok {
		return nil
	}
	err := protovalidate.Validate(message)
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok {
		return fault.WrapAs(err, fault.Internal, "internal", "")
	}
	var wrong fault.Collector
	for _, v := range refused.Violations {
		code := "out_of_range"
		if strings.HasPrefix(v.Proto.GetRuleId(), "string.") {
			code = "too_long"
		} else if strings.HasPrefix(v.Proto.GetRuleId(), "repeated.") {
			code = "too_many"
		}
		wrong.Add(jsonPath(message.ProtoReflect().Descriptor(), v.Proto.GetField()), code, "This %s.", v.Proto.GetMessage())
	}
	return wrong.Err()
}

// jsonPath writes the path of a field in the words of the API.
func jsonPath(m protoreflect.MessageDescriptor, p *validate.FieldPath) string {
	var b strings.Builder
	for _, e := range p.GetElements() {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		name := e.GetFieldName()
		if m != nil {
			if f := m.Fields().ByNumber(protoreflect.FieldNumber(e.GetFieldNumber())); f != nil {
				name, m = f.JSONName(), f.Message()
			}
		}
		b.WriteString(name)
		if i, ok := e.GetSubscript().(*validate.FieldPathElement_Index); ok {
			b.WriteString("[" + strconv.FormatUint(i.Index, 10) + "]")
		}
	}
	return b.String()
}
