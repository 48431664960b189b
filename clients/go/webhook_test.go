package kohomai_test

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	kohomai "github.com/kohomai/kohomai/clients/go"
)

func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	const body = `{"type":"activity.completed","timestamp":"2026-11-24T09:30:00.123456Z","data":{"Id":81234,"Sequence":12,` +
		`"Workspace":{"Id":4100},"Lead":{"Id":4711},"Journey":{"Id":4712,"Status":"InProgress"},"Activity":{"Id":4720,"Key":"check","Name":"Check","Connector":"approval","Stage":"kickoff","Visit":1}}}`
	secret, other := "whsec_"+strings.Repeat("QUJD", 11), "whsec_"+strings.Repeat("WFla", 11)
	signed := func(at time.Time, secrets ...string) http.Header {
		h := http.Header{}
		h.Set("webhook-id", "evt_1")
		h.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
		var all []string
		for _, s := range secrets {
			w, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			signature, err := w.Sign("evt_1", at, []byte(body))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, signature)
		}
		h.Set("webhook-signature", strings.Join(all, " "))
		return h
	}
	now := time.Now()
	m, err := kohomai.VerifyWebhook([]byte(body), signed(now, other, secret), secret)
	if err != nil || m.ID != "evt_1" || m.Type != "activity.completed" || *m.Data.Sequence != 12 || m.Data.Workspace.ID != 4100 ||
		m.Data.Lead.ID != 4711 || m.Data.Journey.Status != "InProgress" || m.Data.Activity.Key != "check" {
		t.Fatalf("%+v %v", m, err)
	}
	if _, err := kohomai.VerifyWebhook([]byte(body), signed(now, secret), other, secret); err != nil {
		t.Errorf("the second secret: %v", err)
	}
	for name, c := range map[string]struct {
		body    string
		header  http.Header
		secrets []string
	}{
		"another secret": {body, signed(now, secret), []string{other}},
		"another body":   {body + " ", signed(now, secret), []string{secret}},
		"old":            {body, signed(now.Add(-6*time.Minute), secret), []string{secret}},
		"from later":     {body, signed(now.Add(6*time.Minute), secret), []string{secret}},
		"no headers":     {body, http.Header{}, []string{secret}},
		"no secret":      {body, signed(now, secret), nil},
	} {
		if _, err := kohomai.VerifyWebhook([]byte(c.body), c.header, c.secrets...); !errors.Is(err, kohomai.ErrWebhook) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
