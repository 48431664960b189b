// Package yaml turns the YAML that people write into JSON and back, and remembers on
// which line everything stood. It knows nothing of funnels: what the JSON must say is
// judged by who reads it.
package yaml
