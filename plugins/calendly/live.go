package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
)

// source marks our own bookings among all of the account's, of which its webhooks tell.
const source = "kohomai"

// live is what is kept of a booking at Calendly between calls.
type live struct {
	// Key is the idempotency key of the start: the booking's mark.
	Key          string
	SigningKey   string
	Subscription string
	EventType    string
	// Link is where to book.
	Link string
	// Invitee is the API address of the present booking's invitee; empty for none. Gone are
	// those of earlier bookings: what is still said of them is old news.
	Invitee  string
	Gone     []string
	Booked   booking
	Moved    int
	Canceled bool
}

// booking is the present one.
type booking struct {
	Event, Host, Location, Reschedule string
	Start, End                        time.Time
}

func startLive(ctx context.Context, r *sdk.Request, c config) (sdk.Outcome, error) {
	if c.EventType == "" {
		return sdk.Outcome{}, sdk.Misconfigured(sdk.InvalidField("config.EventType", "says which event type is booked"))
	}
	if !strings.HasPrefix(r.CallbackURL, "https://") {
		return sdk.Outcome{}, sdk.Coded("no_public_address", sdk.Misconfigured(errors.New(
			"Calendly tells of a booking at a public https address: set KOHOMAI_PUBLIC_URL")))
	}
	api, err := newClient(r.HTTP, r.Secrets)
	if err != nil {
		return sdk.Outcome{}, err
	}
	me, err := api.me(ctx)
	if err != nil {
		return sdk.Outcome{}, err
	}
	// The same key in every repetition: signing key and mark follow from it.
	s := live{Key: r.IdempotencyKey, SigningKey: signingKey(api.token, r.IdempotencyKey)}
	if s.EventType, err = api.eventType(ctx, me, c.EventType); err != nil {
		return sdk.Outcome{}, err
	}
	if s.Subscription, err = api.subscribe(ctx, me, r.CallbackURL, s.SigningKey); err != nil {
		return sdk.Outcome{}, err
	}
	// A link that an earlier try made and nobody was told is never used, and books nothing.
	if s.Link, err = api.link(ctx, s.EventType); err != nil {
		return sdk.Outcome{}, err
	}
	return s.waiting(r, c), nil
}

// signingKey is a key of this run's own, so that no other run's webhooks pass for it.
func signingKey(token, key string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("webhook " + key))
	return hex.EncodeToString(mac.Sum(nil))
}

func resumeLive(ctx context.Context, r *sdk.Request, c config) (sdk.Outcome, error) {
	var s live
	if err := readState(r.State, &s); err != nil {
		return sdk.Outcome{}, err
	}
	switch r.Input.Kind {
	case sdk.ByCallback:
		return s.told(ctx, r, c)
	case sdk.ByTimer:
		if s.Invitee != "" && !r.Now.Before(s.Booked.End) {
			s.close(ctx, r)
			return sdk.Completed(s.facts(r, c, held)), nil
		}
	case sdk.ByPerson:
		// Only Calendly's word counts; it comes by callback.
	}
	return s.waiting(r, c), nil
}

// told takes a webhook. Forged, foreign, repeated and outdated ones change nothing.
func (s live) told(ctx context.Context, r *sdk.Request, c config) (sdk.Outcome, error) {
	if err := verify(r.Input.Headers[signatureHeader], s.SigningKey, r.Input.Body, r.Input.ReceivedAt); err != nil {
		r.Log.Warn("a callback was not believed", "error", err)
		return s.waiting(r, c), nil
	}
	w, err := readWebhook(r.Input.Body)
	if err != nil {
		r.Log.Warn("a signed callback makes no sense", "error", err)
		return s.waiting(r, c), nil
	}
	switch w.Event {
	case "invitee.created":
		return s.created(ctx, r, c, w.Payload), nil
	case "invitee.canceled":
		return s.canceled(ctx, r, c, w.Payload)
	default:
		return s.waiting(r, c), nil
	}
}

func (s live) created(ctx context.Context, r *sdk.Request, c config, p invitee) sdk.Outcome {
	mine := p.Tracking.Source == source && p.Tracking.Content == s.Key || s.Invitee != "" && p.OldInvitee == s.Invitee
	if !mine || p.URI == s.Invitee || s.isGone(p.URI) || p.Event.Start.IsZero() || !p.Event.End.After(p.Event.Start) {
		return s.waiting(r, c)
	}
	if s.Invitee != "" {
		s.Gone, s.Moved = append(s.Gone, s.Invitee), s.Moved+1
	} else if p.OldInvitee != "" {
		s.Moved++
	}
	s.Invitee, s.Canceled = p.URI, false
	s.Booked = booking{
		Event: p.Event.URI, Host: p.Event.host(), Location: p.Event.place(), Reschedule: p.Reschedule,
		Start: p.Event.Start.UTC(), End: p.Event.End.UTC(),
	}
	if c.CompleteWhen == "Held" {
		return s.waiting(r, c)
	}
	s.close(ctx, r)
	return sdk.Completed(s.facts(r, c, s.status()))
}

