package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/pluginhost"
	"github.com/kohomai/kohomai/migrations"
)

// severity of what the doctor found.
type severity string

const (
	fine    severity = "ok"
	doubt   severity = "warning"
	failure severity = "error"
)

// doctor gathers findings and prints each as it is made.
type doctor struct {
	c        Config
	out      io.Writer
	warnings int
	errors   int
}

// say prints one finding; what is not fine comes with its remedy.
func (d *doctor) say(s severity, subject, text, remedy string) {
	_, _ = fmt.Fprintf(d.out, "%-8s %-11s %s\n", s, subject, text)
	if remedy != "" {
		_, _ = fmt.Fprintf(d.out, "%-8s %-11s → %s\n", "", "", remedy)
	}
	switch s {
	case doubt:
		d.warnings++
	case failure:
		d.errors++
	case fine:
	}
}

// Doctor checks what kohomai stands on and prints every finding with its remedy. It fails
// when something must be mended before serving.
func Doctor(ctx context.Context, c Config, out io.Writer) error {
	d := &doctor{c: c, out: out}
	d.dataDir()
	d.keyFile()
	d.database(ctx)
	d.hosts()
	d.mail()
	d.connectors()
	d.server(ctx)
	_, _ = fmt.Fprintf(out, "%d errors, %d warnings\n", d.errors, d.warnings)
	if d.errors > 0 {
		return errors.New("something must be mended before kohomai can serve")
	}
	return nil
}

// Bounds of what is called little disk, and of clocks that go wrong.
const (
	littleDisk = 2 << 30
	noDisk     = 200 << 20
	smallSkew  = 2 * time.Second
	largeSkew  = 5 * time.Minute
)

func (d *doctor) dataDir() {
	if err := d.c.makeDataDir(); err != nil {
		d.say(failure, "data", err.Error(), "")
		return
	}
	free, err := freeSpace(d.c.DataDir)
	size := fmt.Sprintf("%s, %.1f GiB free", d.c.DataDir, float64(free)/(1<<30))
	switch {
	case err != nil:
		d.say(doubt, "data", d.c.DataDir+": free space is not known: "+err.Error(), "look at it yourself: a full disk stops every write")
	case free < noDisk:
		d.say(failure, "data", size, "make room: PostgreSQL stops when its disk is full")
	case free < littleDisk:
		d.say(doubt, "data", size, "make room before it is full")
	default:
		d.say(fine, "data", size, "")
	}
}

func (d *doctor) keyFile() {
	path := d.c.KeyFile
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say(fine, "keys", path+" is made on the first start", "")
		return
	case err != nil:
		d.say(failure, "keys", err.Error(), "let "+self()+" read it")
		return
	}
	if _, err := auth.LoadSealer(path); err != nil {
		d.say(failure, "keys", err.Error(), "bring the key file back from your copy: what it sealed cannot be opened without it")
		return
	}
	if info.Mode().Perm()&0o077 != 0 {
		d.say(doubt, "keys", fmt.Sprintf("%s may be read by others (%04o)", path, info.Mode().Perm()), "chmod 600 "+path)
		return
	}
	d.say(fine, "keys", path, "")
}

func (d *doctor) database(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	db, err := locateDatabase(ctx, d.c, false)
	if err != nil {
		d.say(failure, "database", err.Error(), "")
		return
	}
	defer func() {
		if err := db.Close(); err != nil {
			d.say(doubt, "database", err.Error(), "")
		}
	}()
	// Whether it is durable is judged below, with everything else.
	if db.DB, err = pg.Open(ctx, db.DSN, pg.Options{Throwaway: true}); err != nil {
		remedy := ""
		if d.c.Database == "" {
			remedy = "kohomai migrate up, or make run"
		}
		d.say(failure, "database", explain(d.c.databaseSetting("DATABASE_URL"), err).Error(), remedy)
		return
	}
	e, err := db.DB.Examine(ctx, time.Now)
	if err != nil {
		d.say(failure, "database", err.Error(), "")
		return
	}
	where := "embedded"
	if d.c.Database != "" {
		where = "external"
	}
	d.say(fine, "database", fmt.Sprintf("PostgreSQL %s (%s), acting as %s", e.Version, where, e.Role), "")
	d.judge(e)
	switch err := migrations.Judge(ctx, db.DB.SQL()); {
	case errors.Is(err, migrations.ErrOlder):
		d.say(failure, "schema", err.Error(), "kohomai migrate up")
	case errors.Is(err, migrations.ErrNewer):
		d.say(doubt, "schema", err.Error(), "finish the upgrade: the program is one release behind")
	case err != nil:
		d.say(failure, "schema", err.Error(), "")
	default:
		d.say(fine, "schema", migrations.Newest(), "")
	}
}

