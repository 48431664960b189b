package embedpg

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// npmLinks lists, inside the package's native folder, the symbolic links that
// an npm archive cannot hold. The package makes them in an install script; npm
// blocks those by default, so they are made here.
const npmLinks = "pg-symlinks.json"

// npmPlatform is the name of this machine's package in the scope @embedded-postgres.
func npmPlatform() string {
	arch := runtime.GOARCH
	switch arch {
	case "amd64":
		arch = "x64"
	case "386":
		arch = "ia32"
	case "ppc64le":
		arch = "ppc64"
	}
	return runtime.GOOS + "-" + arch
}

// restoreLinks makes the links of an installation at prefix (the package's
// native folder). Links that are there already stay; several processes may do
// this at once.
func restoreLinks(prefix string) error {
	text, err := os.ReadFile(filepath.Join(prefix, npmLinks)) // #nosec G304 G703 -- below the chosen installation
	if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("%s: %w", npmLinks, err)
	}
	// Entries are relative to the package, one folder up.
	root := filepath.Dir(prefix)
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("%s: %q -> %q leaves the package", npmLinks, l.Target, l.Source)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("%s: %w", npmLinks, err)
		}
		at := filepath.Join(root, l.Target)
		if _, err := os.Stat(at); err == nil { // #nosec G703 -- below the chosen installation
			continue
		}
		if err := os.Symlink(to, at); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("restoring the links of the PostgreSQL package: %w", err)
		}
	}
	return nil
}

// copyTo puts a relocatable installation below dir, readable by every user,
// and returns it. A copy that is there already is used again.
func (b Binaries) copyTo(dir string) (Binaries, error) {
	if b.prefix == "" {
		return Binaries{}, fmt.Errorf("the PostgreSQL binaries in %s cannot be reached by the unprivileged user and cannot be moved; set %s to an installation that everybody may read", b.Dir, EnvBin)
	}
	// The package's folder name and PostgreSQL's version tell copies apart.
	to := filepath.Join(dir, "postgresql-"+b.Version)
	moved := b
	moved.prefix = to
	moved.Dir = filepath.Join(to, "bin")
	if _, err := os.Stat(to); err == nil {
		return moved, nil
	}
	part, err := os.MkdirTemp(dir, "postgresql-copy-")
	if err != nil {
		return Binaries{}, err
	}
	defer os.RemoveAll(part) //nolint:errcheck // gone after the rename; a leftover is harmless
	if err := copyTree(b.prefix, part); err != nil {
		return Binaries{}, fmt.Errorf("copying the PostgreSQL binaries: %w", err)
	}
	if err := os.Rename(part, to); err != nil && !errors.Is(err, fs.ErrExist) {
		return Binaries{}, fmt.Errorf("copying the PostgreSQL binaries: %w", err)
	}
	return moved, nil
}

func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			if err := os.MkdirAll(at, 0o755); err != nil { // #nosec G301 -- programs, read by another user
				return err
			}
			return os.Chmod(at, 0o755) // #nosec G302 -- also under a strict umask
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, at) // #nosec G122 -- nobody else writes to the installation
		default:
			return copyFile(path, at)
		}
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from) // #nosec G304 -- below the chosen installation
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	info, err := in.Stat()
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode) // #nosec G304
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Chmod(mode)
}
