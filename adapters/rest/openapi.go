package rest

import (
	"encoding/json"
	"net/http"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

type object = map[string]any

// OpenAPI describes the routes in OpenAPI 3.1, made from the descriptors that serve them.
func (m *Mapper) OpenAPI() map[string]any {
	schemas := object{"Problem": problemSchema()}
	paths := object{}
	for _, r := range m.routes {
		item, ok := paths[r.path].(object)
		if !ok {
			item = object{}
			paths[r.path] = item
		}
		item[strings.ToLower(r.verb)] = operation(schemas, r)
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "kohomai", "version": "1",
			"description": "Qualify leads in real time and take each through an onboarding journey made for them.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":    []any{object{"url": strings.TrimSuffix(m.o.PublicURL, "/") + Prefix}},
		"security":   []any{object{"key": []any{}}},
		"paths":      paths,
		"components": object{"schemas": schemas, "securitySchemes": object{"key": object{"type": "http", "scheme": "bearer"}}},
	}
}

func (m *Mapper) serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(m.OpenAPI())
}

func operation(schemas object, r *route) object {
	summary, description, _ := strings.Cut(comment(r.method), "\n\n")
	op := object{
		"operationId": string(r.method.Name()), "summary": strings.Join(strings.Fields(summary), " "),
		"tags": []any{strings.TrimSuffix(string(r.method.Parent().Name()), "Service")},
	}
	if description != "" {
		op["description"] = strings.TrimSpace(description)
	}
	inPath := map[string]bool{}
	var params []any
	for _, f := range r.pathVars {
		inPath[f.name] = true
		params = append(params, object{"name": string(f.desc.Name()), "in": "path", "required": true, "schema": fieldSchema(schemas, f)})
	}
	for _, f := range r.in.fields {
		if inPath[f.name] || f.name == bodyName(r) || r.body == "*" && !queryOnly(f) || !parameter(f) {
			continue
		}
		params = append(params, object{"name": f.name, "in": "query", "schema": fieldSchema(schemas, f), "description": comment(f.desc)})
	}
	if r.verb == http.MethodPost || r.verb == http.MethodPatch {
		params = append(params, object{
			"name": "Idempotency-Key", "in": "header", "schema": object{"type": "string", "maxLength": 255},
			"description": "The same key and body again has one effect and one answer.",
		})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	if r.body != "" {
		var body any = messageRef(schemas, r.in)
		if r.bodyField != nil {
			body = fieldSchema(schemas, r.bodyField)
		}
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": body}}}
	}
	var answer any = messageRef(schemas, r.out)
	if r.response != nil {
		answer = fieldSchema(schemas, r.response)
	}
	success := object{"description": "Done.", "content": object{"application/json": object{"schema": answer}}}
	problem := object{
		"description": "A problem (RFC 9457).",
		"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
	}
	responses := object{"default": problem, statusText(r.success): success}
	if r.success == http.StatusCreated && strings.HasPrefix(string(r.method.Name()), "Register") {
		responses["200"] = success
	}
	op["responses"] = responses
	return op
}

func statusText(code int) string {
	if code == http.StatusCreated {
		return "201"
	}
	return "200"
}

// comment is a descriptor's leading comment. Generated code holds none, so it is empty
// there until descriptors with comments are given.
func comment(d protoreflect.Descriptor) string {
	return strings.TrimSpace(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments)
}

func messageRef(schemas object, m *message) object {
	name := string(m.desc.Name())
	if _, done := schemas[name]; !done {
		properties := object{}
		schema := object{"type": "object", "properties": properties}
		schemas[name] = schema
		for _, f := range m.fields {
			properties[f.name] = fieldSchema(schemas, f)
		}
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func fieldSchema(schemas object, f *field) object {
	one := valueSchema(schemas, f)
	if f.list {
		return object{"type": "array", "items": one}
	}
	if f.desc.HasPresence() {
		if typ, ok := one["type"].(string); ok {
			one["type"] = []any{typ, "null"}
			return one
		}
		if _, ref := one["$ref"]; ref {
			return object{"oneOf": []any{one, object{"type": "null"}}}
		}
	}
	return one
}

func valueSchema(schemas object, f *field) object {
	switch f.shape {
	case textShape:
		return object{"type": "string"}
	case boolShape:
		return object{"type": "boolean"}
	case intShape:
		return object{"type": "integer", "format": "int32"}
	case idShape:
		return object{"type": "integer", "format": "int64", "maximum": int64(1<<53 - 1)}
	case floatShape:
		return object{"type": "number"}
	case enumShape:
		words := make([]any, len(f.enum.order))
		for i, word := range f.enum.order {
			words[i] = word
		}
		return object{"enum": words}
	case objectShape:
		return messageRef(schemas, f.msg)
	case timeShape:
		return object{"type": "string", "format": "date-time"}
	case freeShape:
		return object{"type": "object"}
	case listShape:
		return object{"type": "array"}
	case anyShape:
	}
	return object{}
}

func problemSchema() object {
	text := object{"type": "string"}
	return object{
		"type": "object", "required": []any{"type", "title", "status", "Code", "RequestId", "Errors"},
		"properties": object{
			"type": object{"type": "string", "format": "uri"}, "title": text, "status": object{"type": "integer"}, "detail": text,
			"instance": text, "Code": text, "RequestId": text,
			"Errors": object{"type": "array", "items": object{
				"type": "object", "properties": object{"Field": text, "Code": text, "Message": text},
			}},
		},
	}
}