func (s live) canceled(ctx context.Context, r *sdk.Request, c config, p invitee) (sdk.Outcome, error) {
	if p.URI != s.Invitee {
		return s.waiting(r, c), nil
	}
	if p.Rescheduled {
		// The new moment is told by a webhook of its own.
		return s.waiting(r, c), nil
	}
	// A link books once: another is needed.
	api, err := newClient(r.HTTP, r.Secrets)
	if err != nil {
		return sdk.Outcome{}, err
	}
	if s.Link, err = api.link(ctx, s.EventType); err != nil {
		return sdk.Outcome{}, err
	}
	s.Gone, s.Invitee, s.Canceled = append(s.Gone, s.Invitee), "", true
	return s.waiting(r, c), nil
}

func (s live) isGone(uri string) bool {
	for _, g := range s.Gone {
		if g == uri {
			return true
		}
	}
	return false
}

func (s live) status() string {
	switch {
	case s.Canceled:
		return canceled
	case s.Moved > 0:
		return rescheduled
	default:
		return booked
	}
}

// close ends the subscription. When it cannot be ended now it tells of bookings in vain,
// which hurts nobody.
func (s live) close(ctx context.Context, r *sdk.Request) {
	api, err := newClient(r.HTTP, r.Secrets)
	if err == nil && s.Subscription != "" {
		err = api.unsubscribe(ctx, s.Subscription)
	}
	if err != nil {
		r.Log.Warn("a webhook subscription could not be ended", "error", err)
	}
}

func (s live) waiting(r *sdk.Request, c config) sdk.Outcome {
	if len(s.Gone) > 50 {
		s.Gone = s.Gone[len(s.Gone)-50:]
	}
	options := []sdk.WaitOption{sdk.StateJSON(s)}
	if len(s.Subscription) <= sdk.MaxReference {
		options = append(options, sdk.Reference(s.Subscription))
	}
	screen := &sdk.Screen{Title: c.Title, Text: c.Text, Redirect: &sdk.Redirect{URL: s.address(r)}}
	switch {
	case s.Invitee != "":
		screen.Notice = "Booked. The moment can be moved until it begins."
		if s.Booked.Reschedule != "" {
			screen.Redirect.URL = s.Booked.Reschedule
		}
		options = append(options, sdk.Until(s.Booked.End), sdk.Found(s.facts(r, c, s.status())))
	case s.Canceled:
		screen.Notice = "The booking was canceled. Please choose another moment."
		options = append(options, sdk.Found(sdk.Facts{"status": canceled}))
	}
	return sdk.Waiting(screen, options...)
}

// address is the scheduling link with who books, and the mark by which we know it again.
func (s live) address(r *sdk.Request) string {
	u, err := url.Parse(s.Link)
	if err != nil {
		return s.Link
	}
	q := u.Query()
	q.Set("utm_source", source)
	q.Set("utm_content", s.Key)
	if e := r.Text("lead.email"); e != "" {
		q.Set("email", e)
	}
	if name := strings.TrimSpace(r.Text("lead.firstname") + " " + r.Text("lead.lastname")); name != "" {
		q.Set("name", name)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

func (s live) facts(r *sdk.Request, c config, status string) sdk.Facts {
	f := sdk.Facts{"slot": s.Booked.Start, "end": s.Booked.End, "status": status, "invitation": invitation{
		run: r.RunID, start: s.Booked.Start, end: s.Booked.End, made: r.Now, sequence: s.Moved, title: c.title(),
		location: s.Booked.Location, host: s.Booked.Host,
	}.String()}
	if s.Booked.Host != "" {
		f["host"] = s.Booked.Host
	}
	if s.Booked.Location != "" {
		f["location"] = s.Booked.Location
	}
	return f
}

func cancelLive(ctx context.Context, r *sdk.Request) error {
	var s live
	if err := readState(r.State, &s); err != nil {
		return err
	}
	api, err := newClient(r.HTTP, r.Secrets)
	if err != nil {
		return err
	}
	var errs []error
	if s.Subscription != "" {
		errs = append(errs, api.unsubscribe(ctx, s.Subscription))
	}
	if s.Invitee != "" && s.Booked.Event != "" {
		errs = append(errs, api.cancelEvent(ctx, s.Booked.Event, "No longer needed."))
	}
	return errors.Join(errs...)
}
