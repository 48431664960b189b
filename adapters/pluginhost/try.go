package pluginhost

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	activityv1 "github.com/kohomai/kohomai/proto/gen/activity/v1"
)

// Try runs a program as a connector for a moment, approved by whoever names it: to judge it
// before it is in any catalog. What it logs goes to log. The returned function ends it.
func Try(_ context.Context, path string, log *slog.Logger) (activityv1.ConnectorServiceClient, func(), error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is not a program", path)
	}
	sockets, err := os.MkdirTemp("", "kohomai-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder for the connector's socket: %w", err)
	}
	writer := &logWriter{log: log, clean: &redactor{}, now: wall{}.Now}
	p, err := launch(path, sockets, "", writer)
	if err != nil {
		return nil, nil, fmt.Errorf("%w%s", err, removing(sockets))
	}
	return p.api, func() {
		p.stop()
		_ = os.RemoveAll(sockets) // a temporary folder
	}, nil
}

// removing removes a folder and says in words when that failed.
func removing(folder string) string {
	if err := os.RemoveAll(folder); err != nil {
		return "; " + err.Error()
	}
	return ""
}
