package enrich

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/rule"
)

// Kind is a sort of provider over the network.
type Kind string

// The kinds. There is one of each in a workspace, and any number of HTTPJSON.
const (
	Website        Kind = "Website"
	Wikidata       Kind = "Wikidata"
	PeopleDataLabs Kind = "PeopleDataLabs"
	HTTPJSON       Kind = "HttpJson"
)

// Setting is how a workspace uses one provider over the network.
type Setting struct {
	// Key is the source kept with the provider's facts.
	Key     string
	Kind    Kind
	Enabled bool
	// Place is its place in the waterfall, from 1.
	Place int
	// ADay is how many questions may be put to it on a day (UTC).
	ADay int
	// Secret is the key that the provider asks for; empty for none.
	Secret string
	// Source is where an HTTPJSON is asked and what is read; nil for other kinds.
	Source *Source
	// Revision is the Etag at which Secret or Source last changed: answers kept before
	// are no longer good.
	Revision int64
	// Etag changes with every change; 0 when it was never set up.
	Etag      int64
	ChangedAt time.Time
}

// Source is an API that answers JSON.
type Source struct {
	// URL is a template with {domain} or {email} in its path or query.
	URL string
	// SecretHeader is the header that carries the secret; empty for none.
	SecretHeader string
	// Fields are tried in order; of those with one key the first that is there counts.
	Fields []Field
}

// Field says where in the answer a fact stands.
type Field struct {
	// Key is a built-in data point of the lead, such as "company.size".
	Key string
	// Path is a JSON Pointer (RFC 6901).
	Path string
	// Currency is the ISO 4217 code of an Amount that the answer gives as a number.
	Currency string
	// Confidence is above 0, to 1.
	Confidence float64
	Inferred   bool
}

// Bounds of a setting.
const (
	DefaultADay = 5000
	mostADay    = 1_000_000
	mostSources = 20
	mostFields  = 50
	mostSecret  = 4096
)

// standard are the providers every workspace has, in the order they are asked at first.
// Only the company's own web site is asked without anybody's wish.
func standard() []Setting {
	return []Setting{
		{Key: "website", Kind: Website, Enabled: true, ADay: DefaultADay},
		{Key: "wikidata", Kind: Wikidata, ADay: DefaultADay},
		{Key: "peopledatalabs", Kind: PeopleDataLabs, ADay: DefaultADay},
	}
}

// whole puts the standard providers among those that were set up, in the order of the
// waterfall, and numbers their places.
func whole(stored []Setting) []Setting {
	all := slices.Clone(stored)
	slices.SortStableFunc(all, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Key, b.Key))
	})
	for i, s := range standard() {
		if !slices.ContainsFunc(all, func(have Setting) bool { return have.Key == s.Key }) {
			all = slices.Insert(all, min(i, len(all)), s)
		}
	}
	for i := range all {
		all[i].Place = i + 1
	}
	return all
}

