package rest

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kohomai/kohomai/core/fault"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// maxBody is the largest body taken; documents have their own route.
const maxBody = 1 << 20

// requestID names the header that names a request. It stands on the answer already.
const requestID = "Request-Id"

// version is the dated form of the API, echoed with every answer.
const version = "2026-11-24"

// Options are what the mapper needs.
type Options struct {
	// Connect serves the procedures of the services, in this process.
	Connect http.Handler
	// Services to map: those of their methods that have a google.api.http annotation.
	Services []protoreflect.ServiceDescriptor
	// PublicURL is where the server is reached from outside.
	PublicURL string
	// Examples are shown by the description.
	Examples []Example
	// YAML turns a definition in YAML into JSON; without it YAML is refused.
	YAML func([]byte) ([]byte, error)
	// Log hears of panics and failures; nobody does when it is nil.
	Log *slog.Logger
}

// Mapper serves the API as plain HTTP and JSON. Make it with New.
type Mapper struct {
	connect http.Handler
	public  string
	yaml    func([]byte) ([]byte, error)
	log     *slog.Logger
	mux     *http.ServeMux
	routes  []*route
	openAPI []byte
}

// New reads the routes and makes the mapper. It fails when an annotation asks for
// something this manner of HTTP does not have.
func New(o Options) (*Mapper, error) {
	if o.Connect == nil {
		return nil, errors.New("rest: a handler of the procedures is required")
	}
	s := newSchema()
	routes, err := readRoutes(o.Services, s)
	if err != nil {
		return nil, err
	}
	h := &Mapper{
		connect: o.Connect, public: strings.TrimSuffix(o.PublicURL, "/"), yaml: o.YAML,
		log: o.Log, mux: http.NewServeMux(), routes: routes,
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	if h.openAPI, err = describe(routes, s, h.public, o.Examples); err != nil {
		return nil, err
	}
	byPattern := make(map[string]map[string]http.HandlerFunc)
	add := func(verb, pattern string, serve http.HandlerFunc) error {
		if byPattern[pattern] == nil {
			byPattern[pattern] = make(map[string]http.HandlerFunc)
		}
		if byPattern[pattern][verb] != nil {
			return fmt.Errorf("rest: two procedures want %s %s", verb, pattern)
		}
		byPattern[pattern][verb] = serve
		return nil
	}
	for _, rt := range routes {
		if err := add(rt.verb, rt.pattern, func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, rt) }); err != nil {
			return nil, err
		}
	}
	said, err := readComments()
	if err != nil {
		return nil, err
	}
	collection, err := postman(routes, h.public, said, o.Examples)
	if err != nil {
		return nil, err
	}
	for path, document := range map[string][]byte{"/openapi.json": h.openAPI, "/postman.json": collection} {
		if err := add(http.MethodGet, path, serveJSON(document)); err != nil {
			return nil, err
		}
	}
	for pattern, verbs := range byPattern {
		h.mux.Handle(Prefix+pattern, h.choose(verbs))
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.problem(w, r, noRoute()) })
	return h, nil
}

// problem answers a fault.
func (h *Mapper) problem(w http.ResponseWriter, r *http.Request, f *fault.Error) {
	WriteProblem(w, r, h.public, f)
}

func noRoute() *fault.Error {
	return fault.New(fault.NotFound, "not_found", "There is nothing at this address.")
}

// choose serves the verbs of one path and refuses all others.
func (h *Mapper) choose(verbs map[string]http.HandlerFunc) http.Handler {
	var allowed []string
	for verb := range verbs {
		allowed = append(allowed, verb)
		if verb == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	slices.Sort(allowed)
	allow := strings.Join(allowed, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verb := r.Method
		if verb == http.MethodHead {
			verb = http.MethodGet
		}
		if serve := verbs[verb]; serve != nil {
			serve(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		h.problem(w, r, fault.New(fault.MethodNotAllowed, "method_not_allowed", "This address takes %s.", allow))
	})
}

// ServeHTTP answers every request below Prefix, whatever it is, with JSON.
func (h *Mapper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	setHeaders(header)
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if p == http.ErrAbortHandler { //nolint:errorlint // a sentinel of panics, compared as the standard library does
			panic(p)
		}
		h.log.ErrorContext(r.Context(), "panic in the API", "panic", p, "stack", string(debug.Stack()), "request", header.Get(requestID))
		h.problem(w, r, fault.New(fault.Internal, "internal", ""))
	}()
	// ServeMux redirects what it would clean; here such an address is simply not there.
	if p := r.URL.Path; p == "" || p[0] != '/' || path.Clean(p) != p {
		h.problem(w, r, noRoute())
		return
	}
	h.mux.ServeHTTP(w, r)
}

// setHeaders gives an answer what every answer of the API has.
func setHeaders(header http.Header) {
	header.Set("Kohomai-Version", version)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	header.Set("Referrer-Policy", "no-referrer")
}

// Refuse answers a request that never reached its route, such as one with a wrong key, as
// the API answers everything.
func (h *Mapper) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	setHeaders(w.Header())
	WriteProblem(w, r, h.public, err)
}

