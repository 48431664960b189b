package rest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

var pathVariable = regexp.MustCompile(`\{([a-z_]+)\}`)

// postman writes the routes as a Postman collection (v2.1), a folder for each service.
// The variables baseUrl and apiKey stand for where the server is and who asks; requests
// that change something bring an idempotency key of their own.
func postman(routes []*route, public string, said comments, examples []Example) ([]byte, error) {
	const id, schema = "6b0a6a3e-0d8f-4f62-9f52-7c1f5b0c2a11", "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
	var folders []any
	var tags []string
	inFolder := map[string][]any{}
	d := &describer{examples: examples}
	for _, rt := range routes {
		tag := tagOf(rt)
		if !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
		inFolder[tag] = append(inFolder[tag], postmanItem(rt, said, d.of(rt)))
	}
	for _, tag := range tags {
		folders = append(folders, object{{"name", tag}, {"item", inFolder[tag]}})
	}
	return json.Marshal(object{
		{"info", object{
			{"_postman_id", id},
			{"name", "kohomai"},
			{"schema", schema},
			{"description", "Made from the description at " + public + Prefix + "/openapi.json. Set apiKey to a key of your workspace."},
		}},
		{"auth", object{{"type", "bearer"}, {"bearer", []any{object{{"key", "token"}, {"value", "{{apiKey}}"}, {"type", "string"}}}}}},
		{"variable", []any{
			object{{"key", "baseUrl"}, {"value", public + Prefix}},
			object{{"key", "apiKey"}, {"value", ""}},
		}},
		{"item", folders},
	})
}

func postmanItem(rt *route, said comments, examples []Example) object {
	summary, _, _ := strings.Cut(said[string(rt.desc.FullName())], "\n\n")
	header := []any{}
	request := object{{"method", rt.verb}}
	body := ""
	for _, e := range examples {
		if e.Status < 300 && body == "" && json.Valid([]byte(e.Request)) {
			body = e.Request
		}
	}
	if rt.hasBody() {
		if body == "" {
			body = "{}"
		}
		header = append(header, object{{"key", "Content-Type"}, {"value", "application/json"}})
		request.add("body", object{
			{"mode", "raw"}, {"raw", body}, {"options", object{{"raw", object{{"language", "json"}}}}},
		})
	}
	if takesIdempotencyKey(rt) {
		header = append(header, object{{"key", "Idempotency-Key"}, {"value", "{{$guid}}"}})
	}
	request.add("header", header)
	address := pathVariable.ReplaceAllString(rt.pattern, ":$1")
	url := object{
		{"raw", "{{baseUrl}}" + address},
		{"host", []any{"{{baseUrl}}"}},
		{"path", strings.Split(strings.TrimPrefix(address, "/"), "/")},
	}
	var query, variables []any
	for _, f := range rt.queryOrder {
		required := !f.list && !f.desc.HasPresence()
		query = append(query, object{
			{"key", f.name}, {"value", ""}, {"disabled", !required}, {"description", said[string(f.desc.FullName())]},
		})
	}
	for _, name := range pathVariables(rt.pattern) {
		variables = append(variables, object{{"key", name}, {"value", ""}})
	}
	if query != nil {
		url.add("query", query)
	}
	if variables != nil {
		url.add("variable", variables)
	}
	request.add("url", url)
	request.add("description", said[string(rt.desc.FullName())])
	return object{{"name", summary}, {"request", request}, {"response", []any{}}}
}
