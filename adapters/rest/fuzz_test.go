package rest

import (
	"bytes"
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// Whatever the body: no panic; what parseJSON takes, encoding/json takes too; a refusal
// says why; what was read is a message that can be sent.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `{"Email":"a@example.org"}`, `{"Email":"\ud83d\ude00"}`, `{"Email":"\ud800"}`, `{"a":1e999}`,
		`{"Journey":{"JourneyData":[{"StringValue":"x","DataPoint":{"Id":"9007199254740991"}},{"NumberValue":-0.5e-3}]}}`,
		`{"JourneyData":[{"Name":"x","Value":{"a":[1,true,null,"\u0000"]}}]}`, `{"Email":"a","Email":"b"}`, "{\"a\":\"\xff\"}",
		`[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]`, `{"a":01}`, `{"a":tru}`, `"`, `{"a" 1}`,
	} {
		f.Add([]byte(seed))
	}
	s := newSchema()
	m, err := s.message((&v1.RegisterJourneyRequest{}).ProtoReflect().Descriptor())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) > maxBody {
			return
		}
		doc, bad := parseJSON(body)
		if bad != nil {
			if bad.Code == "" || bad.Detail == "" {
				t.Errorf("a refusal without words: %v", bad)
			}
			return
		}
		if !json.Valid(body) {
			t.Errorf("taken, but no JSON: %q", body)
		}
		in := &v1.RegisterJourneyRequest{}
		d := decoder{doc: doc}
		d.object(&doc.nodes[0], m, in.ProtoReflect(), nil, nil)
		if d.wrong.Err() != nil {
			return
		}
		wire, err := proto.Marshal(in)
		if err != nil {
			t.Errorf("read, but cannot be sent: %v", err)
		}
		again := &v1.RegisterJourneyRequest{}
		if err := proto.Unmarshal(wire, again); err != nil || !proto.Equal(in, again) {
			t.Errorf("it changed on the way: %v", err)
		}
	})
}

// Strings read and written come back as encoding/json sees them.
func FuzzStrings(f *testing.F) {
	f.Add("a\"b\\c\n\u2028é😀\x00")
	f.Fuzz(func(t *testing.T, text string) {
		written := appendString(nil, text)
		var back string
		if err := json.Unmarshal(written, &back); err != nil {
			t.Fatalf("%q: %v", written, err)
		}
		if want := string(bytes.ToValidUTF8([]byte(text), nil)); len(want) == len(text) && back != text {
			t.Errorf("%q came back as %q", text, back)
		}
		doc, bad := parseJSON(written)
		if bad != nil {
			t.Fatalf("%q: %v", written, bad)
		}
		if got := doc.str(&doc.nodes[0]); got != back {
			t.Errorf("read as %q, want %q", got, back)
		}
	})
}
