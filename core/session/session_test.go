package session

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/fault"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestLink_Usable(t *testing.T) {
	t.Parallel()
	l := Link{ValidUntil: noon.Add(LinkLife)}
	for after, want := range map[time.Duration]bool{
		0: true, LinkLife - time.Second: true, LinkLife: false, LinkLife + time.Second: false,
	} {
		if got := l.Usable(noon.Add(after)); got != want {
			t.Errorf("%v after: %v", after, got)
		}
	}
	if l.UsedAt = noon; l.Usable(noon) {
		t.Error("a used link is usable")
	}
}

func TestCode_Try(t *testing.T) {
	t.Parallel()
	fresh := Code{Digits: "01234567", ValidUntil: noon.Add(CodeLife)}
	for typed, want := range map[string]bool{
		"01234567": true, "0123 4567": true, " 0123-4567 ": true, "0123\u00a04567": true,
		"": false, "0123456": false, "012345678": false, "76543210": false, "０1234567": false,
	} {
		c := fresh
		if got := c.Try(typed, noon); got != want || c.Tries != 1 || c.UsedAt.IsZero() == want {
			t.Errorf("%q: %v, %+v", typed, got, c)
		}
	}
	t.Run("five tries and no more", func(t *testing.T) {
		c := fresh
		for range mostCodeTries {
			if c.Try("99999999", noon) {
				t.Error("a wrong code was taken")
			}
		}
		if c.Try("01234567", noon) || c.Open(noon) {
			t.Error("the right code was taken after five wrong ones")
		}
	})
	t.Run("once and in time", func(t *testing.T) {
		c := fresh
		if c.Try("01234567", noon.Add(CodeLife)) {
			t.Error("an expired code was taken")
		}
		if !c.Try("01234567", noon.Add(CodeLife-time.Second)) || c.Try("01234567", noon) {
			t.Error("a code works exactly once")
		}
	})
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	a := NewAttempts(10, time.Minute)
	var mu sync.Mutex
	var allowed int
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if a.Try("here", noon) == nil {
				mu.Lock()
				allowed++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if allowed != 10 {
		t.Errorf("%d of 50 attempts at once", allowed)
	}
	err := a.Try("here", noon.Add(20*time.Second))
	if f := fault.As(err); !fault.Is(err, fault.Limited) || f.RetryAfter != 40*time.Second {
		t.Errorf("refused with %v", err)
	}
	if err := a.Try("there", noon); err != nil {
		t.Errorf("another place pays for it: %v", err)
	}
	if err := a.Try("here", noon.Add(time.Minute)); err != nil {
		t.Errorf("the window never ends: %v", err)
	}
	for i := range 3 * mostSubjects {
		_ = a.Try(fmt.Sprint(i), noon)
	}
	if n := len(a.known); n > mostSubjects {
		t.Errorf("%d places are remembered", n)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7:4711": "192.0.2.0/24", "192.0.2.7": "192.0.2.0/24", "[::ffff:192.0.2.7]:1": "192.0.2.0/24",
		"[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "nonsense": "", "": "",
	} {
		if got := Network(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// hostile are addresses that must never be gone to; the list allows https://app.example.com
// and https://app.example.com:8443.
var hostile = []string{
	"http://app.example.com/", "//app.example.com/", "/relative", "app.example.com", "https:app.example.com",
	"https:/app.example.com", "https:///app.example.com", "https://app.example.com.evil.example/", "https://evil.example/app.example.com",
	"https://app.example.com@evil.example/", "https://user:pw@app.example.com/", "https://evil.example\\@app.example.com/",
	"https://app.example.com\\.evil.example/", "https:\\\\app.example.com", "\\\\app.example.com", "javascript:alert(1)",
	"JaVaScRiPt:alert(1)//https://app.example.com", "data:text/html,x", "file:///etc/passwd", "ftp://app.example.com/",
	"https://app.example.com:9443/", "https://sub.app.example.com/", "https://аpp.example.com/", "https://app.example.com\u3002evil.example/",
	"https://app.example.com\t.evil.example/", " https://app.example.com/", "https://app.example.com/\r\nSet-Cookie: x", "https://app.example.com/\x00",
	"https://app.example.com /", "https://[::1]/", "https://127.0.0.1/", "http://localhost/", "https://", "https://?", "https://#",
	"https://%61pp.example.com/", "https://app.example.com%2eevil.example/", "blob:https://app.example.com/x", "https://app.example.com./",
	"view-source:https://app.example.com", "https://app.example.com/" + strings.Repeat("a", 2048),
}

func TestCheckRedirect(t *testing.T) {
	t.Parallel()
	allowed := []string{"https://app.example.com", "https://app.example.com:8443"}
	for _, raw := range hostile {
		if err := CheckRedirect(raw, allowed, false); !fault.HasCode(err, "redirect_not_allowed") {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"", "https://app.example.com", "https://APP.example.com/a?b=c#d", "https://app.example.com:8443/x", "https://app.example.com/@evil.example"} {
		if err := CheckRedirect(raw, allowed, false); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"http://localhost:3000/done", "http://127.0.0.1/", "https://[::1]:8443/"} {
		if CheckRedirect(raw, nil, true) != nil || CheckRedirect(raw, nil, false) == nil {
			t.Errorf("%q: loopback is for sandboxes", raw)
		}
	}
	for _, raw := range []string{"http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "http://0.0.0.0/", "http://10.0.0.1/"} {
		if CheckRedirect(raw, nil, true) == nil {
			t.Errorf("%q: taken for loopback", raw)
		}
	}
}
