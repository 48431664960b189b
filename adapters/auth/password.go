package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/kohomai/kohomai/core/account"
	"github.com/kohomai/kohomai/core/fault"
)

// The cost of a hash: argon2id with the floor of ASVS 5.0, appendix C, about 22 ms.
const (
	hashTime    = 2
	hashMemory  = 19456 // KiB
	hashThreads = 1
	hashSize    = 32
	hashSalt    = 16
	// hashesAtOnce bounds the memory that sign-ins can take.
	hashesAtOnce = 3
)

// Passwords hashes and checks passwords, three at a time. NewPasswords makes it.
type Passwords struct{ slots chan struct{} }

// NewPasswords makes a Passwords.
func NewPasswords() *Passwords { return &Passwords{slots: make(chan struct{}, hashesAtOnce)} }

// Hash makes the form in which a password is kept, a PHC string. A password that is too
// short or too long is an Invalid fault without a field path.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if n := utf8.RuneCountInString(password); n < account.MinPassword || n > account.MaxPassword {
		return "", fault.New(fault.Invalid, "password_length", "A password has %d to %d characters.", account.MinPassword, account.MaxPassword)
	}
	var salt [hashSalt]byte
	_, _ = rand.Read(salt[:]) // never fails
	sum, err := p.sum(ctx, password, parameters{hashMemory, hashTime, hashThreads}, salt[:], hashSize)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, hashMemory, hashTime, hashThreads,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(sum)), nil
}

// Check compares a password with what was kept, in the same time whether or not there is
// anything kept: for an unknown person pass the empty string. Weak reports a match whose
// hash should be made anew. An error means that the check could not be made.
func (p *Passwords) Check(ctx context.Context, password, kept string) (ok, weak bool, err error) {
	params, salt, want, parsed := parsePHC(kept)
	if !parsed {
		params, salt, want = parameters{hashMemory, hashTime, hashThreads}, make([]byte, hashSalt), make([]byte, hashSize)
	}
	if len(password) > account.MaxPassword*utf8.UTFMax {
		password, parsed = "", false
	}
	sum, err := p.sum(ctx, password, params, salt, len(want))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(sum, want) == 1 && parsed
	return ok, ok && (params.memory < hashMemory || params.time < hashTime), nil
}

func (p *Passwords) sum(ctx context.Context, password string, c parameters, salt []byte, size int) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("hashing a password: %w", err)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(size)), nil // #nosec G115 -- at most 64
}

type parameters struct {
	memory, time uint32
	threads      uint8
}

// parsePHC reads a kept hash, within bounds that no stored value may use to exhaust us.
func parsePHC(kept string) (c parameters, salt, sum []byte, ok bool) {
	parts := strings.Split(kept, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, false
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil || n != 3 {
		return c, nil, nil, false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(parts[5])
	bounded := c.memory <= 256<<10 && c.time >= 1 && c.time <= 16 && c.threads >= 1 && len(salt) >= 8 && len(sum) >= 16 && len(sum) <= 64
	return c, salt, sum, saltErr == nil && sumErr == nil && bounded
}
