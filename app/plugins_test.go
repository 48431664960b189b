package app_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kohomai/kohomai/app"
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

func TestVerifyPlugin(t *testing.T) {
	t.Parallel()
	dir := plugins(t)
	video := filepath.Join(t.TempDir(), "video.json")
	if err := os.WriteFile(video, []byte(`{"Url":"/media/welcome.webm"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := app.Config{Log: slog.New(slog.DiscardHandler)}
	for name, config := range map[string]string{"echo": "", "calendly": "", "video": video} {
		var out strings.Builder
		if err := app.VerifyPlugin(t.Context(), c, filepath.Join(dir, name), config, &out); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	// A connector without the configuration it requires, and a program that is none.
	var out strings.Builder
	if err := app.VerifyPlugin(t.Context(), c, filepath.Join(dir, "video"), "", &out); err == nil || !strings.Contains(out.String(), "FAIL  start") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if err := app.VerifyPlugin(t.Context(), c, "/bin/true", "", &out); err == nil {
		t.Error("/bin/true keeps the contract")
	}
}
