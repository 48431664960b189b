package tsclient_test

import (
	"strings"
	"testing"

	"github.com/kohomai/kohomai/tools/tsclient"
)

const described = `{
"paths": {
  "/things": {"get": {"operationId": "ListThings", "summary": "Lists */ things.",
    "parameters": [{"name": "PageToken", "in": "query", "schema": {"type": "string"}}],
    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ListThingsResponse"}}}}, "400": {}}}},
  "/things/{id}": {
    "patch": {"operationId": "UpdateThing",
      "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}},
        {"name": "If-Match", "in": "header", "required": true, "schema": {"type": "string"}},
        {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
      "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
      "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}},
    "delete": {"operationId": "DeleteThing", "responses": {"204": {}}}},
  "/things/{id}/watch": {"get": {"operationId": "WatchThing", "responses": {"200": {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}}}
},
"components": {"schemas": {
  "Thing": {"type": "object", "description": "A thing.", "required": ["Id", "Kind", "Parts"], "properties": {
    "Id": {"type": "integer"}, "Kind": {"type": ["string", "null"], "enum": ["A", "B", null]},
    "Parts": {"type": "array", "items": {"oneOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]}},
    "Any": {"description": "What it likes."}, "x-y": {"type": "object"}, "Inner": {"type": "object", "properties": {"N": {"type": "number"}}}}},
  "ListThingsResponse": {"type": "object", "required": ["Things", "NextPageToken"], "properties": {
    "Things": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, "NextPageToken": {"type": ["string", "null"]}}}
}}}`

func TestGenerate(t *testing.T) {
	t.Parallel()
	raw, err := tsclient.Generate([]byte(described))
	if err != nil {
		t.Fatal(err)
	}
	got := string(raw)
	for _, want := range []string{
		"/** A thing. */\nexport interface Thing {\n  /** What it likes. */\n  Any?: unknown;\n  Id: number;\n  Inner?: { N?: number; };\n" +
			"  Kind: \"A\" | \"B\" | null;\n  Parts: Array<Thing | null>;\n  \"x-y\"?: Record<string, unknown>;\n}",
		"export interface UpdateThingArguments {\n  id: number;\n  ifMatch: string;\n  body: Thing;\n}",
		"  /** Lists * / things. */\n  listThings(args: ListThingsArguments = {}, options: CallOptions = {}): Promise<ListThingsResponse> {\n" +
			"    return this.call(\"GET\", \"/things\", { ...args }, options);\n  }",
		"allThings(args: ListThingsArguments = {}, options: CallOptions = {}): AsyncGenerator<Thing, void, undefined> {",
		"updateThing(args: UpdateThingArguments, options",
		"Promise<void> {\n    return this.call(\"DELETE\", \"/things/{id}\"",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not there: %s", want)
		}
	}
	if strings.Contains(strings.ToLower(got), "watchthing") {
		t.Error("a stream has a method")
	}
	if t.Failed() {
		t.Log(got)
	}
}

func TestGenerate_RefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`no JSON`,
		`{"components": {"schemas": {"Thing": {"properties": {"Id": {"type": "tuple"}}}}}}`,
		`{"components": {"schemas": {"Thing": {"properties": {"Id": {"type": 7}}}}}}`,
	} {
		if _, err := tsclient.Generate([]byte(text)); err == nil {
			t.Errorf("taken: %s", text)
		}
	}
}
