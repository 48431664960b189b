package embedpg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNotRunning is returned by Join when nobody runs the cluster of a data
// directory.
var ErrNotRunning = errors.New("no PostgreSQL runs for this data directory")

// Address is where a running cluster answers, as its holder left it in pg.json.
type Address struct {
	URL           string // of the database, with the password
	Host          string
	Port          int
	User          string
	Password      string
	Database      string
	Cluster       string // the folder of the cluster
	Log           string // PostgreSQL's own log
	Version       string
	HolderPID     int
	PostmasterPID int
	Lasting       bool // the holder serves until told to stop
	StartedAt     time.Time
}

// DSN is the URL of a database of the cluster.
func (a Address) DSN(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(a.User, a.Password),
		Host:     net.JoinHostPort(a.Host, strconv.Itoa(a.Port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Join returns the address of the cluster that another process runs for the
// data directory, once it answers. It waits while the holder is starting it
// and returns ErrNotRunning when there is no holder.
func Join(ctx context.Context, dataDir string) (Address, error) {
	dir, err := realPath(dataDir)
	if errors.Is(err, fs.ErrNotExist) {
		return Address{}, ErrNotRunning
	}
	if err != nil {
		return Address{}, err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		held, err := isHeld(dir)
		if err != nil {
			return Address{}, err
		}
		if !held {
			return Address{}, ErrNotRunning
		}
		last := errors.New("its holder is starting it")
		a, err := readAddress(dir)
		if err == nil {
			if last = ping(ctx, a.URL); last == nil {
				return a, nil
			}
		} else if !errors.Is(err, fs.ErrNotExist) {
			return Address{}, err
		}
		select {
		case <-ctx.Done():
			return Address{}, fmt.Errorf("joining the PostgreSQL of %s (%w): %w", dir, last, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

func isHeld(dir string) (bool, error) {
	path := filepath.Join(dir, lockName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	f, held, err := lock(path, false)
	if err != nil || held {
		return held, err
	}
	return false, f.Close()
}

func readAddress(dir string) (Address, error) {
	text, err := os.ReadFile(filepath.Join(dir, addressName)) // #nosec G304 -- in the data directory
	if err != nil {
		return Address{}, err
	}
	var a Address
	if err := json.Unmarshal(text, &a); err != nil {
		return Address{}, fmt.Errorf("%s: %w", filepath.Join(dir, addressName), err)
	}
	return a, nil
}

func (a Address) write(dir string) error {
	text, err := json.MarshalIndent(a, "", "  ") // #nosec G117 -- the file is 0600 and made to hold it
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, addressName), append(text, '\n'), 0o600)
}

func ping(ctx context.Context, dsn string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(c.Ping(ctx), c.Close(ctx))
}

func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}
