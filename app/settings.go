package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/outbound"
)

// Setting is one line of the configuration: an environment variable and the flag of the
// same name. docs/configuration.md is made from this table.
type Setting struct {
	// Name of the environment variable.
	Name string
	// Default as the documentation tells it.
	Default string
	// Doc says what it is, in sentences.
	Doc string
	// Example of a value; empty for none.
	Example string
	// read takes a value that is not empty and says what is wrong with it.
	read func(c *Config, raw string) error
}

// Flag is the command line's name of the setting: KOHOMAI_DATA_DIR is --data-dir.
func (s Setting) Flag() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(s.Name, "KOHOMAI_")), "_", "-")
}

// Settings are all there are, in the order of the documentation. What nothing reads does
// not stand here: it would be taken silently.
var Settings = []Setting{
	{
		Name: "KOHOMAI_ADDR", Default: "`127.0.0.1:8080`", Example: "0.0.0.0:8080",
		Doc:  "Where the server listens. Port 0 picks a free one.",
		read: func(c *Config, raw string) error { return readAddress(&c.Addr, raw) },
	},
	{
		Name: "KOHOMAI_PUBLIC_URL", Default: "from the address", Example: "https://kohomai.example.com",
		Doc:  "How the world reaches the server: links, the API's description and cookies follow it. Set it behind a proxy.",
		read: func(c *Config, raw string) error { return readURL(&c.PublicURL, raw) },
	},
	{
		Name: "KOHOMAI_FRONT_URL", Default: "the public one", Example: "https://onboarding.example.com",
		Doc:  "The front-office's own host. Leads then share no cookies with the console.",
		read: func(c *Config, raw string) error { return readURL(&c.FrontURL, raw) },
	},
	{
		Name: "KOHOMAI_METRICS_ADDR", Default: "none: `/metrics` on the main address", Example: "127.0.0.1:9090",
		Doc:  "An address of its own for Prometheus. The main one then has no `/metrics`.",
		read: func(c *Config, raw string) error { return readAddress(&c.MetricsAddr, raw) },
	},
	{
		Name: "KOHOMAI_TRUSTED_PROXIES", Default: "none", Example: "127.0.0.1, 10.0.0.0/8",
		Doc:  "Addresses and networks of the proxies before the server. Only their `X-Forwarded-For` is believed.",
		read: func(c *Config, raw string) (err error) { c.Proxies, err = readNetworks(raw); return err },
	},
	{
		Name: "KOHOMAI_INSECURE_HTTP", Default: "`false`", Example: "true",
		Doc: "Sign-in without TLS beyond loopback. Cookies then travel readable: for a closed network, never for the world.",
		read: func(c *Config, raw string) (err error) {
			if c.InsecureHTTP, err = strconv.ParseBool(raw); err != nil {
				return errors.New("expected true or false")
			}
			return nil
		},
	},
	{
		Name: "KOHOMAI_DATA_DIR", Default: "`.data`", Example: "/var/lib/kohomai",
		Doc:  "What belongs to this node: embedded PostgreSQL, the key file, `server.json`, `demo.json`.",
		read: func(c *Config, raw string) error { c.DataDir = raw; return nil },
	},
	{
		Name: "DATABASE_URL", Default: "none: embedded PostgreSQL", Example: "postgres://kohomai:secret@db.internal/kohomai",
		Doc:  "Your own PostgreSQL, 15 or later. Serving acts as the role `kohomai_app`, which the login role may become.",
		read: func(c *Config, raw string) error { return readDatabase(&c.Database, raw) },
	},
	{
		Name: "KOHOMAI_MIGRATE_URL", Default: "`DATABASE_URL`", Example: "postgres://owner:secret@db.internal/kohomai",
		Doc:  "The same database for `migrate`, as a role that owns it and may make roles. Serving then needs neither right.",
		read: func(c *Config, raw string) error { return readDatabase(&c.MigrateURL, raw) },
	},
	{
		Name: "KOHOMAI_PG_BIN", Default: "found", Example: "/usr/lib/postgresql/17/bin",
		Doc:  "Folder of `postgres` and `initdb` for the embedded PostgreSQL.",
		read: func(c *Config, raw string) error { c.PGBin = raw; return nil },
	},
	{
		Name: "KOHOMAI_KEY_FILE", Default: "`kek` in the data directory", Example: "/etc/kohomai/kek",
		Doc:  "The key that encrypts keys, made on the first start. What it protects is lost with it: keep a copy, apart from the database's.",
		read: func(c *Config, raw string) error { c.KeyFile = raw; return nil },
	},
	{
		Name: "KOHOMAI_PLUGIN_DIR", Default: "the folder `plugins` beside the program", Example: "/usr/lib/kohomai/plugins",
		Doc:  "Where connectors are: programs, and the `SHA256SUMS` that approves them. Only what it names is run.",
		read: func(c *Config, raw string) error { c.PluginDir = raw; return nil },
	},
	{
		Name: "KOHOMAI_SMTP_URL", Default: "none: a live workspace cannot send", Example: "smtps://user:secret@mail.example.com?from=onboarding@example.com",
		Doc: "The mail server. Sandbox workspaces never use it: their mail is caught.",
		read: func(c *Config, raw string) error {
			c.SMTP = raw
			_, err := outbound.ParseMailServer(raw)
			return err
		},
	},
	{
		Name: "KOHOMAI_RATE_LIMIT", Default: "`100/200`", Example: "500/1000",
		Doc:  "How many requests an API key may make a second, and at once, on each node; `off` for no limit.",
		read: func(c *Config, raw string) (err error) { c.Rate, err = auth.ParseLimit(raw); return err },
	},
	{
		Name: "KOHOMAI_EGRESS_ALLOW", Default: "none", Example: "erp.internal, 10.20.0.0/16",
		Doc:  "Private hosts and networks that webhooks, connectors and enrichment may reach, over plain HTTP too. All others must be public addresses.",
		read: func(c *Config, raw string) (err error) { c.Egress, err = outbound.ParseAllow(raw); return err },
	},
}

