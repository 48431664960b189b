package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
)

// apiURL is where Calendly's API v2 is.
const apiURL = "https://api.calendly.com"

// patience is the wait asked for by a 429 that names none: Calendly counts by the minute.
const patience = time.Minute

// client speaks Calendly's API v2 (https://developer.calendly.com/api-docs) for one account.
type client struct {
	http  *http.Client
	token string
}

func newClient(h *http.Client, secrets []byte) (*client, error) {
	var s struct{ Token string }
	if err := sdk.Decode(secrets, &s); err != nil {
		return nil, err
	}
	if s.Token == "" {
		return nil, sdk.Coded("no_credentials", sdk.Misconfigured(sdk.InvalidField("secrets.Token", "a personal access token of Calendly is needed")))
	}
	return &client{http: h, token: s.Token}, nil
}

// account is whose token it is: API addresses of the user and the organization.
type account struct {
	URI          string `json:"uri"`
	Organization string `json:"current_organization"`
	Name         string `json:"name"`
}

func (c *client) me(ctx context.Context) (account, error) {
	var a struct{ Resource account }
	if err := c.do(ctx, http.MethodGet, "/users/me", nil, &a); err != nil {
		return a.Resource, err
	}
	if a.Resource.URI == "" || a.Resource.Organization == "" {
		return a.Resource, garbage()
	}
	return a.Resource, nil
}

// eventType finds an event type of the account by its API address, slug or name. One that
// is there by address only is believed: Calendly itself refuses a wrong one.
func (c *client) eventType(ctx context.Context, of account, wanted string) (string, error) {
	if strings.HasPrefix(wanted, apiURL+"/event_types/") {
		return wanted, nil
	}
	page := ""
	for range 20 {
		q := url.Values{"user": {of.URI}, "active": {"true"}, "count": {"100"}}
		if page != "" {
			q.Set("page_token", page)
		}
		var list struct {
			Collection []struct{ URI, Name, Slug string }
			Pagination struct {
				Next string `json:"next_page_token"`
			}
		}
		if err := c.do(ctx, http.MethodGet, "/event_types?"+q.Encode(), nil, &list); err != nil {
			return "", err
		}
		for _, t := range list.Collection {
			if wanted == t.Slug || strings.EqualFold(wanted, t.Name) {
				return t.URI, nil
			}
		}
		if page = list.Pagination.Next; page == "" {
			break
		}
	}
	return "", sdk.Coded("unknown_event_type", sdk.Misconfigured(sdk.InvalidField("config.EventType", "the account has no active event type of this name")))
}

// link makes a scheduling link for one booking.
func (c *client) link(ctx context.Context, eventType string) (string, error) {
	var made struct {
		Resource struct {
			URL string `json:"booking_url"`
		}
	}
	err := c.do(ctx, http.MethodPost, "/scheduling_links", map[string]any{"max_event_count": 1, "owner": eventType, "owner_type": "EventType"}, &made)
	if err != nil {
		return "", err
	}
	if u, err := url.Parse(made.Resource.URL); err != nil || u.Scheme != "https" || u.Host == "" {
		return "", garbage()
	}
	return made.Resource.URL, nil
}

// subscribe has Calendly tell an address of bookings, signed with a key. An address that is
// subscribed already, by a try whose answer was lost, is subscribed anew: the key may differ.
func (c *client) subscribe(ctx context.Context, of account, address, key string) (string, error) {
	ask := map[string]any{
		"url": address, "events": []string{"invitee.created", "invitee.canceled"}, "organization": of.Organization, "user": of.URI,
		"scope": "user", "signing_key": key,
	}
	var made struct{ Resource struct{ URI string } }
	err := c.do(ctx, http.MethodPost, "/webhook_subscriptions", ask, &made)
	if f, ok := errors.AsType[*statusError](err); ok && f.status == http.StatusConflict {
		if err := c.forget(ctx, of, address); err != nil {
			return "", err
		}
		err = c.do(ctx, http.MethodPost, "/webhook_subscriptions", ask, &made)
	}
	if err == nil && made.Resource.URI == "" {
		err = garbage()
	}
	return made.Resource.URI, err
}

