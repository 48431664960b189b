package enrich

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/lead"
)

func ask(t testing.TB, p enrich.Provider, s enrich.Subject) datapoint.Data {
	t.Helper()
	facts, err := p.Ask(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for key := range facts {
		if !slices.Contains(p.Provides(), key) {
			t.Errorf("%s answered %s, which it does not provide", p.Name(), key)
		}
	}
	return facts
}

// show is the value of a fact for people, or "-" when it was not answered.
func show(d datapoint.Data, key string) string {
	datum, ok := d[key]
	if !ok {
		return "-"
	}
	return datum.Value.String()
}

func newEmail(t testing.TB) *Email {
	t.Helper()
	p, err := NewEmail()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEmail_Ask(t *testing.T) {
	t.Parallel()
	p := newEmail(t)
	for _, c := range []struct{ address, domain, free, disposable, role, company string }{
		{"purchasing@amazon.com", "amazon.com", "false", "false", "true", "amazon.com"},
		{"jane.doe@mail.eu.acme.co.uk", "mail.eu.acme.co.uk", "false", "false", "false", "acme.co.uk"},
		{"jane@gmail.com", "gmail.com", "true", "false", "false", "-"},
		{"jane@orange.fr", "orange.fr", "true", "false", "false", "-"},
		{"x@mailinator.com", "mailinator.com", "true", "true", "false", "-"},
		{"x@deep.sub.mailinator.com", "deep.sub.mailinator.com", "false", "true", "false", "-"},
		{"jane@starbucks.com", "starbucks.com", "false", "false", "false", "starbucks.com"},
		{"info@xn--bcher-kva.example", "xn--bcher-kva.example", "false", "false", "true", "xn--bcher-kva.example"},
		{"jane@co.uk", "co.uk", "false", "false", "false", "-"},
	} {
		facts := ask(t, p, enrich.Subject{Email: lead.LoadEmail(c.address, c.address)})
		got := []string{show(facts, "email.domain"), show(facts, "email.freemail"), show(facts, "email.disposable"), show(facts, "email.role"), show(facts, "company.domain")}
		if want := []string{c.domain, c.free, c.disposable, c.role, c.company}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.address, got, want)
		}
	}
	if facts := ask(t, p, enrich.Subject{}); len(facts) != 0 {
		t.Errorf("no address has facts: %v", facts)
	}
}

func TestIsRole(t *testing.T) {
	t.Parallel()
	for _, local := range []string{
		"info", "sales", "purchasing", "no-reply", "noreply", "customer-care", "sales+fair", "info2", "sales-emea",
		"sales.fr", "jobs_de", "achats", "rh", "vertrieb", "contact.us", "help.desk", "postmaster", "support-team",
	} {
		if !isRole(local) {
			t.Errorf("%q is not seen as a role", local)
		}
	}
	for _, local := range []string{
		"jane", "jane.doe", "j.sales-smith", "steve.jobs", "marc.booking", "info.jane", "salesman", "", "...", "-",
		"42", "us", "de.fr", "mark.west", "dev.patel", "jane+info",
	} {
		if isRole(local) {
			t.Errorf("%q is seen as a role", local)
		}
	}
}

// That a packed list answers as a map would is domainset's own property test.
func TestLists_RandomNamesAreNoMembers(t *testing.T) {
	t.Parallel()
	l, err := openLists()
	if err != nil {
		t.Fatal(err)
	}
	if l.free.Len() < 14_000 || l.disposable.Len() < 120_000 || l.wildcard.Len() < 390 {
		t.Errorf("lists have %d, %d, %d names", l.free.Len(), l.disposable.Len(), l.wildcard.Len())
	}
	const seed = 20261124
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		name := make([]byte, 24)
		for i := range name {
			name[i] = byte('a' + r.IntN(26))
		}
		domain := string(name) + ".example"
		if l.free.Has(domain) || l.disposable.Has(domain) || l.wildcard.HasParent(domain) {
			t.Fatalf("%s is a member", domain)
		}
	}
}

func BenchmarkEmail_Ask(b *testing.B) {
	p := newEmail(b)
	s := enrich.Subject{Email: lead.LoadEmail("jane.doe@mail.acme.co.uk", "")}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Ask(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
