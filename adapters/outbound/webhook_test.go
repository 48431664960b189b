package outbound

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/kohomai/kohomai/core/webhook"
)

const testSecret, olderSecret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", "whsec_WllYV1ZVVFNSUVBPTk1MS0pJSEdGRURDQkE="

func send(t *testing.T, timeout time.Duration, handler http.HandlerFunc) webhook.Answer {
	t.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	allow, err := ParseAllow("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	sender := NewWebhookSender(NewTransport(Options{Allow: allow, Timeout: timeout}), "tester", time.Now)
	return sender.Send(t.Context(), webhook.Request{
		URL: server.URL + "/hooks?a=1", ID: "evt_7", At: time.Now(), Body: []byte(`{"type":"x"}`), Secrets: []string{testSecret, olderSecret},
	})
}

func TestWebhookSender_signs(t *testing.T) {
	t.Parallel()
	a := send(t, 0, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.URL.String() != "/hooks?a=1" || r.Header.Get("Content-Type") != "application/json" ||
			r.Header.Get("User-Agent") != "tester" || r.Header.Get("webhook-id") != "evt_7" || string(body) != `{"type":"x"}` {
			t.Errorf("%s %s %v %s", r.Method, r.URL, r.Header, body)
		}
		for _, secret := range []string{testSecret, olderSecret} {
			verify, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Error(err)
			} else if err := verify.Verify(body, r.Header); err != nil {
				t.Error(err)
			}
		}
		_, _ = w.Write([]byte("ok"))
	})
	if !a.Accepted() || string(a.Body) != "ok" || a.Error != "" || a.Took <= 0 {
		t.Errorf("%+v", a)
	}
}

func TestWebhookSender_answers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		check   func(webhook.Answer) bool
	}{
		"a redirect is the answer": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere", http.StatusPermanentRedirect)
			},
			func(a webhook.Answer) bool { return a.Status == 308 && !a.Accepted() },
		},
		"64 KiB are kept": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.Repeat([]byte("x"), 10<<20)) },
			func(a webhook.Answer) bool { return a.Accepted() && len(a.Body) == 64<<10 },
		},
		"it hangs": {
			func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				<-r.Context().Done()
			},
			func(a webhook.Answer) bool { return a.Status == 0 && a.Error == "There was no answer in time." },
		},
		"it drips": {
			func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = w.Write([]byte("x"))
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done()
			},
			func(a webhook.Answer) bool {
				return a.Accepted() && string(a.Body) == "x" && strings.Contains(a.Error, "broke off")
			},
		},
		"it cuts the line": {
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			func(a webhook.Answer) bool { return a.Status == 0 && a.Error == "The connection failed." },
		},
		"it asks for time": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "120")
				w.WriteHeader(429)
			},
			func(a webhook.Answer) bool { return a.Status == 429 && a.RetryAfter == 2*time.Minute },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a := send(t, 400*time.Millisecond, c.handler); !c.check(a) {
				t.Errorf("status %d, %d bytes, %q, %v", a.Status, len(a.Body), a.Error, a.RetryAfter)
			}
		})
	}
}

// What an answer says names no address of the inside.
func TestWebhookSender_refusals(t *testing.T) {
	t.Parallel()
	sender := NewWebhookSender(NewTransport(Options{}), "tester", time.Now)
	for _, url := range []string{"https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "http://127.0.0.1:9/", "https://127.0.0.1/"} {
		a := sender.Send(context.Background(), webhook.Request{URL: url, ID: "evt_1", At: time.Now(), Body: []byte("{}"), Secrets: []string{testSecret}})
		if a.Status != 0 || a.Error != "Requests to this address are not let out." {
			t.Errorf("%s: %+v", url, a)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "0": 0, "-5": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "99999999999": 0, "soon": 0,
		"Tue, 24 Nov 2026 12:01:00 GMT": time.Minute, "Tue, 24 Nov 2026 11:00:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}
