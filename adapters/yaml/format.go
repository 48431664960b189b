package yaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	yamlv3 "gopkg.in/yaml.v3"
)

// Format writes JSON as YAML, keys in the order in which they stand; Convert reads it
// back to the same values.
func Format(raw []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	root, err := read(decoder, 1)
	if err != nil {
		return nil, fmt.Errorf("yaml: reading the JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("yaml: something follows the JSON value")
	}
	var out bytes.Buffer
	encoder := yamlv3.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("yaml: writing: %w", err)
	}
	if err := encoder.Close(); err != nil {
		return nil, fmt.Errorf("yaml: writing: %w", err)
	}
	return out.Bytes(), nil
}

func read(d *json.Decoder, depth int) (*yamlv3.Node, error) {
	if depth > mostDepth {
		return nil, errors.New("nested too deeply")
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		n := &yamlv3.Node{Kind: yamlv3.MappingNode, Tag: "!!map"}
		if t == '[' {
			n = &yamlv3.Node{Kind: yamlv3.SequenceNode, Tag: "!!seq"}
		}
		for d.More() {
			item, err := read(d, depth+1)
			if err != nil {
				return nil, err
			}
			if t == '{' && len(n.Content)%2 == 0 && strings.Contains(item.Value, "\n") {
				item.Style = yamlv3.DoubleQuotedStyle
			}
			n.Content = append(n.Content, item)
		}
		_, err := d.Token()
		return n, err
	case string:
		n := &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!str", Value: t}
		// Block texts lose line breaks and spaces at their beginning and cannot be keys.
		// << would be taken for a merge.
		if core := strings.TrimSpace(t); t == "<<" || strings.Contains(t, "\n") && (core == "" || t != core && t != core+"\n") {
			n.Style = yamlv3.DoubleQuotedStyle
		}
		return n, nil
	case json.Number:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Value: t.String()}, nil
	case bool:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(t)}, nil
	default:
		return &yamlv3.Node{Kind: yamlv3.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}