// OpenAPI is the description that is served.
func (h *Mapper) OpenAPI() []byte { return h.openAPI }

// serveJSON answers a document that stands.
func serveJSON(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // the caller is gone if this fails
	}
}

// serve carries one request to its procedure and back.
func (h *Mapper) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	in := rt.in.New()
	if !rt.readPath(r.PathValue, in) {
		h.problem(w, r, fault.New(fault.NotFound, "not_found", "There is no such thing."))
		return
	}
	if f := rt.readQuery(r.URL.RawQuery, in); f != nil {
		h.problem(w, r, f)
		return
	}
	if rt.hasBody() {
		if f := h.readBody(w, r, rt, in); f != nil {
			h.problem(w, r, f)
			return
		}
	}
	wire, err := proto.Marshal(in.Interface())
	if err != nil {
		h.problem(w, r, fault.WrapAs(err, fault.Internal, "internal", ""))
		return
	}
	if rt.streams {
		h.stream(w, r, rt, wire)
		return
	}
	answer := h.call(r, rt, wire, w.Header().Get(requestID))
	if f := answer.fault(rt); f != nil {
		if f.Kind == fault.Internal {
			h.log.ErrorContext(r.Context(), "the API failed", "procedure", rt.procedure, "error", f, "request", w.Header().Get(requestID))
		}
		answer.copyHeader(w.Header())
		h.problem(w, r, f)
		return
	}
	out := rt.out.New()
	if err := proto.Unmarshal(answer.body.Bytes(), out.Interface()); err != nil {
		h.log.ErrorContext(r.Context(), "an answer cannot be read", "procedure", rt.procedure, "error", err)
		h.problem(w, r, fault.WrapAs(err, fault.Internal, "internal", ""))
		return
	}
	b := make([]byte, 0, 1024)
	if rt.answer != nil {
		b = appendField(b, rt.answer, out)
	} else {
		b = appendMessage(b, rt.outMsg, out)
	}
	b = append(b, '\n')
	answer.copyHeader(w.Header())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(answer.success(rt))
	if r.Method != http.MethodHead {
		_, _ = w.Write(b) // the caller is gone if this fails, and the effect stands
	}
}

// readBody reads the body into the request, strictly.
func (h *Mapper) readBody(w http.ResponseWriter, r *http.Request, rt *route, in protoreflect.Message) *fault.Error {
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, big := errors.AsType[*http.MaxBytesError](err); big {
			return tooLarge()
		}
		return fault.WrapAs(err, fault.Malformed, "malformed_body", "The body could not be read to its end.")
	}
	if len(text) == 0 {
		if rt.body != nil {
			return fault.New(fault.Malformed, "malformed_json", "A body is expected.")
		}
		return nil
	}
	text, f := h.plainJSON(r.Header.Get("Content-Type"), rt, text)
	if f != nil {
		return f
	}
	doc, f := parseJSON(text)
	if f != nil {
		return f
	}
	d := decoder{doc: doc}
	root := &doc.nodes[0]
	switch {
	case rt.whole:
		d.object(root, rt.inMsg, in, nil, rt.closed)
	case root.kind == nullNode:
		d.refuse(nil, "wrong_type", "An object is expected.")
	default:
		d.field(root, rt.body, in, nil)
	}
	if err := d.wrong.Err(); err != nil {
		return fault.As(err)
	}
	return nil
}

func tooLarge() *fault.Error {
	return fault.New(fault.TooLarge, "body_too_large", "The body is larger than 1 MiB.")
}

// plainJSON judges the media type and turns YAML into JSON where the route takes it.
func (h *Mapper) plainJSON(contentType string, rt *route, text []byte) ([]byte, *fault.Error) {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	if err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) {
		switch media {
		case "application/json":
			return text, nil
		case "application/yaml", "application/x-yaml", "text/yaml":
			if rt.definesYAML && h.yaml != nil {
				plain, err := h.yaml(text)
				if err != nil {
					return nil, unreadable(err)
				}
				return plain, nil
			}
		}
	}
	wanted := "application/json"
	if rt.definesYAML {
		wanted += " or application/yaml"
	}
	return nil, fault.New(fault.MediaType, "unsupported_media_type", "The Content-Type must be %s.", wanted)
}

// unreadable is what a definition in YAML is refused with; the reader names the place.
func unreadable(err error) *fault.Error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	return fault.WrapAs(err, fault.Malformed, "malformed_yaml", "The body is not valid YAML: "+err.Error())
}
