//go:build unix

package embedpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

const supported = true

// lock takes the lock of a file without waiting; held is true when another
// process has it. The lock ends with the returned file, also when the process
// is killed, and is not inherited by children.
func lock(path string, exclusive bool) (f *os.File, held bool, err error) {
	f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- in the data directory
	if err != nil {
		return nil, false, err
	}
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil { // #nosec G115 -- a file descriptor
		closeErr := f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, true, closeErr
		}
		return nil, false, fmt.Errorf("locking %s: %w", path, errors.Join(err, closeErr))
	}
	return f, false, nil
}

// account is the user that PostgreSQL runs as. The zero value is our own.
type account struct {
	name     string
	uid, gid int
	drop     bool // we are root and become this user
}

// lookupAccount finds the first of names that exists.
func lookupAccount(names []string) (account, error) {
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			continue
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil || uid == 0 {
			continue
		}
		return account{name: name, uid: uid, gid: gid, drop: true}, nil
	}
	return account{}, fmt.Errorf("PostgreSQL does not run as root and none of the users %v exists; make one, run as another user, or set DATABASE_URL", names)
}

// ownerOf returns the owner of an existing path as an account.
func ownerOf(path string) (account, error) {
	info, err := os.Stat(path)
	if err != nil {
		return account{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return account{}, fmt.Errorf("the owner of %s is not known", path)
	}
	return account{name: "#" + strconv.Itoa(int(st.Uid)), uid: int(st.Uid), gid: int(st.Gid), drop: true}, nil
}

// may tells whether the account has the wanted permissions (bits as in rwx) on
// a file, by its mode: the account is started without supplementary groups, so
// that owner, group and others are all there is. Access lists are not read.
func (a account) may(info fs.FileInfo, want fs.FileMode) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	mode := info.Mode().Perm()
	switch {
	case int(st.Uid) == a.uid:
		mode >>= 6
	case int(st.Gid) == a.gid:
		mode >>= 3
	}
	return mode&want == want
}

// attributes of a child: its own process group, so that Ctrl-C in a terminal
// reaches it only through us, and the account.
func (a account) attributes() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} // #nosec G115 -- ids of the system
	}
	return attr
}

// give hands a path to the account, when there is one to hand it to.
func (a account) give(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// freeSpace is what an unprivileged user may still write below path, in bytes.
func freeSpace(path string) uint64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0
	}
	return st.Bavail * uint64(st.Bsize) // #nosec G115 -- a block size
}

// detached puts a process into a session of its own.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
