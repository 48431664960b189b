// Package outbound is the only door through which kohomai speaks to hosts that
// somebody else named: company web sites, webhook receivers, providers.
//
// The guarded HTTP transport judges every request twice. The address in the URL
// must be https on port 443 or 8443, without user information. The address the
// name resolved to is judged at connect time, inside the dialer, so a resolver
// that answers differently the second time (DNS rebinding) gains nothing, and
// neither does a redirect: each hop is a request of its own and is judged the
// same way. What the operator lists in KOHOMAI_EGRESS_ALLOW is exempt from both.
//
// The room may touch the network and nothing else: no store, no clock beyond
// deadlines, no file. Callers receive an http.RoundTripper or an *http.Client
// and never learn about this package.
package outbound
