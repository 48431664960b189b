// Package sdktest judges whether a connector keeps the contract.
//
//	func TestConformance(t *testing.T) {
//		sdktest.Run(t, connector(), sdktest.Sample{Config: []byte(`{"Message":"hello"}`)})
//	}
//
// It plays kohomai's part over a real connection, in sandbox mode: nothing outside is
// reached, and no account is needed. `kohomai plugin verify PATH` asks the same of a program
// in any language.
//
// The room may import the SDK, the generated contract and gRPC.
package sdktest

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/kohomai/kohomai/plugins/sdk"
	"github.com/kohomai/kohomai/plugins/sdktest/contract"
	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// Sample is an activity to try the connector with.
type Sample = contract.Sample

// Run fails the test for everything in which a connector does not keep the contract, each in
// a subtest of its own.
func Run(t *testing.T, c sdk.Connector, samples ...Sample) {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatalf("the connector may not serve: %v", err)
	}
	client := connect(t, c)
	if len(samples) == 0 {
		samples = []Sample{{}}
	}
	for _, s := range samples {
		for _, check := range contract.Checks() {
			t.Run(check.Name, func(t *testing.T) {
				if err := check.Run(t.Context(), client, s); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// connect serves the connector in memory, as its process would.
func connect(t *testing.T, c sdk.Connector) activityv1.ConnectorServiceClient {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(4 << 20))
	activityv1.RegisterConnectorServiceServer(server, sdk.Service(c, nil))
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends by Stop
	}()
	conn, err := grpc.NewClient("passthrough:memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	return activityv1.NewConnectorServiceClient(conn)
}
