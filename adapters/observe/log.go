package observe

import (
	"context"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// NewLogger writes JSON lines from which secrets and personal data are taken out, by the
// key of an attribute and by the look of a text. It is the last fence: who logs still logs
// ids, not people.
func NewLogger(out io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(clean{slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr})})
}

const redacted = "[redacted]"

// secretKeys are words in the key of an attribute whose value is never written.
var secretKeys = []string{
	"password", "secret", "token", "authorization", "cookie", "apikey", "api_key", "credential",
	"email", "e-mail", "phone", "firstname", "lastname", "recipient",
}

func redactAttr(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	if slices.ContainsFunc(secretKeys, func(word string) bool { return strings.Contains(key, word) }) {
		return slog.String(a.Key, redacted)
	}
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(Redact(v))
	case error:
		a.Value = slog.StringValue(Redact(v.Error()))
	case []byte:
		a.Value = slog.StringValue(Redact(string(v)))
	case *url.URL:
		a.Value = slog.StringValue(Redact(v.String()))
	case []string:
		shown := make([]string, len(v))
		for i, s := range v {
			shown[i] = Redact(s)
		}
		a.Value = slog.AnyValue(shown)
	}
	return a
}

var (
	keyLook      = regexp.MustCompile(`\b(koh_(?:live|test|pub)|whsec)_[A-Za-z0-9_+/=-]{4,}`)
	bearerLook   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
	userinfoLook = regexp.MustCompile(`([a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@`)
	passwordLook = regexp.MustCompile(`(?i)\b(password)=('[^']*'|\S+)`)
	linkLook     = regexp.MustCompile(`(?i)([?&](?:uuid|token|code)=)[^&\s"]+`)
	emailLook    = regexp.MustCompile(`[\p{L}\p{N}._%+-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+`)
)

// Redact takes out what looks like a secret or an e-mail address: keys, passwords of
// addresses, one-time links.
func Redact(s string) string {
	if !strings.ContainsAny(s, "@_=: ") {
		return s
	}
	s = userinfoLook.ReplaceAllString(s, "${1}"+redacted+"@")
	s = keyLook.ReplaceAllString(s, "${1}_"+redacted)
	s = bearerLook.ReplaceAllString(s, "${1} "+redacted)
	s = passwordLook.ReplaceAllString(s, "${1}="+redacted)
	s = linkLook.ReplaceAllString(s, "${1}"+redacted)
	return emailLook.ReplaceAllString(s, redacted)
}

// clean takes secrets out of messages, which ReplaceAttr sees too, and out of values that
// are only made when written.
type clean struct{ slog.Handler }

// Handle implements slog.Handler.
func (c clean) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		out.AddAttrs(flat(a))
		return true
	})
	return c.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (c clean) WithAttrs(attrs []slog.Attr) slog.Handler {
	shown := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		shown[i] = flat(a)
	}
	return clean{c.Handler.WithAttrs(shown)}
}

// WithGroup implements slog.Handler.
func (c clean) WithGroup(name string) slog.Handler { return clean{c.Handler.WithGroup(name)} }

// flat turns what JSON would print by its own method into a text that can be judged.
func flat(a slog.Attr) slog.Attr {
	a.Value = a.Value.Resolve()
	if s, ok := a.Value.Any().(interface{ String() string }); ok && a.Value.Kind() == slog.KindAny {
		if _, isError := s.(error); !isError {
			a.Value = slog.StringValue(s.String())
		}
	}
	return a
}
