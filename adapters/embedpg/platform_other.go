//go:build !unix

package embedpg

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Elsewhere there is no embedded PostgreSQL: Start refuses and names
// DATABASE_URL. What follows only lets the program compile.
const supported = false

var errElsewhere = errors.New("not on this operating system")

type account struct {
	name     string
	uid, gid int
	drop     bool
}

func lock(string, bool) (*os.File, bool, error)          { return nil, false, errElsewhere }
func lookupAccount([]string) (account, error)            { return account{}, errElsewhere }
func ownerOf(string) (account, error)                    { return account{}, errElsewhere }
func (account) may(fs.FileInfo, fs.FileMode) bool        { return false }
func (account) attributes() *syscall.SysProcAttr         { return &syscall.SysProcAttr{} }
func (account) give(string) error                        { return errElsewhere }
func endWithParent(*syscall.SysProcAttr, syscall.Signal) {}
func alive(int) bool                                     { return false }
func runsIn(int, string) bool                            { return false }
func freeSpace(string) uint64                            { return 0 }
func detached() *syscall.SysProcAttr                     { return &syscall.SysProcAttr{} }
