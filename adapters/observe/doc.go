// Package observe tells operators what the program does: log lines without personal data
// or secrets, and figures for Prometheus. It decorates; nothing depends on it being there.
// It knows core and no other adapter.
package observe
