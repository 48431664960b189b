package lead_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
)

// plain is a Unicode for text that is composed already, with one domain beyond ASCII.
type plain struct{}

func (plain) NFC(s string) string { return strings.ReplaceAll(s, "e\u0301", "é") }

func (plain) ASCIIDomain(domain string) (string, error) {
	domain = strings.ToLower(strings.TrimSuffix(strings.ReplaceAll(domain, "bücher", "xn--bcher-kva"), "."))
	for _, label := range strings.Split(domain, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return "", errors.New("no domain")
		}
	}
	return domain, nil
}

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"ann@example.org":             "ann@example.org",
		"  Ann@Example.ORG ":          "ann@example.org",
		"a.n.n+news@example.org":      "a.n.n+news@example.org",
		"ann@bücher.example":          "ann@xn--bcher-kva.example",
		"Ann@BÜCHER.example":          "",
		"ren\u0065\u0301@example.org": "ren\u00e9@example.org",
		"ann@example.org.":            "ann@example.org",
		"o'neil@example.org":          "o'neil@example.org",
		"":                            "", "ann": "", "@example.org": "", "ann@": "", "ann@localhost": "", "a b@example.org": "", "ann@exa mple.org": "",
		"ann@@example.org": "", "Ann <ann@example.org>": "", "\"ann\"@example.org": "", "ann@example..org": "", "ann@-": "", ".ann@example.org": "",
		"ann.@example.org": "", "a..b@example.org": "", "ann@example.org\r\nBcc: x@example.org": "", "ann@example.org\x00": "", "ann,bo@example.org": "",
		"ann@[127.0.0.1]": "", strings.Repeat("a", 65) + "@example.org": "", "ann@" + strings.Repeat("a.", 130) + "org": "",
	} {
		got, err := lead.ParseEmail(raw, plain{})
		if want == "" {
			if !fault.Is(err, fault.Invalid) || !fault.HasCode(err, "invalid_email") || !got.IsZero() {
				t.Errorf("%q is %v, %v; want it refused", raw, got, err)
			}
			continue
		}
		if err != nil || got.String() != want || got.Display() != strings.TrimSpace(raw) {
			t.Errorf("%q is %v (%q), %v; want %s", raw, got, got.Display(), err, want)
		}
		if got.Local()+"@"+got.Domain() != want {
			t.Errorf("%q has the parts %q and %q", raw, got.Local(), got.Domain())
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, raw := range []string{"ann@example.org", " A@B.c ", "ann@bücher.example", "ren\u0065\u0301@example.org", "\"a\"@b.c", "a@b@c.d", "K@example.org", "ſ@example.org"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		e, err := lead.ParseEmail(raw, plain{})
		if err != nil {
			return
		}
		// The form that identifies is its own: parsed again it is the same.
		again, err := lead.ParseEmail(e.String(), plain{})
		if err != nil || again.String() != e.String() {
			t.Fatalf("%q is %q, which is %q, %v", raw, e, again, err)
		}
		if strings.ContainsAny(e.String(), " \r\n\t<>\x00") || strings.Count(e.Domain(), ".") == 0 || e.Local() == "" {
			t.Fatalf("%q is %q", raw, e)
		}
		// Upper case and blanks around name the same person.
		up, err := lead.ParseEmail(" "+strings.ToUpper(e.String())+"\t", plain{})
		if round := strings.ToLower(strings.ToUpper(e.String())) == e.String(); err == nil && round && up.String() != e.String() {
			t.Fatalf("%q and its upper case are two people: %q, %q", raw, e, up)
		}
	})
}

func TestLead_LearnsItsOwnName(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	l := lead.New(1, lead.LoadEmail("a@example.org", "a@example.org"), now)
	l.New, l.Changed = false, false
	entered := func(key, text string, at time.Time) datapoint.Data {
		return datapoint.Data{key: {Value: rule.TextValue(text), Source: datapoint.SourceLead, Confidence: 1, ObservedAt: at}}
	}
	if got := l.Learn(entered("lead.firstname", "Ann", now), now.Add(time.Second)); len(got) != 1 || l.Person.Firstname != "Ann" || !l.Changed {
		t.Errorf("learned %v, called %q, changed %v", got, l.Person.Firstname, l.Changed)
	}
	guess := datapoint.Data{"lead.firstname": {Value: rule.TextValue("Bo"), Source: "website", Confidence: 1, ObservedAt: now.Add(time.Hour)}}
	if got := l.Learn(guess, now.Add(time.Hour)); len(got) != 0 || l.Person.Firstname != "Ann" || !l.ChangedAt.Equal(now.Add(time.Second)) {
		t.Errorf("a provider wins over the person: %v, %q", got, l.Person.Firstname)
	}
	// Found by the simulator: the same value from a better source was not kept.
	l.Data["company.size"] = datapoint.Datum{Value: rule.TextValue("5"), Source: "website", Confidence: 0.5, ObservedAt: now}
	l.Changed = false
	if got := l.Learn(entered("company.size", "5", now), now); len(got) != 0 || !l.Changed || l.Data["company.size"].Source != datapoint.SourceLead {
		t.Errorf("the person confirmed it: %v, changed %v, %+v", got, l.Changed, l.Data["company.size"])
	}
	l.Changed = false
	if l.Learn(entered("company.size", "5", now.Add(time.Hour)), now.Add(time.Hour)); l.Changed {
		t.Error("saying the same again is written again")
	}
	l.Describe(lead.Person{Lastname: "Lee"}, now)
	if l.Person.Firstname != "Ann" || l.Person.Lastname != "Lee" {
		t.Errorf("an empty field says something: %+v", l.Person)
	}
}
