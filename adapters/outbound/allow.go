package outbound

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Allow is what the operator exempts from the public-address rule: hosts by
// exact name and networks by prefix. The zero value exempts nothing.
type Allow struct {
	hosts    map[string]struct{}
	networks []netip.Prefix
}

// ParseAllow reads KOHOMAI_EGRESS_ALLOW: host names, IP addresses and networks
// in CIDR form, separated by commas or white space, for example
// "erp.internal, 10.20.0.0/16, 127.0.0.1". Every entry that cannot be read is
// named in the error, not only the first.
func ParseAllow(list string) (Allow, error) {
	var (
		allow Allow
		wrong []error
	)
	for entry := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' }) {
		if err := allow.add(entry); err != nil {
			wrong = append(wrong, fmt.Errorf("%q: %w", entry, err))
		}
	}
	if len(wrong) > 0 {
		return Allow{}, errors.Join(wrong...)
	}
	return allow, nil
}

func (a *Allow) add(entry string) error {
	switch {
	case strings.Contains(entry, "://"):
		return errors.New("is a URL; give the host name alone")
	case strings.Contains(entry, "/"):
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			return errors.New("is not a network such as 10.20.0.0/16")
		}
		if prefix.Masked() != prefix {
			return fmt.Errorf("has bits set beyond its length; %s is meant, or a longer prefix", prefix.Masked())
		}
		if prefix.Addr().Is4In6() {
			return errors.New("is an IPv4 network in IPv6 form; write it as IPv4")
		}
		a.networks = append(a.networks, prefix)
		return nil
	}
	if addr, err := netip.ParseAddr(strings.Trim(entry, "[]")); err == nil {
		if addr.Zone() != "" {
			return errors.New("names a zone; give the address alone")
		}
		addr = addr.Unmap()
		a.networks = append(a.networks, netip.PrefixFrom(addr, addr.BitLen()))
		return nil
	}
	if strings.Contains(entry, ":") {
		return errors.New("names a port; every port of an allowed host is allowed, give the host alone")
	}
	if strings.Contains(entry, "*") {
		return errors.New("has a wildcard; list each host")
	}
	host, err := idna.Lookup.ToASCII(strings.TrimSuffix(entry, "."))
	if err != nil || slices.Contains(strings.Split(host, "."), "") {
		return errors.New("is neither a host name, an IP address nor a network")
	}
	if a.hosts == nil {
		a.hosts = map[string]struct{}{}
	}
	a.hosts[strings.ToLower(host)] = struct{}{}
	return nil
}

// host reports whether the name, as it stands in a URL or dial address, is on
// the list itself.
func (a Allow) host(name string) bool {
	_, ok := a.hosts[strings.ToLower(strings.TrimSuffix(name, "."))]
	return ok
}

// network reports whether the address lies in a listed network.
func (a Allow) network(addr netip.Addr) bool {
	addr = addr.Unmap()
	for _, p := range a.networks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
