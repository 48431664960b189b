// Package pluginhost runs connectors: programs of their own that speak the contract of
// proto/activity. It implements core/activity's Runner and Catalog for them.
//
// What it holds to. A program is run only from a private copy whose digest is the one
// SHA256SUMS beside it names, read afresh at each start. It inherits no environment, has no
// standard input, speaks over a private unix socket with certificates made for this one
// process, is limited, and is killed with all it started when the host ends. One that ends
// is started again after a while; five ends in a row without a successful call between them
// and it stays down until somebody looks. A call is made once: whatever goes wrong with it
// is a failed outcome, and trying again is the engine's business.
//
// What it protects against: crashes, hangs, leaks and mistakes. A hostile program of the
// same user is not kept from that user's files.
//
// The room may import core, the generated contract, go-plugin and gRPC.
package pluginhost
