package enrich

import (
	"strings"
	"testing"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
)

func ofDomain(domain string) enrich.Subject {
	return enrich.Subject{Known: datapoint.Data{"company.domain": {Value: rule.TextValue(domain)}}}
}

func newBundle(t testing.TB) *Bundled {
	t.Helper()
	p, err := NewBundled()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestBundled_Ask(t *testing.T) {
	t.Parallel()
	p := newBundle(t)
	facts := ask(t, p, ofDomain("amazon.com"))
	for key, want := range map[string]string{
		"company.name": "Amazon", "company.website": "https://www.amazon.com", "company.size": "1608000",
		"company.revenue": "469822000000 USD", "company.sector": "Retailing", "company.industry": "Retail Trade",
		"company.country": "US", "company.city": "Seattle",
	} {
		if got := show(facts, key); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
		if d := facts[key]; d.Confidence < 0.5 || d.Confidence >= 1 || !d.ObservedAt.Equal(bundledAt) || d.Inferred != (key == "company.industry") {
			t.Errorf("%s: provenance %+v", key, d)
		}
	}
	if facts := ask(t, p, ofDomain("AMAZON.com")); show(facts, "company.name") != "Amazon" {
		t.Error("case matters")
	}
	for _, domain := range []string{"amazon.co", "www.amazon.com", "", "\t", "zzzz.zz", "acme.example"} {
		if facts := ask(t, p, ofDomain(domain)); len(facts) != 0 {
			t.Errorf("%q is known: %v", domain, facts)
		}
	}
	if facts := ask(t, p, enrich.Subject{}); len(facts) != 0 {
		t.Errorf("no company has facts: %v", facts)
	}
}

func TestBundled_EveryLineIsFound(t *testing.T) {
	t.Parallel()
	p := newBundle(t)
	naive := map[string]string{}
	for line := range strings.SplitSeq(strings.TrimSuffix(companyData, "\n"), "\n") {
		domain, _, _ := strings.Cut(line, "\t")
		naive[domain] = line
	}
	if len(naive) < 990 {
		t.Errorf("%d companies", len(naive))
	}
	for domain, line := range naive {
		if got, ok := p.find(domain); !ok || got != line {
			t.Errorf("find(%s) = %q, %v", domain, got, ok)
		}
		if _, ok := p.find(domain + "x"); ok {
			t.Errorf("%sx is found", domain)
		}
		size := ask(t, p, ofDomain(domain))["company.size"].Value.Number()
		if size < 100 || size > 2_500_000 {
			t.Errorf("%s has %v employees", domain, size)
		}
	}
}

func TestNewBundled_RefusesBrokenTables(t *testing.T) {
	t.Parallel()
	const good = "a.com\tA\thttps://a.com\t5\t1000\tRetailing\tParis\tTX\n"
	if _, err := newBundled(good); err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]string{
		"out of order":   strings.ReplaceAll(good, "a.com", "b.com") + good,
		"twice":          good + good,
		"cut off":        strings.TrimSuffix(good, "\n"),
		"few columns":    "a.com\tA\n",
		"bad employees":  strings.Replace(good, "\t5\t", "\t-5\t", 1),
		"bad revenue":    strings.Replace(good, "\t1000\t", "\tmuch\t", 1),
		"bad site":       strings.Replace(good, "https://", "", 1),
		"empty line":     good + "\n",
		"word employees": strings.Replace(good, "\t5\t", "\tfive\t", 1),
	} {
		if _, err := newBundled(table); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestIndustryCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"44": naicsRetail, "454110": naicsRetail, "541511": naicsProfessional, "33": naicsManufacturing, " 52 ": naicsFinance,
		"99": "", "5": "", "abc": "", "": "", "44-45": "", "1234567": "", "00": "",
	} {
		if got, _ := industryOfNAICS(code); got != want {
			t.Errorf("NAICS %q is %q, want %q", code, got, want)
		}
	}
	for code, want := range map[string]string{
		"6201": naicsProfessional, "J6201": naicsProfessional, "47": naicsRetail, "4711": naicsRetail, "G46": naicsWholesale,
		"10": naicsManufacturing, "64": naicsFinance, "45": "", "00": "", "99": "", "x": "", "": "", "J": "", "62010": "",
	} {
		if got, _ := industryOfISIC(code); got != want {
			t.Errorf("ISIC %q is %q, want %q", code, got, want)
		}
	}
	// A division belongs to one sector only, and every sector of the ranking that is
	// mapped has the words of NAICS.
	seen := map[int]bool{}
	for _, d := range isicDivisions {
		for i := d.from; i <= d.to; i++ {
			if seen[i] {
				t.Errorf("division %d is listed twice", i)
			}
			seen[i] = true
		}
	}
	known := map[string]bool{}
	for _, name := range naicsSectors {
		known[name] = true
	}
	for sector, industry := range industryOfSector {
		if !known[industry] {
			t.Errorf("%s maps to %q", sector, industry)
		}
		if !strings.Contains(companyData, "\t"+sector+"\t") {
			t.Errorf("no company is in %s", sector)
		}
	}
}
