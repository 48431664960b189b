package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// route is one procedure as it looks over plain HTTP.
type route struct {
	verb    string
	pattern string // such as /leads/{id}, below Prefix
	// procedure is the path of the Connect handler.
	procedure string
	desc      protoreflect.MethodDescriptor
	options   *kohomaiv1.RestOptions

	in, out     protoreflect.MessageType
	inMsg       *message
	outMsg      *message
	path        []*field
	query       map[string]*field
	queryOrder  []*field
	whole       bool   // the body is the whole request
	body        *field // the body is this field
	answer      *field // the answer is this field; nil for the whole message
	closed      map[string]bool
	success     int
	readOnly    bool
	definesYAML bool
	// streams says that the answer is a stream of events; eventID is their id, a field of
	// what each holds.
	streams bool
	eventID *field
}

// readRoutes reads the annotations of every method of the services.
func readRoutes(services []protoreflect.ServiceDescriptor, s *schema) ([]*route, error) {
	var routes []*route
	for _, service := range services {
		for i := range service.Methods().Len() {
			rt, err := readRoute(service.Methods().Get(i), s)
			if err != nil {
				return nil, err
			}
			if rt != nil {
				routes = append(routes, rt)
			}
		}
	}
	return routes, nil
}

// readRoute returns nil for a method without an annotation: it is not part of this API.
func readRoute(md protoreflect.MethodDescriptor, s *schema) (*route, error) {
	rule, _ := proto.GetExtension(md.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil, nil
	}
	rt := &route{
		desc: md, success: http.StatusOK, query: make(map[string]*field), closed: make(map[string]bool),
		procedure: "/" + string(md.Parent().FullName()) + "/" + string(md.Name()),
	}
	var err error
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		rt.verb, rt.pattern = http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		rt.verb, rt.pattern = http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		rt.verb, rt.pattern = http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		rt.verb, rt.pattern = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		rt.verb, rt.pattern = http.MethodDelete, p.Delete
	default:
		return nil, fmt.Errorf("rest: %s has a verb that is not supported", md.FullName())
	}
	rt.readOnly, rt.streams = rt.verb == http.MethodGet, md.IsStreamingServer()
	if md.IsStreamingClient() || rt.streams && !rt.readOnly {
		return nil, fmt.Errorf("rest: %s streams in a way that plain HTTP does not", md.FullName())
	}
	if rt.in, err = protoregistry.GlobalTypes.FindMessageByName(md.Input().FullName()); err != nil {
		return nil, fmt.Errorf("rest: %s: %w", md.FullName(), err)
	}
	if rt.out, err = protoregistry.GlobalTypes.FindMessageByName(md.Output().FullName()); err != nil {
		return nil, fmt.Errorf("rest: %s: %w", md.FullName(), err)
	}
	if rt.inMsg, err = s.message(md.Input()); err != nil {
		return nil, err
	}
	if rt.outMsg, err = s.message(md.Output()); err != nil {
		return nil, err
	}
	rt.options, _ = proto.GetExtension(md.Options(), kohomaiv1.E_Rest).(*kohomaiv1.RestOptions)
	if n := rt.options.GetSuccess(); n != 0 {
		rt.success = int(n)
	}
	rt.definesYAML = rt.options.GetYaml()
	if err := rt.bind(rule); err != nil || !rt.streams {
		return rt, err
	}
	if rt.answer == nil || rt.answer.msg == nil || rt.answer.list {
		return nil, fmt.Errorf("rest: %s streams, so its response body must be a message", md.FullName())
	}
	for _, f := range rt.answer.msg.fields {
		if string(f.desc.Name()) == rt.options.GetEventId() {
			rt.eventID = f
		}
	}
	if rt.eventID == nil {
		return nil, fmt.Errorf("rest: %s streams, so its events need an id", md.FullName())
	}
	return rt, nil
}

// bind decides for every field of the request whether path, query or body gives it.
func (rt *route) bind(rule *annotations.HttpRule) error {
	byProtoName := make(map[string]*field)
	for _, f := range rt.inMsg.fields {
		byProtoName[string(f.desc.Name())] = f
	}
	taken := make(map[*field]bool)
	for _, name := range pathVariables(rt.pattern) {
		f := byProtoName[name]
		if f == nil || f.list || f.shape >= objectShape {
			return fmt.Errorf("rest: %s: the path variable %s is no plain field of the request", rt.desc.FullName(), name)
		}
		rt.path = append(rt.path, f)
		taken[f], rt.closed[f.name] = true, true
	}
	switch name := rule.GetBody(); name {
	case "":
	case "*":
		rt.whole = true
	default:
		if rt.body = byProtoName[name]; rt.body == nil || rt.body.list {
			return fmt.Errorf("rest: %s: the body %s is no field of the request", rt.desc.FullName(), name)
		}
		taken[rt.body] = true
	}
	for _, f := range rt.inMsg.fields {
		if taken[f] || rt.whole && !slices.Contains(rt.options.GetQuery(), string(f.desc.Name())) {
			continue
		}
		if f.shape >= objectShape && f.shape != timeShape {
			return fmt.Errorf("rest: %s: %s cannot stand in a query", rt.desc.FullName(), f.name)
		}
		rt.query[f.name] = f
		rt.queryOrder = append(rt.queryOrder, f)
		rt.closed[f.name] = true
	}
	if name := rule.GetResponseBody(); name != "" {
		for _, f := range rt.outMsg.fields {
			if string(f.desc.Name()) == name {
				rt.answer = f
			}
		}
		if rt.answer == nil {
			return fmt.Errorf("rest: %s: the response body %s is no field of the answer", rt.desc.FullName(), name)
		}
	}
	return nil
}

// hasBody reports whether the route reads a body at all.
func (rt *route) hasBody() bool { return rt.whole || rt.body != nil }

// idempotent reports whether the method is one that changes nothing.
func (rt *route) idempotent() bool {
	o, _ := rt.desc.Options().(*descriptorpb.MethodOptions)
	return o.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

func pathVariables(pattern string) []string {
	var names []string
	for part := range strings.SplitSeq(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

func validUTF8(s string) bool { return utf8.ValidString(s) }
