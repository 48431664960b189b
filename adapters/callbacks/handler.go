package callbacks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/fault"
)

// Path is where the door is: below it stand the connector and the token.
const Path = "/callbacks/"

// mostBody is the largest body taken, in bytes.
const mostBody = 1 << 20

// tokenLength is that of 32 random bytes in unpadded base64.
const tokenLength = 43

// Runs finds the run of an address.
type Runs interface {
	// Find must return the run that a token names, in whatever workspace, or NotFound.
	Find(ctx context.Context, token string) (activity.Address, error)
}

// Engine takes callbacks.
type Engine interface {
	// Callback must have committed the callback when it returns nil. One it has heard before,
	// by its digest, or that came too late must change nothing.
	Callback(ctx context.Context, a activity.Address, digest string, body []byte) error
}

// Options are what the door needs.
type Options struct {
	Runs    Runs
	Engine  Engine
	Catalog activity.Catalog
	// Refuse answers with a problem.
	Refuse func(http.ResponseWriter, *http.Request, error)
	// Now is real time.
	Now func() time.Time
	Log *slog.Logger
}

// Handler serves the door below Path.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(Path+"{connector}/{token}", o.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { o.Refuse(w, r, nowhere()) })
	return mux
}

func nowhere() error { return fault.New(fault.NotFound, "not_found", "There is no such address.") }

func (o Options) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		o.Refuse(w, r, fault.New(fault.MethodNotAllowed, "method_not_allowed", "Callbacks are posted."))
		return
	}
	if err := o.take(w, r); err != nil {
		if fault.Is(err, fault.Internal) {
			o.Log.ErrorContext(r.Context(), "a callback could not be taken", "connector", r.PathValue("connector"), "error", err)
		}
		o.Refuse(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (o Options) take(w http.ResponseWriter, r *http.Request) error {
	token := r.PathValue("token")
	if len(token) != tokenLength {
		return nowhere()
	}
	address, err := o.Runs.Find(r.Context(), token)
	if fault.Is(err, fault.NotFound) || err == nil && address.Connector != r.PathValue("connector") {
		return nowhere()
	}
	if err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.TooLarge, "body_too_large", "A callback has at most 1 MiB.")
	}
	if err != nil {
		return fault.New(fault.Malformed, "malformed", "The body broke off.")
	}
	c := activity.Callback{Headers: o.headers(address.Connector, r.Header), Query: r.URL.RawQuery, Body: body, ReceivedAt: o.Now().UTC()}
	raw, err := json.Marshal(c)
	if err != nil {
		return err
	}
	err = o.Engine.Callback(actor.Systemic(r.Context(), address.Workspace), address, digest(c), raw)
	if fault.Is(err, fault.NotFound) {
		return nowhere()
	}
	return err
}

// headers keeps those the connector declared, and the type of the body.
func (o Options) headers(connector string, all http.Header) map[string]string {
	m, _ := o.Catalog.Manifest(connector) // one that cannot be used now gets its callback later, without headers of its own
	kept := map[string]string{}
	for name, values := range all {
		lower := strings.ToLower(name)
		if lower == "content-type" || slices.Contains(m.CallbackHeaders, lower) {
			kept[lower] = strings.Join(values, ", ")
		}
	}
	return kept
}

// digest tells repetitions of the same request. The headers count: a genuine callback must
// not pass for the repetition of a forged one with the same body.
func digest(c activity.Callback) string {
	h := sha256.New()
	part := func(b []byte) {
		sum := sha256.Sum256(b)
		_, _ = h.Write(sum[:]) // never fails
	}
	part([]byte(c.Query))
	part(c.Body)
	names := make([]string, 0, len(c.Headers))
	for name := range c.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		part([]byte(name))
		part([]byte(c.Headers[name]))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
