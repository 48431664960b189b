package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/google/uuid"

	"github.com/kohomai/kohomai/core/session"
	"github.com/kohomai/kohomai/core/workspace"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Credentials is workspace.Credentials and engine.Secrets, from the system's randomness.
type Credentials struct{}

// Key makes a key of the form koh_<env>_<8 characters>_<32 random characters>_<checksum>:
// the checksum lets secret scanners tell a key from noise.
func (Credentials) Key(env workspace.Environment) (secret, lookup string, hash []byte, err error) {
	lookup, body := random(8), random(32)
	secret = fmt.Sprintf("koh_%s_%s_%s_%s", env, lookup, body, checksum(lookup+body))
	return secret, lookup, HashKey(secret), nil
}

// Token makes a token of 256 random bits with its hash.
func (Credentials) Token() (token string, hash []byte, err error) {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	token = hex.EncodeToString(raw[:])
	return token, session.HashToken(token), nil
}

// Digits makes a code of decimal digits for a person to type.
func (Credentials) Digits(n int) string { return draw("0123456789", n) }

// UUID makes the one-time token of a session.
type UUID struct{}

// Token implements engine.Secrets.
func (UUID) Token() string { return uuid.NewString() }

// HashKey is the form in which a key is kept: its 190 random bits need no slow hash.
func HashKey(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// ParseKey takes a key apart; ok is false for anything that can be none.
func ParseKey(secret string) (lookup string, ok bool) {
	parts := strings.Split(secret, "_")
	if len(parts) != 5 || parts[0] != "koh" || len(parts[2]) != 8 || len(parts[3]) != 32 || parts[4] != checksum(parts[2]+parts[3]) {
		return "", false
	}
	return parts[2], true
}

// Matches compares a presented key with a kept hash in constant time.
func Matches(secret string, hash []byte) bool {
	return subtle.ConstantTimeCompare(HashKey(secret), hash) == 1
}

func random(n int) string { return draw(base62, n) }

// draw picks n characters of an alphabet, none likelier than another.
func draw(alphabet string, n int) string {
	fair := 256 - 256%len(alphabet)
	out := make([]byte, 0, n)
	var raw [64]byte
	for len(out) < n {
		_, _ = rand.Read(raw[:]) // never fails
		for _, b := range raw {
			if int(b) < fair && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

func checksum(s string) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(s)))
}
