package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func row(fields ...string) string {
	all := map[string]string{
		"company": `"Example & Sons"`, `"num. of employees"`: "1200", "revenue": "83205.9", "sector": `"Retailing"`,
		"city": `"Seattle"`, "state": `"WA"`, "CEO": `"Somebody"`, "Website": `"www.example.com"`,
	}
	for i := 0; i < len(fields); i += 2 {
		all[fields[i]] = fields[i+1]
	}
	var b strings.Builder
	b.WriteString("  {\n")
	for key, value := range all {
		fmt.Fprintf(&b, "    %s: %s,\n", key, value)
	}
	b.WriteString("  },\n")
	return b.String()
}

func TestParseCompanies(t *testing.T) {
	t.Parallel()
	file := row() +
		row("company", `"BJ&#8217;s"`, "Website", `"https://https://investor.bjs.com/x"`) +
		row("company", `"Twice"`, "Website", `"http://shop.example.com"`) +
		row("company", `"Nobody"`, `"num. of employees"`, "0", "Website", `"a.com"`) +
		row("company", `"Penniless"`, "revenue", "0", "Website", `"b.com"`) +
		row("company", `"Broken"`, "sector", `"#REF!"`, "Website", `"c.com"`) +
		row("company", `"Homeless"`, "city", `""`, "Website", `"d.com"`) +
		row("company", `"Offline"`, "Website", `""`)
	got, dropped, err := parseCompanies([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	want := []company{
		{"example.com", "Example & Sons", "https://www.example.com", 1200, 83_205_900_000, "Retailing", "Seattle", "WA"},
		{"bjs.com", "BJ’s", "https://bjs.com", 1200, 83_205_900_000, "Retailing", "Seattle", "WA"},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(dropped) != 6 {
		t.Errorf("dropped %d rows, want 6: %q", len(dropped), dropped)
	}
}

func TestParseCompanies_RefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "const x = 1;\n", row("note", "`x`")} {
		if _, _, err := parseCompanies([]byte(file)); err == nil {
			t.Errorf("accepted %q", file)
		}
	}
}

func testPackages() map[string]pack {
	return map[string]pack{
		"free-email-domains":       {"domains.json": []byte(`["gmail.com","starbucks.com","refeição.online","nodot"]`), "LICENSE.md": []byte("MIT\n")},
		"disposable-email-domains": {"index.json": []byte(`["b.com","a.com","a.com"]`), "wildcard.json": []byte(`["w.com"]`), "Readme.md": []byte("x\n# License\n\nMIT\n")},
		"email-enricher":           {"src/data.ts": []byte(row()), "LICENSE": []byte("MIT")},
	}
}

func TestBuild_IsDeterministicAndComplete(t *testing.T) {
	t.Parallel()
	first, summary, err := build(testPackages())
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := build(testPackages())
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range first {
		if !bytes.Equal(data, second[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
	for _, want := range []string{"free.set: 2 entries", "disposable.set: 2 entries", "companies.tsv: 1 entries"} {
		if !strings.Contains(summary, want) {
			t.Errorf("summary lacks %q:\n%s", want, summary)
		}
	}
	if page := string(first["SOURCE.md"]); !strings.Contains(page, "| email-enricher | 1.0.4 | MIT") || !strings.Contains(page, "starbucks.com") {
		t.Errorf("SOURCE.md is incomplete:\n%s", page)
	}
	if got := string(first["LICENSE.disposable-email-domains"]); got != "# License\n\nMIT\n" {
		t.Errorf("license is %q", got)
	}
}

func TestBuild_WantsLicenses(t *testing.T) {
	t.Parallel()
	packages := testPackages()
	delete(packages["email-enricher"], "LICENSE")
	if _, _, err := build(packages); err == nil {
		t.Error("a source without license text was accepted")
	}
}
