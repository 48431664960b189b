// Package text is lead.Unicode on golang.org/x/text and golang.org/x/net: what the standard
// library does not know about text. It does no I/O.
package text

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Unicode implements lead.Unicode. The zero value is ready to use.
type Unicode struct{}

// NFC returns the canonical composition.
func (Unicode) NFC(s string) string { return norm.NFC.String(s) }

// ASCIIDomain returns the lower-case A-label form by IDNA 2008, lookup profile.
func (Unicode) ASCIIDomain(domain string) (string, error) {
	a, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
	return strings.ToLower(a), err
}
