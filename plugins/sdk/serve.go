package sdk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// The handshake: how a connector's program and kohomai know each other. The same words
// stand in kohomai's host; they change together with the version of the contract.
const (
	cookieKey       = "KOHOMAI_CONNECTOR"
	cookieValue     = "activity.v1"
	protocolVersion = 1
	serviceName     = "connector"
	hostSocketKey   = "KOHOMAI_HOST_SOCKET"
	hostTokenKey    = "KOHOMAI_HOST_TOKEN" // the name of a variable, no credential
)

// maxMessage is the largest message accepted from kohomai, in bytes.
const maxMessage = 4 << 20

// Serve is all that a connector's main does. It returns when kohomai ends the process, or
// never: a connector that may not serve says why on standard error and exits with 2.
func Serve(c Connector) {
	if err := c.Validate(); err != nil {
		fmt.Fprintf(os.Stderr, "The connector %q may not serve:\n%v\n", c.Manifest.ID, err)
		os.Exit(2)
	}
	if os.Getenv(cookieKey) != cookieValue {
		fmt.Fprintf(os.Stderr, "%s %s is a connector of kohomai, which starts it by itself.\n", c.Manifest.ID, c.Manifest.Version)
		os.Exit(2)
	}
	// go-plugin takes standard error over for itself once it serves: the log keeps the pipe.
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	s := &server{connector: c, log: log}
	if socket := os.Getenv(hostSocketKey); socket != "" {
		host, err := dialHost(socket)
		if err != nil {
			fmt.Fprintf(os.Stderr, "The host services cannot be reached: %v\n", err)
			os.Exit(2)
		}
		token := os.Getenv(hostTokenKey)
		s.transport = func(call string) http.RoundTripper { return hostTransport{host: host, token: token, call: call} }
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: protocolVersion, MagicCookieKey: cookieKey, MagicCookieValue: cookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{protocolVersion: {serviceName: served{server: s}}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))...)
		},
		Logger: hclog.NewNullLogger(),
	})
}

// Service is what Serve serves, without a process around it: for sdktest, and for nothing a
// connector does itself. Requests leave by the transport; where it is nil there is no way
// out.
func Service(c Connector, out http.RoundTripper) activityv1.ConnectorServiceServer {
	s := &server{connector: c, log: slog.New(slog.DiscardHandler)}
	if out != nil {
		s.transport = func(string) http.RoundTripper { return out }
	}
	return s
}

// served registers the connector with go-plugin.
type served struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

// GRPCServer implements plugin.GRPCPlugin.
func (p served) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	activityv1.RegisterConnectorServiceServer(s, p.server)
	return nil
}

// GRPCClient implements plugin.GRPCPlugin; a connector has no client side.
func (served) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a connector is no client")
}
