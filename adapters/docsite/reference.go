package docsite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
)

// description is what the reference reads of an OpenAPI document.
type description struct {
	Info struct{ Description string }
	Tags []struct{ Name, Description string }
	// Paths keep no order; operations are listed by tag, then path and method.
	Paths      map[string]map[string]*operation
	Components struct{ Schemas map[string]*schema }
}

type operation struct {
	OperationID string `json:"operationId"`
	Tags        []string
	Summary     string
	Description string
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                *schema
	}
	RequestBody *struct{ Content map[string]media } `json:"requestBody"`
	Responses   map[string]struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]media
	}
	Method, Path string `json:"-"`
}

type media struct {
	Schema   *schema
	Examples map[string]struct {
		Summary string
		Value   json.RawMessage
	}
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Description string
	Enum        []any
	Items       *schema
	OneOf       []*schema `json:"oneOf"`
	Properties  properties
}

// properties keep the order of the document.
type properties struct {
	names []string
	of    map[string]*schema
}

// UnmarshalJSON reads the members in their order.
func (p *properties) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &p.of); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	depth := 0
	for name := true; ; {
		token, err := d.Token()
		if err != nil {
			return nil // the end
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			name = true
		case string:
			if depth == 1 && name {
				p.names = append(p.names, t)
				name = false
			}
		}
		if depth == 1 {
			if _, isText := token.(string); !isText {
				name = true
			}
		}
	}
}

// Operations are the calls of a tag, in the order of their paths.
func (d *description) Operations(tag string) []*operation {
	var all []*operation
	for path, methods := range d.Paths {
		for method, o := range methods {
			if slices.Contains(o.Tags, tag) {
				o.Method, o.Path = strings.ToUpper(method), path
				all = append(all, o)
			}
		}
	}
	slices.SortFunc(all, func(a, b *operation) int {
		return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method)
	})
	return all
}

// reference is the page of every call.
func (r *renderer) reference() (guide, error) {
	var d description
	if err := json.Unmarshal(r.o.OpenAPI, &d); err != nil {
		return guide{}, fmt.Errorf("docsite: reading the OpenAPI description: %w", err)
	}
	var out bytes.Buffer
	err := referencePage.Execute(&out, &d)
	return guide{"reference", "Every call", template.HTML(out.String())}, err // #nosec G203 -- escaped by the template
}

// resolve follows a reference and looks through "or null".
func (d *description) resolve(s *schema) *schema {
	for range 4 {
		switch {
		case s == nil:
			return nil
		case s.Ref != "":
			s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
		case len(s.OneOf) > 0:
			s = s.OneOf[0]
		default:
			return s
		}
	}
	return s
}

// Kind says in words what a value is.
func (d *description) Kind(s *schema) string {
	if s == nil {
		return "any"
	}
	if s.Ref != "" {
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	}
	if len(s.OneOf) > 0 {
		return d.Kind(s.OneOf[0]) + " or null"
	}
	var words []string
	switch t := s.Type.(type) {
	case string:
		words = []string{t}
	case []any:
		for _, one := range t {
			words = append(words, fmt.Sprint(one))
		}
	}
	text := strings.Join(words, " or ")
	switch {
	case s.Items != nil:
		text = "list of " + d.Kind(s.Items)
	case len(s.Enum) > 0:
		var values []string
		for _, v := range s.Enum {
			if v != nil {
				values = append(values, fmt.Sprint(v))
			}
		}
		text = strings.Join(values, ", ")
	case s.Format != "" && s.Format != "int32" && s.Format != "int64":
		text = strings.Replace(text, "string", s.Format, 1)
	case text == "":
		text = "any"
	}
	return text
}

type row struct{ Name, Kind, Text string }

// Fields list what an object has, what it holds under it, three levels deep.
func (d *description) Fields(s *schema) []row { return d.below("", s, 3) }

