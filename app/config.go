package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/outbound"
)

// Config is what environment and flags say; Settings tells what each is. Every wrong or
// unknown setting is named at once.
type Config struct {
	Addr        string
	PublicURL   string // from the address when empty
	FrontURL    string // the public one when empty
	MetricsAddr string // the main address when empty
	Proxies     []netip.Prefix
	DataDir     string
	Database    string // embedded PostgreSQL when empty
	MigrateURL  string
	PGBin       string
	KeyFile     string
	PluginDir   string // the folder plugins beside the program when empty
	SMTP        string
	Egress      outbound.Allow
	Rate        auth.Limit // requests of an API key
	// InsecureHTTP lets people sign in without TLS beyond loopback.
	InsecureHTTP bool
	Log          *slog.Logger
}

// LoadConfig reads the environment as os.Environ gives it; of two entries the later one
// wins, so flags come after. Nothing is touched.
func LoadConfig(environ []string, log *slog.Logger) (Config, error) {
	values := map[string]string{}
	known := map[string]bool{}
	for _, s := range Settings {
		known[s.Name] = true
	}
	var wrong []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		switch why := notYet[name]; {
		case known[name]:
			values[name] = value
		case why != "":
			wrong = append(wrong, name+": "+why)
		case strings.HasPrefix(name, "KOHOMAI_") && !slices.Contains(reserved, name):
			wrong = append(wrong, name+": there is no such setting")
		}
	}
	c := Config{Addr: "127.0.0.1:8080", DataDir: ".data", Rate: auth.DefaultLimit, Log: log}
	for _, s := range Settings {
		if values[s.Name] == "" {
			continue
		}
		if err := s.read(&c, values[s.Name]); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				wrong = append(wrong, s.Name+": "+line)
			}
		}
	}
	var err error
	if c.DataDir, err = filepath.Abs(c.DataDir); err != nil {
		wrong = append(wrong, "KOHOMAI_DATA_DIR: "+err.Error())
	}
	if c.MigrateURL != "" && c.Database == "" {
		wrong = append(wrong, "KOHOMAI_MIGRATE_URL: it names the database of DATABASE_URL, which is not set")
	}
	c.KeyFile = cmp.Or(c.KeyFile, filepath.Join(c.DataDir, "kek"))
	c.MigrateURL = cmp.Or(c.MigrateURL, c.Database)
	c.PluginDir = cmp.Or(c.PluginDir, pluginDir())
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return c, fmt.Errorf("the configuration is wrong:\n  %s", strings.Join(wrong, "\n  "))
	}
	return c, nil
}

// makeDataDir makes the data directory, or says whose it is when it cannot be used. Root
// lets others pass through: embedded PostgreSQL runs as another user.
func (c Config) makeDataDir() error {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(c.DataDir, mode); err != nil {
		return fmt.Errorf("KOHOMAI_DATA_DIR: %w", err)
	}
	probe, err := os.CreateTemp(c.DataDir, ".probe-*")
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("KOHOMAI_DATA_DIR: %s belongs to %s, and %s may not write there: run as that user, or name another folder",
			c.DataDir, owner(c.DataDir), self())
	}
	if err != nil {
		return fmt.Errorf("KOHOMAI_DATA_DIR: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// addresses are where browsers find console and front-office, the server listening at url.
func (c Config) addresses(url string) (public, front string) {
	public = cmp.Or(c.PublicURL, url)
	return public, cmp.Or(c.FrontURL, public)
}
