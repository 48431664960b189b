package console

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

const page = `<!doctype html><meta name="csp-nonce" content="__KOHOMAI_NONCE__"><div id="root"></div>`

func built() fstest.MapFS {
	script := bytes.Repeat([]byte("export const word = 'kohomai';\n"), 100)
	return fstest.MapFS{
		".keep":                        {},
		"office/index.html":            {Data: []byte(page + "office")},
		"office/assets/index-a1.js":    {Data: script},
		"office/icon.svg":              {Data: []byte("<svg/>")},
		"office/.vite/manifest.json":   {Data: []byte("{}")},
		"front/index.html":             {Data: []byte(page + "front")},
		"front/assets/index-b2.css":    {Data: []byte("body{}")},
		"front/assets/inter-c3.woff2":  {Data: []byte("woff")},
		"front/media/welcome.webm":     {Data: []byte("0123456789")},
		"front/assets/.hidden/secret":  {Data: []byte("x")},
		"front/assets/chunk-d4.js.map": {Data: []byte("{}")},
	}
}

func get(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestHandler_pages(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	for target, ends := range map[string]string{
		"/p/":                 "office",
		"/p/journeys/12":      "office",
		"/p/signin?token=abc": "office",
		"/f/":                 "front",
		"/f/activities/7":     "front",
		"/r/demo":             "front",
	} {
		res := get(t, h, target)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", target, res.StatusCode)
		}
		if got := body(t, res); !strings.HasSuffix(got, ends) {
			t.Errorf("%s: served %q", target, got)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", target, got)
		}
	}
}

func TestHandler_nonce(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	seen := map[string]bool{}
	for range 3 {
		res := get(t, h, "/p/")
		text, policy := body(t, res), res.Header.Get("Content-Security-Policy")
		if strings.Contains(text, noncePlaceholder) {
			t.Fatal("the placeholder reached the browser")
		}
		_, rest, _ := strings.Cut(text, `content="`)
		nonce, _, _ := strings.Cut(rest, `"`)
		if len(nonce) < 22 || seen[nonce] {
			t.Fatalf("nonce %q is short or repeats", nonce)
		}
		seen[nonce] = true
		if !strings.Contains(policy, "'nonce-"+nonce+"'") {
			t.Errorf("the policy %q does not name the page's nonce %q", policy, nonce)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("the policy allows something unsafe: %q", policy)
		}
	}
}

func TestHandler_withoutRandomness(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: broken{}})
	if res := get(t, h, "/p/"); res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d for a page without nonce", res.StatusCode)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

func TestHandler_frames(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader, FrameAncestors: []string{"https://shop.example"}})
	for target, want := range map[string]string{
		"/p/": "frame-ancestors 'none'",
		"/f/": "frame-ancestors https://shop.example",
	} {
		if got := get(t, h, target).Header.Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("%s: policy %q lacks %q", target, got, want)
		}
	}
}

func TestHandler_files(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	for _, c := range []struct{ target, kind, cache string }{
		{"/p/assets/index-a1.js", "text/javascript; charset=utf-8", forever},
		{"/f/assets/index-b2.css", "text/css; charset=utf-8", forever},
		{"/f/assets/inter-c3.woff2", "font/woff2", forever},
		{"/p/icon.svg", "image/svg+xml", ask},
		{"/f/media/welcome.webm", "video/webm", ask},
	} {
		res := get(t, h, c.target)
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", c.target, res.StatusCode)
		}
		if got := res.Header.Get("Content-Type"); got != c.kind {
			t.Errorf("%s: type %q", c.target, got)
		}
		if got := res.Header.Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: Cache-Control %q", c.target, got)
		}
		if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: nosniff is missing", c.target)
		}
		again := get(t, h, c.target, "If-None-Match", res.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked again with its ETag: status %d", c.target, again.StatusCode)
		}
	}
}

func TestHandler_missing(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	for _, target := range []string{
		"/p/assets/index-old.js", // an old page must not be given the index as a script
		"/f/assets/.hidden/secret",
		"/elsewhere",
	} {
		if res := get(t, h, target); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", target, res.StatusCode)
		}
	}
	// The bundler's notes are nobody's business: the address is a page like any other.
	if got := body(t, get(t, h, "/p/.vite/manifest.json")); !strings.HasSuffix(got, "office") {
		t.Errorf("the manifest was served: %q", got)
	}
}

func TestHandler_gzip(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	plain := get(t, h, "/p/assets/index-a1.js")
	packed := get(t, h, "/p/assets/index-a1.js", "Accept-Encoding", "br, gzip;q=0.8")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", packed.Header)
	}
	if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
		t.Error("two forms share one ETag")
	}
	zip, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	if string(unpacked) != body(t, plain) {
		t.Error("the packed form holds something else")
	}
	for _, accept := range []string{"gzip;q=0", "identity", "gzipped"} {
		if got := get(t, h, "/p/assets/index-a1.js", "Accept-Encoding", accept).Header.Get("Content-Encoding"); got != "" {
			t.Errorf("Accept-Encoding %q was answered with %q", accept, got)
		}
	}
}

func TestHandler_ranges(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	res := get(t, h, "/f/media/welcome.webm", "Range", "bytes=2-4")
	if res.StatusCode != http.StatusPartialContent || body(t, res) != "234" {
		t.Errorf("a film cannot be moved: status %d", res.StatusCode)
	}
}

func TestHandler_methods(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/p/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	for _, target := range []string{"/p/", "/p/assets/index-a1.js", "/p/icon.svg"} {
		w = httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, target, nil))
		if w.Code != http.StatusOK || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: status %d, %d bytes", target, w.Code, w.Body.Len())
		}
	}
}

func TestHandler_redirects(t *testing.T) {
	t.Parallel()
	h := newHandler(built(), Options{Random: rand.Reader})
	for target, want := range map[string]string{"/p": "/p/", "/f?x=1": "/f/?x=1"} {
		res := get(t, h, target)
		if res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != want {
			t.Errorf("%s: status %d to %q", target, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestHandler_unbuilt(t *testing.T) {
	t.Parallel()
	h := newHandler(fstest.MapFS{".keep": {}}, Options{Random: rand.Reader})
	for _, target := range []string{"/p/", "/f/", "/p/leads"} {
		res := get(t, h, target)
		text := body(t, res)
		if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(text, "make build") {
			t.Errorf("%s: status %d, %q", target, res.StatusCode, text)
		}
		if strings.Contains(text, noncePlaceholder) {
			t.Errorf("%s: the page's style has no nonce", target)
		}
	}
}

// The package serves whatever was built into it, also when that is nothing.
func TestHandler_embedded(t *testing.T) {
	t.Parallel()
	h := Handler(Options{Random: rand.Reader})
	res := get(t, h, "/p/")
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", res.StatusCode)
	}
}
