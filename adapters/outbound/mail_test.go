package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/fault"
)

// postOffice is a real SMTP server on loopback that keeps what it is given.
type postOffice struct {
	mu    sync.Mutex
	got   []string
	to    []string
	rcpt  error
	data  error
	needs string // user:password, empty for none

	startTLS, implicitTLS *tls.Config
}

type visit struct {
	office *postOffice
	authed bool
}

func (o *postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &visit{office: o}, nil }

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user+":"+password != v.office.needs {
			return smtp.ErrAuthFailed
		}
		v.authed = true
		return nil
	}), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if v.office.needs != "" && !v.authed {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	v.office.to = append(v.office.to, to)
	return v.office.rcpt
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	v.office.mu.Lock()
	defer v.office.mu.Unlock()
	if v.office.data == nil {
		v.office.got = append(v.office.got, string(text))
	}
	return v.office.data
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

// open starts the office and gives its address.
func (o *postOffice) open(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(o)
	server.Domain, server.AllowInsecureAuth, server.TLSConfig = "localhost", true, o.startTLS
	if o.implicitTLS != nil {
		listener = tls.NewListener(listener, o.implicitTLS)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // Close of a server that has not begun to serve leaves it open
		<-done
	})
	return listener.Addr().String()
}

func sender(t *testing.T, rawURL string) *SMTP {
	t.Helper()
	server, err := ParseMailServer(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return NewSMTP(server, func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) })
}

var greeting = activity.Message{
	ID: "3.act_17", To: "jane@acme.example", Name: "Jane Dœ, PhD", Subject: "Bienvenue à bord\r\nBcc: x@evil.example", Text: "Ça va ?\n.\nEnd\n",
}

func TestSMTP_Send(t *testing.T) {
	t.Parallel()
	var office postOffice
	s := sender(t, "smtp://"+office.open(t)+"?from=Acme%20%3Conboarding@acme.example%3E")
	if err := s.Send(t.Context(), greeting); err != nil {
		t.Fatal(err)
	}
	if len(office.got) != 1 || len(office.to) != 1 || office.to[0] != "jane@acme.example" {
		t.Fatalf("the office got %d messages to %q", len(office.got), office.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(office.got[0]))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get("Bcc"); got != "" {
		t.Errorf("a header was smuggled in: Bcc %q", got)
	}
	for key, want := range map[string]string{
		"Message-Id": "<3.act_17@acme.example>", "From": `"Acme" <onboarding@acme.example>`,
		"Date": "Tue, 24 Nov 2026 12:00:00 +0000", "Auto-Submitted": "auto-generated",
	} {
		if got := m.Header.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Name != "Jane Dœ, PhD" || to[0].Address != "jane@acme.example" {
		t.Errorf("To is %q: %v", m.Header.Get("To"), err)
	}
}

func TestSMTP_SignsInOverTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil) // for its certificate of 127.0.0.1
	t.Cleanup(web.Close)
	known := x509.NewCertPool()
	known.AddCert(web.Certificate())
	certificate := &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12}

	for scheme, office := range map[string]*postOffice{
		"smtp":  {needs: "koho:s3cret", startTLS: certificate},
		"smtps": {needs: "koho:s3cret", implicitTLS: certificate},
	} {
		address := office.open(t)
		s := sender(t, scheme+"://koho:s3cret@"+address)
		s.server.plain = false // as for a host beyond loopback
		if err := s.Send(t.Context(), greeting); err == nil {
			t.Errorf("%s: an unknown certificate was accepted", scheme)
		}
		s.tls.RootCAs = known
		if err := s.Send(t.Context(), greeting); err != nil || len(office.got) != 1 {
			t.Errorf("%s: %v, %d messages", scheme, err, len(office.got))
		}
		s = sender(t, scheme+"://koho:wr0ng@"+address)
		s.tls.RootCAs = known
		if err := s.Send(t.Context(), greeting); err == nil || strings.Contains(err.Error(), "wr0ng") || len(office.got) != 1 {
			t.Errorf("%s with a wrong password: %v", scheme, err)
		}
	}
}

func TestSMTP_Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		office *postOffice
		kind   fault.Kind
	}{
		"no such mailbox": {&postOffice{rcpt: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}}, fault.Provider},
		"greylisted":      {&postOffice{rcpt: &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}}, fault.Unavailable},
		"spam":            {&postOffice{data: &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "no"}}, fault.Provider},
		"full":            {&postOffice{data: &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "disk"}}, fault.Unavailable},
	} {
		if err := sender(t, "smtp://"+c.office.open(t)).Send(t.Context(), greeting); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	if err := sender(t, "smtp://"+listener.Addr().String()).Send(t.Context(), greeting); !fault.Is(err, fault.Unavailable) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := sender(t, "").Send(t.Context(), greeting); !fault.Is(err, fault.Provider) || !fault.HasCode(err, "mail_not_configured") {
		t.Errorf("no server: %v", err)
	}
	var office postOffice
	broken := greeting
	broken.To = "not an address"
	if err := sender(t, "smtp://"+office.open(t)).Send(t.Context(), broken); !fault.Is(err, fault.Provider) {
		t.Errorf("no address: %v", err)
	}
}

// Beyond loopback a server without STARTTLS must get neither password nor message.
func TestSMTP_InsistsOnTLS(t *testing.T) {
	t.Parallel()
	office := postOffice{needs: "koho:s3cret"}
	s := sender(t, "smtp://koho:s3cret@"+office.open(t))
	s.server.plain = false
	if err := s.Send(t.Context(), greeting); err == nil || len(office.got) != 0 {
		t.Errorf("sent without TLS: %v", err)
	}
}

func TestParseMailServer(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]MailServer{
		"":                                  {},
		"smtp://mail.example":               {host: "mail.example", port: 587, from: mail.Address{Address: "no-reply@mail.example"}},
		"smtps://u:p@mail.example":          {host: "mail.example", port: 465, implicit: true, user: "u", password: "p", from: mail.Address{Address: "no-reply@mail.example"}},
		"smtp://127.0.0.1:1025":             {host: "127.0.0.1", port: 1025, plain: true, from: mail.Address{Address: "no-reply@localhost"}},
		"smtp://[::1]:1025/":                {host: "::1", port: 1025, plain: true, from: mail.Address{Address: "no-reply@localhost"}},
		"smtp://m.example?from=a@b.example": {host: "m.example", port: 587, from: mail.Address{Address: "a@b.example"}},
	} {
		if got, err := ParseMailServer(raw); err != nil || got != want {
			t.Errorf("%q: %+v, %v; want %+v", raw, got, err, want)
		}
	}
	for raw, want := range map[string]string{
		"http://u:s3cret@mail.example": `has scheme "http", want smtp or smtps`,
		"smtp://":                      "has no host\nhas a from that is not an e-mail address",
		"smtp://m.example:99999":       `has port "99999", want 1 to 65535`,
		"smtp://m.example/x?tls=no":    "has a path; only host, port and ?from= are read\nhas the unknown parameter \"tls\", want from",
		"smtp://m.example?from=x":      "has a from that is not an e-mail address",
		"smtp://u:s3cret@m:x":          "is not a URL such as smtp://user:password@mail.example:587",
	} {
		_, err := ParseMailServer(raw)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", raw, err, want)
		}
	}
	server, err := ParseMailServer("smtp://u:s3cret@mail.example")
	if err != nil || server.String() != "mail.example:587" {
		t.Errorf("%s, %v", server, err)
	}
}