// forget ends what is subscribed for an address.
func (c *client) forget(ctx context.Context, of account, address string) error {
	page := ""
	for range 20 {
		q := url.Values{"organization": {of.Organization}, "user": {of.URI}, "scope": {"user"}, "count": {"100"}}
		if page != "" {
			q.Set("page_token", page)
		}
		var list struct {
			Collection []struct {
				URI      string `json:"uri"`
				Callback string `json:"callback_url"`
			}
			Pagination struct {
				Next string `json:"next_page_token"`
			}
		}
		if err := c.do(ctx, http.MethodGet, "/webhook_subscriptions?"+q.Encode(), nil, &list); err != nil {
			return err
		}
		for _, s := range list.Collection {
			if s.Callback == address {
				return c.unsubscribe(ctx, s.URI)
			}
		}
		if page = list.Pagination.Next; page == "" {
			break
		}
	}
	return nil
}

// unsubscribe ends a subscription; one that is gone already is well.
func (c *client) unsubscribe(ctx context.Context, uri string) error {
	return c.gone(c.do(ctx, http.MethodDelete, strings.TrimPrefix(uri, apiURL), nil, nil))
}

// cancelEvent cancels a booking; one that is gone already is well.
func (c *client) cancelEvent(ctx context.Context, uri, reason string) error {
	return c.gone(c.do(ctx, http.MethodPost, strings.TrimPrefix(uri, apiURL)+"/cancellation", map[string]any{"reason": reason}, nil))
}

func (c *client) gone(err error) error {
	if f, ok := errors.AsType[*statusError](err); ok && (f.status == http.StatusNotFound || f.status == http.StatusForbidden && f.title == "Permission Denied") {
		return nil
	}
	return err
}

// do makes one request and reads its answer.
func (c *client) do(ctx context.Context, method, path string, body, into any) error {
	if !strings.HasPrefix(path, "/") {
		return sdk.Permanent(errors.New("the address is not one of Calendly's API"))
	}
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return sdk.Permanent(fmt.Errorf("writing a request: %w", err))
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, apiURL+path, bytes.NewReader(raw))
	if err != nil {
		return sdk.Permanent(errors.New("the address is not one of Calendly's API"))
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return sdk.Coded("unreachable", sdk.Downstream(errors.New("Calendly cannot be reached")))
	}
	defer answer.Body.Close() //nolint:errcheck // only read
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		return sdk.Coded("unreachable", sdk.Downstream(errors.New("Calendly's answer broke off")))
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return refusal(answer, said)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(said, into); err != nil {
		return garbage()
	}
	return nil
}

func garbage() error {
	return sdk.Coded("unexpected_answer", sdk.Downstream(errors.New("Calendly's answer is not what its documentation says")))
}

// statusError is an answer that is no success.
type statusError struct {
	status int
	title  string
}

// Error says what Calendly answered, in its own title and none of its details, which quote.
func (e *statusError) Error() string { return fmt.Sprintf("Calendly answered %d", e.status) }

func refusal(answer *http.Response, body []byte) error {
	var said struct{ Title string }
	_ = json.Unmarshal(body, &said) // an answer without one says enough by its status
	err := error(&statusError{status: answer.StatusCode, title: said.Title})
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		return sdk.Coded("unauthorized", sdk.Misconfigured(fmt.Errorf("the token is not accepted: %w", err)))
	case answer.StatusCode == http.StatusForbidden:
		return sdk.Coded("forbidden", sdk.Misconfigured(fmt.Errorf("the account's plan or rights do not allow it: %w", err)))
	case answer.StatusCode == http.StatusTooManyRequests:
		return sdk.Coded("limited", sdk.Downstream(sdk.RetryAfter(waitOf(answer), err)))
	case answer.StatusCode >= 500:
		return sdk.Coded("provider_error", sdk.Downstream(err))
	default:
		return sdk.Coded("provider_refused", sdk.Downstream(sdk.Permanent(err)))
	}
}

// waitOf reads Retry-After in seconds or as a date, within reason.
func waitOf(answer *http.Response) time.Duration {
	wait := patience
	if v := answer.Header.Get("Retry-After"); v != "" {
		if n, err := strconv.Atoi(v); err == nil {
			wait = time.Duration(n) * time.Second
		} else if at, err := http.ParseTime(v); err == nil {
			if sent, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
				wait = at.Sub(sent)
			}
		}
	}
	return min(max(wait, time.Second), time.Hour)
}
