package rest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/kohomai/kohomai/core/fault"
	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// Prefix is where the API stands.
const Prefix = "/api/v1"

// maxBody is the most a request may carry.
const maxBody = 1 << 20

// Options are what the mapper needs.
type Options struct {
	// Connect serves the procedures of the services, in this process.
	Connect http.Handler
	// Services to map: those of their methods that have a google.api.http annotation.
	Services []protoreflect.ServiceDescriptor
	// PublicURL is where the documentation of problems stands.
	PublicURL string
	// YAML turns a definition in YAML into JSON.
	YAML func([]byte) ([]byte, error)
}

// Mapper serves the API as plain HTTP and JSON.
type Mapper struct {
	o      Options
	mux    *http.ServeMux
	routes []*route
}

// route is one annotated method.
type route struct {
	verb, path string
	procedure  string
	in, out    *message
	inType     protoreflect.MessageType
	outType    protoreflect.MessageType
	pathVars   []*field
	body       string // "*", a field's proto name, or empty
	bodyField  *field
	response   *field
	success    int
	yaml, etag bool
	method     protoreflect.MethodDescriptor
}

// New makes the mapper from the annotations. It fails on what it cannot serve.
func New(o Options) (*Mapper, error) {
	m := &Mapper{o: o, mux: http.NewServeMux()}
	s := newSchema()
	for _, service := range o.Services {
		methods := service.Methods()
		for i := range methods.Len() {
			r, err := newRoute(s, methods.Get(i))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", methods.Get(i).FullName(), err)
			}
			if r == nil {
				continue
			}
			m.routes = append(m.routes, r)
			m.mux.HandleFunc(r.verb+" "+Prefix+r.path, func(w http.ResponseWriter, q *http.Request) { m.serve(w, q, r) })
		}
	}
	m.mux.HandleFunc("/", m.elsewhere)
	m.mux.HandleFunc("GET "+Prefix+"/openapi.json", m.serveOpenAPI)
	return m, nil
}

func newRoute(s *schema, method protoreflect.MethodDescriptor) (*route, error) {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil, nil
	}
	rest, _ := proto.GetExtension(method.Options(), kohomaiv1.E_Rest).(*kohomaiv1.RestOptions)
	r := &route{
		procedure: fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name()), method: method,
		body: rule.GetBody(), success: int(rest.GetSuccess()), yaml: rest.GetYaml(), etag: rest.GetEtag(),
	}
	if r.success == 0 {
		r.success = http.StatusOK
	}
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.verb, r.path = http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		r.verb, r.path = http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		r.verb, r.path = http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		r.verb, r.path = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		r.verb, r.path = http.MethodDelete, p.Delete
	default:
		return nil, errors.New("the pattern is not supported")
	}
	var err error
	if r.in, err = s.message(method.Input()); err != nil {
		return nil, err
	}
	if r.out, err = s.message(method.Output()); err != nil {
		return nil, err
	}
	if r.inType, err = protoregistry.GlobalTypes.FindMessageByName(method.Input().FullName()); err != nil {
		return nil, err
	}
	if r.outType, err = protoregistry.GlobalTypes.FindMessageByName(method.Output().FullName()); err != nil {
		return nil, err
	}
	for _, part := range strings.Split(r.path, "/") {
		if name, isVar := strings.CutPrefix(part, "{"); isVar {
			f := r.in.byProto(strings.TrimSuffix(name, "}"))
			if f == nil {
				return nil, fmt.Errorf("the path variable %s is no field", part)
			}
			r.pathVars = append(r.pathVars, f)
		}
	}
	if r.body != "" && r.body != "*" {
		if r.bodyField = r.in.byProto(r.body); r.bodyField == nil {
			return nil, fmt.Errorf("the body %s is no field", r.body)
		}
	}
	if name := rule.GetResponseBody(); name != "" {
		if r.response = r.out.byProto(name); r.response == nil {
			return nil, fmt.Errorf("the response body %s is no field", name)
		}
	}
	return r, nil
}

func (m *message) byProto(name string) *field {
	for _, f := range m.fields {
		if string(f.desc.Name()) == name {
			return f
		}
	}
	return nil
}

