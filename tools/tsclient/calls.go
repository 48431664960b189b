package tsclient

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// call is an operation as a method.
type call struct {
	operation
	verb, path, answer string
}

// method is the name: RegisterLead becomes registerLead.
func (c call) method() string { return strings.ToLower(c.OperationID[:1]) + c.OperationID[1:] }

// calls writes the arguments of each operation and the class with its methods. Streams have
// none.
func (g *generator) calls() {
	var all []call
	for path, verbs := range g.description.Paths {
		for verb, o := range verbs {
			if answer, streams := g.answer(o); !streams {
				all = append(all, call{o, strings.ToUpper(verb), path, answer})
			}
		}
	}
	slices.SortFunc(all, func(a, b call) int { return cmp.Compare(a.OperationID, b.OperationID) })
	optional := map[string]bool{}
	for _, c := range all {
		optional[c.OperationID] = g.arguments(c)
	}
	g.line("")
	g.line("/** One method per operation of the API. */")
	g.line("export abstract class Calls extends Caller {")
	for i, c := range all {
		if i > 0 {
			g.line("")
		}
		g.comment("  ", c.Summary)
		args := "args: " + c.OperationID + "Arguments"
		if optional[c.OperationID] {
			args += " = {}"
		}
		g.line(fmt.Sprintf("  %s(%s, options: CallOptions = {}): Promise<%s> {", c.method(), args, c.answer))
		g.line(fmt.Sprintf("    return this.call(%q, %q, { ...args }, options);", c.verb, c.path))
		g.line("  }")
		g.pages(c, args)
	}
	g.line("}")
}

// answer is the type of a success, and whether it is a stream.
func (g *generator) answer(o operation) (name string, streams bool) {
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		if status >= "3" {
			break
		}
		c := o.Responses[status].Content
		if _, found := c["text/event-stream"]; found {
			return "", true
		}
		if one, found := c[media]; found {
			return g.typed(one.Schema), false
		}
	}
	return "void", false
}

// arguments writes what a method takes, and reports whether all of it may be left out. The
// headers that the client sets itself are none.
func (g *generator) arguments(c call) (optional bool) {
	optional = true
	g.line("")
	g.line("export interface " + c.OperationID + "Arguments {")
	for _, p := range c.Parameters {
		name := p.Name
		if p.In == "header" {
			if name != "If-Match" {
				continue
			}
			name = "ifMatch"
		}
		optional = optional && !p.Required
		g.comment("  ", p.Description)
		g.line("  " + member(name, p.Required) + ": " + g.typed(p.Schema) + ";")
	}
	if body, found := c.RequestBody.Content[media]; found {
		named := g.description.Components.Schemas[strings.TrimPrefix(body.Schema.Ref, "#/components/schemas/")]
		needed := body.Schema.Ref == "" || len(named.Properties) > 0
		optional = optional && !needed
		g.line("  " + member("body", needed) + ": " + g.typed(body.Schema) + ";")
	}
	g.line("}")
	return optional
}

// pages writes the method that reads a list to its end: listLeads has allLeads beside it.
func (g *generator) pages(c call, args string) {
	answer := g.description.Components.Schemas[c.answer]
	if _, paged := answer.Properties["NextPageToken"]; !paged {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Properties)) {
		list := answer.Properties[name]
		if list.Items == nil {
			continue
		}
		g.line("")
		g.comment("  ", "Reads "+c.method()+" to its end, page by page, as the loop asks for more.")
		g.line(fmt.Sprintf("  all%s(%s, options: CallOptions = {}): AsyncGenerator<%s, void, undefined> {",
			strings.TrimPrefix(c.OperationID, "List"), args, g.typed(*list.Items)))
		g.line(fmt.Sprintf("    return this.pages((PageToken) => this.%s({ ...args, ...PageToken }, options), (page) => page.%s);", c.method(), name))
		g.line("  }")
	}
}
