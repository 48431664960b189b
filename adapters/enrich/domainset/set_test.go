package domainset_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kohomai/kohomai/adapters/enrich/domainset"
	"pgregory.net/rapid"
)

func pack(t testing.TB, names ...string) domainset.Set {
	t.Helper()
	data, err := domainset.Encode(names)
	if err != nil {
		t.Fatal(err)
	}
	set, err := domainset.Open(string(data))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestSet_AgreesWithMap(t *testing.T) {
	t.Parallel()
	label := rapid.StringMatching(`[a-c]{1,4}|[a-z0-9]{1,12}|xn--[a-z0-9]{2,6}`)
	name := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "labels"), ".")
	})
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfN(name, 0, 120).Draw(rt, "names")
		asked := rapid.SliceOfN(name, 1, 60).Draw(rt, "asked")
		naive := map[string]bool{}
		for _, n := range names {
			naive[n] = true
		}
		set := pack(t, names...)
		if set.Len() != len(naive) {
			rt.Fatalf("Len = %d, want %d", set.Len(), len(naive))
		}
		for _, n := range append(asked, names...) {
			if got := set.Has(n); got != naive[n] {
				rt.Fatalf("Has(%q) = %v, want %v", n, got, naive[n])
			}
			parent := false
			for rest, ok := n, true; ok; _, rest, ok = strings.Cut(rest, ".") {
				parent = parent || naive[rest]
			}
			if got := set.HasParent(n); got != parent {
				rt.Fatalf("HasParent(%q) = %v, want %v", n, got, parent)
			}
		}
	})
}

func TestSet_LabelsAreWhole(t *testing.T) {
	t.Parallel()
	set := pack(t, "mail.example", "example.org")
	for name, want := range map[string]bool{
		"mail.example": true, "ail.example": false, "xmail.example": false, "example": false,
		"a.mail.example": false, "org": false, "example.org": true, "": false, ".": false, "example.org.": false,
	} {
		if got := set.Has(name); got != want {
			t.Errorf("Has(%q) = %v, want %v", name, got, want)
		}
	}
	if !set.HasParent("a.b.mail.example") || set.HasParent("badmail.example") {
		t.Error("HasParent cuts inside a label")
	}
}

func TestEncode_SameSetSameBytes(t *testing.T) {
	t.Parallel()
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("host%d.example%d.com", i, i%7)
	}
	want, err := domainset.Encode(names)
	if err != nil {
		t.Fatal(err)
	}
	shuffled := append(append([]string{}, names...), names[:100]...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	got, err := domainset.Encode(shuffled)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("order or repetition changes the bytes")
	}
}

func TestEncode_RefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", strings.Repeat("a", 254)} {
		if _, err := domainset.Encode([]string{name}); err == nil {
			t.Errorf("%d bytes accepted", len(name))
		}
	}
	long := strings.Repeat("a", 253)
	if set := pack(t, long); !set.Has(long) || set.Has(long+"a") {
		t.Error("the longest name is not found")
	}
}

func TestSet_ZeroIsEmpty(t *testing.T) {
	t.Parallel()
	var set domainset.Set
	if set.Has("example.com") || set.Len() != 0 || pack(t).Has("example.com") {
		t.Error("an empty set has a member")
	}
}

func TestSet_HasDoesNotAllocate(t *testing.T) {
	set := pack(t, "example.com", "example.org")
	if n := testing.AllocsPerRun(100, func() { set.HasParent("deep.sub.example.net") }); n != 0 {
		t.Errorf("%v allocations per question", n)
	}
}

func FuzzOpen(f *testing.F) {
	data, err := domainset.Encode([]string{"example.com", "example.org", "a.b.c"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, "example.com")
	f.Add([]byte("kohodom1\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff"), "a")
	f.Fuzz(func(_ *testing.T, data []byte, name string) {
		if set, err := domainset.Open(string(data)); err == nil {
			set.HasParent(name)
		}
	})
}
