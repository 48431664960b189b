package text_test

import (
	"testing"

	"github.com/kohomai/kohomai/adapters/text"
	"github.com/kohomai/kohomai/core/lead"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		" Ada@Example.COM ":      "ada@example.com",
		"a.b+tag@example.com":    "a.b+tag@example.com",
		"jo\u0308rg@example.com": "j\u00f6rg@example.com",
		"x@bücher.example":       "x@xn--bcher-kva.example",
	} {
		got, err := lead.ParseEmail(raw, text.Unicode{})
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "a", "@x.com", "a@", "a@b", "a b@x.com", "a@x..com", "<a@x.com>", "a@-x.com\x00", "a@x.com\nBcc: b@x.com"} {
		if got, err := lead.ParseEmail(raw, text.Unicode{}); err == nil {
			t.Errorf("%q was taken as %q", raw, got)
		}
	}
}
