package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "gopkg.in/yaml.v3"
)

// Bounds of a document. Aliases are followed, so the bound on values is what keeps a
// small file from becoming a large one.
const (
	mostBytes  = 1 << 20
	mostDepth  = 32
	mostValues = 50_000
)

// Error is the first thing wrong with a document.
type Error struct {
	// Line and Column count from 1; 0 where the place is not known.
	Line, Column int
	Message      string
}

// Error says where and what.
func (e *Error) Error() string {
	switch {
	case e.Line > 0 && e.Column > 0:
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	case e.Line > 0:
		return fmt.Sprintf("line %d: %s", e.Line, e.Message)
	default:
		return e.Message
	}
}

// Document is one YAML document as JSON.
type Document struct {
	// JSON has the keys in the order in which they were written.
	JSON  []byte
	lines map[string]int
}

// Line is the line, from 1, on which the value of a JSON path such as
// `Nodes[2].Branches[0].When` stands. A path that is not in the document (a missing
// field) has the line of its nearest parent; 0 means the whole document.
func (d *Document) Line(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// Convert reads exactly one YAML document (JSON is one too). Texts, dates and durations
// stay text; whole numbers keep their digits. It refuses, with an *Error: duplicate keys, merge
// keys, tags beyond YAML's own, several documents, infinities, and documents that are
// larger, once aliases are followed, than any that a person writes.
func Convert(raw []byte) (*Document, error) {
	if len(raw) > mostBytes {
		return nil, &Error{Message: "the document is larger than 1 MiB"}
	}
	decoder := yamlv3.NewDecoder(bytes.NewReader(raw))
	var root yamlv3.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, &Error{Message: "the document is empty"}
	case err != nil:
		return nil, syntax(err)
	}
	var second yamlv3.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, at(&second, "only one document is expected")
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(err)
	}
	w := &writer{lines: map[string]int{}}
	if err := w.value("", root.Content[0], 1); err != nil {
		return nil, err
	}
	return &Document{JSON: w.out.Bytes(), lines: w.lines}, nil
}

var syntaxForm = regexp.MustCompile(`(?s)^yaml: (?:line ([0-9]+): )?(.*)$`)

func syntax(err error) *Error {
	m := syntaxForm.FindStringSubmatch(err.Error())
	if m == nil {
		return &Error{Message: err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	return &Error{Line: line, Message: m[2]}
}

func at(n *yamlv3.Node, message string, args ...any) *Error {
	return &Error{Line: n.Line, Column: n.Column, Message: fmt.Sprintf(message, args...)}
}

// writer writes nodes as JSON.
type writer struct {
	out    bytes.Buffer
	lines  map[string]int
	values int
}

func (w *writer) value(path string, n *yamlv3.Node, depth int) error {
	if w.values++; w.values > mostValues || w.out.Len() > 4*mostBytes {
		return at(n, "the document holds too many values")
	}
	if depth > mostDepth {
		return at(n, "the document is nested too deeply")
	}
	if _, ok := w.lines[path]; !ok && path != "" {
		w.lines[path] = n.Line
	}
	switch n.Kind {
	case yamlv3.AliasNode:
		return w.value(path, n.Alias, depth+1)
	case yamlv3.MappingNode:
		return w.object(path, n, depth)
	case yamlv3.SequenceNode:
		return w.array(path, n, depth)
	case yamlv3.ScalarNode:
		return w.scalar(n)
	default:
		return at(n, "expected a value")
	}
}

func (w *writer) object(path string, n *yamlv3.Node, depth int) error {
	if tag := n.ShortTag(); tag != "!!map" {
		return at(n, "the tag %s is not supported", tag)
	}
	w.out.WriteByte('{')
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yamlv3.ScalarNode {
			return at(key, "a key must be a text")
		}
		if key.ShortTag() == "!!merge" {
			return at(key, "merge keys (<<) are not supported")
		}
		if line, twice := first[key.Value]; twice {
			return at(key, "the key %q stands on line %d already", key.Value, line)
		}
		first[key.Value] = key.Line
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.text(key.Value)
		w.out.WriteByte(':')
		inner := key.Value
		if path != "" {
			inner = path + "." + key.Value
		}
		if err := w.value(inner, n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *writer) array(path string, n *yamlv3.Node, depth int) error {
	if tag := n.ShortTag(); tag != "!!seq" {
		return at(n, "the tag %s is not supported", tag)
	}
	w.out.WriteByte('[')
	for i, item := range n.Content {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.value(fmt.Sprintf("%s[%d]", path, i), item, depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

func (w *writer) scalar(n *yamlv3.Node) error {
	switch tag := n.ShortTag(); tag {
	case "!!str", "!!timestamp":
		w.text(n.Value)
	case "!!null":
		w.out.WriteString("null")
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return at(n, "expected true or false")
		}
		w.out.WriteString(strconv.FormatBool(b))
	case "!!int", "!!float":
		return w.number(n)
	default:
		return at(n, "the tag %s is not supported", tag)
	}
	return nil
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func (w *writer) number(n *yamlv3.Node) error {
	var f float64
	if err := n.Decode(&f); err != nil {
		return at(n, "expected a number")
	}
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return at(n, "a number must be finite")
	}
	if jsonNumber.MatchString(n.Value) {
		w.out.WriteString(n.Value)
		return nil
	}
	w.out.WriteString(strconv.FormatFloat(f, 'g', -1, 64))
	return nil
}

func (w *writer) text(s string) {
	encoder := json.NewEncoder(&w.out)
	encoder.SetEscapeHTML(false)
	// A text always encodes; bytes that are not UTF-8 were refused by the parser.
	_ = encoder.Encode(s)
	w.out.Truncate(w.out.Len() - 1)
}
