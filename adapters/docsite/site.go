package docsite

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // style.css
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Prefix is where the documentation stands.
const Prefix = "/docs"

//go:embed style.css
var style []byte

// Options are what the pages are made of.
type Options struct {
	// Files hold the guides: *.md at the top, and decisions/*.md.
	Files fs.FS
	// Contents are the guides that the navigation offers, by section.
	Contents []Section
	// Exchange is the text of an exchange that a guide shows, by name ("leads/a-new-lead").
	Exchange func(name string) (string, error)
	// OpenAPI is the description of the API.
	OpenAPI []byte
	// PublicURL replaces the address that the guides are written with.
	PublicURL string
}

// Section is a part of the navigation. A guide is named by its file.
type Section struct {
	Title  string
	Guides []string
}

// writtenURL is the address in the guides, that of `make run`.
const writtenURL = "http://127.0.0.1:8080"

// Site serves the rendered pages.
type Site struct{ pages map[string]page }

type page struct {
	media, etag string
	body        []byte
}

// New renders every page. It fails when a guide shows an exchange that is not there, or the
// contents name a guide that is not.
func New(o Options) (*Site, error) {
	r := &renderer{o: o, markdown: newMarkdown(), titles: map[string]string{}}
	guides, err := r.guides()
	if err != nil {
		return nil, err
	}
	reference, err := r.reference()
	if err != nil {
		return nil, err
	}
	guides = append(guides, reference)
	for _, g := range guides {
		r.titles[g.name] = g.title
	}
	for _, s := range o.Contents {
		for _, name := range s.Guides {
			if r.titles[name] == "" {
				return nil, fmt.Errorf("docsite: the contents name %s, which is not there", name)
			}
		}
	}
	site := &Site{pages: map[string]page{Prefix + "/style.css": newPage("text/css; charset=utf-8", style)}}
	for _, g := range append(guides, r.problems(guides)...) {
		body, err := r.page(g)
		if err != nil {
			return nil, err
		}
		site.pages[Prefix+"/"+g.name] = newPage("text/html; charset=utf-8", body)
	}
	site.pages[Prefix] = site.pages[Prefix+"/start"]
	missing, err := r.page(guide{name: "-", title: "Not found", html: template.HTML(
		`<h1>Not found</h1><p>There is no such page. <a href="` + Prefix + `">Start from the beginning.</a></p>`)}) // #nosec G203 -- constant
	if err != nil {
		return nil, err
	}
	site.pages["-"] = newPage("text/html; charset=utf-8", missing)
	return site, nil
}

func newPage(media string, body []byte) page {
	sum := sha256.Sum256(body)
	return page{media: media, body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// ServeHTTP serves the pages to GET and HEAD.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "This address takes GET and HEAD.", http.StatusMethodNotAllowed)
		return
	}
	p, found := s.pages[strings.TrimSuffix(path.Clean(r.URL.Path), ".md")]
	status := http.StatusOK
	if !found {
		p, status = s.pages["-"], http.StatusNotFound
	}
	h.Set("Content-Type", p.media)
	if found {
		h.Set("Cache-Control", "no-cache")
		h.Set("Etag", p.etag)
		if r.Header.Get("If-None-Match") == p.etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(p.body) // the reader is gone if this fails
	}
}

// guide is one page before its frame.
type guide struct {
	name, title string
	html        template.HTML
}

// guides renders the Markdown files.
func (r *renderer) guides() ([]guide, error) {
	var names []string
	for _, pattern := range []string{"*.md", "decisions/*.md"} {
		found, err := fs.Glob(r.o.Files, pattern)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	var all []guide
	for _, name := range names {
		raw, err := fs.ReadFile(r.o.Files, name)
		if err != nil {
			return nil, err
		}
		g, err := r.guide(strings.TrimSuffix(name, ".md"), string(raw))
		if err != nil {
			return nil, fmt.Errorf("docsite: %s: %w", name, err)
		}
		all = append(all, g)
	}
	return all, nil
}

var (
	firstLine = regexp.MustCompile(`(?m)^# (.+)$`)
	shown     = regexp.MustCompile("(?m)^```exchange\n(.+)\n```$")
)

func (r *renderer) guide(name, text string) (guide, error) {
	g := guide{name: name}
	if m := firstLine.FindStringSubmatch(text); m != nil {
		g.title = m[1]
	} else {
		return g, errors.New("it has no title")
	}
	var wrong error
	text = shown.ReplaceAllStringFunc(text, func(block string) string {
		exchange, err := r.o.Exchange(shown.FindStringSubmatch(block)[1])
		wrong = errors.Join(wrong, err)
		return "```http\n" + exchange + "\n```"
	})
	if wrong != nil {
		return g, wrong
	}
	text = strings.ReplaceAll(text, writtenURL, r.o.PublicURL)
	var out bytes.Buffer
	if err := r.markdown.Convert([]byte(text), &out); err != nil {
		return g, err
	}
	html := codeHeading.ReplaceAllString(out.String(), `<h3 id="$1">$1</h3>`) // a code is its own anchor
	g.html = template.HTML(html)                                              // #nosec G203 -- our own text, raw HTML in it is dropped by the renderer
	return g, nil
}

var codeHeading = regexp.MustCompile(`<h3 id="[^"]*">([a-z0-9_]+)</h3>`)

var problemPart = regexp.MustCompile(`(?s)<h3 id="([a-z0-9_]+)">[^<]*</h3>(.*?)(?:<h[123] |$)`)

// problems are the pages that the type of a problem leads to, cut from the page of all.
func (r *renderer) problems(guides []guide) []guide {
	at := slices.IndexFunc(guides, func(g guide) bool { return g.name == "problems" })
	if at < 0 {
		return nil
	}
	var all []guide
	rest := string(guides[at].html)
	for {
		m := problemPart.FindStringSubmatchIndex(rest)
		if m == nil {
			return all
		}
		code, text := rest[m[2]:m[3]], rest[m[4]:m[5]]
		all = append(all, guide{name: "problems/" + code, title: code, html: template.HTML(
			"<p><a href=\"" + Prefix + "/problems\">Problems and codes</a></p><h1>" + code + "</h1>" + text)}) // #nosec G203 -- as above
		rest = rest[m[5]:]
	}
}
