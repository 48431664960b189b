package rule

import (
	"encoding/json"
	"fmt"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is the type of a data point. The zero value is no type.
type Type uint8

// The types, by their public names.
const (
	NoType Type = iota
	Text
	Number
	Amount
	Date
	DateTime
	Boolean
	Choice
	List
	Document
	Email
	Phone
	URL
	Country
)

var typeNames = [...]string{
	"", "Text", "Number", "Amount", "Date", "DateTime", "Boolean", "Choice", "List",
	"Document", "Email", "Phone", "URL", "Country",
}

// String returns the public name, such as "DateTime".
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return fmt.Sprintf("Type(%d)", uint8(t))
}

// ParseType reads a public name.
func ParseType(s string) (Type, bool) {
	i := slices.Index(typeNames[1:], s)
	return Type(i + 1), i >= 0 // #nosec G115 -- a dozen types; below 0 is told by the second result
}

// Types lists every type, for tables that must be complete.
func Types() []Type {
	all := make([]Type, 0, len(typeNames)-1)
	for i := 1; i < len(typeNames); i++ {
		all = append(all, Type(i))
	}
	return all
}

// Value is one typed value. The zero value is absent (Type NoType). Values are made by
// the constructors below or by Read, never by hand, so a Value always fits its type.
type Value struct {
	typ  Type
	text string   // every type but Number, Boolean, List; for Amount the currency
	dec  string   // Amount: canonical decimal
	num  float64  // Number, Amount (as float for comparison), Document id
	list []string // List
	yes  bool     // Boolean
}

// Type returns the value's type; NoType when absent.
func (v Value) Type() Type { return v.typ }

// IsZero reports whether the value is absent.
func (v Value) IsZero() bool { return v.typ == NoType }

// Text returns the text form of Text, Choice, Date, DateTime, Email, Phone, URL and
// Country values (dates as 2006-01-02, date-times as RFC 3339 in UTC), and the currency
// code of an Amount.
func (v Value) Text() string { return v.text }

// Number returns the number of a Number, the approximate amount of an Amount, and the id
// of a Document.
func (v Value) Number() float64 { return v.num }

// Decimal returns the exact amount of an Amount, such as "1250.00".
func (v Value) Decimal() string { return v.dec }

// Bool returns the truth of a Boolean.
func (v Value) Bool() bool { return v.yes }

// List returns the items of a List. The caller must not change them.
func (v Value) List() []string { return v.list }

// Time returns the moment of a Date (midnight UTC) or DateTime; zero otherwise.
func (v Value) Time() time.Time {
	switch v.typ {
	case Date:
		t, _ := time.Parse(time.DateOnly, v.text)
		return t
	case DateTime:
		t, _ := time.Parse(time.RFC3339Nano, v.text)
		return t
	default:
		return time.Time{}
	}
}

// Equal reports whether two values have the same type and content.
func (v Value) Equal(w Value) bool {
	return v.typ == w.typ && v.text == w.text && v.dec == w.dec && v.num == w.num &&
		v.yes == w.yes && slices.Equal(v.list, w.list)
}

// String is the value for people, in timelines and explanations.
func (v Value) String() string {
	switch v.typ {
	case NoType:
		return ""
	case Number, Document:
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	case Amount:
		return v.dec + " " + v.text
	case Boolean:
		return strconv.FormatBool(v.yes)
	case List:
		return strings.Join(v.list, ", ")
	default:
		return v.text
	}
}

// TextValue makes a Text.
func TextValue(s string) Value { return Value{typ: Text, text: s} }

// NumberValue makes a Number; NaN and infinities are refused.
func NumberValue(n float64) (Value, error) {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return Value{}, errNotA(Number)
	}
	return Value{typ: Number, num: n}, nil
}

// BooleanValue makes a Boolean.
func BooleanValue(b bool) Value { return Value{typ: Boolean, yes: b} }

