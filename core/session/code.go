package session

import (
	"crypto/subtle"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

// A code is typed from an e-mail within ten minutes, with at most five tries.
const (
	CodeLife      = 10 * time.Minute
	CodeDigits    = 8
	mostCodeTries = 5
)

// Code lets a person in once whose link was used or is too old. There is one per person:
// a new one takes the old one's place.
type Code struct {
	ID          ident.Session
	User        ident.User
	Journey     ident.Journey // 0 for a link of a user
	RedirectURL string
	Digits      string
	Tries       int
	CreatedAt   time.Time
	ValidUntil  time.Time
	UsedAt      time.Time
}

// Open reports whether the code may still be tried at a moment.
func (c *Code) Open(at time.Time) bool {
	return c.UsedAt.IsZero() && at.Before(c.ValidUntil) && c.Tries < mostCodeTries
}

// Try counts a try and reports whether it was right, which uses the code up. Blanks and
// hyphens between the digits are nobody's mistake.
func (c *Code) Try(typed string, at time.Time) bool {
	if !c.Open(at) {
		return false
	}
	c.Tries++
	typed = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\u202f' {
			return -1
		}
		return r
	}, typed)
	if subtle.ConstantTimeCompare([]byte(typed), []byte(c.Digits)) != 1 {
		return false
	}
	c.UsedAt = at
	return true
}
