package app_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var built struct {
	once sync.Once
	dir  string
	err  error
}

// plugins builds the bundled connectors, once for all tests, as `make plugins` does.
func plugins(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "kohomai-plugins-"); built.err != nil {
			return
		}
		out, err := exec.CommandContext(context.Background(), "go", "build", "-o", built.dir+"/", "../plugins/...").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("building the connectors: %w\n%s", err, out)
			return
		}
		built.err = approve(built.dir)
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

// approve writes the digests of all programs of a folder.
func approve(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var sums []byte
	for _, f := range files {
		raw, err := os.ReadFile(filepath.Join(dir, f.Name())) // #nosec G304 -- built above
		if err != nil {
			return err
		}
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(raw), f.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), sums, 0o600)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if binaryDir != "" {
		_ = os.RemoveAll(binaryDir)
	}
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}
