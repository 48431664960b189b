package docs

import (
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Exchange is one request to the API with its answer, as a file in exchanges writes it:
//
//	### What it shows
//	# setup
//	# until "Status":"Converted"
//	POST /api/v1/leads?ref=b2b
//	Idempotency-Key: k1
//
//	{"Email": "ann@example.org"}
//
//	HTTP/1.1 201 Created
//
//	{"Id": 7001}
//
// A file is one story: later requests use what earlier answers gave. Who asks is not
// written: it is an integrator with the scope admin. JSON is the media type unless another
// one is written.
type Exchange struct {
	// File is the story's name, such as "leads"; Name is unique in it.
	File, Name string
	// Setup marks a step that the others need and that shows nothing by itself.
	Setup bool
	// Until is a piece of compact JSON that the answer must hold; the request is repeated
	// until it does. Empty for none.
	Until string
	// Verb and Target are the request's first line, the target with its query.
	Verb, Target string
	Header       http.Header
	Body         string
	Answer       Answer
}

// Answer is what an exchange's request is answered.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Slug is the exchange's name as an identifier.
func (e Exchange) Slug() string {
	var b strings.Builder
	for _, r := range strings.ToLower(e.Name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// Exchanges reads every exchange of the files, by file and then in their order.
func Exchanges(files fs.FS) ([]Exchange, error) {
	names, err := fs.Glob(files, "exchanges/*.http")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var all []Exchange
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		story, err := ParseExchanges(strings.TrimSuffix(path.Base(name), ".http"), string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, story...)
	}
	return all, nil
}

// ParseExchanges reads one file.
func ParseExchanges(file, text string) ([]Exchange, error) {
	var all []Exchange
	for part := range strings.SplitSeq("\n"+text, "\n### ") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		e, err := parseExchange(file, part)
		if err != nil {
			return nil, fmt.Errorf("exchange %d: %w", len(all)+1, err)
		}
		if slices.ContainsFunc(all, func(other Exchange) bool { return other.Slug() == e.Slug() }) {
			return nil, fmt.Errorf("two exchanges are called %q", e.Name)
		}
		all = append(all, e)
	}
	return all, nil
}

func parseExchange(file, part string) (Exchange, error) {
	name, rest, _ := strings.Cut(part, "\n")
	e := Exchange{File: file, Name: strings.TrimSpace(name)}
	for strings.HasPrefix(rest, "#") {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		if until, ok := strings.CutPrefix(line, "# until "); ok {
			e.Until = strings.TrimSpace(until)
		}
		e.Setup = e.Setup || strings.TrimSpace(line) == "# setup"
	}
	asked, answered, _ := strings.Cut(rest, "\nHTTP/1.1 ")
	var line string
	line, e.Header, e.Body = message(asked)
	var ok bool
	if e.Verb, e.Target, ok = strings.Cut(line, " "); !ok {
		return e, fmt.Errorf("%s: %q is no request line", e.Name, line)
	}
	if answered == "" {
		return e, nil // not asked yet
	}
	line, e.Answer.Header, e.Answer.Body = message(answered)
	number, _, _ := strings.Cut(line, " ")
	var err error
	if e.Answer.Status, err = strconv.Atoi(number); err != nil {
		return e, fmt.Errorf("%s: %q is no status", e.Name, number)
	}
	return e, nil
}

// message takes the first line, the headers and the body apart.
func message(text string) (line string, header http.Header, body string) {
	head, body, _ := strings.Cut(text+"\n", "\n\n")
	line, rest, _ := strings.Cut(head, "\n")
	header = http.Header{}
	for field := range strings.SplitSeq(rest, "\n") {
		if name, value, ok := strings.Cut(field, ":"); ok {
			header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return strings.TrimSpace(line), header, strings.TrimSpace(body)
}

// String writes the exchange as its file does.
func (e Exchange) String() string {
	var b strings.Builder
	b.WriteString("### " + e.Name + "\n")
	if e.Setup {
		b.WriteString("# setup\n")
	}
	if e.Until != "" {
		b.WriteString("# until " + e.Until + "\n")
	}
	return b.String() + e.Message() + "\n"
}

// Message is the request with its answer.
func (e Exchange) Message() string {
	var b strings.Builder
	b.WriteString(e.Verb + " " + e.Target + "\n")
	write := func(header http.Header, body string) {
		names := make([]string, 0, len(header))
		for name := range header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			for _, value := range header[name] {
				b.WriteString(name + ": " + value + "\n")
			}
		}
		if body != "" {
			b.WriteString("\n" + body + "\n")
		}
	}
	write(e.Header, e.Body)
	if e.Answer.Status != 0 {
		fmt.Fprintf(&b, "\nHTTP/1.1 %d %s\n", e.Answer.Status, http.StatusText(e.Answer.Status))
		write(e.Answer.Header, e.Answer.Body)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