// DateTimeValue makes a DateTime.
func DateTimeValue(t time.Time) Value {
	return Value{typ: DateTime, text: t.UTC().Format(time.RFC3339Nano)}
}

// ListValue makes a List from a copy of the items.
func ListValue(items []string) Value { return Value{typ: List, list: slices.Clone(items)} }

// DocumentValue makes a reference to a document.
func DocumentValue(id int64) Value { return Value{typ: Document, num: float64(id)} }

var (
	decimalForm  = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,6})?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	countryForm  = regexp.MustCompile(`^[A-Z]{2}$`)
	phoneForm    = regexp.MustCompile(`^\+?[0-9][0-9 ().\-/]{3,30}$`)
)

// AmountValue makes an Amount from a decimal string (at most 18 digits before and 6
// behind the point) and an ISO 4217 code.
func AmountValue(amount, currency string) (Value, error) {
	if !decimalForm.MatchString(amount) || !currencyForm.MatchString(currency) {
		return Value{}, errNotA(Amount)
	}
	n, err := strconv.ParseFloat(amount, 64)
	if err != nil {
		return Value{}, errNotA(Amount)
	}
	return Value{typ: Amount, dec: amount, text: currency, num: n}, nil
}

// ErrType says that an input does not fit a type.
type ErrType struct{ Want Type }

// Error names the wanted form.
func (e ErrType) Error() string { return "expected " + forms[e.Want] }

var forms = map[Type]string{
	Text: "a text", Number: "a number", Amount: `an amount such as {"Amount":"12.50","Currency":"EUR"}`,
	Date: "a date such as 2026-11-24", DateTime: "a date and time such as 2026-11-24T09:30:00Z",
	Boolean: "true or false", Choice: "one of the options", List: "a list of texts",
	Document: "a document id", Email: "an e-mail address", Phone: "a phone number",
	URL: "an http or https address", Country: "a two-letter country code",
}

func errNotA(t Type) error { return ErrType{Want: t} }

// Read makes a value of a type from plain JSON data (string, float64, bool, []any,
// map[string]any, json.Number) or from text such as a form field or CSV cell gives.
// Options restrict a Choice; they are ignored for other types. A text longer than
// 10,000 bytes is refused.
func Read(t Type, options []string, in any) (Value, error) {
	if s, ok := in.(string); ok {
		return readText(t, options, strings.TrimSpace(s), s)
	}
	switch x := in.(type) {
	case json.Number:
		n, err := x.Float64()
		if err != nil {
			return Value{}, errNotA(t)
		}
		return Read(t, options, n)
	case float64:
		switch t {
		case Number:
			return NumberValue(x)
		case Document:
			return readDocument(x)
		default: // no other type is a number
		}
	case int64:
		return Read(t, options, float64(x))
	case int:
		return Read(t, options, float64(x))
	case bool:
		if t == Boolean {
			return BooleanValue(x), nil
		}
	case []string:
		if t == List {
			return ListValue(x), nil
		}
	case []any:
		if t == List {
			return readList(x)
		}
	case map[string]any:
		return readObject(t, x)
	}
	return Value{}, errNotA(t)
}

