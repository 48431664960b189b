package enrich

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
)

// page is what is kept of an HTML document: meta tags by lower-case name or property,
// the first of each, and the JSON-LD scripts.
type page struct {
	meta   map[string]string
	jsonLD []string
}

const scriptLimit = 64 // JSON-LD scripts of one page that are read

// readPage runs over the tokens of a document without building its tree, so that
// deeply nested or broken markup costs nothing. An input that ends in the middle gives
// what stood before; only a read error is an error.
func readPage(r io.Reader) (page, error) {
	p := page{meta: map[string]string{}}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(pageLimit)
	inJSONLD := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			if err := z.Err(); !errors.Is(err, io.EOF) && !errors.Is(err, html.ErrBufferExceeded) {
				return page{}, fmt.Errorf("read page: %w", err)
			}
			return p, nil
		case html.TextToken:
			if inJSONLD && len(p.jsonLD) < scriptLimit {
				p.jsonLD = append(p.jsonLD, string(z.Raw()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			tag := string(name)
			inJSONLD = false
			if !hasAttr || tag != "meta" && tag != "script" {
				continue
			}
			attr := attributes(z)
			if tag == "script" {
				kind, _, _ := strings.Cut(attr["type"], ";")
				inJSONLD = strings.EqualFold(strings.TrimSpace(kind), "application/ld+json")
				continue
			}
			for _, key := range []string{attr["property"], attr["name"]} {
				key = strings.ToLower(strings.TrimSpace(key))
				if _, had := p.meta[key]; key != "" && !had && attr["content"] != "" {
					p.meta[key] = attr["content"]
				}
			}
		case html.EndTagToken:
			inJSONLD = false
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

func attributes(z *html.Tokenizer) map[string]string {
	all := map[string]string{}
	for range 64 {
		key, value, more := z.TagAttr()
		if _, had := all[string(key)]; !had {
			all[string(key)] = string(value)
		}
		if !more {
			break
		}
	}
	return all
}

var markup = regexp.MustCompile(`<[^<>]*>`)

// clean makes one line of plain text of at most limit characters from text found on
// the web: entities resolved, markup and control characters gone, blanks single. Text
// that is cut ends in an ellipsis.
func clean(s string, limit int) string {
	if len(s) > 64<<10 {
		s = s[:64<<10]
	}
	s = markup.ReplaceAllString(html.UnescapeString(strings.ToValidUTF8(s, "")), " ")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		default:
			return r
		}
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-1])) + "…"
}
