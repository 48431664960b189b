package datapoint

import (
	"time"

	"github.com/kohomai/kohomai/core/rule"
)

// The sources that are not an enrichment provider's name.
const (
	SourceLead    = "lead"    // the lead entered it
	SourceTeam    = "team"    // a back-office user entered it
	SourceAPI     = "api"     // the caller of the API gave it
	SourceImport  = "import"  // it came with an import
	SourceDerived = "kohomai" // kohomai computed it
)

// Datum is a fact: a value with its provenance. A Datum whose Value is absent is
// finally unknown: it was asked for and nobody knew.
type Datum struct {
	Value rule.Value `json:"v"`
	// Source is a constant above, an enrichment provider's name, or "activity:<key>".
	Source string `json:"s,omitempty"`
	// Confidence is 0 to 1.
	Confidence float64 `json:"c,omitempty"`
	// Inferred is set when the source concluded it rather than observed it.
	Inferred bool `json:"i,omitempty"`
	// ObservedAt is when the source learned it.
	ObservedAt time.Time `json:"at"`
}

// Final reports whether the fact is finally unknown.
func (d Datum) Final() bool { return d.Value.IsZero() }

// entered reports whether a person (or the caller on a person's behalf) gave the fact.
func (d Datum) entered() bool {
	switch d.Source {
	case SourceLead, SourceTeam, SourceAPI, SourceImport:
		return true
	default:
		return false
	}
}

// Supersedes reports whether d replaces old: a person's own entry wins over any
// provider whenever it came; any value wins over a final unknown; among equals the
// later one wins, and a provider's answer must be at least as confident.
func (d Datum) Supersedes(old Datum) bool {
	switch {
	case old.Final():
		return true
	case d.Final():
		return false
	case d.entered() != old.entered():
		return d.entered()
	case d.entered():
		return !d.ObservedAt.Before(old.ObservedAt)
	default:
		return d.Confidence >= old.Confidence
	}
}

// Data are the facts of a lead or journey, by key.
type Data map[string]Datum

// Fact gives a condition a known value.
func (d Data) Fact(key string) (rule.Value, bool) {
	datum, ok := d[key]
	return datum.Value, ok && !datum.Final()
}

// same reports whether two data say the same on the same ground; when does not matter.
func (d Datum) same(e Datum) bool {
	return d.Source == e.Source && d.Confidence == e.Confidence && d.Inferred == e.Inferred && d.Value.Equal(e.Value)
}

// Merge puts in what supersedes the present facts. It returns the keys whose value changed,
// in no order, and whether anything was put in: the same value from a better source is.
func (d Data) Merge(in Data) (changed []string, put bool) {
	for key, datum := range in {
		old, had := d[key]
		if had && (!datum.Supersedes(old) || datum.same(old)) {
			continue
		}
		d[key], put = datum, true
		if !had || !datum.Value.Equal(old.Value) {
			changed = append(changed, key)
		}
	}
	return changed, put
}
