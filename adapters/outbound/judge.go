package outbound

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Judge says what the guard will say of an address, as far as that can be told without the
// network: a name may still resolve to an address that is refused when it is dialed.
func (t *Transport) Judge(u *url.URL) error {
	pool, err := t.route(u)
	if err != nil {
		return err
	}
	judge := t.judgeExempt
	if pool == t.ordinary {
		judge = t.judgeOrdinary
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		return judge(host, addr)
	}
	if t.allow.host(host) || host == "localhost" && t.allow.loopback() {
		return nil
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case pool == t.exempt && len(t.allow.networks) == 0:
		return fmt.Errorf("%w: %s is not on the allow list", ErrRefused, host)
	case last == host && len(t.allow.networks) == 0, last == "localhost":
		return fmt.Errorf("%w: %s is no public host name", ErrRefused, host)
	case last == "", strings.HasPrefix(last, "0x"), !strings.ContainsFunc(last, func(r rune) bool { return r < '0' || r > '9' }):
		// What ends in a number is an address in one of its older spellings.
		return fmt.Errorf("%w: %s is no host name", ErrRefused, host)
	}
	return nil
}

// loopback reports whether this machine's own address is on the list.
func (a Allow) loopback() bool {
	return a.network(netip.AddrFrom4([4]byte{127, 0, 0, 1})) || a.network(netip.IPv6Loopback())
}
