package enrich

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/rule"
)

// mostEmployees is beyond any company there is; larger numbers are mistakes.
const mostEmployees = 5e6

var (
	// grouped is a whole number, its thousands set apart or not.
	grouped = regexp.MustCompile(`[0-9]{1,3}(?:[,.' \x{2019}\x{00a0}\x{202f}][0-9]{3})+|[0-9]+`)
	scaled  = regexp.MustCompile(`[0-9]\s*(?i:k|m|mio|mill[a-z]*|tsd|thousand)\b|[0-9][eE][0-9]`)
	open    = regexp.MustCompile(`[+>~]|(?i:over|more|about|approx|plus de|environ|rund|über)`)
)

// employees reads numberOfEmployees in the forms pages use: a number, a text ("1,200",
// "51-200", "10.000+"), a QuantitativeValue, or a list of those. Of a range it takes
// the lower end, which is certain, and says that it is not exact. 0 is unknown.
func employees(v any) (n float64, exact bool) {
	for _, v := range asList(v) {
		switch v := v.(type) {
		case json.Number:
			if f, err := v.Float64(); err == nil {
				n, exact = possible(f), true
			}
		case string:
			n, exact = employeesOfText(v)
		case map[string]any:
			q := node(v)
			for _, property := range []string{"value", "minValue", "maxValue"} {
				for _, s := range q.texts(property) {
					got, single := employeesOfText(s)
					if got > 0 && property != "maxValue" {
						return got, single && property == "value"
					}
				}
			}
		}
		if n > 0 {
			return n, exact
		}
	}
	return 0, false
}

func employeesOfText(s string) (n float64, exact bool) {
	if len(s) > 100 || scaled.MatchString(s) {
		return 0, false
	}
	numbers := grouped.FindAllString(s, 3)
	if len(numbers) == 0 || len(numbers) > 2 {
		return 0, false
	}
	n, err := strconv.ParseFloat(strings.Map(onlyDigits, numbers[0]), 64)
	if err != nil {
		return 0, false
	}
	return possible(n), len(numbers) == 1 && !open.MatchString(s)
}

func onlyDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return r
	}
	return -1
}

// possible is n when a company can have so many employees, else 0.
func possible(n float64) float64 {
	if n < 1 || n > mostEmployees || n != math.Trunc(n) {
		return 0
	}
	return n
}

var year = regexp.MustCompile(`^\s*([0-9]{4})(?:-[0-9]{2}(?:-[0-9]{2}.*)?)?\s*$|^[0-9]{1,2}[/.][0-9]{1,2}[/.]([0-9]{4})$`)

// founded reads the year of the first date that has a possible one: the oldest company
// there is began in 578.
func founded(dates []string, now time.Time) rule.Value {
	for _, date := range dates {
		m := year.FindStringSubmatch(date)
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[1] + m[2])
		if err != nil || n < 578 || n > now.Year() {
			continue
		}
		if v, err := rule.NumberValue(float64(n)); err == nil {
			return v
		}
	}
	return rule.Value{}
}