func (d *description) below(prefix string, s *schema, deep int) []row {
	s = d.resolve(s)
	if s == nil || deep == 0 {
		return nil
	}
	var all []row
	for _, name := range s.Properties.names {
		p := s.Properties.of[name]
		all = append(all, row{prefix + name, d.Kind(p), p.Description})
		inner, mark := d.resolve(p), "."
		if inner != nil && inner.Items != nil {
			inner, mark = inner.Items, "[]."
		}
		all = append(all, d.below(prefix+name+mark, inner, deep-1)...)
	}
	return all
}

type example struct{ Title, Text string }

func examples(m media) []example {
	var all []example
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		e := m.Examples[name]
		var text bytes.Buffer
		if json.Indent(&text, e.Value, "", "  ") != nil {
			text.Write(e.Value)
		}
		all = append(all, example{e.Summary, text.String()})
	}
	return all
}

var referencePage = template.Must(template.New("reference").Funcs(template.FuncMap{
	"paragraphs": func(s string) []string { return strings.Split(s, "\n\n") },
	"examples":   examples,
	"json":       func(content map[string]media) media { return content["application/json"] },
	"good":       func(status string) bool { return strings.HasPrefix(status, "2") },
}).Parse(`<h1>Every call</h1>
<p>Addresses stand below <code>/api/v1</code>. Every call needs <code>Authorization: Bearer KEY</code>.
Refusals are <a href="` + Prefix + `/errors">problems</a>.</p>
{{$d := .}}{{range .Tags}}{{$operations := $d.Operations .Name}}{{if $operations}}
<h2 id="{{.Name}}">{{.Name}}</h2>
<p>{{.Description}}</p>
{{range $operations}}
<section class="call">
<h3 id="{{.OperationID}}"><span class="verb">{{.Method}}</span> <code>{{.Path}}</code></h3>
<p>{{.Summary}}</p>
{{if .Description}}{{range paragraphs .Description}}<p>{{.}}</p>{{end}}{{end}}
{{if .Parameters}}<h4>Parameters</h4><div class="scroll"><table><thead><tr><th>Name</th><th>In</th><th>Value</th><th></th></tr></thead><tbody>
{{range .Parameters}}<tr><td><code>{{.Name}}</code>{{if .Required}} (required){{end}}</td><td>{{.In}}</td><td>{{$d.Kind .Schema}}</td><td>{{.Description}}</td></tr>
{{end}}</tbody></table></div>{{end}}
{{with .RequestBody}}{{with json .Content}}{{$rows := $d.Fields .Schema}}
{{if $rows}}<h4>Body</h4><div class="scroll"><table><thead><tr><th>Field</th><th>Value</th><th></th></tr></thead><tbody>
{{range $rows}}<tr><td><code>{{.Name}}</code></td><td>{{.Kind}}</td><td>{{.Text}}</td></tr>
{{end}}</tbody></table></div>{{end}}
{{range examples .}}<details><summary>Request: {{.Title}}</summary><pre><code>{{.Text}}</code></pre></details>
{{end}}{{end}}{{end}}
<h4>Answers</h4>
{{range $status, $r := .Responses}}{{if good $status}}<p><strong>{{$status}}</strong> {{$r.Description}}</p>
{{with json $r.Content}}{{$rows := $d.Fields .Schema}}{{if $rows}}<details><summary>Fields</summary><div class="scroll"><table><tbody>
{{range $rows}}<tr><td><code>{{.Name}}</code></td><td>{{.Kind}}</td><td>{{.Text}}</td></tr>
{{end}}</tbody></table></div></details>{{end}}
{{range examples .}}<details><summary>Answer: {{.Title}}</summary><pre><code>{{.Text}}</code></pre></details>
{{end}}{{end}}{{end}}{{end}}
<p>Problems: {{range $status, $r := .Responses}}{{if not (good $status)}}{{$status}} {{end}}{{end}}</p>
</section>
{{end}}{{end}}{{end}}`))
