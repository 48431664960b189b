package rest

import (
	"unicode/utf8"

	"github.com/kohomai/kohomai/core/fault"
)

// maxDepth is how deep objects and arrays of a body may nest.
const maxDepth = 32

// nodeKind is the kind of a JSON value.
type nodeKind uint8

const (
	nullNode nodeKind = iota
	boolNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// node is one JSON value of a document. Children of arrays and objects are linked by
// index, so that a whole document is one slice.
type node struct {
	kind nodeKind
	// start and end bound the literal in the text; strings without their quotes.
	start, end int32
	// nameStart and nameEnd bound the member's name, without quotes; only in objects.
	nameStart, nameEnd int32
	// escaped says that the string, nameEscaped that the name, holds escapes.
	escaped, nameEscaped bool
	// child is the first child, next the following sibling; 0 is none (0 is the root).
	child, next int32
}

// document is a parsed JSON text.
type document struct {
	text  []byte
	nodes []node
}

// parseJSON reads one strict JSON value: no duplicate names, at most maxDepth levels,
// valid UTF-8, nothing behind it. Whatever it refuses is a Malformed fault.
func parseJSON(text []byte) (*document, *fault.Error) {
	d := &document{text: text, nodes: make([]node, 0, 8+len(text)/16)}
	p := jsonParser{document: d}
	p.space()
	if _, err := p.value(0); err != nil {
		return nil, err
	}
	p.space()
	if p.pos != len(text) {
		return nil, p.malformed("something follows the JSON value")
	}
	return d, nil
}

// name is the decoded name of a member.
func (d *document) name(n *node) string {
	raw := d.text[n.nameStart:n.nameEnd]
	if n.nameEscaped {
		return unescape(raw)
	}
	return string(raw)
}

// str is the decoded value of a string.
func (d *document) str(n *node) string {
	raw := d.text[n.start:n.end]
	if n.escaped {
		return unescape(raw)
	}
	return string(raw)
}

// literal is the text of a number or boolean.
func (d *document) literal(n *node) string { return string(d.text[n.start:n.end]) }

type jsonParser struct {
	*document
	pos int
}

func (p *jsonParser) malformed(what string) *fault.Error {
	return fault.New(fault.Malformed, "malformed_json", "The body is not valid JSON: at byte %d, %s.", p.pos, what)
}

func (p *jsonParser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// value parses one value and returns the index of its node.
func (p *jsonParser) value(depth int) (int32, *fault.Error) {
	if p.pos >= len(p.text) {
		return 0, p.malformed("the text ends too early")
	}
	at := int32(len(p.nodes)) // #nosec G115 -- a body is at most one MiB
	p.nodes = append(p.nodes, node{start: p.at()})
	switch c := p.text[p.pos]; {
	case c == '{' || c == '[':
		if depth == maxDepth {
			return 0, fault.New(fault.Malformed, "too_deep", "The body nests deeper than %d levels.", maxDepth)
		}
		if c == '{' {
			return at, p.object(at, depth+1)
		}
		return at, p.array(at, depth+1)
	case c == '"':
		start, end, escaped, err := p.quoted()
		if err != nil {
			return 0, err
		}
		n := &p.nodes[at]
		n.kind, n.start, n.end, n.escaped = stringNode, start, end, escaped
		return at, nil
	case c == '-' || c >= '0' && c <= '9':
		if err := p.number(); err != nil {
			return 0, err
		}
		p.nodes[at].kind, p.nodes[at].end = numberNode, p.at()
		return at, nil
	default:
		return at, p.word(at)
	}
}

func (p *jsonParser) at() int32 { return int32(p.pos) } // #nosec G115 -- a body is at most one MiB

func (p *jsonParser) word(at int32) *fault.Error {
	for _, w := range [...]struct {
		text string
		kind nodeKind
	}{{"null", nullNode}, {"true", boolNode}, {"false", boolNode}} {
		if end := p.pos + len(w.text); end <= len(p.text) && string(p.text[p.pos:end]) == w.text {
			p.pos = end
			p.nodes[at].kind, p.nodes[at].end = w.kind, p.at()
			return nil
		}
	}
	return p.malformed("a value was expected")
}

func (p *jsonParser) array(at int32, depth int) *fault.Error {
	p.nodes[at].kind = arrayNode
	p.pos++
	p.space()
	if p.take(']') {
		return nil
	}
	var last int32
	for {
		p.space()
		child, err := p.value(depth)
		if err != nil {
			return err
		}
		p.link(at, last, child)
		last = child
		p.space()
		if p.take(']') {
			return nil
		}
		if !p.take(',') {
			return p.malformed("a comma or the end of the array was expected")
		}
	}
}

func (p *jsonParser) object(at int32, depth int) *fault.Error {
	p.nodes[at].kind = objectNode
	p.pos++
	p.space()
	if p.take('}') {
		return nil
	}
	names := nameSet{document: p.document, parent: at}
	var last int32
	for {
		p.space()
		if p.pos >= len(p.text) || p.text[p.pos] != '"' {
			return p.malformed("the name of a member was expected")
		}
		start, end, escaped, err := p.quoted()
		if err != nil {
			return err
		}
		p.space()
		if !p.take(':') {
			return p.malformed("a colon was expected")
		}
		p.space()
		child, err := p.value(depth)
		if err != nil {
			return err
		}
		n := &p.nodes[child]
		n.nameStart, n.nameEnd, n.nameEscaped = start, end, escaped
		if !names.add(n) {
			return fault.New(fault.Malformed, "duplicate_field", "The body gives %q more than once in one object.", p.name(n))
		}
		p.link(at, last, child)
		last = child
		p.space()
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return p.malformed("a comma or the end of the object was expected")
		}
	}
}

// nameSet finds duplicates among the members of one object: by comparing while there
// are few, by a map beyond.
type nameSet struct {
	*document
	parent int32
	count  int
	seen   map[string]bool
}

func (s *nameSet) add(n *node) bool {
	s.count++
	if s.seen == nil && s.count <= 16 {
		raw := s.text[n.nameStart:n.nameEnd]
		for c := s.nodes[s.parent].child; c != 0; c = s.nodes[c].next {
			o := &s.nodes[c]
			if o.nameEscaped || n.nameEscaped {
				if s.name(o) == s.name(n) {
					return false
				}
			} else if string(s.text[o.nameStart:o.nameEnd]) == string(raw) {
				return false
			}
		}
		return true
	}
	if s.seen == nil {
		s.seen = make(map[string]bool)
		for c := s.nodes[s.parent].child; c != 0; c = s.nodes[c].next {
			s.seen[s.name(&s.nodes[c])] = true
		}
	}
	name := s.name(n)
	if s.seen[name] {
		return false
	}
	s.seen[name] = true
	return true
}

func (p *jsonParser) link(parent, last, child int32) {
	if last == 0 {
		p.nodes[parent].child = child
	} else {
		p.nodes[last].next = child
	}
}

func (p *jsonParser) take(c byte) bool {
	if p.pos < len(p.text) && p.text[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// number steps over a number of the JSON grammar.
func (p *jsonParser) number() *fault.Error {
	p.take('-')
	if !p.take('0') && !p.digits() {
		return p.malformed("a number was expected")
	}
	if p.take('.') && !p.digits() {
		return p.malformed("digits were expected behind the point")
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		if !p.digits() {
			return p.malformed("digits were expected in the exponent")
		}
	}
	return nil
}

func (p *jsonParser) digits() bool {
	from := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > from
}

// quoted steps over a string and checks it whole: control characters, escapes,
// surrogate pairs, UTF-8.
func (p *jsonParser) quoted() (start, end int32, escaped bool, err *fault.Error) {
	p.pos++
	start = p.at()
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			end = p.at()
			p.pos++
			return start, end, escaped, nil
		case c == '\\':
			escaped = true
			if !p.escape() {
				return 0, 0, false, p.malformed("an escape is not valid")
			}
		case c < ' ':
			return 0, 0, false, p.malformed("a control character stands in a string")
		case c < utf8.RuneSelf:
			p.pos++
		default:
			r, size := utf8.DecodeRune(p.text[p.pos:])
			if r == utf8.RuneError && size == 1 {
				return 0, 0, false, p.malformed("a string is not valid UTF-8")
			}
			p.pos += size
		}
	}
	return 0, 0, false, p.malformed("a string does not end")
}

func (p *jsonParser) escape() bool {
	r, size := escapeAt(p.text[p.pos:])
	p.pos += size
	return size > 0 && r >= 0
}

// escapeAt decodes the escape at the start of b, which begins with a backslash. Size 0
// says that it is none; a lone surrogate is none either.
func escapeAt(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return -1, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := hex4(b[2:])
		switch {
		case r < 0 || r >= 0xDC00 && r < 0xE000:
			return -1, 0
		case r < 0xD800 || r >= 0xE000:
			return r, 6
		}
		if len(b) < 12 || b[6] != '\\' || b[7] != 'u' {
			return -1, 0
		}
		low := hex4(b[8:])
		if low < 0xDC00 || low >= 0xE000 {
			return -1, 0
		}
		return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
	}
	return -1, 0
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return -1
		}
	}
	return r
}

// unescape decodes a string that quoted has accepted.
func unescape(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			i++
			continue
		}
		r, size := escapeAt(raw[i:])
		out = utf8.AppendRune(out, r)
		i += max(size, 1)
	}
	return string(out)
}
