package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func mustAllow(t *testing.T, list string) Allow {
	t.Helper()
	allow, err := ParseAllow(list)
	if err != nil {
		t.Fatal(err)
	}
	return allow
}

// get asks for rawURL and reads the answer to its end.
func get(t *testing.T, c *http.Client, rawURL string) (string, int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rawURL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp.StatusCode, err
}

func TestTransport_RefusesBadDestinations(t *testing.T) {
	t.Parallel()
	client := NewTransport(Options{}).Client(3)
	for _, target := range []string{
		"https://127.0.0.1/", "https://127.0.0.1:8443/", "https://[::1]/", "https://0.0.0.0/", "https://[::]/",
		"https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://169.254.169.254/latest/meta-data/",
		"https://[::ffff:169.254.169.254]/", "https://[64:ff9b::a9fe:a9fe]/", "https://[2002:a9fe:a9fe::1]/",
		"https://100.64.0.1/", "https://192.0.0.1/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
		"https://[fd00::1]/", "https://[fe80::1]/", "https://[ff02::1]/",
		"http://1.1.1.1/", "http://example.com/", "https://1.1.1.1:22/", "https://example.com:5432/",
		"ftp://example.com/", "file:///etc/passwd", "gopher://127.0.0.1:6379/", "https:///nohost",
		"https://user:secret@example.com/",
	} {
		if _, _, err := get(t, client, target); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", target, err)
		}
	}
}

// Spellings that some resolvers read as an address. Whatever the resolver makes
// of them, no connection may come about.
func TestTransport_RefusesLoopbackSpellings(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a loopback server was reached")
	}))
	t.Cleanup(server.Close)
	client := NewTransport(Options{}).Client(0)
	for _, host := range []string{"localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+":8443/", http.NoBody)
		if err == nil {
			var resp *http.Response
			if resp, err = client.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		}
		cancel()
		if err == nil {
			t.Errorf("%s was reached", host)
		}
	}
}

func TestTransport_AllowList(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "inside") }))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	byName := "http://localhost:" + u.Port()

	for name, c := range map[string]struct {
		allow, target string
		reached       bool
	}{
		"network":                     {"127.0.0.0/8", server.URL, true},
		"address":                     {"127.0.0.1", server.URL, true},
		"name":                        {"localhost", byName, true},
		"name resolving into network": {"127.0.0.1 ::1", byName, true},
		"another network":             {"10.0.0.0/8", server.URL, false},
		"another name":                {"erp.internal", byName, false},
		"name does not cover address": {"localhost", server.URL, false},
		"nothing":                     {"", server.URL, false},
	} {
		client := NewTransport(Options{Allow: mustAllow(t, c.allow)}).Client(0)
		text, _, err := get(t, client, c.target)
		if c.reached && (err != nil || text != "inside") {
			t.Errorf("%s: %q, %v, want it reached", name, text, err)
		}
		if !c.reached && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", name, err)
		}
	}
}

func TestTransport_AllowListKeepsLinkLocalOut(t *testing.T) {
	t.Parallel()
	resolver := fakeDNS(t, func(string, int) []netip.Addr { return addrs("169.254.169.254") })
	transport := NewTransport(Options{Allow: mustAllow(t, "erp.internal"), Resolver: resolver})
	if _, _, err := get(t, transport.Client(0), "http://erp.internal/"); !errors.Is(err, ErrRefused) {
		t.Errorf("a named host led to the metadata address: %v", err)
	}
}

func TestTransport_RebindingGainsNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the rebound address was reached")
	}))
	t.Cleanup(server.Close)
	// First an honest address (a caller that checks before connecting would be
	// satisfied by it), from then on loopback.
	resolver := fakeDNS(t, func(_ string, asked int) []netip.Addr {
		if asked == 0 {
			return addrs("93.184.215.14")
		}
		return addrs("127.0.0.1")
	})
	before, err := resolver.LookupNetIP(t.Context(), "ip4", "rebind.example.")
	if err != nil || len(before) != 1 || judgePublic(before[0]) != nil {
		t.Fatalf("the first answer is not public: %v, %v", before, err)
	}
	client := NewTransport(Options{Resolver: resolver}).Client(3)
	for range 3 {
		if _, _, err := get(t, client, "https://rebind.example./"); !errors.Is(err, ErrRefused) {
			t.Errorf("after rebinding: %v, want ErrRefused", err)
		}
	}
}

func TestTransport_MixedAnswersReachNoPrivateOne(t *testing.T) {
	t.Parallel()
	resolver := fakeDNS(t, func(string, int) []netip.Addr { return addrs("10.0.0.5", "127.0.0.1", "192.168.9.9") })
	client := NewTransport(Options{Resolver: resolver}).Client(0)
	if _, _, err := get(t, client, "https://mixed.example./"); !errors.Is(err, ErrRefused) {
		t.Errorf("%v, want ErrRefused", err)
	}
}

