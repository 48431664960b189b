package session

import (
	"crypto/sha256"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// LinkLife is how long a link made by the API may be used, as published.
const LinkLife = 5 * time.Minute

// Link signs a person in once. Its token is shown once and kept as a hash.
type Link struct {
	ID          ident.Session
	TokenHash   []byte
	User        ident.User
	Journey     ident.Journey // 0 for a link of a user
	RedirectURL string
	CreatedAt   time.Time
	ValidUntil  time.Time
	UsedAt      time.Time
}

// Usable reports whether the link may still be used at a moment.
func (l Link) Usable(at time.Time) bool { return l.UsedAt.IsZero() && at.Before(l.ValidUntil) }

// HashToken is the form in which tokens are kept: they are random, so a plain SHA-256 is enough.
func HashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// CheckRedirect judges where a lead may be sent: https and an origin on the workspace's
// list; a sandbox also allows loopback over http. Empty is allowed. Errors are Invalid
// faults of code redirect_not_allowed without a field path.
func CheckRedirect(raw string, allowed []string, sandbox bool) error {
	if raw == "" {
		return nil
	}
	refused := fault.New(fault.Invalid, "redirect_not_allowed",
		"This address is not among the workspace's allowed redirect origins.")
	if len(raw) > 2048 || strings.ContainsAny(raw, "\\") || strings.ContainsFunc(raw, func(r rune) bool { return r < 0x21 || r == 0x7f }) {
		return refused
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.User != nil || u.Host == "" || !ascii(u.Host) {
		return refused
	}
	origin := strings.ToLower(u.Scheme + "://" + u.Host)
	if u.Scheme == "https" && slices.Contains(allowed, origin) {
		return nil
	}
	if sandbox && (u.Scheme == "http" || u.Scheme == "https") && loopback(u.Host) {
		return nil
	}
	return refused
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
