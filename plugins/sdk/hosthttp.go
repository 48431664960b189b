package sdk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// maxExchange is the largest body a request or an answer may have, in bytes.
const maxExchange = 1 << 20

// dialHost connects to the host services; the socket itself is the protection, with the
// token telling one connector's process from another's.
func dialHost(socket string) (activityv1.HostServiceClient, error) {
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxExchange+64<<10)))
	if err != nil {
		return nil, err
	}
	return activityv1.NewHostServiceClient(conn), nil
}

// hostTransport sends HTTP requests through kohomai's guarded client.
type hostTransport struct {
	host        activityv1.HostServiceClient
	token, call string
}

// RoundTrip implements http.RoundTripper. Refusals of the host are Permanent, an other side
// that does not answer is Downstream.
func (t hostTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // nothing to do about it
		var err error
		if body, err = io.ReadAll(io.LimitReader(r.Body, maxExchange+1)); err != nil {
			return nil, fmt.Errorf("reading the request's body: %w", err)
		}
		if len(body) > maxExchange {
			return nil, Permanent(fmt.Errorf("the request's body is over %d bytes", maxExchange))
		}
	}
	in := &activityv1.DoRequest{Method: r.Method, Url: r.URL.String(), Body: body}
	for name, values := range r.Header {
		for _, v := range values {
			in.Headers = append(in.Headers, &activityv1.Header{Name: name, Value: v})
		}
	}
	out, err := t.host.Do(t.with(r.Context()), in)
	if err != nil {
		return nil, hostError(err)
	}
	resp := &http.Response{
		StatusCode: int(out.GetStatus()), Status: fmt.Sprintf("%d %s", out.GetStatus(), http.StatusText(int(out.GetStatus()))),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(out.GetBody())), ContentLength: int64(len(out.GetBody())),
	}
	for _, h := range out.GetHeaders() {
		resp.Header.Add(h.GetName(), h.GetValue())
	}
	return resp, nil
}

func (t hostTransport) with(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+t.token, "kohomai-call", t.call)
}

func hostError(err error) error {
	s := status.Convert(err)
	said := fmt.Errorf("%s", s.Message())
	switch s.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		return Coded("unreachable", Downstream(said))
	case codes.Canceled:
		return context.Canceled
	case codes.PermissionDenied, codes.InvalidArgument, codes.Unauthenticated:
		return Coded("egress_refused", Permanent(said))
	default:
		return said
	}
}
