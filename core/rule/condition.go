package rule

// Result is a truth value with three states. The zero value is Unknown.
type Result uint8

// The results, by their public names.
const (
	Unknown Result = iota
	False
	True
)

// String returns the public name.
func (r Result) String() string {
	switch r {
	case False:
		return "False"
	case True:
		return "True"
	default:
		return "Unknown"
	}
}

// Schema tells a compiler which data points exist and of what type, by key.
type Schema map[string]Type

// Facts gives a condition the values it reads; ok is false for a fact not known.
type Facts interface {
	Fact(key string) (v Value, ok bool)
}

// Problem is one fault in a condition's text.
type Problem struct {
	// Offset is where it stands, in bytes from the beginning; -1 when it has no place.
	Offset  int
	Message string
}

// Condition is a compiled condition, safe for concurrent use.
type Condition interface {
	// Source must return the text it was compiled from.
	Source() string
	// Reads must list the keys of the facts it may read, sorted, each once.
	Reads() []string
	// Eval must be three-valued: a part that reads an unknown fact is Unknown, and
	// False && Unknown is False, True || Unknown is True. Evaluation errors (a cost
	// limit, a failing conversion) are Unknown too. It must not change facts.
	Eval(facts Facts) Result
}

// Compiler turns text into conditions.
type Compiler interface {
	// Compile must return a condition, or at least one problem and a nil condition.
	// It must refuse keys that are not in the schema and expressions that are not boolean.
	Compile(source string, schema Schema) (Condition, []Problem)
}
