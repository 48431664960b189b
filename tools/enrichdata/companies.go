package main

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// company is what is kept of one row: no person's name, no rank, no market value.
type company struct {
	Domain, Name, Website string
	Employees             int64
	// Revenue of a year in whole US dollars.
	Revenue             int64
	Sector, City, State string
}

// field is one line of a row in the source: a key, quoted where it has blanks, and
// a string or number.
var field = regexp.MustCompile(`^    (?:"([^"]+)"|(\w+)): (?:"((?:[^"\\]|\\.)*)"|(-?[0-9.]+)),$`)

// parseCompanies reads the rows of the TypeScript file. Rows that make no sense are
// dropped and named; a file without rows, or a row it cannot read, is an error.
func parseCompanies(file []byte) (companies []company, dropped []string, err error) {
	var row map[string]string
	seen := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(file))
	for lines.Scan() {
		switch line := lines.Text(); line {
		case "  {":
			row = map[string]string{}
		case "  },":
			c, err := readCompany(row)
			row = nil
			if err == nil && seen[c.Domain] != "" {
				err = fmt.Errorf("%s is already %s", c.Domain, seen[c.Domain])
			}
			if err != nil {
				dropped = append(dropped, fmt.Sprintf("%q: %v", c.Name, err))
				continue
			}
			seen[c.Domain] = c.Name
			companies = append(companies, c)
		default:
			if row == nil {
				continue
			}
			m := field.FindStringSubmatch(line)
			if m == nil {
				return nil, nil, fmt.Errorf("cannot read %q", line)
			}
			text := m[3]
			if text != "" {
				if text, err = strconv.Unquote(`"` + text + `"`); err != nil {
					return nil, nil, fmt.Errorf("cannot read %q: %w", line, err)
				}
			}
			row[m[1]+m[2]] = strings.TrimSpace(html.UnescapeString(text + m[4]))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, err
	}
	if len(companies) == 0 {
		return nil, nil, fmt.Errorf("no rows found")
	}
	return companies, dropped, nil
}

// pressRoom are host names of a company's press or investor pages; its web site is
// then taken to be the domain itself.
var pressRoom = regexp.MustCompile(`^(www\.)?(investors?|ir|stock|corporate)\.`)

var scheme = regexp.MustCompile(`^(https?:/*)+`)

var state = regexp.MustCompile(`^[A-Z]{2}$`)

func readCompany(row map[string]string) (company, error) {
	c := company{Name: row["company"], Sector: row["sector"], City: row["city"], State: row["state"]}
	// Some rows have no scheme, some have it twice.
	u, err := url.Parse("https://" + scheme.ReplaceAllString(row["Website"], ""))
	if err != nil {
		return c, fmt.Errorf("web site: %w", err)
	}
	host := strings.ToLower(u.Hostname())
	if c.Domain, err = publicsuffix.EffectiveTLDPlusOne(host); err != nil {
		return c, fmt.Errorf("web site: %w", err)
	}
	if pressRoom.MatchString(host) {
		host = c.Domain
	}
	c.Website = "https://" + host

	employees, err := strconv.ParseFloat(row["num. of employees"], 64)
	if err != nil || employees < 1 || employees > 5e6 || employees != math.Trunc(employees) {
		return c, fmt.Errorf("employees %q", row["num. of employees"])
	}
	c.Employees = int64(employees)
	millions, err := strconv.ParseFloat(row["revenue"], 64)
	if err != nil || millions <= 0 || millions > 5e6 {
		return c, fmt.Errorf("revenue %q", row["revenue"])
	}
	c.Revenue = int64(math.Round(millions*10)) * 100_000 // the source gives one decimal of a million
	switch {
	case c.Name == "" || strings.ContainsAny(c.Name+c.City+c.Sector, "\t\n#"):
		return c, fmt.Errorf("name, city or sector is broken")
	case !sectors[c.Sector]:
		return c, fmt.Errorf("sector %q is not one of the ranking's", c.Sector)
	case c.City == "" || !state.MatchString(c.State):
		return c, fmt.Errorf("place %q, %q", c.City, c.State)
	}
	return c, nil
}

// sectors are the ranking's 21 sectors.
var sectors = map[string]bool{
	"Aerospace & Defense": true, "Apparel": true, "Business Services": true, "Chemicals": true, "Energy": true,
	"Engineering & Construction": true, "Financials": true, "Food & Drug Stores": true, "Food, Beverages & Tobacco": true,
	"Health Care": true, "Hotels, Restaurants & Leisure": true, "Household Products": true, "Industrials": true,
	"Materials": true, "Media": true, "Motor Vehicles & Parts": true, "Retailing": true, "Technology": true,
	"Telecommunications": true, "Transportation": true, "Wholesalers": true,
}
