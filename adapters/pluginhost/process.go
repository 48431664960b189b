package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// The handshake: how a connector's program and the host know each other. The same words
// stand in the SDK; they change together with the version of the contract.
const (
	cookieKey       = "KOHOMAI_CONNECTOR"
	cookieValue     = "activity.v1"
	protocolVersion = 1
	serviceName     = "connector"
	hostSocketKey   = "KOHOMAI_HOST_SOCKET"
	hostTokenKey    = "KOHOMAI_HOST_TOKEN" // the name of a variable, no credential
)

const (
	startTimeout = 10 * time.Second
	// maxMessage is the largest message accepted from a connector, in bytes.
	maxMessage = 4 << 20
)

// process is one running connector.
type process struct {
	child  *child
	client *plugin.Client
	api    activityv1.ConnectorServiceClient
	token  string
}

// launch starts a program and waits until it speaks. The caller ends it with stop.
func launch(path, sockets, hostSocket string, log *logWriter) (*process, error) {
	p := &process{token: secret()}
	env := []string{"GOMEMLIMIT=256MiB", "GOMAXPROCS=1", hostSocketKey + "=" + hostSocket, hostTokenKey + "=" + p.token}
	for _, name := range []string{"PATH", "TZ", "LANG"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	p.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion: protocolVersion, MagicCookieKey: cookieKey, MagicCookieValue: cookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{protocolVersion: {serviceName: dialed{}}},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			p.child = newChild(path, append(env, spec.Env...))
			return p.child, nil
		},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: sockets},
		StartTimeout:     startTimeout,
		Stderr:           log,
		SyncStdout:       log,
		SyncStderr:       log,
		Logger:           hclog.NewNullLogger(),
		GRPCDialOptions:  []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))},
	})
	protocol, err := p.client.Client()
	if err == nil {
		var service any
		if service, err = protocol.Dispense(serviceName); err == nil {
			p.api, _ = service.(activityv1.ConnectorServiceClient)
		}
	}
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("the program does not start as a connector: %w", err)
	}
	return p, nil
}

// describe asks the process who it is.
func (p *process) describe(ctx context.Context) (*activityv1.Manifest, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	answer, err := p.api.Describe(ctx, &activityv1.DescribeRequest{})
	if err != nil {
		return nil, fmt.Errorf("asking the connector for its manifest: %w", err)
	}
	if answer.GetManifest() == nil {
		return nil, errors.New("the connector answers no manifest")
	}
	return answer.GetManifest(), nil
}

// ended is closed when the process is gone.
func (p *process) ended() <-chan struct{} { return p.child.ended }

// gone reports whether the process has ended.
func (p *process) gone() bool {
	select {
	case <-p.ended():
		return true
	default:
		return false
	}
}

// stop ends the process: asked first, then killed with all it started. It returns when
// nothing of it is left, and may be called again.
func (p *process) stop() { p.client.Kill() }

// dialed makes the client side of the contract for go-plugin.
type dialed struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements plugin.GRPCPlugin; the host serves nothing this way.
func (dialed) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host is no connector")
}

// GRPCClient implements plugin.GRPCPlugin.
func (dialed) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return activityv1.NewConnectorServiceClient(conn), nil
}