func readText(t Type, options []string, s, raw string) (Value, error) {
	if len(raw) > 10_000 {
		return Value{}, errNotA(t)
	}
	switch t {
	case Text:
		return TextValue(raw), nil
	case Number:
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return Value{}, errNotA(t)
		}
		return NumberValue(n)
	case Amount:
		amount, currency, _ := strings.Cut(s, " ")
		return AmountValue(amount, currency)
	case Date:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return Value{}, errNotA(t)
		}
		return Value{typ: Date, text: s}, nil
	case DateTime:
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return Value{}, errNotA(t)
		}
		return DateTimeValue(at), nil
	case Boolean:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return Value{}, errNotA(t)
		}
		return BooleanValue(b), nil
	case Choice:
		if !slices.Contains(options, s) {
			return Value{}, errNotA(t)
		}
		return Value{typ: Choice, text: s}, nil
	case List:
		if s == "" {
			return ListValue(nil), nil
		}
		items := strings.Split(s, ",")
		for i := range items {
			items[i] = strings.TrimSpace(items[i])
		}
		return ListValue(items), nil
	case Document:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return Value{}, errNotA(t)
		}
		return readDocument(float64(n))
	case Email:
		a, err := mail.ParseAddress(s)
		if err != nil || a.Address != s {
			return Value{}, errNotA(t)
		}
		return Value{typ: Email, text: s}, nil
	case Phone:
		if !phoneForm.MatchString(s) {
			return Value{}, errNotA(t)
		}
		return Value{typ: Phone, text: s}, nil
	case URL:
		u, err := url.Parse(s)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return Value{}, errNotA(t)
		}
		return Value{typ: URL, text: s}, nil
	case Country:
		s = strings.ToUpper(s)
		if !countryForm.MatchString(s) {
			return Value{}, errNotA(t)
		}
		return Value{typ: Country, text: s}, nil
	case NoType:
	}
	return Value{}, errNotA(t)
}

func readDocument(n float64) (Value, error) {
	if n < 1 || n > 1<<53-1 || n != math.Trunc(n) {
		return Value{}, errNotA(Document)
	}
	return DocumentValue(int64(n)), nil
}

func readList(in []any) (Value, error) {
	items := make([]string, 0, len(in))
	for _, item := range in {
		s, ok := item.(string)
		if !ok {
			return Value{}, errNotA(List)
		}
		items = append(items, s)
	}
	return Value{typ: List, list: items}, nil
}

func readObject(t Type, in map[string]any) (Value, error) {
	switch t {
	case Amount:
		amount, isText := in["Amount"].(string)
		currency, hasCurrency := in["Currency"].(string)
		if isText && hasCurrency && len(in) == 2 {
			return AmountValue(amount, currency)
		}
	case Document:
		if id, ok := in["Id"]; ok && len(in) == 1 {
			return Read(Document, nil, id)
		}
	default: // no other type is an object
	}
	return Value{}, errNotA(t)
}

// Plain is the value as plain JSON data, which Read reads back: string, float64, bool,
// []string, or a map for Amount and Document; nil when absent.
func (v Value) Plain() any {
	switch v.typ {
	case NoType:
		return nil
	case Number:
		return v.num
	case Boolean:
		return v.yes
	case List:
		if v.list == nil {
			return []string{}
		}
		return v.list
	case Amount:
		return map[string]any{"Amount": v.dec, "Currency": v.text}
	case Document:
		return map[string]any{"Id": v.num}
	default:
		return v.text
	}
}

// storedValue is the form in which a value is kept in a JSON document.
type storedValue struct {
	Type string          `json:"t"`
	Data json.RawMessage `json:"v"`
}

// MarshalJSON writes the value with its type.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.typ == NoType {
		return []byte("null"), nil
	}
	data, err := json.Marshal(v.Plain())
	if err != nil {
		return nil, err
	}
	// By hand: this is done for every fact of every registration.
	raw := make([]byte, 0, len(data)+32)
	raw = append(append(raw, `{"t":"`...), v.typ.String()...)
	raw = append(append(raw, `","v":`...), data...)
	return append(raw, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote. A Choice is taken as it was stored: its
// options may have changed since.
func (v *Value) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*v = Value{}
		return nil
	}
	var in storedValue
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	t, ok := ParseType(in.Type)
	if !ok {
		return fmt.Errorf("rule: unknown type %q", in.Type)
	}
	var plain any
	if err := json.Unmarshal(in.Data, &plain); err != nil {
		return err
	}
	var options []string
	if s, isText := plain.(string); isText && t == Choice {
		options = []string{s}
	}
	read, err := Read(t, options, plain)
	if err != nil {
		return err
	}
	*v = read
	return nil
}
