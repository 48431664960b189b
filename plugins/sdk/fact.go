package sdk

import (
	"encoding/json"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// FactType is the type of a data point.
type FactType string

// The types, with the JSON form of their values.
const (
	Text     FactType = "Text"     // a string
	Number   FactType = "Number"   // a number
	Amount   FactType = "Amount"   // Money
	Date     FactType = "Date"     // "2026-02-28"
	DateTime FactType = "DateTime" // RFC 3339, or a time.Time
	Boolean  FactType = "Boolean"
	Choice   FactType = "Choice" // one of the options
	List     FactType = "List"   // strings
	Document FactType = "Document"
	Email    FactType = "Email"
	Phone    FactType = "Phone"   // E.164
	URL      FactType = "Url"     // absolute
	Country  FactType = "Country" // ISO 3166-1 alpha-2
)

var factTypes = []FactType{Text, Number, Amount, Date, DateTime, Boolean, Choice, List, Document, Email, Phone, URL, Country}

var (
	decimalForm = regexp.MustCompile(`^-?\d{1,30}(\.\d{1,10})?$`)
	phoneForm   = regexp.MustCompile(`^\+[1-9]\d{3,14}$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	moneyForm   = regexp.MustCompile(`^[A-Z]{3}$`)
)

// encodeFacts writes facts as one JSON object, and refuses those the manifest does not
// declare or whose value is not of their type.
func encodeFacts(m *Manifest, facts Facts) ([]byte, error) {
	out := make(map[string]json.RawMessage, len(facts))
	for key, value := range facts {
		i := slices.IndexFunc(m.Produces, func(f FactSpec) bool { return f.Key == key })
		if i < 0 {
			return nil, fmt.Errorf("fact %q is not declared in the manifest", key)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("fact %q cannot be written: %w", key, err)
		}
		if string(raw) != "null" && !fits(&m.Produces[i], raw) {
			return nil, fmt.Errorf("fact %q is not a %s", key, m.Produces[i].Type)
		}
		out[key] = raw
	}
	return json.Marshal(out)
}

func fits(spec *FactSpec, raw json.RawMessage) bool {
	var s string
	text := func() bool { return json.Unmarshal(raw, &s) == nil }
	switch spec.Type {
	case Text:
		return text()
	case Number:
		var n json.Number
		return raw[0] != '"' && json.Unmarshal(raw, &n) == nil
	case Amount:
		var m Money
		return json.Unmarshal(raw, &m) == nil && decimalForm.MatchString(m.Amount) && moneyForm.MatchString(m.Currency)
	case Date:
		if !text() {
			return false
		}
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	case DateTime:
		if !text() {
			return false
		}
		_, err := time.Parse(time.RFC3339, s)
		return err == nil
	case Boolean:
		var b bool
		return json.Unmarshal(raw, &b) == nil
	case Choice:
		return text() && slices.Contains(spec.Options, s)
	case List:
		var l []string
		return json.Unmarshal(raw, &l) == nil
	case Document:
		var d struct{ ID int64 }
		return json.Unmarshal(raw, &d) == nil && d.ID > 0
	case Email:
		if !text() {
			return false
		}
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s
	case Phone:
		return text() && phoneForm.MatchString(s)
	case URL:
		if !text() {
			return false
		}
		u, err := url.Parse(s)
		return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
	case Country:
		return text() && countryForm.MatchString(s) && strings.ToUpper(s) == s
	}
	return false
}

// Decode reads a JSON object strictly: unknown fields and wrong types are refused. The
// error is Misconfigured and names what is wrong, never the value.
func Decode(raw []byte, into any) error {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return Coded("invalid_configuration", Misconfigured(fmt.Errorf("not readable: %w", plain(err))))
	}
	if dec.More() {
		return Coded("invalid_configuration", Misconfigured(fmt.Errorf("not readable: more than one value")))
	}
	return nil
}

// DecodeInput reads what a person sent, as Decode does; the error says that the input, not
// the configuration, is at fault. Keep waiting or fail, as suits.
func DecodeInput(in *Input, into any) error {
	if in == nil || in.Kind != ByPerson {
		return Coded("unexpected_input", Permanent(fmt.Errorf("this is not a person's answer")))
	}
	dec := json.NewDecoder(strings.NewReader(string(in.Body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return &Failure{Code: "invalid_input", Reason: "The answer is not readable: " + plain(err).Error(), Source: FromPerson}
	}
	return nil
}

// plain drops the offending value from encoding/json's errors.
func plain(err error) error {
	if te, ok := err.(*json.UnmarshalTypeError); ok { //nolint:errorlint // encoding/json returns it bare
		return fmt.Errorf("%s must be a %s", te.Field, te.Type)
	}
	return err
}
