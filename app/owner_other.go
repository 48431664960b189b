//go:build !unix

package app

import (
	"errors"
	"os"
)

func owner(string) string { return "another user" }

func self() string { return "this user" }

var errLocked = errors.New("another process holds it")

// lockFile cannot lock here: two servers over one data directory are not kept apart.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- in the operator's own folder
}

func freeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }
