package pluginhost

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	// logCap is how much of a connector's log is kept in a minute, in bytes.
	logCap = 1 << 20
	// lineCap is the longest line kept, in bytes.
	lineCap = 8 << 10
	// keptSecrets is how many values are looked for at most.
	keptSecrets = 512
)

// private finds what never belongs in a log, whoever wrote it: addresses of people, and
// what is sent to prove an identity.
var private = regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+|(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}|koh_[a-z]+_[A-Za-z0-9_]+`)

const redacted = "[redacted]"

// redactor takes the secrets a connector was given out of whatever it says.
type redactor struct {
	mu      sync.RWMutex
	secrets []string
}

// learn remembers the texts in a JSON object of secrets.
func (r *redactor) learn(secrets []byte) {
	if len(secrets) == 0 {
		return
	}
	var tree any
	if json.Unmarshal(secrets, &tree) != nil {
		return
	}
	var found []string
	texts(tree, &found)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range found {
		// Short texts are words, not credentials: taking them out would hide the log itself.
		if len(s) < 8 || contains(r.secrets, s) {
			continue
		}
		if len(r.secrets) == keptSecrets {
			r.secrets = r.secrets[1:]
		}
		r.secrets = append(r.secrets, s)
	}
}

func (r *redactor) clean(s string) string {
	r.mu.RLock()
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	r.mu.RUnlock()
	return private.ReplaceAllString(s, redacted)
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

func texts(tree any, into *[]string) {
	switch x := tree.(type) {
	case string:
		*into = append(*into, x)
	case []any:
		for _, v := range x {
			texts(v, into)
		}
	case map[string]any:
		for _, v := range x {
			texts(v, into)
		}
	}
}

// logWriter passes a connector's lines on to the host's log, capped and cleaned.
type logWriter struct {
	log    *slog.Logger
	clean  *redactor
	now    func() time.Time
	mu     sync.Mutex
	rest   []byte
	since  time.Time
	spent  int
	lost   int
	inLong bool
}

// Write implements io.Writer. It never fails: a log must not end a connector.
func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		if room := lineCap - len(w.rest); len(part) > room {
			part, w.inLong = part[:room], true
		}
		w.rest = append(w.rest, part...)
		if i < 0 {
			break
		}
		w.line()
		p = p[i+1:]
	}
	return n, nil
}

func (w *logWriter) line() {
	text, long := string(w.rest), w.inLong
	w.rest, w.inLong = w.rest[:0], false
	if strings.TrimSpace(text) == "" {
		return
	}
	now := w.now()
	if now.Sub(w.since) >= time.Minute {
		if w.lost > 0 {
			w.log.Warn("connector's log was cut", "bytes", w.lost)
		}
		w.since, w.spent, w.lost = now, 0, 0
	}
	if w.spent+len(text) > logCap {
		if w.lost == 0 {
			w.log.Warn("connector logs too much, the rest of this minute is dropped")
		}
		w.lost += len(text)
		return
	}
	w.spent += len(text)
	w.emit(text, long)
}

// emit reads a line of JSON as slog writes it, and takes any other as plain text.
func (w *logWriter) emit(text string, long bool) {
	var fields map[string]any
	if !long && strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &fields) == nil {
		level := slog.LevelInfo
		if s, ok := fields["level"].(string); ok {
			_ = level.UnmarshalText([]byte(s)) // an unknown word stays Info
		}
		msg, _ := fields["msg"].(string)
		delete(fields, "level")
		delete(fields, "msg")
		delete(fields, "time")
		attrs := []slog.Attr{}
		if len(fields) > 0 {
			rest, err := json.Marshal(fields)
			if err == nil {
				attrs = append(attrs, slog.String("said", w.clean.clean(string(rest))))
			}
		}
		w.log.LogAttrs(context.Background(), level, w.clean.clean(msg), attrs...) //nolint:sloglint // the connector's own words
		return
	}
	w.log.Info("connector says", "said", w.clean.clean(text))
}
