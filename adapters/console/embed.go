package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// The build is not committed: a fresh clone holds only dist/.keep, and the
// package still compiles; see unbuilt.
//
//go:embed all:dist
var dist embed.FS

// noncePlaceholder stands in the built pages where each answer's own nonce goes.
const noncePlaceholder = "__KOHOMAI_NONCE__"

// Options say what the pages may do beyond themselves.
type Options struct {
	// Random gives the nonces of the content security policy; crypto/rand.Reader
	// in production. It must be safe for concurrent use.
	Random io.Reader
	// FrameAncestors are the origins that may show the front-office in a frame.
	// The console itself may never be framed.
	FrameAncestors []string
}

// Handler serves /p, /f and /r with everything below them. Anything else is
// 404: the caller mounts it beside the API. It neither authenticates nor
// limits; the pages hold nothing but code.
func Handler(opts Options) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil { // fs.Sub refuses only a malformed literal
		built = dist
	}
	return newHandler(built, opts)
}

// program is one of the two builds, held in memory.
type program struct {
	prefix string // "/p/" or "/f/"
	index  []byte // nil: not built
	files  map[string]*file
	policy func(nonce string) string
}

type file struct {
	body     []byte
	kind     string
	etag     string
	hashed   bool // its name changes with its content
	compress sync.Once
	gzipped  []byte // nil: not worth it
}

type handler struct {
	office, front *program
	random        io.Reader
}

func newHandler(built fs.FS, opts Options) http.Handler {
	h := &handler{
		office: load(built, "office", "/p/", officePolicy),
		front:  load(built, "front", "/f/", frontPolicy(opts.FrameAncestors)),
		random: opts.Random,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/p", redirectTo("/p/"))
	mux.HandleFunc("/f", redirectTo("/f/"))
	mux.HandleFunc("/p/", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.office) })
	mux.HandleFunc("/f/", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.front) })
	mux.HandleFunc("/r/", func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, h.front) })
	return mux
}

func redirectTo(target string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		to := target
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusPermanentRedirect) // #nosec G710 -- a path of our own
	}
}

// load reads a build into memory. A missing one gives a program without index.
func load(built fs.FS, name, prefix string, policy func(string) string) *program {
	p := &program{prefix: prefix, files: map[string]*file{}, policy: policy}
	_ = fs.WalkDir(built, name, func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipAll // not built
		}
		if strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), ".map") {
			if entry.IsDir() {
				return fs.SkipDir // the bundler's own notes
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		body, err := fs.ReadFile(built, at)
		if err != nil {
			return nil //nolint:nilerr // unreadable is absent; an embedded file is always readable
		}
		rel := strings.TrimPrefix(at, name+"/")
		if rel == "index.html" {
			p.index = body
			return nil
		}
		sum := sha256.Sum256(body)
		p.files[rel] = &file{
			body:   body,
			kind:   contentType(rel),
			etag:   `"` + hex.EncodeToString(sum[:12]) + `"`,
			hashed: strings.HasPrefix(rel, "assets/"),
		}
		return nil
	})
	return p
}

// contentType does not depend on the machine's own mime tables.
func contentType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webm":
		return "video/webm"
	case ".json", ".webmanifest":
		return "application/json"
	default:
		if kind := mime.TypeByExtension(ext); kind != "" {
			return kind
		}
		return "application/octet-stream"
	}
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request, p *program) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	rel, own := strings.CutPrefix(r.URL.Path, p.prefix)
	if own {
		if f, ok := p.files[rel]; ok {
			serveFile(w, r, rel, f)
			return
		}
		if strings.HasPrefix(rel, "assets/") {
			// An old page asking for a chunk of an old build: never the index,
			// which would arrive as a script.
			http.NotFound(w, r)
			return
		}
	}
	h.serveIndex(w, r, p)
}

func serveFile(w http.ResponseWriter, r *http.Request, name string, f *file) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("ETag", f.etag)
	if f.hashed {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	body := f.body
	if packed := f.packed(); packed != nil {
		header.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) && r.Header.Get("Range") == "" {
			header.Set("Content-Encoding", "gzip")
			header.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gz"`)
			body = packed
		}
	}
	if match := r.Header.Get("If-None-Match"); match != "" && match == header.Get("ETag") {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if header.Get("Content-Encoding") == "" {
		// Ranges matter to films.
		http.ServeContent(w, r, name, zeroTime, bytes.NewReader(body))
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// packed compresses text once, at its first use.
func (f *file) packed() []byte {
	f.compress.Do(func() {
		text := strings.HasPrefix(f.kind, "text/") || f.kind == "image/svg+xml" || f.kind == "application/json"
		if !text || len(f.body) < 1024 {
			return
		}
		var out bytes.Buffer
		zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return
		}
		if _, err := zip.Write(f.body); err != nil {
			return
		}
		if err := zip.Close(); err != nil {
			return
		}
		f.gzipped = out.Bytes()
	})
	return f.gzipped
}

func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			q := strings.TrimSpace(quality)
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

func (h *handler) serveIndex(w http.ResponseWriter, r *http.Request, p *program) {
	var raw [16]byte
	if _, err := io.ReadFull(h.random, raw[:]); err != nil {
		http.Error(w, "no randomness for this page", http.StatusServiceUnavailable)
		return
	}
	nonce := base64.RawURLEncoding.EncodeToString(raw[:])
	setPageHeaders(w.Header(), p.policy(nonce))
	page, status := p.index, http.StatusOK
	if page == nil {
		page, status = unbuilt(p.prefix), http.StatusServiceUnavailable
	}
	page = bytes.ReplaceAll(page, []byte(noncePlaceholder), []byte(nonce))
	w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page)
	}
}

// unbuilt is what a server compiled without the web build shows.
func unbuilt(prefix string) []byte {
	return fmt.Appendf(nil, `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>kohomai: not built</title>
<style nonce="%s">body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}</style></head>
<body><main><h1>The web pages are not in this binary</h1>
<p>This server was compiled before the pages at <code>%s</code> were built. The API works.</p>
<p>Run <code>make build</code> (or <code>make run</code>) in the checkout and start it again.</p></main></body></html>
`, noncePlaceholder, html.EscapeString(prefix))
}
