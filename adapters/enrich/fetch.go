package enrich

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/enrich"
)

const (
	answerLimit = 1 << 20 // bytes of an answer that are read
	// How long a provider is left alone that says nothing of it: as Wikimedia asks of its
	// users after a 429, and long enough that a wrong key does not become a habit.
	pauseBusy   = time.Minute
	pauseDenied = 5 * time.Minute
)

// api asks servers that answer JSON.
type api struct {
	client *http.Client
	now    func() time.Time
}

// newAPI makes one over a transport that judges each destination. A redirect is followed
// within the host that was asked, and judged; elsewhere it is refused, for the request
// may carry a secret that is meant for this host only.
func newAPI(guarded http.RoundTripper, now func() time.Time) api {
	return api{now: now, client: &http.Client{
		Transport: guarded,
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			switch first := via[0].URL; {
			case len(via) > hopLimit:
				return errHops
			case next.URL.Scheme != first.Scheme || next.URL.Host != first.Host:
				return errElsewhere
			default:
				return nil
			}
		},
	}}
}

var (
	errHops      = errors.New("more redirects than are followed")
	errElsewhere = errors.New("redirected to another host")
)

// get asks one address. ok is false when the server knows nothing (404, 410, or an answer
// without content); what else is no JSON answer is an enrich.Refusal.
func (a api) get(ctx context.Context, address string, header map[string]string, into any) (ok bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return false, &enrich.Refusal{Reason: "The address cannot be requested.", Lasting: true}
	}
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return false, a.unanswered(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusNoContent:
		return false, nil
	default:
		return false, a.refused(resp)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit+1))
	switch {
	case len(raw) > answerLimit, len(raw) == answerLimit && err != nil: // here, or at the guard's own cap
		return false, &enrich.Refusal{Reason: "The answer is longer than 1 MiB."}
	case err != nil:
		return false, a.unanswered(ctx, err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(into) != nil || d.Decode(new(any)) != io.EOF {
		return false, &enrich.Refusal{Reason: fmt.Sprintf("The answer is not the JSON that was expected (%s).", kindOf(resp.Header))}
	}
	return true, nil
}

// kindOf names what came instead, without trusting it.
func kindOf(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || len(kind) > 60 {
		return "of no kind"
	}
	return kind
}

// refused tells a status that is no answer.
func (a api) refused(resp *http.Response) *enrich.Refusal {
	after := a.after(resp.Header.Get("Retry-After"))
	r := &enrich.Refusal{After: after, Reason: "It answered " + strconv.Itoa(resp.StatusCode)}
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		r.Reason, r.After = "It is asked too often (429)", max(after, 0)
		if after == 0 {
			r.After = pauseBusy
		}
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		r.Reason, r.Lasting, r.After = "The secret is not accepted ("+strconv.Itoa(s)+")", true, max(after, pauseDenied)
	case s == http.StatusPaymentRequired:
		r.Reason, r.Lasting, r.After = "The account has no questions left (402)", true, max(after, pauseDenied)
	case s >= 500:
		r.Reason = "It is in trouble (" + strconv.Itoa(s) + ")"
	default:
		r.Lasting = true
	}
	if said := a.said(resp); said != "" {
		r.Reason += ": " + said
	}
	if !strings.HasSuffix(r.Reason, ".") {
		r.Reason += "."
	}
	return r
}

// said is what a JSON answer itself gives as the reason, in the places where APIs put it.
func (a api) said(resp *http.Response) string {
	var body any
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	if err != nil || json.Unmarshal(raw, &body) != nil {
		return ""
	}
	for _, path := range []string{"/error/message", "/error_description", "/detail", "/message", "/error"} {
		if text, ok := at(body, path).(string); ok {
			return clean(text, 200)
		}
	}
	return ""
}

// after reads Retry-After, in seconds or as a date; zero when there is none.
func (a api) after(header string) time.Duration {
	if n, err := strconv.ParseInt(strings.TrimSpace(header), 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil && t.After(a.now()) {
		return t.Sub(a.now())
	}
	return 0
}

// unanswered says in a sentence why there was no answer, without the address that was
// dialed: the inside of a network is nobody's business.
func (a api) unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var dns *net.DNSError
	var timeout net.Error
	r := &enrich.Refusal{Reason: "The connection failed."}
	switch {
	case errors.Is(err, errElsewhere):
		r.Reason, r.Lasting = "It redirects to another host, which is not followed.", true
	case errors.Is(err, errHops):
		r.Reason = fmt.Sprintf("It redirects more than %d times.", hopLimit)
	case isRefused(err):
		r.Reason, r.Lasting = "Requests to this address are not let out.", true
	case errors.As(err, &dns):
		r.Reason = "The host name could not be resolved."
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		r.Reason = "There was no answer in time."
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		r.Reason = "The TLS connection failed: the certificate or the protocol is not acceptable."
	}
	return r
}

// at finds what a JSON Pointer (RFC 6901) leads to; nil for nothing.
func at(v any, pointer string) any {
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch in := v.(type) {
		case map[string]any:
			v = in[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(in) || strconv.Itoa(i) != token {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}
