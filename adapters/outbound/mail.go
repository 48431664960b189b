package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/fault"
	gomail "github.com/wneessen/go-mail"
)

// MailServer is a parsed KOHOMAI_SMTP_URL. The zero value is no server.
type MailServer struct {
	host     string
	port     int
	implicit bool // TLS from the first byte (smtps)
	plain    bool // no TLS at all: loopback only
	user     string
	password string
	from     mail.Address
}

// ParseMailServer reads KOHOMAI_SMTP_URL:
//
//	smtp://user:password@mail.example:587?from=Acme%20%3Conboarding@acme.example%3E
//	smtps://user:password@mail.example
//
// smtp requires STARTTLS (port 587 by default) except on a loopback address or
// localhost; smtps is TLS from the first byte (port 465). The sender is no-reply at the
// server's host unless from says so. Errors name what is wrong and never repeat the
// password. Empty is no server.
func ParseMailServer(raw string) (MailServer, error) {
	if strings.TrimSpace(raw) == "" {
		return MailServer{}, nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return MailServer{}, errors.New("is not a URL such as smtp://user:password@mail.example:587")
	}
	s := MailServer{host: u.Hostname(), implicit: u.Scheme == "smtps"}
	var wrong []error
	switch u.Scheme {
	case "smtp":
		s.port, s.plain = 587, loopbackHost(s.host)
	case "smtps":
		s.port = 465
	default:
		wrong = append(wrong, fmt.Errorf("has scheme %q, want smtp or smtps", u.Scheme))
	}
	if s.host == "" {
		wrong = append(wrong, errors.New("has no host"))
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			wrong = append(wrong, fmt.Errorf("has port %q, want 1 to 65535", u.Port()))
		}
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		wrong = append(wrong, errors.New("has a path; only host, port and ?from= are read"))
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		wrong = append(wrong, errors.New("has a broken query"))
	}
	for key := range query {
		if key != "from" {
			wrong = append(wrong, fmt.Errorf("has the unknown parameter %q, want from", key))
		}
	}
	from := query.Get("from")
	if from == "" {
		from = "no-reply@" + s.host
		if _, err := netip.ParseAddr(s.host); err == nil {
			from = "no-reply@localhost"
		}
	}
	if address, err := mail.ParseAddress(from); err == nil {
		s.from = *address
	} else {
		wrong = append(wrong, errors.New("has a from that is not an e-mail address"))
	}
	if len(wrong) > 0 {
		return MailServer{}, errors.Join(wrong...)
	}
	return s, nil
}

func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// SMTP is activity.Mailer over one mail server. It opens a connection for each message;
// who has many to send puts a relay beside. It may be used by any number of goroutines.
type SMTP struct {
	server MailServer
	now    func() time.Time
	tls    *tls.Config
}

// NewSMTP makes the sender. The server is the operator's choice, so its address is not
// judged by the guard.
func NewSMTP(s MailServer, now func() time.Time) *SMTP {
	return &SMTP{server: s, now: now, tls: &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.host}}
}

const mailTimeout = 12 * time.Second

// Send implements activity.Mailer.
func (s *SMTP) Send(ctx context.Context, m activity.Message) error {
	if s.server.host == "" {
		return fault.New(fault.Provider, "mail_not_configured", "No mail server is configured (KOHOMAI_SMTP_URL).")
	}
	msg := gomail.NewMsg()
	if err := errors.Join(msg.FromFormat(s.server.from.Name, s.server.from.Address), msg.AddToFormat(m.Name, m.To)); err != nil {
		return fault.WrapAs(err, fault.Provider, "mail_refused", "The address cannot be written to.")
	}
	_, host, _ := strings.Cut(s.server.from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + host)
	msg.SetDateWithValue(s.now())
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office replies
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)

	client, err := s.client()
	if err != nil {
		return fault.WrapAs(err, fault.Provider, "mail_not_configured", "The mail server's settings cannot be used.")
	}
	ctx, cancel := context.WithTimeout(ctx, mailTimeout)
	defer cancel()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		// A server that took the message and stumbled over the farewell has it.
		if msg.IsDelivered() {
			return nil
		}
		if refused, ok := errors.AsType[*gomail.SendError](err); ok && !refused.IsTemp() && refused.ErrorCode() >= 500 {
			return fault.WrapAs(err, fault.Provider, "mail_refused", "The mail server refused the message.")
		}
		return fault.WrapAs(err, fault.Unavailable, "mail_unavailable", "The mail server did not take the message.")
	}
	return nil
}

func (s *SMTP) client() (*gomail.Client, error) {
	options := []gomail.Option{
		gomail.WithPort(s.server.port), gomail.WithTimeout(mailTimeout), gomail.WithTLSConfig(s.tls), gomail.WithoutNoop(),
	}
	switch {
	case s.server.implicit:
		options = append(options, gomail.WithSSL())
	case s.server.plain:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.server.user != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(s.server.user), gomail.WithPassword(s.server.password))
	}
	return gomail.NewClient(s.server.host, options...)
}

// String names the server without its password, for logs and diagnosis.
func (s MailServer) String() string {
	if s.host == "" {
		return "none"
	}
	return net.JoinHostPort(s.host, strconv.Itoa(s.port))
}
