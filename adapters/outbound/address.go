package outbound

import (
	"fmt"
	"net/netip"
)

// special lists the prefixes that are unicast by form and yet do not lead to
// one host on the public Internet: IANA's special-purpose address registries
// (RFC 6890 and its updates), and the transition mechanisms that carry an IPv4
// address inside an IPv6 one, through which a private IPv4 host could be named.
var special = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "IETF protocol assignments"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/96"), "unspecified, loopback or IPv4-compatible"},
	{netip.MustParsePrefix("64:ff9b::/96"), "NAT64"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local NAT64"},
	{netip.MustParsePrefix("100::/64"), "discard-only"},
	{netip.MustParsePrefix("2001::/23"), "IETF protocol assignments, Teredo included"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing"},
	{netip.MustParsePrefix("fc00::/7"), "unique local"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
}

// global6 is all of IPv6 that has been opened for global unicast so far. What
// lies outside is refused even where no registry entry names it yet.
var global6 = netip.MustParsePrefix("2000::/3")

// judgePublic says why addr must not be reached by a request whose target came
// from outside, or nil if it is an ordinary public host. IPv4 addresses mapped
// into IPv6 are judged as the IPv4 address they stand for.
func judgePublic(addr netip.Addr) error {
	if !addr.IsValid() {
		return fmt.Errorf("%w: not an IP address", ErrRefused)
	}
	if addr.Zone() != "" {
		return fmt.Errorf("%w: %s names a zone of this machine", ErrRefused, addr)
	}
	addr = addr.Unmap()
	for _, s := range special {
		if s.prefix.Contains(addr) {
			return fmt.Errorf("%w: %s is not a public address (%s)", ErrRefused, addr, s.name)
		}
	}
	if addr.Is6() && !global6.Contains(addr) {
		return fmt.Errorf("%w: %s is not a public address (outside %s)", ErrRefused, addr, global6)
	}
	return nil
}

// judgeNamed is the weaker rule for a host the operator named in the allow
// list: its address may be private or loopback, but a name never leads to
// link-local space (where clouds keep credentials), multicast or nothing at
// all. Those need the network itself on the list.
func judgeNamed(addr netip.Addr) error {
	addr = addr.Unmap()
	if !addr.IsValid() || addr.Zone() != "" || addr.IsUnspecified() || addr.IsMulticast() || addr.IsLinkLocalUnicast() ||
		addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return fmt.Errorf("%w: %s is reachable only when its network is allowed", ErrRefused, addr)
	}
	return nil
}