func (d *doctor) judge(e pg.Examination) {
	if !e.Durable {
		d.say(failure, "database", "it is not durable: an acknowledged lead could be lost", "set fsync, full_page_writes and synchronous_commit to on")
	}
	if e.Encoding != "UTF8" {
		d.say(failure, "database", "its encoding is "+e.Encoding, "make the database anew with ENCODING 'UTF8'")
	}
	if e.Pooled {
		d.say(failure, "database", "settings of a session are lost: a pooler in transaction mode stands before it", "pgbouncer with pool_mode = session")
	}
	if d.c.Database != "" && len(e.LoginPowers) > 0 {
		d.say(doubt, "roles", fmt.Sprintf("the login role %s of DATABASE_URL %s", e.Login, strings.Join(e.LoginPowers, " and ")),
			"serve as a role that may do nothing but become kohomai_app, and give the other to KOHOMAI_MIGRATE_URL")
	} else {
		d.say(fine, "roles", "login as "+e.Login, "")
	}
	if left := e.Most - e.Used; left < pg.MostConns {
		d.say(doubt, "connections", fmt.Sprintf("%d of %d are free; a node takes up to %d", left, e.Most, pg.MostConns), "raise max_connections")
	} else {
		d.say(fine, "connections", fmt.Sprintf("%d of %d are free", left, e.Most), "")
	}
	switch skew := e.Skew.Abs() - e.Doubt/2; {
	case skew > largeSkew:
		d.say(failure, "clock", fmt.Sprintf("it differs from the database's by %s", e.Skew.Round(time.Second)), "run a time service (NTP) on both machines")
	case skew > smallSkew:
		d.say(doubt, "clock", fmt.Sprintf("it differs from the database's by %s", e.Skew.Round(time.Millisecond)), "run a time service (NTP) on both machines")
	default:
		d.say(fine, "clock", "as the database's", "")
	}
}

func (d *doctor) hosts() {
	public, front := d.c.addresses("http://" + d.c.Addr)
	s, err := newSite(public, front, d.c, People{}, time.Now)
	switch {
	case err != nil:
		d.say(failure, "hosts", err.Error(), "")
	case s.public.Scheme != "https" && !loopback(s.public.Hostname()):
		d.say(doubt, "cookies", "they travel readable to "+public, "let a proxy end TLS, set KOHOMAI_PUBLIC_URL to its https address, and take KOHOMAI_INSECURE_HTTP away")
	case s.public.Scheme != "https":
		d.say(fine, "hosts", public+" (this machine only)", "")
	case !s.apart():
		d.say(doubt, "hosts", public+" serves console and front-office: they share a host", "give leads a host of their own by KOHOMAI_FRONT_URL")
	default:
		d.say(fine, "hosts", public+", front-office at "+front, "")
	}
}

func (d *doctor) mail() {
	if d.c.SMTP == "" {
		d.say(doubt, "mail", "there is no mail server: live workspaces cannot send", "set KOHOMAI_SMTP_URL; sandboxes need none")
		return
	}
	d.say(fine, "mail", "a server is set", "")
}

func (d *doctor) connectors() {
	all := newConnectors(d.c, newTransport(d.c))
	if why := all.Fault(); why != "" {
		d.say(doubt, "connectors", d.c.PluginDir+": "+why, "make build leaves them in bin/plugins; or set KOHOMAI_PLUGIN_DIR")
	}
	good := 0
	for _, s := range all.Standings() {
		switch pluginhost.State(s.State) {
		case pluginhost.Ready, pluginhost.Verified, pluginhost.Starting:
			good++
		case pluginhost.Absent, pluginhost.Degraded, pluginhost.Down, pluginhost.Disabled:
			d.say(doubt, "connectors", fmt.Sprintf("%s is %s: %s", s.Connector, s.State, s.Fault), "activities of it wait until it runs; kohomai plugin list tells more")
		}
	}
	d.say(fine, "connectors", fmt.Sprintf("%d can be used", good), "")
}

// server asks the one over the data directory, if there is one.
func (d *doctor) server(ctx context.Context) {
	at, err := Running(d.c)
	if err != nil {
		d.say(fine, "server", "none runs over this data directory", "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/readyz", nil)
	if err != nil {
		d.say(failure, "server", err.Error(), "")
		return
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.say(doubt, "server", at+" does not answer from here: "+err.Error(), "look at its log; behind a proxy, at the proxy")
		return
	}
	_ = answer.Body.Close() // nothing in it is needed
	if answer.StatusCode != http.StatusOK {
		d.say(failure, "server", fmt.Sprintf("%s is not ready (%s)", at, answer.Status), "look at its log")
		return
	}
	d.say(fine, "server", at+" is ready", "")
}
