package enrich

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/enrich"
	"github.com/kohomai/kohomai/core/rule"
)

// bundledAt is when the bundled figures were published: a ranking of 2022 over the
// fiscal years ended by March of that year.
var bundledAt = time.Date(2022, time.May, 31, 0, 0, 0, 0, time.UTC)

// Confidence by how fast a fact ages since then.
const (
	bundledLasting = 0.9  // name, web site, sector, country
	bundledPlace   = 0.8  // head offices move
	bundledFigure  = 0.75 // size and revenue change each year
)

// Bundled knows the thousand largest companies of the United States by their domain.
// The table lies sorted in the program and is searched there.
type Bundled struct {
	data string
	// lines are the offsets at which the lines begin.
	lines []uint32
}

// NewBundled indexes the bundled table and checks every line once.
func NewBundled() (*Bundled, error) { return newBundled(companyData) }

func newBundled(data string) (*Bundled, error) {
	b := &Bundled{data: data}
	before := ""
	for at := 0; at < len(data); {
		end := strings.IndexByte(data[at:], '\n')
		if end < 0 {
			return nil, fmt.Errorf("bundled companies: line %d is cut off", len(b.lines)+1)
		}
		domain, _, err := parseLine(data[at : at+end])
		if err != nil {
			return nil, fmt.Errorf("bundled companies: line %d: %w", len(b.lines)+1, err)
		}
		if domain <= before {
			return nil, fmt.Errorf("bundled companies: line %d: %q is not in order", len(b.lines)+1, domain)
		}
		before = domain
		b.lines = append(b.lines, uint32(at)) // the table is far below 4 GiB
		at += end + 1
	}
	return b, nil
}

// Name is the source kept with the facts.
func (*Bundled) Name() string { return "bundled" }

// Local is true: the table is in memory.
func (*Bundled) Local() bool { return true }

// Personal is false: it is told the company's domain.
func (*Bundled) Personal() bool { return false }

// Provides lists the columns of the table.
func (*Bundled) Provides() []string {
	return []string{
		"company.name", "company.website", "company.size", "company.revenue", "company.industry",
		"company.sector", "company.country", "company.city",
	}
}

// Ask looks the company's domain up.
func (b *Bundled) Ask(_ context.Context, s enrich.Subject) (datapoint.Data, error) {
	domain, ok := s.Known.Fact("company.domain")
	if !ok {
		return nil, nil
	}
	line, ok := b.find(strings.ToLower(domain.Text()))
	if !ok {
		return nil, nil
	}
	_, facts, err := parseLine(line)
	return facts, err
}

func (b *Bundled) find(domain string) (line string, ok bool) {
	i := sort.Search(len(b.lines), func(i int) bool { return b.domain(i) >= domain })
	if i == len(b.lines) || b.domain(i) != domain {
		return "", false
	}
	line, _, _ = strings.Cut(b.data[b.lines[i]:], "\n")
	return line, true
}

func (b *Bundled) domain(i int) string {
	domain, _, _ := strings.Cut(b.data[b.lines[i]:], "\t")
	return domain
}

// parseLine reads domain, name, web site, employees, revenue in US dollars, sector,
// city, state; every company of the table has its head office in the United States.
func parseLine(line string) (domain string, facts datapoint.Data, err error) {
	column := strings.Split(line, "\t")
	if len(column) != 8 {
		return "", nil, fmt.Errorf("%d columns, want 8", len(column))
	}
	employees, err := strconv.ParseInt(column[3], 10, 64)
	if err != nil || employees <= 0 {
		return "", nil, fmt.Errorf("employees %q", column[3])
	}
	size, err := rule.NumberValue(float64(employees))
	if err != nil {
		return "", nil, err
	}
	revenue, err := rule.AmountValue(column[4], "USD")
	if err != nil {
		return "", nil, fmt.Errorf("revenue %q: %w", column[4], err)
	}
	website, err := rule.Read(rule.URL, nil, column[2])
	if err != nil {
		return "", nil, fmt.Errorf("web site %q: %w", column[2], err)
	}
	country, err := rule.Read(rule.Country, nil, "US")
	if err != nil {
		return "", nil, err
	}
	fact := func(v rule.Value, confidence float64) datapoint.Datum {
		return datapoint.Datum{Value: v, Confidence: confidence, ObservedAt: bundledAt}
	}
	facts = datapoint.Data{
		"company.name":    fact(rule.TextValue(column[1]), bundledLasting),
		"company.website": fact(website, bundledLasting),
		"company.size":    fact(size, bundledFigure),
		"company.revenue": fact(revenue, bundledFigure),
		"company.sector":  fact(rule.TextValue(column[5]), bundledLasting),
		"company.country": fact(country, bundledLasting),
		"company.city":    fact(rule.TextValue(column[6]), bundledPlace),
	}
	if industry, ok := industryOfSector[column[5]]; ok {
		facts["company.industry"] = datapoint.Datum{
			Value: rule.TextValue(industry), Confidence: 0.7, Inferred: true, ObservedAt: bundledAt,
		}
	}
	return column[0], facts, nil
}