// notYet are settings that were announced and that nothing reads: said apart from a
// misspelled name.
var notYet = map[string]string{
	"KOHOMAI_FILES_URL": "documents are not served yet; leave it out",
}

// reserved are read by tests and by clients, not by the server.
var reserved = []string{"KOHOMAI_TEST_PG", "KOHOMAI_REQUIRE_BROWSER", "KOHOMAI_URL", "KOHOMAI_API_KEY"}

func readAddress(into *string, raw string) error {
	*into = raw
	_, port, err := net.SplitHostPort(raw)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("expected host:port, such as 127.0.0.1:8080")
	}
	return nil
}

func readURL(into *string, raw string) error {
	*into = strings.TrimSuffix(raw, "/")
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("expected scheme and host alone, such as https://kohomai.example.com")
	}
	return nil
}

func readDatabase(into *string, raw string) error {
	*into = raw
	if _, err := pgx.ParseConfig(raw); err != nil {
		// The driver's own words quote the address, and with it a password.
		return errors.New("expected an address such as postgres://user:password@host:5432/database")
	}
	return nil
}

func readNetworks(raw string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var wrong []error
	for entry := range strings.FieldsFuncSeq(raw, func(r rune) bool { return r == ',' || r == ' ' }) {
		if addr, err := netip.ParseAddr(entry); err == nil {
			networks = append(networks, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
		} else if prefix, err := netip.ParsePrefix(entry); err == nil && prefix.Masked() == prefix {
			networks = append(networks, prefix)
		} else {
			wrong = append(wrong, fmt.Errorf("%q is no address and no network such as 10.0.0.0/8", entry))
		}
	}
	return networks, errors.Join(wrong...)
}
