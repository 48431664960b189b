package outbound

import (
	"errors"
	"net/netip"
	"testing"
)

func TestJudgePublic(t *testing.T) {
	t.Parallel()
	refused := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254",
		"127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255",
		"198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
		"2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:db8::1", "2002:7f00:1::1",
		"2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456:789a::1",
		"fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "1::1", "2606:4700::1111%eth0",
	}
	for _, s := range refused {
		if err := judgePublic(netip.MustParseAddr(s)); !errors.Is(err, ErrRefused) {
			t.Errorf("judgePublic(%s) = %v, want ErrRefused", s, err)
		}
	}
	if err := judgePublic(netip.Addr{}); !errors.Is(err, ErrRefused) {
		t.Errorf("judgePublic(zero) = %v, want ErrRefused", err)
	}
	public := []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1",
		"172.15.255.255", "172.32.0.1", "192.0.1.1", "192.167.255.255", "192.169.0.1",
		"198.17.255.255", "198.20.0.1", "223.255.255.255",
		"::ffff:8.8.8.8", "2606:4700:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2003::1",
	}
	for _, s := range public {
		if err := judgePublic(netip.MustParseAddr(s)); err != nil {
			t.Errorf("judgePublic(%s) = %v, want nil", s, err)
		}
	}
}

// The table must agree with what the standard library knows of the same words.
func TestJudgePublic_AgreesWithNetip(t *testing.T) {
	t.Parallel()
	for _, s := range special {
		for _, addr := range []netip.Addr{s.prefix.Addr(), s.prefix.Addr().Next()} {
			if judgePublic(addr) == nil {
				t.Errorf("%s of %s is let through", addr, s.prefix)
			}
		}
	}
	for i := range 256 {
		for j := range 256 {
			addr := netip.AddrFrom4([4]byte{byte(i), byte(j), 7, 7})
			odd := addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || !addr.IsGlobalUnicast()
			if odd && judgePublic(addr) == nil {
				t.Errorf("%s is let through", addr)
			}
			mapped := netip.AddrFrom16(addr.As16())
			if (judgePublic(addr) == nil) != (judgePublic(mapped) == nil) {
				t.Errorf("%s and %s are judged differently", addr, mapped)
			}
		}
	}
}

func TestParseAllow(t *testing.T) {
	t.Parallel()
	allow, err := ParseAllow(" ERP.internal., 10.20.0.0/16\n127.0.0.1 [::1] fd00::/8,bücher.example ")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"erp.internal", "ERP.INTERNAL", "erp.internal.", "xn--bcher-kva.example"} {
		if !allow.host(host) {
			t.Errorf("host %q is not allowed", host)
		}
	}
	for _, host := range []string{"internal", "x.erp.internal", "erp.internal.evil.example", ""} {
		if allow.host(host) {
			t.Errorf("host %q is allowed", host)
		}
	}
	for addr, want := range map[string]bool{
		"10.20.3.4": true, "::ffff:10.20.3.4": true, "10.21.0.1": false, "127.0.0.1": true,
		"127.0.0.2": false, "::1": true, "fd12::1": true, "fe80::1": false,
	} {
		if got := allow.network(netip.MustParseAddr(addr)); got != want {
			t.Errorf("network(%s) = %v, want %v", addr, got, want)
		}
	}

	empty, err := ParseAllow("  ")
	if err != nil || empty.host("localhost") || len(empty.networks) != 0 {
		t.Errorf("an empty list allows something: %+v, %v", empty, err)
	}
}

func TestParseAllow_NamesEveryWrongEntry(t *testing.T) {
	t.Parallel()
	_, err := ParseAllow("http://erp.internal, 10.20.0.1/16, 10.0.0.0/99, fe80::1%eth0, erp.internal:8080, *.internal, ok.internal, ::ffff:10.0.0.0/104, a..b")
	if err == nil {
		t.Fatal("accepted")
	}
	want := `"http://erp.internal": is a URL; give the host name alone
"10.20.0.1/16": has bits set beyond its length; 10.20.0.0/16 is meant, or a longer prefix
"10.0.0.0/99": is not a network such as 10.20.0.0/16
"fe80::1%eth0": names a zone; give the address alone
"erp.internal:8080": names a port; every port of an allowed host is allowed, give the host alone
"*.internal": has a wildcard; list each host
"::ffff:10.0.0.0/104": is an IPv4 network in IPv6 form; write it as IPv4
"a..b": is neither a host name, an IP address nor a network`
	if err.Error() != want {
		t.Errorf("got:\n%s\nwant:\n%s", err, want)
	}
}
