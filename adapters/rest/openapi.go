package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// member and object are JSON objects that keep the order of their members.
type member struct {
	name  string
	value any
}

type object []member

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(appendString(nil, m.name))
		b.WriteByte(':')
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, fmt.Errorf("rest: describing %s: %w", m.name, err)
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// describe writes the OpenAPI 3.1 description of the routes.
func describe(routes []*route, s *schema, public string, examples []Example) ([]byte, error) {
	said, err := readComments()
	if err != nil {
		return nil, err
	}
	d := &describer{schema: s, said: said, examples: examples, answered: reached{}, asked: reached{}}
	for _, rt := range routes {
		d.answered.from(rt.outMsg)
		d.asked.from(rt.inMsg)
	}
	var paths object
	places := make(map[string]int)
	var tags []any
	tagged := make(map[string]bool)
	for _, rt := range routes {
		at, seen := places[rt.pattern]
		if !seen {
			at = len(paths)
			places[rt.pattern] = at
			paths.add(rt.pattern, object{})
		}
		operations, _ := paths[at].value.(object)
		operations.add(strings.ToLower(rt.verb), d.operation(rt))
		paths[at].value = operations
		if tag := tagOf(rt); !tagged[tag] {
			tagged[tag] = true
			tags = append(tags, object{{"name", tag}, {"description", said[string(rt.desc.Parent().FullName())]}})
		}
	}
	paths.add("/openapi.json", object{{"get", object{
		{"operationId", "GetOpenAPI"},
		{"summary", "Answers this description."},
		{"security", []any{}},
		{"responses", object{{"200", object{{"description", "The description."}, {"content", object{{"application/json", object{{"schema", object{{"type", "object"}}}}}}}}}, {"401", object{{"$ref", "#/components/responses/Problem"}}}, {"429", object{{"$ref", "#/components/responses/Problem"}}}}},
	}}})
	paths.add("/postman.json", object{{"get", object{
		{"operationId", "GetPostman"},
		{"summary", "Answers the calls as a Postman collection."},
		{"security", []any{}},
		{"responses", object{{"200", object{{"description", "The collection."}, {"content", object{{"application/json", object{{"schema", object{{"type", "object"}}}}}}}}}, {"401", object{{"$ref", "#/components/responses/Problem"}}}, {"429", object{{"$ref", "#/components/responses/Problem"}}}}},
	}}})
	doc := object{
		{"openapi", "3.1.0"},
		{"info", object{
			{"title", "kohomai"},
			{"version", version},
			{"description", "Registers leads, takes each through its journey, and tells where it stands."},
			{"license", object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
		}},
		{"servers", []any{object{{"url", public + Prefix}}}},
		{"security", []any{object{{"key", []any{}}}}},
		{"tags", tags},
		{"paths", paths},
		{"components", object{
			{"securitySchemes", object{{"key", object{{"type", "http"}, {"scheme", "bearer"}, {"description", "An API key of the workspace."}}}}},
			{"schemas", d.schemas()},
			{"responses", object{{"Problem", object{
				{"description", "What went wrong, as RFC 9457 says it."},
				{"headers", object{{"Request-Id", object{{"schema", object{{"type", "string"}}}}}}},
				{"content", object{{"application/problem+json", object{{"schema", ref("Problem")}}}}},
			}}}},
		}},
	}
	return json.Marshal(doc)
}

type describer struct {
	schema *schema
	said   comments
	// answered are the messages that answers hold: nothing is left out of them. Those that
	// are asked, too, are described so that both hold: anything may be left out.
	answered, asked reached
	named           object
	examples        []Example
	names           map[protoreflect.FullName]bool
}

// reached are messages and all that they hold.
type reached map[protoreflect.FullName]bool

func (r reached) from(m *message) {
	if r[m.desc.FullName()] {
		return
	}
	r[m.desc.FullName()] = true
	for _, f := range m.fields {
		if f.msg != nil {
			r.from(f.msg)
		}
	}
}

func tagOf(rt *route) string {
	return strings.TrimSuffix(string(rt.desc.Parent().Name()), "Service")
}

func ref(name string) object { return object{{"$ref", "#/components/schemas/" + name}} }

// operation describes one route.
func (d *describer) operation(rt *route) object {
	o := object{{"operationId", string(rt.desc.Name())}, {"tags", []any{tagOf(rt)}}}
	summary, more, _ := strings.Cut(d.said[string(rt.desc.FullName())], "\n\n")
	o.add("summary", summary)
	if more != "" {
		o.add("description", more)
	}
	if params := d.parameters(rt); len(params) > 0 {
		o.add("parameters", params)
	}
	if rt.hasBody() {
		schema := any(ref(string(rt.inMsg.desc.Name())))
		if rt.body != nil {
			schema = d.field(rt.body, false)
		} else {
			d.name(rt.inMsg, rt.closed)
		}
		content := object{{"application/json", withExamples(object{{"schema", schema}}, requests(d.of(rt)))}}
		if rt.definesYAML {
			content.add("application/yaml", object{{"schema", schema}})
		}
		o.add("requestBody", object{{"required", rt.body != nil}, {"content", content}})
	}
	o.add("responses", d.responses(rt))
	return o
}

func (d *describer) parameters(rt *route) []any {
	var params []any
	param := func(f *field, name, in string, required bool) {
		p := object{{"name", name}, {"in", in}, {"required", required}}
		if text := d.said[string(f.desc.FullName())]; text != "" {
			p.add("description", text)
		}
		p.add("schema", d.field(f, false))
		params = append(params, p)
	}
	for _, f := range rt.path {
		param(f, string(f.desc.Name()), "path", true)
	}
	for _, f := range rt.queryOrder {
		param(f, f.name, "query", !f.list && !f.desc.HasPresence())
	}
	if takesIdempotencyKey(rt) {
		params = append(params, object{
			{"name", "Idempotency-Key"},
			{"in", "header"},
			{"required", false},
			{"description", "Makes a repetition safe: the same key and body replays the first answer."},
			{"schema", object{{"type", "string"}, {"maxLength", 257}}},
		})
	}
	if rt.streams {
		params = append(params, object{
			{"name", "Last-Event-ID"},
			{"in", "header"},
			{"required", false},
			{"description", "The id of the last event that came; the stream resumes behind it."},
			{"schema", object{{"type", "string"}, {"pattern", "^[0-9]+$"}}},
		})
	}
	if rt.options.GetEtag() && !rt.readOnly {
		params = append(params, object{
			{"name", "If-Match"},
			{"in", "header"},
			{"required", true},
			{"description", "The ETag that was read; 412 if it changed since, 428 without."},
			{"schema", object{{"type", "string"}}},
		})
	}
	return params
}

// takesIdempotencyKey reports whether a repetition of the call can be made safe by a key.
func takesIdempotencyKey(rt *route) bool {
	return (rt.verb == http.MethodPost || rt.verb == http.MethodPatch) && !rt.idempotent()
}

func (d *describer) responses(rt *route) object {
	var schema any
	if rt.answer != nil {
		schema = d.answer(rt.answer)
	} else {
		schema = ref(string(rt.outMsg.desc.Name()))
		d.name(rt.outMsg, nil)
	}
	headers := object{{"Request-Id", object{{"schema", object{{"type", "string"}}}}}}
	if rt.options.GetEtag() {
		headers.add("ETag", object{{"schema", object{{"type", "string"}}}})
	}
	shown := d.of(rt)
	good := func(status int) object {
		return object{
			{"description", "Done."},
			{"headers", headers},
			{"content", object{{"application/json", withExamples(object{{"schema", schema}}, answers(shown, status))}}},
		}
	}
	var o object
	for _, n := range rt.options.GetAlso() {
		o.add(strconv.Itoa(int(n)), good(int(n)))
	}
	if rt.streams {
		o.add(strconv.Itoa(rt.success), object{
			{"description", "Server-sent events. The data of each is JSON: " + string(rt.answer.msg.desc.Name()) + "."},
			{"headers", headers},
			{"content", object{{eventStream, withExamples(object{{"schema", object{{"type", "string"}}}}, texts(shown, rt.success))}}},
		})
		o.add(strconv.Itoa(http.StatusNoContent), object{{"description", "It is over, and all was told."}, {"headers", headers}})
	} else {
		o.add(strconv.Itoa(rt.success), good(rt.success))
	}
	refused := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}
	if len(rt.path) > 0 {
		refused = append(refused, http.StatusNotFound)
	}
	if !rt.readOnly {
		refused = append(refused, http.StatusConflict)
	}
	if rt.options.GetEtag() && !rt.readOnly {
		refused = append(refused, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	}
	if rt.hasBody() {
		refused = append(refused, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	refused = append(refused, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable)
	for _, n := range refused {
		o.add(strconv.Itoa(n), object{{"$ref", "#/components/responses/Problem"}})
	}
	return o
}

// answer is the schema of a response body that is one field of the answer.
func (d *describer) answer(f *field) any {
	if f.msg == nil || f.list {
		return d.field(f, true)
	}
	d.name(f.msg, nil)
	return ref(string(f.msg.desc.Name()))
}
