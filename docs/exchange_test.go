package docs

import (
	"testing"
)

const story = `### A new lead
# setup
# until "Status":"Converted"
POST /api/v1/leads?ref=b2b
Idempotency-Key: k1

{"Email": "ann@example.org"}

HTTP/1.1 201 Created
Etag: "1"

{"Id": 7001}

### Not asked yet
GET /api/v1/leads
`

func TestExchanges_ReadAsTheyAreWritten(t *testing.T) {
	all, err := ParseExchanges("leads", story)
	if err != nil {
		t.Fatal(err)
	}
	e := all[0]
	if len(all) != 2 || e.Slug() != "a-new-lead" || !e.Setup || e.Until != `"Status":"Converted"` || e.Verb != "POST" ||
		e.Header.Get("Idempotency-Key") != "k1" || e.Body != `{"Email": "ann@example.org"}` ||
		e.Answer.Status != 201 || e.Answer.Header.Get("Etag") != `"1"` || e.Answer.Body != `{"Id": 7001}` {
		t.Errorf("%+v", all)
	}
	if got := all[0].String() + "\n" + all[1].String(); got != story {
		t.Errorf("got %q", got)
	}
}

func TestExchanges_Refuse(t *testing.T) {
	for _, text := range []string{"### X\nGET\n", "### X\nGET /a\n\nHTTP/1.1 ok\n", "### X\nGET /a\n\n### x\nGET /b\n"} {
		if _, err := ParseExchanges("x", text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestFiles_HoldTheContents(t *testing.T) {
	for _, s := range Contents {
		for _, name := range s.Guides {
			if _, err := Files.ReadFile(name + ".md"); err != nil {
				t.Error(err)
			}
		}
	}
	if all, err := Exchanges(Files); err != nil || len(all) < 50 {
		t.Errorf("%d exchanges, %v", len(all), err)
	}
}
