package webhook

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/kohomai/kohomai/core/fault"
)

// maxURL is the longest address of an endpoint, in bytes.
const maxURL = 2048

// parseURL judges an address and gives it its one spelling: scheme and host in lower case,
// no default port. https only; a sandbox also allows http on loopback. What the guard
// would not let out is refused here already; it judges again at every connection. Errors
// name no field.
func parseURL(raw string, sandbox bool, guard Guard) (string, error) {
	switch {
	case raw == "":
		return "", fault.New(fault.Invalid, "required", "An address is required.")
	case len(raw) > maxURL:
		return "", fault.New(fault.Invalid, "too_long", "An address has at most %d characters.", maxURL)
	case strings.ContainsFunc(raw, func(r rune) bool { return r < 0x21 || r > 0x7e || r == '\\' }):
		return "", fault.New(fault.Invalid, "invalid_url", "An address has printable ASCII characters only.")
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme == "" {
		return "", fault.New(fault.Invalid, "invalid_url", "An absolute address is expected, such as https://crm.example.com/hooks.")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case u.User != nil:
		return "", fault.New(fault.Invalid, "url_not_allowed", "An address holds no user or password; verify the signature instead.")
	case u.Fragment != "":
		return "", fault.New(fault.Invalid, "url_not_allowed", "An address has no fragment.")
	case u.Scheme == "http" && !(sandbox && loopback(u.Hostname())):
		return "", fault.New(fault.Invalid, "url_not_allowed", "The address must be https; only a sandbox also allows http on a loopback address.")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", fault.New(fault.Invalid, "url_not_allowed", "The address must be https.")
	}
	if port := u.Port(); port == map[string]string{"https": "443", "http": "80"}[u.Scheme] {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	if err := guard.Judge(u); err != nil {
		return "", fault.WrapAs(err, fault.Invalid, "url_not_allowed",
			"Requests to this address are not let out: it must be a public host on port 443 or 8443, or be allowed by the operator (KOHOMAI_EGRESS_ALLOW).")
	}
	return u.String(), nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || net.ParseIP(host).IsLoopback()
}
