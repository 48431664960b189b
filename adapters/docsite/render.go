package docsite

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
)

// renderer turns texts into pages.
type renderer struct {
	o        Options
	markdown goldmark.Markdown
	titles   map[string]string
}

func newMarkdown() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
}

var frame = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} · kohomai</title>
<link rel="stylesheet" href="` + Prefix + `/style.css">
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header><a href="` + Prefix + `">kohomai</a> <span>documentation</span></header>
<div class="columns">
<nav aria-label="Documentation">
{{range .Sections}}<h2>{{.Title}}</h2>
<ul>{{range .Links}}<li><a href="{{.Address}}"{{if .Here}} aria-current="page"{{end}}>{{.Title}}</a></li>{{end}}</ul>
{{end}}</nav>
<main id="content">
{{.Body}}
</main>
</div>
</body>
</html>
`))

type link struct {
	Title, Address string
	Here           bool
}

// page puts a guide into its frame.
func (r *renderer) page(g guide) ([]byte, error) {
	type section struct {
		Title string
		Links []link
	}
	var sections []section
	for _, s := range r.o.Contents {
		part := section{Title: s.Title}
		for _, name := range s.Guides {
			part.Links = append(part.Links, link{r.titles[name], Prefix + "/" + name, name == g.name})
		}
		sections = append(sections, part)
	}
	sections = append(sections, section{"Reference", []link{
		{"Every call", Prefix + "/reference", g.name == "reference"},
		{"OpenAPI 3.1", "/api/v1/openapi.json", false},
		{"Postman collection", "/api/v1/postman.json", false},
	}})
	var out bytes.Buffer
	err := frame.Execute(&out, map[string]any{"Title": g.title, "Sections": sections, "Body": g.html})
	if err != nil {
		return nil, fmt.Errorf("docsite: rendering %s: %w", g.name, err)
	}
	return out.Bytes(), nil
}
