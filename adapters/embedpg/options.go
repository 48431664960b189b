package embedpg

import (
	"crypto/rand"
	"io"
	"log/slog"
	"time"
)

// Defaults of Options.
const (
	DefaultDatabase   = "kohomai"
	DefaultSharedRoot = "/var/lib/kohomai"
)

// Options describe one embedded cluster.
type Options struct {
	// DataDir is kohomai's data directory; the cluster belongs to it. Made
	// when it does not exist. Required.
	DataDir string
	// Binaries to run. The zero value means Find with the release that an
	// existing cluster needs.
	Binaries Binaries
	// Find is used when Binaries is zero.
	Find FindOptions
	// Lasting says that the holder serves until it is told to stop. Others
	// join a lasting holder; they wait for one that is not (a short command)
	// because it takes PostgreSQL with it when it ends.
	Lasting bool
	// Database is made when missing. Default DefaultDatabase.
	Database string
	// OnChange is told when PostgreSQL died and when it is back. It is called
	// from the supervising goroutine and must not block. May be nil.
	OnChange func(Change)
	// Log receives what the supervisor does. Nil discards it.
	Log *slog.Logger

	// Accounts are the users that root drops to: the first that exists. Nil
	// means postgres, then nobody. An existing cluster's owner comes before them.
	Accounts []string
	// SharedRoot holds the clusters that root cannot keep in the data
	// directory. Default DefaultSharedRoot.
	SharedRoot string
	// Settings of PostgreSQL added to the defaults, by name.
	Settings map[string]string

	// Rand is the source of the password and of the port. Nil means crypto/rand.
	Rand io.Reader
	// Now is the clock of the addresses file. Nil means time.Now.
	Now func() time.Time
}

// Change is what OnChange is told.
type Change struct {
	Up      bool
	Err     error         // why it is down; nil when up
	Attempt int           // the number of the start that is being tried or that succeeded, from 1 after each fall
	Down    time.Duration // since it fell
}

func (o Options) withDefaults() Options {
	if o.Database == "" {
		o.Database = DefaultDatabase
	}
	if o.OnChange == nil {
		o.OnChange = func(Change) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Accounts == nil {
		o.Accounts = []string{"postgres", "nobody"}
	}
	if o.SharedRoot == "" {
		o.SharedRoot = DefaultSharedRoot
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
