// Package connectapi holds the handlers of the public services: they turn messages into
// calls of core and answers back, and decide nothing. Who may call what stands in one
// table (policy.go); what a refusal looks like stands in fault.go.
package connectapi
