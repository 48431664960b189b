package pluginhost

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

const (
	// maxExchange is the largest body of a request or an answer, in bytes.
	maxExchange = 1 << 20
	// maxRequests is how many requests one call may make.
	maxRequests = 64
)

// services does for connectors what they may not do alone. A request counts only with the
// token of a living process and the name of a call that this process is serving now.
type services struct {
	activityv1.UnimplementedHostServiceServer
	client *http.Client

	mu sync.Mutex
	// calls that are being served, by name.
	calls map[string]*served
}

// served is one call in progress.
type served struct {
	token string
	hosts []string
	made  int
}

func newServices(transport http.RoundTripper) *services {
	return &services{
		client: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		calls: map[string]*served{},
	}
}

// begin opens the services for one call of the process with that token; end closes them.
func (s *services) begin(token string, hosts []string) (name string, end func()) {
	name = secret()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[name] = &served{token: token, hosts: hosts}
	return name, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.calls, name)
	}
}

// Do implements the contract.
func (s *services) Do(ctx context.Context, in *activityv1.DoRequest) (*activityv1.DoResponse, error) {
	call, err := s.admit(ctx)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(in.GetUrl())
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, status.Error(codes.InvalidArgument, "The address is not absolute, or holds credentials.")
	}
	if !slices.Contains(call.hosts, strings.ToLower(u.Host)) {
		return nil, status.Error(codes.PermissionDenied, "The manifest does not declare this host.")
	}
	if len(in.GetBody()) > maxExchange {
		return nil, status.Error(codes.InvalidArgument, "The body is too large.")
	}
	r, err := http.NewRequestWithContext(ctx, in.GetMethod(), u.String(), bytes.NewReader(in.GetBody()))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "The request is not acceptable.")
	}
	for _, h := range in.GetHeaders() {
		r.Header.Add(h.GetName(), h.GetValue())
	}
	return s.exchange(r)
}

func (s *services) exchange(r *http.Request) (*activityv1.DoResponse, error) {
	resp, err := s.client.Do(r)
	if err != nil {
		var timeout interface{ Timeout() bool }
		switch {
		case errors.Is(err, context.Canceled):
			return nil, status.Error(codes.Canceled, "The call has ended.")
		case errors.As(err, &timeout) && timeout.Timeout():
			return nil, status.Error(codes.DeadlineExceeded, "The other side did not answer in time.")
		default:
			// The cause may name addresses inside; the host is enough.
			return nil, status.Error(codes.Unavailable, "The other side cannot be reached: "+r.URL.Hostname()+".")
		}
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxExchange+1))
	if err != nil {
		return nil, status.Error(codes.Unavailable, "The answer broke off.")
	}
	if len(body) > maxExchange {
		return nil, status.Error(codes.ResourceExhausted, "The answer is too large.")
	}
	return &activityv1.DoResponse{
		Status: int32(resp.StatusCode), Headers: headersToWire(resp.Header), Body: body, // #nosec G115 -- three digits
	}, nil
}

func (s *services) admit(ctx context.Context) (*served, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	one := func(key string) string {
		if v := md.Get(key); len(v) == 1 {
			return v[0]
		}
		return ""
	}
	token, _ := strings.CutPrefix(one("authorization"), "Bearer ")
	s.mu.Lock()
	defer s.mu.Unlock()
	call := s.calls[one("kohomai-call")]
	if call == nil || call.token != token {
		return nil, status.Error(codes.Unauthenticated, "This is no call in progress of this process.")
	}
	if call.made++; call.made > maxRequests {
		return nil, status.Error(codes.ResourceExhausted, "This call has made too many requests.")
	}
	return call, nil
}

// secret makes 32 random bytes as text.
func secret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
