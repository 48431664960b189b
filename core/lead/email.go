package lead

import (
	"net/mail"
	"strings"

	"github.com/kohomai/kohomai/core/fault"
)

// Unicode is the knowledge about text that the standard library lacks.
type Unicode interface {
	// NFC must return the canonical composition of s.
	NFC(s string) string
	// ASCIIDomain must return the lower-case A-label form of a domain, or an error when
	// the domain is none by IDNA 2008 (lookup profile).
	ASCIIDomain(domain string) (string, error)
}

// Email is an e-mail address in the form that identifies a person. ParseEmail and
// LoadEmail are the only ways to one; the zero value is no address.
type Email struct{ norm, display string }

// ParseEmail trims, composes (NFC), lower-cases and converts the domain to its A-label.
// Dots and plus tags are kept. The original is kept for display. Errors are Invalid
// faults without a field path (the caller adds its own).
func ParseEmail(raw string, u Unicode) (Email, error) {
	display := strings.TrimSpace(raw)
	refused := fault.New(fault.Invalid, "invalid_email", "This is not an e-mail address.")
	if display == "" || len(display) > 320 || strings.ContainsAny(display, "\x00\r\n<>\"") {
		return Email{}, refused
	}
	at := strings.LastIndexByte(display, '@')
	if at < 1 || at > 64*4 {
		return Email{}, refused
	}
	local := strings.ToLower(u.NFC(display[:at]))
	domain, err := u.ASCIIDomain(display[at+1:])
	if err != nil || !strings.Contains(domain, ".") || len(domain) > 253 || len(local) > 64 {
		return Email{}, refused
	}
	norm := local + "@" + domain
	if a, err := mail.ParseAddress(norm); err != nil || a.Address != norm {
		return Email{}, refused
	}
	return Email{norm: norm, display: display}, nil
}

// LoadEmail makes an Email from stored columns without judging it again.
func LoadEmail(norm, display string) Email { return Email{norm: norm, display: display} }

// String is the normalized form.
func (e Email) String() string { return e.norm }

// Display is the address as it was given.
func (e Email) Display() string { return e.display }

// Domain is the part behind the @, as an A-label.
func (e Email) Domain() string { return e.norm[strings.LastIndexByte(e.norm, '@')+1:] }

// Local is the part before the @.
func (e Email) Local() string { return e.norm[:max(0, strings.LastIndexByte(e.norm, '@'))] }

// IsZero reports whether there is no address.
func (e Email) IsZero() bool { return e.norm == "" }
