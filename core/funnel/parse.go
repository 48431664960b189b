package funnel

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/rule"
)

// mostDepth bounds the nesting of a definition's JSON.
const mostDepth = 32

// Parse reads a definition from JSON, strictly: unknown and repeated fields and wrong types
// are findings, each by its path. The definition is empty when there is one. It does not
// judge what the definition says; Compile does.
func Parse(raw []byte) (Definition, []Finding) {
	p := &parser{decoder: json.NewDecoder(bytes.NewReader(raw))}
	tree, err := p.value("", 1)
	if err == nil {
		if _, after := p.decoder.Token(); !errors.Is(after, io.EOF) {
			err = errors.New("something follows the definition")
		}
	}
	if err != nil {
		p.err("", "", "malformed", "This is not JSON: %s, near byte %d.", plainError(err), p.decoder.InputOffset())
		return Definition{}, p.list
	}
	p.check("", reflect.TypeFor[Definition](), tree)
	if len(p.list) == 0 {
		var def Definition
		if err := json.Unmarshal(raw, &def); err != nil {
			p.err("", "", "malformed", "%s.", err)
		}
		if len(p.list) == 0 {
			return def, nil
		}
	}
	for i := range p.list {
		p.list[i].Node = nodeOf(tree, p.list[i].Field)
	}
	return Definition{}, p.list
}

func plainError(err error) string {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}

// nodeOf is the key of the node a path lies in.
func nodeOf(tree any, path string) string {
	var i int
	if n, _ := fmt.Sscanf(path, "Nodes[%d]", &i); n != 1 {
		return ""
	}
	root, _ := tree.(map[string]any)
	nodes, _ := root["Nodes"].([]any)
	if i >= len(nodes) {
		return ""
	}
	node, _ := nodes[i].(map[string]any)
	key, _ := node["Key"].(string)
	return key
}

type parser struct {
	findings
	decoder *json.Decoder
}

// value reads one value, noting fields that stand twice.
func (p *parser) value(path string, depth int) (any, error) {
	if depth > mostDepth {
		return nil, errors.New("it is nested too deeply")
	}
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for p.decoder.More() {
			name, err := p.decoder.Token()
			if err != nil {
				return nil, err
			}
			key, _ := name.(string)
			inner := join(path, key)
			if _, twice := object[key]; twice {
				p.err("", inner, "duplicate_field", "This field stands twice.")
			}
			if object[key], err = p.value(inner, depth+1); err != nil {
				return nil, err
			}
		}
		_, err := p.decoder.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for p.decoder.More() {
			item, err := p.value(fmt.Sprintf("%s[%d]", path, len(list)), depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err := p.decoder.Token()
		return list, err
	default:
		return token, nil
	}
}

var (
	jsonReader = reflect.TypeFor[json.Unmarshaler]()
	textReader = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// check judges that a value fits a type of the definition.
func (p *parser) check(path string, t reflect.Type, v any) {
	if t.Kind() == reflect.Pointer {
		if v != nil {
			p.check(path, t.Elem(), v)
		}
		return
	}
	if reflect.PointerTo(t).Implements(jsonReader) || reflect.PointerTo(t).Implements(textReader) {
		p.read(path, t, v)
		return
	}
	wrong := func(want string) { p.err("", path, "wrong_type", "Expected %s.", want) }
	switch t.Kind() {
	case reflect.Struct:
		object, ok := v.(map[string]any)
		if !ok {
			wrong("an object")
			return
		}
		p.fields(path, t, object)
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok && v != nil {
			wrong("a list")
		}
		for i, item := range list {
			p.check(fmt.Sprintf("%s[%d]", path, i), t.Elem(), item)
		}
	case reflect.Map:
		if _, ok := v.(map[string]any); !ok && v != nil {
			wrong("an object")
		}
	case reflect.String:
		if _, ok := v.(string); !ok {
			wrong("a text")
		}
	case reflect.Bool:
		if _, ok := v.(bool); !ok {
			wrong("true or false")
		}
	case reflect.Int, reflect.Int64:
		if n, ok := v.(float64); !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53-1 {
			wrong("a whole number")
		}
	default:
		wrong("nothing here")
	}
}

// fields judges an object's fields; names are exact, upper and lower case included.
func (p *parser) fields(path string, t reflect.Type, object map[string]any) {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Name
		if v, ok := object[names[i]]; ok {
			p.check(join(path, names[i]), t.Field(i).Type, v)
		}
	}
	var unknown []string
	for name := range object {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		f := p.err("", join(path, name), "unknown_field", "There is no field %q here.", name)
		i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
		if i >= 0 {
			f.Fix = didYouMean(names[i])
		} else {
			f.Fix = didYouMean(rule.Closest(name, names))
		}
	}
}

// read lets a type that reads itself judge the value.
func (p *parser) read(path string, t reflect.Type, v any) {
	target := reflect.New(t).Interface()
	raw, err := json.Marshal(v)
	if err == nil {
		switch reader := target.(type) {
		case json.Unmarshaler:
			err = reader.UnmarshalJSON(raw)
		case encoding.TextUnmarshaler:
			text, _ := v.(string)
			err = reader.UnmarshalText([]byte(text))
		}
	}
	if err != nil {
		message := err.Error()
		p.err("", path, "wrong_type", "%s.", strings.ToUpper(message[:1])+message[1:])
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("Did you mean %s?", name)
}
