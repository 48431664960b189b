package event

import "strings"

// Matches compares a name with a pattern: * is any run of characters, also none.
func (t Type) Matches(pattern string) bool {
	parts, name := strings.Split(pattern, "*"), string(t)
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return true
}

// Matching are the types that a pattern names, in the order of Types.
func Matching(pattern string) []Type {
	var out []Type
	for _, t := range Types() {
		if t.Matches(pattern) {
			out = append(out, t)
		}
	}
	return out
}
