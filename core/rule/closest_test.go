package rule_test

import (
	"testing"

	"github.com/kohomai/kohomai/core/rule"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	keys := []string{"company.size", "company.sector", "data.plan", "data.plans"}
	for name, want := range map[string]string{
		"company.siz": "company.size", "company.sise": "company.size", "data.plam": "data.plan",
		"data.plans": "data.plans", "lead.birthdate": "", "": "", "x": "",
	} {
		if got := rule.Closest(name, keys); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"emal": "; did you mean email?", "zzz": ".", "": "."} {
		if got := rule.DidYouMean(name, []string{"x", "email"}); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