// elsewhere answers what no route takes: 405 where another verb would be taken, else 404.
func (m *Mapper) elsewhere(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, verb := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut} {
		probe := &http.Request{Method: verb, URL: r.URL, Host: r.Host}
		if _, pattern := m.mux.Handler(probe); pattern != "/" && pattern != "" {
			allow = append(allow, verb)
		}
	}
	if len(allow) == 0 {
		m.refuse(w, r, fault.New(fault.NotFound, "not_found", "There is no such address."))
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	m.refuse(w, r, fault.New(fault.MethodNotAllowed, "method_not_allowed", "This address takes %s.", strings.Join(allow, ", ")))
}

// ServeHTTP implements http.Handler.
func (m *Mapper) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }

func (m *Mapper) refuse(w http.ResponseWriter, r *http.Request, err error) {
	WriteProblem(w, r, m.o.PublicURL, err)
}

func (m *Mapper) serve(w http.ResponseWriter, r *http.Request, to *route) {
	in, err := m.read(r, to)
	if err != nil {
		m.refuse(w, r, err)
		return
	}
	out, header, err := m.call(r, to, in)
	if err != nil {
		m.refuse(w, r, err)
		return
	}
	status := to.success
	if s, err := strconv.Atoi(header.Get("Kohomai-Status")); err == nil && s >= 200 && s < 300 {
		status = s
	}
	h := w.Header()
	for _, name := range []string{"Idempotent-Replayed", "Etag", "Location"} {
		if v := header.Get(name); v != "" {
			h.Set(name, v)
		}
	}
	var b []byte
	if to.response != nil {
		b = appendField(nil, to.response, out)
	} else {
		b = appendMessage(nil, to.out, out)
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// read makes the request message of body, path and query. Every wrong field is named.
func (m *Mapper) read(r *http.Request, to *route) (proto.Message, error) {
	in := to.inType.New()
	d := &decoder{doc: &document{}}
	inPath := map[string]bool{}
	for _, f := range to.pathVars {
		inPath[f.name] = true
		text := r.PathValue(string(f.desc.Name()))
		value, ok := parseParameter(f, text)
		if !ok {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such thing.")
		}
		in.Set(f.desc, value)
	}
	query := r.URL.Query()
	closed := map[string]bool{}
	for name := range inPath {
		closed[name] = true
	}
	var wrong fault.Collector
	for _, name := range slices.Sorted(mapKeys(query)) {
		f := to.in.byName[name]
		if f == nil || inPath[name] || f.name == bodyName(to) || to.body == "*" && !queryOnly(f) || !parameter(f) {
			wrong.Add(name, "unknown_parameter", "There is no such query parameter here.")
			continue
		}
		closed[name] = true
		values := query[name]
		if !f.list && len(values) > 1 {
			wrong.Add(name, "repeated_parameter", "This query parameter is given once.")
			continue
		}
		for _, text := range values {
			value, ok := parseParameter(f, text)
			switch {
			case !ok:
				wrong.Add(name, "invalid_parameter", "This value is not acceptable here.")
			case f.list:
				in.Mutable(f.desc).List().Append(value)
			default:
				in.Set(f.desc, value)
			}
		}
	}
	if err := wrong.Err(); err != nil {
		f := fault.As(err)
		return nil, &fault.Error{Kind: fault.Malformed, Code: "invalid_query", Detail: "The query is not acceptable.", Fields: f.Fields}
	}
	if to.body == "" {
		return in.Interface(), nil
	}
	doc, err := m.body(r, to)
	if err != nil {
		return nil, err
	}
	d.doc = doc
	for _, f := range to.in.fields {
		if queryOnly(f) {
			closed[f.name] = true
		}
	}
	root := &doc.nodes[0]
	if to.bodyField != nil {
		d.field(root, to.bodyField, in, (*place)(nil).member(to.bodyField.name))
	} else {
		d.object(root, to.in, in, nil, closed)
	}
	return in.Interface(), d.wrong.Err()
}

// queryOnly are fields of lower-case name beside a whole body: the documented ?ref=.
func queryOnly(f *field) bool { return f.name == strings.ToLower(f.name) }

func bodyName(to *route) string {
	if to.bodyField == nil {
		return ""
	}
	return to.bodyField.name
}

func parameter(f *field) bool {
	switch f.shape {
	case textShape, boolShape, intShape, idShape, floatShape, enumShape:
		return true
	default:
		return false
	}
}

func parseParameter(f *field, text string) (none protoreflect.Value, ok bool) {
	switch f.shape {
	case textShape:
		return protoreflect.ValueOfString(text), len(text) <= 4096 && !strings.ContainsRune(text, 0)
	case boolShape:
		return protoreflect.ValueOfBool(text == "true"), text == "true" || text == "false"
	case intShape:
		n, err := strconv.ParseInt(text, 10, 32)
		return protoreflect.ValueOfInt32(int32(n)), err == nil // #nosec G115 -- 32 bits were asked for
	case idShape:
		n, err := strconv.ParseInt(text, 10, 64)
		return protoreflect.ValueOfInt64(n), err == nil && n > 0 && n < 1<<53
	case floatShape:
		n, err := strconv.ParseFloat(text, 64)
		return protoreflect.ValueOfFloat64(n), err == nil
	case enumShape:
		n, known := f.enum.number[text]
		return protoreflect.ValueOfEnum(n), known
	default:
		return none, false
	}
}

func (m *Mapper) body(r *http.Request, to *route) (*document, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	yaml := to.yaml && (kind == "application/yaml" || kind == "text/yaml" || kind == "application/x-yaml")
	if (err != nil || kind != "application/json") && !yaml && r.ContentLength != 0 {
		return nil, fault.New(fault.MediaType, "unsupported_media_type", "The body is sent as application/json.")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, fault.New(fault.TooLarge, "body_too_large", "The body is larger than 1 MiB.")
	}
	if err != nil {
		return nil, fault.WrapAs(err, fault.Malformed, "broken_body", "The body could not be read.")
	}
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	if yaml {
		if raw, err = m.o.YAML(raw); err != nil {
			return nil, err
		}
	}
	doc, bad := parseJSON(raw)
	if bad != nil {
		return nil, bad
	}
	return doc, nil
}

// call speaks unary Connect to the handler of the procedure, in this process.
func (m *Mapper) call(r *http.Request, to *route, in proto.Message) (protoreflect.Message, http.Header, error) {
	raw, err := proto.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding a request: %w", err)
	}
	inner := r.Clone(r.Context())
	inner.Method, inner.Body, inner.ContentLength = http.MethodPost, io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	inner.URL.Path, inner.URL.RawQuery, inner.RequestURI = to.procedure, "", to.procedure
	inner.Header.Set("Content-Type", "application/proto")
	inner.Header.Set("Connect-Protocol-Version", "1")
	for _, name := range []string{"Content-Encoding", "Accept-Encoding", "Connect-Timeout-Ms", "Content-Length"} {
		inner.Header.Del(name)
	}
	w := &recorder{header: http.Header{}}
	m.o.Connect.ServeHTTP(w, inner)
	if w.status != 0 && w.status != http.StatusOK {
		return nil, nil, connectFault(w.body.Bytes())
	}
	out := to.outType.New()
	if err := proto.Unmarshal(w.body.Bytes(), out.Interface()); err != nil {
		return nil, nil, fmt.Errorf("decoding an answer: %w", err)
	}
	return out, w.header, nil
}

// recorder keeps an answer in memory.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(b []byte) (int, error) { return w.body.Write(b) }

// connectFault reads the fault out of a Connect error: its kind and code stand in
// ErrorInfo, its fields in BadRequest.
func connectFault(body []byte) error {
	var wire struct {
		Code    string
		Message string
		Details []struct{ Type, Value string }
	}
	internal := fault.New(fault.Internal, "internal", "Something went wrong on our side.")
	if err := json.Unmarshal(body, &wire); err != nil {
		return internal
	}
	f := &fault.Error{Detail: wire.Message}
	known := false
	for _, detail := range wire.Details {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(detail.Value, "="))
		if err != nil {
			continue
		}
		switch detail.Type {
		case "google.rpc.ErrorInfo":
			var info errdetails.ErrorInfo
			if proto.Unmarshal(raw, &info) != nil {
				continue
			}
			f.Code = info.GetReason()
			for _, k := range fault.Kinds() {
				if k.String() == info.GetMetadata()["Kind"] {
					f.Kind, known = k, true
				}
			}
			if wait, err := time.ParseDuration(info.GetMetadata()["RetryAfter"]); err == nil {
				f.RetryAfter = wait
			}
		case "google.rpc.BadRequest":
			var bad errdetails.BadRequest
			if proto.Unmarshal(raw, &bad) != nil {
				continue
			}
			for _, v := range bad.GetFieldViolations() {
				f.Fields = append(f.Fields, fault.Field{Path: v.GetField(), Code: v.GetReason(), Message: v.GetDescription()})
			}
		}
	}
	if !known {
		return internal
	}
	return f
}

func mapKeys(m map[string][]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