func TestTransport_Redirects(t *testing.T) {
	t.Parallel()
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect led to a destination that is not allowed")
	}))
	t.Cleanup(inside.Close)
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var hops atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		switch n := r.URL.Query().Get("n"); {
		case r.URL.Path == "/private":
			// Another spelling of loopback, outside the allow list below.
			http.Redirect(w, r, "http://127.0.0.2:"+port+"/", http.StatusFound)
		case r.URL.Path == "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/", http.StatusFound)
		case r.URL.Path == "/scheme":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case n == "0":
			_, _ = io.WriteString(w, "end")
		default:
			http.Redirect(w, r, "/?n="+string(n[0]-1), http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	transport := NewTransport(Options{Allow: mustAllow(t, "127.0.0.1")})

	if _, status, err := get(t, transport.Client(0), server.URL+"/?n=2"); err != nil || status != http.StatusFound {
		t.Errorf("without redirects: %d, %v; want the 302 itself", status, err)
	}
	if text, _, err := get(t, transport.Client(3), server.URL+"/?n=3"); err != nil || text != "end" {
		t.Errorf("three hops: %q, %v", text, err)
	}
	hops.Store(0)
	if _, _, err := get(t, transport.Client(3), server.URL+"/?n=4"); !errors.Is(err, ErrRefused) {
		t.Errorf("four hops: %v, want ErrRefused", err)
	}
	if got := hops.Load(); got != 4 {
		t.Errorf("the client made %d requests, want 4", got)
	}
	for _, path := range []string{"/private", "/metadata", "/scheme"} {
		if _, _, err := get(t, transport.Client(3), server.URL+path); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, want ErrRefused", path, err)
		}
	}
}

func TestTransport_CapsAnswers(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	bomb := func(size int64) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := io.CopyN(z, zeros{}, size); err != nil {
			t.Error(err)
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
		return b.Bytes()
	}
	inflated := bomb(32 << 20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			_, _ = io.CopyN(w, zeros{}, limit)
		case "/longer":
			_, _ = io.CopyN(w, zeros{}, limit+1)
		case "/endless":
			_, _ = io.Copy(w, zeros{})
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(inflated)
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("a", 1<<20))
		}
	}))
	t.Cleanup(server.Close)
	client := NewTransport(Options{Allow: mustAllow(t, "127.0.0.1"), MaxBody: limit}).Client(0)

	if text, _, err := get(t, client, server.URL+"/exact"); err != nil || len(text) != limit {
		t.Errorf("exactly the cap: %d bytes, %v", len(text), err)
	}
	for _, path := range []string{"/longer", "/endless", "/bomb"} {
		text, _, err := get(t, client, server.URL+path)
		if !errors.Is(err, ErrTooLarge) || len(text) != limit {
			t.Errorf("%s: %d bytes, %v; want %d and ErrTooLarge", path, len(text), err, limit)
		}
	}
	if _, _, err := get(t, client, server.URL+"/headers"); err == nil {
		t.Error("a megabyte of headers was accepted")
	}
}

func TestTransport_EndsInTime(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/drip" {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	client := NewTransport(Options{Allow: mustAllow(t, "127.0.0.1"), Timeout: 100 * time.Millisecond}).Client(0)
	for _, path := range []string{"/silent", "/drip"} {
		if _, _, err := get(t, client, server.URL+path); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want the deadline", path, err)
		}
	}
}

func TestTransport_VerifiesTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "safe") }))
	t.Cleanup(server.Close)
	allow := mustAllow(t, "127.0.0.1")
	if _, _, err := get(t, NewTransport(Options{Allow: allow}).Client(0), server.URL); err == nil {
		t.Error("an unknown certificate was accepted")
	}
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	if text, _, err := get(t, NewTransport(Options{Allow: allow, RootCAs: pool}).Client(0), server.URL); err != nil || text != "safe" {
		t.Errorf("a known certificate was refused: %q, %v", text, err)
	}
}

func TestTransport_IgnoresProxyFromEnvironment(t *testing.T) {
	t.Parallel()
	transport := NewTransport(Options{})
	if transport.ordinary.Proxy != nil || transport.exempt.Proxy != nil {
		t.Error("a proxy is consulted")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func addrs(all ...string) []netip.Addr {
	out := make([]netip.Addr, 0, len(all))
	for _, s := range all {
		out = append(out, netip.MustParseAddr(s))
	}
	return out
}

// fakeDNS is a resolver over a name server of our own on loopback; answer is
// told how many address questions came before.
func fakeDNS(t *testing.T, answer func(name string, asked int) []netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		asked := 0
		buf := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			reply, counted, err := dnsReply(buf[:n], func(name string) []netip.Addr { return answer(name, asked) })
			if err != nil {
				continue
			}
			if counted {
				asked++
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

func dnsReply(query []byte, answer func(name string) []netip.Addr) (reply []byte, counted bool, err error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, false, err
	}
	if len(m.Questions) != 1 {
		return nil, false, fmt.Errorf("%d questions", len(m.Questions))
	}
	q := m.Questions[0]
	out := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	if q.Type == dnsmessage.TypeA {
		counted = true
		for _, addr := range answer(q.Name.String()) {
			out.Answers = append(out.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 0},
				Body:   &dnsmessage.AResource{A: addr.As4()},
			})
		}
	}
	reply, err = out.Pack()
	return reply, counted, err
}
