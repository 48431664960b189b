package embedpg

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// superuser is the role that initdb makes.
const superuser = "postgres"

// confName is our part of the configuration, written anew at each start and
// included by postgresql.conf, where what an operator adds below wins.
const confName = "kohomai.conf"

// lastingSettings suit a small machine that serves others too. What decides
// whether a commit survives a crash is not here but on the command line (see
// durable), out of reach of a file.
func lastingSettings() map[string]string {
	return map[string]string{
		"max_connections":    "200",
		"shared_buffers":     "256MB",
		"wal_compression":    "on",
		"max_wal_size":       "2GB",
		"min_wal_size":       "128MB",
		"checkpoint_timeout": "15min",
		// Spread the writes of a checkpoint over nearly all of the time to the next.
		"checkpoint_completion_target": "0.9",
		"jit":                          "off", // short statements; compiling costs more than it saves
		"timezone":                     "UTC",
		"log_timezone":                 "UTC",
		"lc_messages":                  "C",
		// LOG, FATAL and PANIC only: statements that fail are the caller's to
		// report, and their text and details hold personal data.
		"log_min_messages":        "log",
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
		"log_line_prefix":         "%m [%p] ",
	}
}

// durable makes an acknowledged commit survive the death of the machine.
var durable = map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}

// fleeting is for clusters that are thrown away.
var fleeting = map[string]string{"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}

// create makes the cluster of h. A crash half-way leaves no cluster: the
// folder gets its name last.
func (h home) create(ctx context.Context, b Binaries, random io.Reader, sync bool) error {
	if err := h.clean(); err != nil {
		return err
	}
	password, err := randomPassword(random)
	if err != nil {
		return err
	}
	if err := writeFile(h.password(), []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	// initdb reads the password as the account, which may not read ours.
	pwfile := filepath.Join(h.dir, "password.initdb")
	if err := os.WriteFile(pwfile, []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	defer os.Remove(pwfile) //nolint:errcheck // clean removes it at the next try
	if err := h.account.give(pwfile); err != nil {
		return err
	}
	part := filepath.Join(h.dir, "data.part")
	if err := os.Mkdir(part, 0o700); err != nil {
		return err
	}
	if err := h.account.give(part); err != nil {
		return err
	}

	args := []string{
		"-D", part, "-U", superuser, "--pwfile", pwfile,
		"--auth=scram-sha-256", "--data-checksums", "--encoding=UTF8", "--no-instructions",
	}
	args = append(args, locale(b.Major)...)
	if !sync {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, b.path("initdb"), args...) // #nosec G204 -- the chosen binaries
	cmd.Env = childEnv()
	cmd.Dir = "/"
	cmd.SysProcAttr = h.account.attributes()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb of PostgreSQL %s in %s: %w: %s", b.Version, h.dir, err, tailOf(out.String()))
	}
	conf, err := os.OpenFile(filepath.Join(part, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0) // #nosec G304
	if err != nil {
		return err
	}
	_, err = conf.WriteString("\n# What kohomai sets; written anew at each start. Lines below this one win.\ninclude_if_exists = '" + confName + "'\n")
	if err == nil && sync {
		err = conf.Sync()
	}
	if err := errors.Join(err, conf.Close()); err != nil {
		return err
	}
	if err := os.Rename(part, h.data()); err != nil {
		return err
	}
	return syncDir(h.dir)
}

// clean removes what an interrupted create left.
func (h home) clean() error {
	for _, name := range []string{"data.part", "password.initdb"} {
		if err := os.RemoveAll(filepath.Join(h.dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// locale compares text by code point, everywhere the same, and still knows
// the case of letters beyond ASCII.
func locale(major int) []string {
	switch {
	case major >= 17:
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	case runtime.GOOS == "linux":
		return []string{"--locale=C.UTF-8"}
	default:
		return []string{"--locale=C"}
	}
}

// configure writes our part of the configuration.
func (h home) configure(settings ...map[string]string) error {
	all := map[string]string{}
	for _, more := range settings {
		for name, value := range more {
			all[name] = value
		}
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	text.WriteString("# Written by kohomai at each start; changes belong into postgresql.conf.\n")
	for _, name := range names {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.ReplaceAll(all[name], "'", "''"))
	}
	path := filepath.Join(h.data(), confName)
	if err := writeFile(path, []byte(text.String()), 0o600); err != nil {
		return err
	}
	return h.account.give(path)
}

func (h home) readPassword() (string, error) {
	text, err := os.ReadFile(h.password())
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("the password of the cluster in %s is gone (%s)", h.dir, h.password())
	}
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(text)), nil
}

// randomPassword is 256 bits that need no escaping in a URL.
func randomPassword(random io.Reader) (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("making a password: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// tailOf keeps the last lines of a program's output for an error.
func tailOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > 8 {
		lines = lines[len(lines)-8:]
	}
	return strings.Join(lines, "; ")
}