var (
	keyForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{1,31}$`)
	headerForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	secretForm = regexp.MustCompile(`^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$`)
	pathForm   = regexp.MustCompile(`^(?:/(?:[^/~]|~0|~1)*)+$`)
	moneyForm  = regexp.MustCompile(`^[A-Z]{3}$`)
	braces     = regexp.MustCompile(`\{[^{}]*\}|[{}]`)
)

// reserved are sources of facts that are no provider over the network.
var reserved = []string{
	datapoint.SourceLead, datapoint.SourceTeam, datapoint.SourceAPI, datapoint.SourceImport, datapoint.SourceDerived,
	"activity", "email", "bundled", "order",
}

// check judges a setting, every wrong field at once.
func (s Setting) check() error {
	var wrong fault.Collector
	if s.ADay < 0 || s.ADay > mostADay {
		wrong.Add("DailyBudget", "out_of_range", "0 to %d questions a day.", mostADay)
	}
	if s.Secret != "" && (len(s.Secret) > mostSecret || !secretForm.MatchString(s.Secret)) {
		wrong.Add("Secret", "invalid", "1 to %d printable ASCII characters, without blanks around them.", mostSecret)
	}
	if s.Secret != "" && !s.takesSecret() {
		wrong.Add("Secret", "not_allowed", "This provider takes no secret.")
	}
	if s.Kind == PeopleDataLabs && s.Enabled && s.Secret == "" {
		wrong.Add("Secret", "required", "People Data Labs is asked with an API key only.")
	}
	switch {
	case s.Kind != HTTPJSON && s.Source != nil:
		wrong.Add("HttpJson", "not_allowed", "Only a provider of kind HttpJson has one.")
	case s.Kind == HTTPJSON && s.Source == nil:
		wrong.Add("HttpJson", "required", "Say where it is asked and what is read.")
	case s.Kind == HTTPJSON:
		s.Source.check(&wrong)
		if s.Enabled && s.Source.SecretHeader != "" && s.Secret == "" {
			wrong.Add("Secret", "required", "SecretHeader is to carry a secret.")
		}
	}
	return wrong.Err()
}

// takesSecret reports whether the provider has a use for a secret.
func (s Setting) takesSecret() bool {
	return s.Kind == PeopleDataLabs || s.Kind == HTTPJSON && (s.Source == nil || s.Source.SecretHeader != "")
}

func (s Source) check(wrong *fault.Collector) {
	s.checkURL(wrong)
	switch strings.ToLower(s.SecretHeader) {
	case "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "accept", "user-agent", "accept-encoding":
		wrong.Add("HttpJson.SecretHeader", "not_allowed", "This header is not free to carry a secret.")
	default:
		if s.SecretHeader != "" && !headerForm.MatchString(s.SecretHeader) {
			wrong.Add("HttpJson.SecretHeader", "invalid", "The name of a header, such as X-Api-Key.")
		}
	}
	if len(s.Fields) == 0 || len(s.Fields) > mostFields {
		wrong.Add("HttpJson.Fields", "out_of_range", "1 to %d fields.", mostFields)
		return
	}
	types := datapoint.Schema(datapoint.Builtin())
	for i, f := range s.Fields {
		at := func(name string) string { return "HttpJson.Fields[" + strconv.Itoa(i) + "]." + name }
		typ := types[f.Key]
		if !Mappable(f.Key) {
			wrong.Add(at("Key"), "unknown_data_point", "One of %s.", strings.Join(mappable(), ", "))
		}
		if len(f.Path) > 200 || !pathForm.MatchString(f.Path) {
			wrong.Add(at("Path"), "invalid", "A JSON Pointer such as /company/employees.")
		}
		if !(f.Confidence > 0 && f.Confidence <= 1) {
			wrong.Add(at("Confidence"), "out_of_range", "Above 0, to 1.")
		}
		switch {
		case f.Currency == "":
		case typ != rule.Amount:
			wrong.Add(at("Currency"), "not_allowed", "Only amounts have a currency.")
		case !moneyForm.MatchString(f.Currency):
			wrong.Add(at("Currency"), "invalid", "An ISO 4217 code such as EUR.")
		}
	}
}

func (s Source) checkURL(wrong *fault.Collector) {
	bad := func(message string, args ...any) { wrong.Add("HttpJson.Url", "invalid", message, args...) }
	if len(s.URL) > 2000 {
		bad("At most 2000 characters.")
		return
	}
	found := false
	for _, p := range braces.FindAllString(s.URL, -1) {
		if p != "{domain}" && p != "{email}" {
			bad("%s is neither {domain} nor {email}.", p)
			return
		}
		found = true
	}
	u, err := url.Parse(s.Address("x", "x"))
	scheme, rest, _ := strings.Cut(s.URL, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		bad("An https address such as https://api.example.com/companies/{domain}.")
	case strings.Contains(scheme+host, "{"):
		bad("Where it leads is fixed: {domain} and {email} stand in the path or the query.")
	case u.User != nil:
		bad("It may not carry a name or password; use SecretHeader.")
	case strings.Contains(s.URL, "#"):
		bad("It may not have a fragment.")
	case !found:
		bad("{domain} or {email} must stand in it.")
	}
}

// Address is the URL for a company or person: what is put in is escaped for its place.
func (s Source) Address(domain, email string) string {
	path, query, has := strings.Cut(s.URL, "?")
	path = strings.NewReplacer("{domain}", url.PathEscape(domain), "{email}", url.PathEscape(email)).Replace(path)
	if !has {
		return path
	}
	return path + "?" + strings.NewReplacer("{domain}", url.QueryEscape(domain), "{email}", url.QueryEscape(email)).Replace(query)
}

// Personal reports whether the address tells whose e-mail it is.
func (s Source) Personal() bool { return strings.Contains(s.URL, "{email}") }

// Mappable reports whether a field may give the fact: what belongs to the lead and is not
// what the lead is known by.
func Mappable(key string) bool { return slices.Contains(mappable(), key) }

func mappable() []string {
	var keys []string
	for _, d := range datapoint.Builtin() {
		ns := datapoint.Namespace(d.Key)
		if ns == "company" && d.Key != domainKey || ns == "lead" && d.Key != "lead.email" {
			keys = append(keys, d.Key)
		}
	}
	return keys
}
