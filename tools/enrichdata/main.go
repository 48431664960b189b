// Command enrichdata turns published open data into the compact files that
// adapters/enrich embeds: the free and disposable e-mail domains and the bundled
// companies. It is run by hand when a source is renewed, from the root of the
// repository:
//
//	go run ./tools/enrichdata
//
// The sources are npm packages, pinned by version and checked by digest, so the
// same program always writes the same bytes. It needs npm and its registry.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/adapters/enrich/domainset"
	"golang.org/x/net/idna"
)

func main() {
	out := flag.String("out", filepath.Join("adapters", "enrich", "data"), "folder to write into")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "enrichdata:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	packages := map[string]pack{}
	for _, source := range sources {
		p, err := fetch(source)
		if err != nil {
			return err
		}
		packages[source.Name] = p
	}
	files, summary, err := build(packages)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(out, name), files[name], 0o644); err != nil { // #nosec G306 -- source files are readable
			return err
		}
	}
	fmt.Println(summary)
	return nil
}

// notFree are names on the list of free providers that only staff receive mail
// under; each was looked at because the bundled companies hold it too.
var notFree = map[string]string{
	"starbucks.com": "the coffee company; its customers get no mailbox",
}

// build computes every file from the unpacked packages; it is the pure part.
func build(packages map[string]pack) (files map[string][]byte, summary string, err error) {
	files = map[string][]byte{}
	var free, disposable, wildcard []string
	for _, list := range []struct {
		into          *[]string
		source, entry string
	}{
		{&free, "free-email-domains", "domains.json"},
		{&disposable, "disposable-email-domains", "index.json"},
		{&wildcard, "disposable-email-domains", "wildcard.json"},
	} {
		var names []string
		if err := json.Unmarshal(packages[list.source][list.entry], &names); err != nil {
			return nil, "", fmt.Errorf("%s/%s: %w", list.source, list.entry, err)
		}
		*list.into = clean(names)
	}
	free = slices.DeleteFunc(free, func(name string) bool { _, out := notFree[name]; return out })
	packed := map[string]int{}
	for name, names := range map[string][]string{"free.set": free, "disposable.set": disposable, "disposable-wildcard.set": wildcard} {
		data, err := domainset.Encode(names)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		files[name], packed[name] = data, len(names)
	}

	companies, dropped, err := parseCompanies(packages["email-enricher"]["src/data.ts"])
	if err != nil {
		return nil, "", fmt.Errorf("email-enricher: %w", err)
	}
	files["companies.tsv"] = table(companies)
	packed["companies.tsv"] = len(companies)

	for file, text := range map[string][]byte{
		"LICENSE.free-email-domains":       packages["free-email-domains"]["LICENSE.md"],
		"LICENSE.disposable-email-domains": section(packages["disposable-email-domains"]["Readme.md"], "# License"),
		"LICENSE.email-enricher":           packages["email-enricher"]["LICENSE"],
	} {
		if len(bytes.TrimSpace(text)) == 0 {
			return nil, "", fmt.Errorf("%s: the source carries no license text", file)
		}
		files[file] = append(bytes.TrimSpace(text), '\n')
	}
	files["SOURCE.md"] = sourcePage(packed, dropped)

	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(packed)) {
		fmt.Fprintf(&b, "%s: %d entries, %d bytes\n", name, packed[name], len(files[name]))
	}
	for _, d := range dropped {
		fmt.Fprintln(&b, "dropped:", d)
	}
	return files, strings.TrimSpace(b.String()), nil
}

// clean brings names to lower-case A-labels, drops what is no domain name, sorts.
func clean(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		ascii, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSpace(name)))
		if err != nil || !strings.Contains(ascii, ".") || slices.Contains(strings.Split(ascii, "."), "") {
			continue
		}
		out = append(out, ascii)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// section is the text from a heading on.
func section(page []byte, heading string) []byte {
	at := bytes.Index(page, []byte(heading+"\n"))
	if at < 0 {
		return nil
	}
	return page[at:]
}

func table(companies []company) []byte {
	slices.SortFunc(companies, func(a, b company) int { return cmp.Compare(a.Domain, b.Domain) })
	var b bytes.Buffer
	for _, c := range companies {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", c.Domain, c.Name, c.Website, c.Employees, c.Revenue, c.Sector, c.City, c.State)
	}
	return b.Bytes()
}
