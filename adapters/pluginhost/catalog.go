package pluginhost

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// SumsFile names the file beside the connectors that approves them: lines of a SHA-256 in
// hex, two spaces and a file name, as sha256sum writes them.
const SumsFile = "SHA256SUMS"

var (
	idForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// program is one approved connector as it lies on disk.
type program struct {
	id     string
	source string
	digest string
}

// readCatalog reads what a directory approves, in the order of its file. A directory that
// does not exist approves nothing; a line that makes no sense is an error, because a
// half-read approval is none.
func readCatalog(dir string) ([]program, error) {
	f, err := os.Open(filepath.Join(dir, SumsFile)) // #nosec G304 -- the operator's own directory
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the catalog of connectors: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	var all []program
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		digest, name, _ := strings.Cut(line, " ")
		name = strings.TrimPrefix(strings.TrimSpace(name), "*")
		name = strings.TrimPrefix(name, "./")
		if !digestForm.MatchString(digest) || !idForm.MatchString(name) {
			return nil, fmt.Errorf("%s line %d: want a SHA-256 in hex and a connector's name", SumsFile, n)
		}
		if seen[name] {
			return nil, fmt.Errorf("%s line %d: %s stands twice", SumsFile, n, name)
		}
		seen[name] = true
		all = append(all, program{id: name, source: filepath.Join(dir, name), digest: digest})
	}
	return all, lines.Err()
}

// errDigest says that a program is not the one that was approved.
var errDigest = errors.New("the file is not the one " + SumsFile + " approves")

// install copies a program into a private folder named by its digest and returns the
// copy's path. What was copied is what was hashed, so nobody can change it in between.
func (p program) install(private string) (string, error) {
	folder := filepath.Join(private, p.digest)
	target := filepath.Join(folder, p.id)
	if p.verify(target) == nil {
		return target, nil
	}
	info, err := os.Lstat(p.source)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("the file is not a regular one")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	in, err := os.Open(p.source)
	if err != nil {
		return "", err
	}
	defer in.Close() //nolint:errcheck // only read
	out, err := os.CreateTemp(folder, ".copy-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(out.Name()) //nolint:errcheck // gone after the rename
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), in)
	if err == nil {
		err = out.Chmod(0o500)
	}
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", err
	}
	if hex.EncodeToString(hash.Sum(nil)) != p.digest {
		return "", errDigest
	}
	return target, os.Rename(out.Name(), target)
}

// verify hashes a copy afresh.
func (p program) verify(path string) error {
	f, err := os.Open(path) // #nosec G304 -- our own private copy
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != p.digest {
		return errDigest
	}
	return nil
}
