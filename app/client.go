package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Client speaks to a running server as an integrator does.
type Client struct{ URL, Key string }

// NewClient takes address and key as given; what is empty comes from the server over the
// data directory and from its demo workspace.
func NewClient(c Config, url, key string) (Client, error) {
	if url == "" {
		at, err := Running(c)
		if err != nil {
			return Client{}, fmt.Errorf("%w, or name one with --url or KOHOMAI_URL", err)
		}
		url = at
	}
	if key == "" {
		file, err := readDemo(c)
		if err != nil {
			return Client{}, errors.New("there is no key: give one by KOHOMAI_API_KEY or --key (kohomai keys create makes one)")
		}
		key = file.ApiKey
	}
	return Client{URL: strings.TrimSuffix(url, "/"), Key: key}, nil
}

// Refusal is a problem that the API answered.
type Refusal struct {
	Status       int `json:"status"`
	Code, Detail string
	Errors       []struct{ Field, Code, Message string }
}

// Error tells what was refused and every field with it.
func (r *Refusal) Error() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "%d %s: %s", r.Status, r.Code, r.Detail)
	for _, e := range r.Errors {
		_, _ = fmt.Fprintf(&b, "\n  %s: %s", e.Field, e.Message)
	}
	return b.String()
}

// answerLimit is more than any answer of the API.
const answerLimit = 16 << 20

// Do asks for a path below /api/v1 and reads the answer into a value; nil takes none. The
// headers of the answer come back, also beside a *Refusal.
func (c Client) Do(ctx context.Context, method, path string, header http.Header, body []byte, into any) (http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", "Bearer "+c.Key)
	if r.Header.Get("Content-Type") == "" && body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("asking the server: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if answer.StatusCode >= 300 {
		refused := &Refusal{}
		if json.Unmarshal(raw, refused) != nil || refused.Code == "" {
			return answer.Header, fmt.Errorf("%s %s: %s: this is no kohomai", method, r.URL, answer.Status)
		}
		return answer.Header, refused
	}
	if into == nil {
		return answer.Header, nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return answer.Header, fmt.Errorf("%s %s: reading the answer: %w", method, path, err)
	}
	return answer.Header, nil
}
