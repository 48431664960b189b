package app_test

import (
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// sample is the code of a language in the guide about webhooks.
func sample(t *testing.T, language string) string {
	t.Helper()
	raw, err := os.ReadFile("../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$").FindSubmatch(raw)
	if m == nil {
		t.Fatalf("the guide has no code in %s", language)
	}
	return string(m[1])
}

// The code of the guide takes a message of ours, also while a secret is rotated, and
// refuses forged and old ones.
func TestDocs_WebhookSamplesVerify(t *testing.T) {
	t.Parallel()
	const body, id = `{"type":"lead.registered","data":{"Id":7,"Name":"Zoë"}}`, "evt_7"
	secret, other := "whsec_"+strings.Repeat("QUJD", 11), "whsec_"+strings.Repeat("WFla", 11)
	sign := func(secret string, at time.Time) string {
		w, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.Sign(id, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	now := time.Now()
	type try struct {
		Name    string            `json:"name"`
		Body    string            `json:"body"`
		Secret  string            `json:"secret"`
		Headers map[string]string `json:"headers"`
		Good    bool              `json:"good"`
	}
	make := func(name, body, signature string, at time.Time, good bool) try {
		return try{name, body, secret, map[string]string{"webhook-id": id, "webhook-timestamp": fmt.Sprint(at.Unix()), "webhook-signature": signature}, good}
	}
	tries := []try{
		make("ours", body, sign(secret, now), now, true),
		make("while rotating", body, sign(other, now)+" "+sign(secret, now), now, true),
		make("another secret", body, sign(other, now), now, false),
		make("another body", body+" ", sign(secret, now), now, false),
		make("another version", body, strings.Replace(sign(secret, now), "v1,", "v2,", 1), now, false),
		make("no signature", body, "", now, false),
		make("old", body, sign(secret, now.Add(-10*time.Minute)), now.Add(-10*time.Minute), false),
		make("from tomorrow", body, sign(secret, now.Add(24*time.Hour)), now.Add(24*time.Hour), false),
		make("another moment", body, sign(secret, now.Add(-time.Minute)), now, false),
	}
	raw, err := json.Marshal(tries)
	if err != nil {
		t.Fatal(err)
	}
	for language, c := range map[string]struct{ program, file, judge string }{
		"js": {"node", "verify.js", `
for (const t of JSON.parse(require("node:fs").readFileSync("tries.json", "utf8"))) {
  let good = true;
  try { if (verify(t.body, t.headers, t.secret).data.Id !== 7) throw new Error("another body"); } catch { good = false; }
  if (good !== t.good) { console.log(t.name); process.exitCode = 1; }
}`},
		"python": {"python3", "verify.py", `
bad = 0
for t in json.load(open("tries.json")):
    good = True
    try:
        assert verify(t["body"].encode(), t["headers"], t["secret"])["data"]["Id"] == 7
    except ValueError:
        good = False
    if good != t["good"]:
        print(t["name"]); bad = 1
raise SystemExit(bad)`},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(c.program)
			if err != nil {
				t.Skipf("SKIPPED: %s is not installed, its sample was not tried", c.program)
			}
			dir := t.TempDir()
			for name, text := range map[string]string{c.file: sample(t, language) + c.judge, "tries.json": string(raw)} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := exec.CommandContext(t.Context(), program, c.file) // #nosec G204 -- node or python
			run.Dir = dir
			if out, err := run.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		text := sample(t, "go")
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("not formatted: %v", err)
		}
		// Inside the module, for its library; testdata is no part of ./...
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp("testdata", "hooks-")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		test := `package hooks

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	raw, err := os.ReadFile("tries.json")
	if err != nil {
		t.Fatal(err)
	}
	var tries []struct {
		Name, Body, Secret string
		Headers            map[string]string
		Good               bool
	}
	if err := json.Unmarshal(raw, &tries); err != nil || len(tries) == 0 {
		t.Fatal(err)
	}
	for _, c := range tries {
		r := httptest.NewRequest("POST", "/", strings.NewReader(c.Body))
		for k, v := range c.Headers {
			r.Header.Set(k, v)
		}
		if body, err := Verify(r, c.Secret); (err == nil) != c.Good || err == nil && string(body) != c.Body {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}
`
		for name, text := range map[string]string{"verify.go": text, "verify_test.go": test, "tries.json": string(raw)} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.CommandContext(t.Context(), "go", "test", "./"+dir).CombinedOutput(); err != nil { // #nosec G204 -- our own folder
			t.Errorf("%v\n%s", err, out)
		}
	})
}
