package enrich

import (
	"strings"
	"sync"

	"github.com/kohomai/kohomai/core/rule"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// place reads city and country from the first postal address that has them.
func place(values ...any) (city, country rule.Value) {
	for _, value := range values {
		for _, v := range asList(value) {
			n, ok := v.(map[string]any)
			if !ok {
				continue
			}
			if inner, ok := n["address"]; ok { // a Place holds the address one level down
				if c, k := place(inner); !c.IsZero() || !k.IsZero() {
					return c, k
				}
			}
			address := node(n)
			for _, s := range address.texts("addressLocality") {
				if s = clean(s, 100); s != "" {
					city = rule.TextValue(s)
					break
				}
			}
			country = countryOf(n["addressCountry"])
			if !city.IsZero() || !country.IsZero() {
				return city, country
			}
		}
	}
	return rule.Value{}, rule.Value{}
}

// countryOf reads a country given as code, as name, or as a Country node.
func countryOf(v any) rule.Value {
	for _, v := range asList(v) {
		var names []string
		switch v := v.(type) {
		case string:
			names = []string{v}
		case map[string]any:
			names = append(node(v).texts("identifier"), node(v).texts("name")...)
		}
		for _, name := range names {
			if code, ok := countryCode(name); ok {
				if value, err := rule.Read(rule.Country, nil, code); err == nil {
					return value
				}
			}
		}
	}
	return rule.Value{}
}

// countryCode finds the ISO 3166-1 alpha-2 code for an alpha-2 or alpha-3 code or for a
// name in one of the languages below.
func countryCode(name string) (string, bool) {
	name = strings.ToLower(clean(name, 100))
	if name == "" {
		return "", false
	}
	if code, ok := countryAliases[name]; ok {
		return code, true
	}
	if len(name) == 2 || len(name) == 3 {
		region, err := language.ParseRegion(strings.ToUpper(name))
		if err != nil || !region.IsCountry() {
			return "", false
		}
		code := region.Canonicalize().String()
		return code, len(code) == 2
	}
	code, ok := countryNames()[name]
	return code, ok
}

// countryAliases are spellings that no list of names has.
var countryAliases = map[string]string{
	"uk": "GB", "u.k.": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
	"northern ireland": "GB", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US",
	"the netherlands": "NL", "holland": "NL", "czech republic": "CZ", "turkey": "TR", "south korea": "KR",
	"republic of korea": "KR", "russian federation": "RU", "viet nam": "VN", "hong kong": "HK", "macau": "MO",
	"ivory coast": "CI", "macedonia": "MK", "swaziland": "SZ", "cape verde": "CV", "uae": "AE",
	"people's republic of china": "CN", "pr china": "CN", "republic of ireland": "IE", "eire": "IE",
}

// countryNames maps lower-case names to codes, in the languages companies write their
// addresses in most; made at the first use.
var countryNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, tag := range []language.Tag{
		language.English, language.French, language.German, language.Spanish, language.Italian,
		language.Dutch, language.Portuguese, language.Swedish, language.Danish, language.Norwegian, language.Polish,
	} {
		namer := display.Regions(tag)
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				region, err := language.ParseRegion(string(a) + string(b))
				if err != nil || !region.IsCountry() || region.Canonicalize() != region {
					continue
				}
				name := strings.ToLower(namer.Name(region))
				if _, had := names[name]; name != "" && !had {
					names[name] = region.String()
				}
			}
		}
	}
	return names
})
