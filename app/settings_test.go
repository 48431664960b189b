package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/app"
)

func TestArch_SettingsAreDocumented(t *testing.T) {
	t.Parallel()
	const path = "../docs/configuration.md"
	want := app.SettingsDoc()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { // #nosec G306 -- a page
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/configuration.md is stale: make gen/docs (%v)", err)
	}
}

func load(entries ...string) (app.Config, error) {
	return app.LoadConfig(entries, slog.New(slog.DiscardHandler))
}

func TestLoadConfig_NamesEveryWrongSettingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := load("KOHOMAI_ADDR=nowhere", "KOHOMAI_PUBLIC_URL=ftp://x", "KOHOMAI_FRONT_URL=https://x.example/path", "KOHOMAI_METRICS_ADDR=:99999",
		"KOHOMAI_TRUSTED_PROXIES=10.0.0.1/8", "KOHOMAI_INSECURE_HTTP=maybe", "DATABASE_URL=postgres://u:geheim@h:port/d",
		"KOHOMAI_SMTP_URL=http://x", "KOHOMAI_EGRESS_ALLOW=http://x", "KOHOMAI_NOPE=1", "KOHOMAI_FILES_URL=https://x", "OTHER=1", "KOHOMAI_API_KEY=x")
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{
		"KOHOMAI_ADDR: expected host:port", "KOHOMAI_PUBLIC_URL: expected scheme", "KOHOMAI_FRONT_URL: expected scheme", "KOHOMAI_METRICS_ADDR: expected",
		`KOHOMAI_TRUSTED_PROXIES: "10.0.0.1/8"`, "KOHOMAI_INSECURE_HTTP: expected true or false", "DATABASE_URL: expected an address",
		"KOHOMAI_SMTP_URL: has scheme", "KOHOMAI_EGRESS_ALLOW: ", "KOHOMAI_NOPE: there is no such setting", "KOHOMAI_FILES_URL: documents are not served yet",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "OTHER") || strings.Contains(err.Error(), "API_KEY") {
		t.Errorf("%v", err)
	}
	if _, err := load("KOHOMAI_MIGRATE_URL=postgres://h/d"); err == nil || !strings.Contains(err.Error(), "which is not set") {
		t.Errorf("a migration without its database: %v", err)
	}
}

func TestLoadConfig_Defaults(t *testing.T) {
	t.Parallel()
	c, err := load("KOHOMAI_DATA_DIR=/nonexistent/k", "KOHOMAI_PUBLIC_URL=https://k.example/", "KOHOMAI_ADDR=127.0.0.1:1", "KOHOMAI_ADDR=127.0.0.1:2", "DATABASE_URL=postgres://h/d")
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:2" || c.PublicURL != "https://k.example" || c.KeyFile != filepath.Join("/nonexistent/k", "kek") || c.MigrateURL != c.Database {
		t.Errorf("%+v", c)
	}
	if c, err := load("KOHOMAI_ADDR="); err != nil || c.Addr != "127.0.0.1:8080" || filepath.Base(c.DataDir) != ".data" {
		t.Errorf("%+v %v", c, err)
	}
}

func TestSettings_FlagsAreNamedAlike(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range app.Settings {
		if seen[s.Flag()] || s.Doc == "" || s.Default == "" || strings.ToUpper(strings.ReplaceAll(s.Flag(), "-", "_")) != strings.TrimPrefix(s.Name, "KOHOMAI_") {
			t.Errorf("%s as --%s", s.Name, s.Flag())
		}
		seen[s.Flag()] = true
	}
}
