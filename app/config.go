package app

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kohomai/kohomai/adapters/outbound"
)

// Config is what the environment says. Every wrong or unknown setting is named at once.
type Config struct {
	Addr       string // KOHOMAI_ADDR
	PublicURL  string // KOHOMAI_PUBLIC_URL; from the address when empty
	FrontURL   string // KOHOMAI_FRONT_URL; the public one when empty
	DataDir    string // KOHOMAI_DATA_DIR
	Database   string // DATABASE_URL; embedded PostgreSQL when empty
	MigrateURL string // KOHOMAI_MIGRATE_URL; Database when empty
	PGBin      string // KOHOMAI_PG_BIN
	KeyFile    string // KOHOMAI_KEY_FILE
	Egress     outbound.Allow
	SMTP       string // KOHOMAI_SMTP_URL
	// InsecureHTTP lets people sign in without TLS beyond loopback (KOHOMAI_INSECURE_HTTP).
	InsecureHTTP bool
	Log          *slog.Logger
}

var settings = []string{
	"KOHOMAI_ADDR", "KOHOMAI_PUBLIC_URL", "KOHOMAI_FRONT_URL", "KOHOMAI_DATA_DIR", "KOHOMAI_MIGRATE_URL", "KOHOMAI_PG_BIN",
	"KOHOMAI_KEY_FILE", "KOHOMAI_EGRESS_ALLOW", "KOHOMAI_SMTP_URL", "KOHOMAI_INSECURE_HTTP",
}

// reserved are read by tests and tools, not by the server.
var reserved = []string{"KOHOMAI_TEST_PG", "KOHOMAI_REQUIRE_BROWSER", "KOHOMAI_URL"}

// LoadConfig reads the environment as os.Environ gives it.
func LoadConfig(environ []string, log *slog.Logger) (Config, error) {
	env := map[string]string{}
	var wrong []string
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if name == "DATABASE_URL" || slices.Contains(settings, name) {
			env[name] = value
		} else if strings.HasPrefix(name, "KOHOMAI_") && !slices.Contains(reserved, name) {
			wrong = append(wrong, fmt.Sprintf("%s: there is no such setting", name))
		}
	}
	c := Config{
		Addr: env["KOHOMAI_ADDR"], PublicURL: env["KOHOMAI_PUBLIC_URL"], FrontURL: env["KOHOMAI_FRONT_URL"],
		DataDir: env["KOHOMAI_DATA_DIR"], Database: env["DATABASE_URL"], MigrateURL: env["KOHOMAI_MIGRATE_URL"],
		PGBin: env["KOHOMAI_PG_BIN"], KeyFile: env["KOHOMAI_KEY_FILE"], SMTP: env["KOHOMAI_SMTP_URL"], Log: log,
	}
	if c.Addr == "" {
		c.Addr = "127.0.0.1:8080"
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		wrong = append(wrong, "KOHOMAI_ADDR: expected host:port, such as 127.0.0.1:8080")
	}
	for name, raw := range map[string]string{"KOHOMAI_PUBLIC_URL": c.PublicURL, "KOHOMAI_FRONT_URL": c.FrontURL} {
		if u, err := url.Parse(raw); raw != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			wrong = append(wrong, name+": expected an address such as https://kohomai.example.com")
		}
	}
	if c.DataDir == "" {
		c.DataDir = ".data"
	}
	var err error
	if c.DataDir, err = filepath.Abs(c.DataDir); err != nil {
		wrong = append(wrong, "KOHOMAI_DATA_DIR: "+err.Error())
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.DataDir, "kek")
	}
	if c.MigrateURL == "" {
		c.MigrateURL = c.Database
	}
	if c.Egress, err = outbound.ParseAllow(env["KOHOMAI_EGRESS_ALLOW"]); err != nil {
		wrong = append(wrong, "KOHOMAI_EGRESS_ALLOW: "+err.Error())
	}
	if raw := env["KOHOMAI_INSECURE_HTTP"]; raw != "" {
		if c.InsecureHTTP, err = strconv.ParseBool(raw); err != nil {
			wrong = append(wrong, "KOHOMAI_INSECURE_HTTP: expected true or false")
		}
	}
	if c.SMTP != "" {
		if _, err := outbound.ParseMailServer(c.SMTP); err != nil {
			wrong = append(wrong, "KOHOMAI_SMTP_URL: "+err.Error())
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return c, fmt.Errorf("the configuration is wrong:\n  %s", strings.Join(wrong, "\n  "))
	}
	return c, os.MkdirAll(c.DataDir, 0o700)
}
