package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeJSON replaces a small file that only its owner may read.
func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	return os.Rename(fresh, path)
}

// Running is the address of the server over a data directory, or an error when none runs.
func Running(c Config) (string, error) {
	raw, err := os.ReadFile(filepath.Join(c.DataDir, "server.json")) // #nosec G304 -- the operator's own folder
	var s struct {
		URL string `json:"url"`
	}
	if err != nil || json.Unmarshal(raw, &s) != nil {
		return "", errors.New("no server runs over this data directory: start one with make run or kohomai serve")
	}
	return strings.TrimSuffix(s.URL, "/"), nil
}
