package embedpg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Names inside the data directory.
const (
	lockName    = "pg.lock"
	addressName = "pg.json"
	insideName  = "postgres"      // the home of a cluster that stays inside
	noteName    = "postgres.path" // where the home is when it is elsewhere
)

// home is the folder that a cluster lives in, with what belongs to it: data/,
// the superuser's password, PostgreSQL's log, and binaries where they had to
// be copied.
type home struct {
	dir     string
	account account
}

func (h home) data() string     { return filepath.Join(h.dir, "data") }
func (h home) password() string { return filepath.Join(h.dir, "password") }
func (h home) log() string      { return filepath.Join(h.dir, "postgres.log") }

// exists tells whether a cluster was made here.
func (h home) exists() bool {
	_, err := os.Stat(filepath.Join(h.data(), "PG_VERSION"))
	return err == nil
}

// major is the release that made the cluster; 0 when there is none yet.
func (h home) major() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s does not name a release of PostgreSQL", filepath.Join(h.data(), "PG_VERSION"))
	}
	return n, nil
}

// makeDataDir makes the data directory. Root lets others pass through, so that
// the cluster can stay inside; what it holds has its own modes.
func makeDataDir(dir string) error {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	return os.MkdirAll(dir, mode)
}

// locate decides where the cluster of a data directory lives and which user
// runs it, and makes the folder. It is called under the lock.
//
// Not root: inside the data directory, as ourselves. Root: as the owner of the
// cluster that is there, else as the first of the accounts; inside when that
// user can pass through to it, else below the shared root, and the data
// directory gets a note of it.
func locate(o Options) (home, error) {
	inside := home{dir: filepath.Join(o.DataDir, insideName)}
	if os.Geteuid() != 0 {
		if noted, err := readNote(o.DataDir); err != nil {
			return home{}, err
		} else if noted != "" {
			return home{}, fmt.Errorf("the cluster of %s was made by root and lives in %s; run as root again, or remove %s to begin anew",
				o.DataDir, noted, filepath.Join(o.DataDir, noteName))
		}
		return inside, os.MkdirAll(inside.dir, 0o700)
	}

	noted, err := readNote(o.DataDir)
	if err != nil {
		return home{}, err
	}
	if noted != "" {
		return elsewhere(o, noted)
	}
	if inside.exists() {
		owner, err := ownerOf(inside.data())
		if err != nil {
			return home{}, err
		}
		inside.account = owner
		if !owner.reaches(inside.dir) {
			return home{}, fmt.Errorf("the cluster in %s belongs to user %s, who cannot reach it any more: let others pass through the folders above it (chmod o+x)", inside.dir, owner.name)
		}
		return inside, nil
	}
	if inside.account, err = lookupAccount(o.Accounts); err != nil {
		return home{}, err
	}
	if inside.account.reaches(o.DataDir) {
		return inside, makeHome(inside.dir)
	}

	at := filepath.Join(o.SharedRoot, digest(o.DataDir))
	if _, err := os.Stat(at); err == nil {
		// A cluster of a data directory of the same name that was since
		// removed, its keys with it. Kept, but not used.
		aside := at + "." + strconv.FormatInt(o.Now().Unix(), 10)
		if err := os.Rename(at, aside); err != nil {
			return home{}, err
		}
		o.Log.Warn("a cluster of an earlier data directory of this name was put aside", "path", aside)
	}
	// The note comes first: a folder without one would be put aside.
	if err := writeFile(filepath.Join(o.DataDir, noteName), []byte(at+"\n"), 0o600); err != nil {
		return home{}, err
	}
	return elsewhere(o, at)
}

func elsewhere(o Options, dir string) (home, error) {
	h := home{dir: dir}
	var err error
	if h.exists() {
		h.account, err = ownerOf(h.data())
	} else {
		h.account, err = lookupAccount(o.Accounts)
	}
	if err != nil {
		return home{}, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { // #nosec G301 -- another user passes through
		return home{}, err
	}
	if err := makeHome(dir); err != nil {
		return home{}, err
	}
	if !h.account.reaches(dir) {
		return home{}, fmt.Errorf("user %s cannot reach %s: let others pass through the folders above it (chmod o+x)", h.account.name, dir)
	}
	return h, nil
}

// Erase removes the cluster of a data directory for good, wherever it lives.
// ErrHeld means that a process runs it. Nothing to remove is no error.
func Erase(ctx context.Context, dataDir string) (err error) {
	dir, err := realPath(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := acquire(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Close()) }()
	noted, err := readNote(dir)
	if err != nil {
		return err
	}
	for _, h := range []home{{dir: filepath.Join(dir, insideName)}, {dir: noted}} {
		if h.dir == "" {
			continue
		}
		if err := evict(ctx, h); err != nil {
			return err
		}
		if err := os.RemoveAll(h.dir); err != nil {
			return err
		}
	}
	return errors.Join(removeIfThere(filepath.Join(dir, noteName)), removeIfThere(filepath.Join(dir, addressName)))
}

// makeHome makes the folder of a cluster that another user runs.
func makeHome(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil { // #nosec G301 -- another user passes through; its files have their own modes
		return err
	}
	return os.Chmod(dir, 0o711) // #nosec G302 -- also under a strict umask
}

// reaches tells whether the account may pass through every folder down to dir.
func (a account) reaches(dir string) bool {
	if !a.drop {
		return true
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(real)
		if err != nil || !a.may(info, 0o1) {
			return false
		}
		parent := filepath.Dir(real)
		if parent == real {
			return true
		}
		real = parent
	}
}

// runs tells whether the account may run the binaries and read what they load.
func (a account) runs(b Binaries) bool {
	if !a.drop {
		return true
	}
	if !a.reaches(b.Dir) {
		return false
	}
	paths := []string{b.path("postgres"), b.path("initdb")}
	if b.prefix != "" {
		paths = append(paths, filepath.Join(b.prefix, "lib"), filepath.Join(b.prefix, "share"))
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil || !a.may(info, 0o5) {
			return false
		}
	}
	return true
}

// digest names a data directory in the shared root.
func digest(dataDir string) string {
	sum := sha256.Sum256([]byte(dataDir))
	return hex.EncodeToString(sum[:8])
}

func readNote(dataDir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, noteName)) // #nosec G304 -- in the data directory
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	at := strings.TrimSpace(string(text))
	if !filepath.IsAbs(at) {
		return "", fmt.Errorf("%s must hold one absolute path", filepath.Join(dataDir, noteName))
	}
	return at, nil
}

// writeFile replaces a file so that a reader, or a crash, sees the old or the
// new one whole.
func writeFile(path string, text []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) // #nosec G304
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
