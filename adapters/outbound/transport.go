package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// ErrRefused marks a request the guard did not let out. Asking again does not
// help; only another address or the operator's allow list does. Callers that hold
// nothing but the http.RoundTripper find it with errors.As and an interface of the
// method Refused() bool.
var ErrRefused error = refusal{}

type refusal struct{}

func (refusal) Error() string { return "destination refused" }

func (refusal) Refused() bool { return true }

// ErrTooLarge marks an answer longer than its cap. The bytes up to the cap have
// been delivered before it.
var ErrTooLarge = errors.New("answer too large")

// Options of a Transport; the zero value is the strict default.
type Options struct {
	// Allow exempts hosts and networks, see ParseAllow.
	Allow Allow
	// Timeout of one request from dial to the last byte of the answer;
	// default 15 s. The caller's context may end it sooner.
	Timeout time.Duration
	// MaxBody caps the answer after decompression, in bytes; default 1 MiB.
	MaxBody int64
	// Resolver answers names; default the system's.
	Resolver *net.Resolver
	// RootCAs verifies servers; default the system's.
	RootCAs *x509.CertPool
}

const (
	defaultTimeout = 15 * time.Second
	defaultMaxBody = 1 << 20
)

// Transport is the guarded http.RoundTripper. It may be used by any number of
// goroutines and shared by every client of the process.
type Transport struct {
	allow   Allow
	timeout time.Duration
	maxBody int64
	// Two pools, because what may be dialed depends on what is spoken:
	// ordinary carries https on 443 and 8443 to public or allowed hosts,
	// exempt carries everything else and reaches allowed hosts only. A
	// connection of one is never reused for the other.
	ordinary, exempt *http.Transport
}

// NewTransport builds the guard.
func NewTransport(o Options) *Transport {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxBody <= 0 {
		o.MaxBody = defaultMaxBody
	}
	t := &Transport{allow: o.Allow, timeout: o.Timeout, maxBody: o.MaxBody}
	t.ordinary = t.pool(o, t.judgeOrdinary)
	t.exempt = t.pool(o, t.judgeExempt)
	return t
}

func (t *Transport) pool(o Options, judge func(host string, addr netip.Addr) error) *http.Transport {
	return &http.Transport{
		Proxy: nil, // a proxy from the environment would resolve names beyond the guard's sight
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrRefused, err)
			}
			dialer := net.Dialer{
				Timeout:  5 * time.Second,
				Resolver: o.Resolver,
				ControlContext: func(_ context.Context, network, resolved string, _ syscall.RawConn) error {
					if network != "tcp4" && network != "tcp6" {
						return fmt.Errorf("%w: network %s", ErrRefused, network)
					}
					to, err := netip.ParseAddrPort(resolved)
					if err != nil {
						return fmt.Errorf("%w: %w", ErrRefused, err)
					}
					return judge(host, to.Addr())
				},
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    5 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        32,
		IdleConnTimeout:        30 * time.Second,
	}
}

// RoundTrip sends one request if its destination may be reached. It never
// follows a redirect. A refusal satisfies errors.Is(err, ErrRefused); reading
// an answer beyond the cap ends in ErrTooLarge.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	pool, err := t.route(req.URL)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	resp, err := pool.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &body{inner: resp.Body, left: t.maxBody, cancel: cancel}
	return resp, nil
}

// CloseIdleConnections lets go of pooled connections; http.Client calls it.
func (t *Transport) CloseIdleConnections() {
	t.ordinary.CloseIdleConnections()
	t.exempt.CloseIdleConnections()
}

// Client is a client over the guard that follows at most redirects hops, each
// judged like a first request. With 0 the redirect itself is the answer.
func (t *Transport) Client(redirects int) *http.Client {
	return &http.Client{
		Transport: t,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			switch {
			case redirects <= 0:
				return http.ErrUseLastResponse
			case len(via) > redirects:
				return fmt.Errorf("%w: more than %d redirects", ErrRefused, redirects)
			default:
				return nil
			}
		},
	}
}

// route judges the written address and picks the pool.
func (t *Transport) route(u *url.URL) (*http.Transport, error) {
	switch {
	case u == nil || u.Hostname() == "":
		return nil, fmt.Errorf("%w: the address has no host", ErrRefused)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%w: scheme %q, only https is spoken", ErrRefused, u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("%w: the address carries user information", ErrRefused)
	}
	port := u.Port()
	if u.Scheme == "https" && (port == "" || port == "443" || port == "8443") {
		return t.ordinary, nil
	}
	if t.allow.host(u.Hostname()) || len(t.allow.networks) > 0 {
		return t.exempt, nil // the dialer still requires the resolved address to be allowed
	}
	if u.Scheme != "https" {
		return nil, fmt.Errorf("%w: http to %s, only https is spoken", ErrRefused, u.Host)
	}
	return nil, fmt.Errorf("%w: port %s of %s, only 443 and 8443 are used", ErrRefused, port, u.Hostname())
}

func (t *Transport) judgeOrdinary(host string, addr netip.Addr) error {
	if t.judgeExempt(host, addr) == nil {
		return nil
	}
	return judgePublic(addr)
}

func (t *Transport) judgeExempt(host string, addr netip.Addr) error {
	if t.allow.network(addr) {
		return nil
	}
	if t.allow.host(host) {
		return judgeNamed(addr)
	}
	return fmt.Errorf("%w: %s is not on the allow list", ErrRefused, addr)
}

// body bounds an answer in length and ends its deadline when closed.
type body struct {
	inner  io.ReadCloser
	left   int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if b.left <= 0 {
		// One byte tells an answer of exactly the cap from a longer one.
		var probe [1]byte
		n, err := b.inner.Read(probe[:])
		if n > 0 {
			return 0, ErrTooLarge
		}
		return 0, err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.inner.Read(p)
	b.left -= int64(n)
	return n, err
}

func (b *body) Close() error {
	err := b.inner.Close()
	b.cancel()
	return err
}
