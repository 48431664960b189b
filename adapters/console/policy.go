package console

import (
	"net/http"
	"strings"
	"time"
)

// Without a modification time http.ServeContent relies on the ETag alone,
// which is what embedded files have.
var zeroTime time.Time

// basePolicy allows each program its own files, its own API, and styles that
// carry this answer's nonce; nothing inline, nothing from elsewhere.
// Trusted types stop markup from reaching the page as a string; the single
// policy, "default", is defined in src/theme/trusted.ts and lets styles through.
func basePolicy(nonce string) []string {
	return []string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self' data:",
		"font-src 'self'",
		"connect-src 'self'",
		"form-action 'self'",
		"base-uri 'none'",
		"object-src 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types default",
	}
}

func officePolicy(nonce string) string {
	return strings.Join(append(basePolicy(nonce), "frame-ancestors 'none'"), "; ")
}

// frontPolicy also lets a lead watch a film: a file over https or YouTube's
// privacy-enhanced player. Embedding is for the listed origins only.
func frontPolicy(ancestors []string) func(string) string {
	framedBy := "'none'"
	if len(ancestors) > 0 {
		framedBy = strings.Join(ancestors, " ")
	}
	return func(nonce string) string {
		return strings.Join(append(basePolicy(nonce),
			"media-src 'self' https:",
			"frame-src https://www.youtube-nocookie.com",
			"frame-ancestors "+framedBy,
		), "; ")
	}
}

func setPageHeaders(header http.Header, policy string) {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("X-Robots-Tag", "noindex")
	header.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
}
