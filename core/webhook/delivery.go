package webhook

import (
	"time"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/ident"
)

// Status is where a delivery stands.
type Status string

// The statuses of a delivery. A Failed one is a dead letter: it is sent again on request.
const (
	Pending   Status = "Pending"
	Delivered Status = "Delivered"
	Failed    Status = "Failed"
)

// Why a delivery failed for good.
const (
	Exhausted        = "Exhausted"        // every try failed
	EndpointDisabled = "EndpointDisabled" // before it could be delivered
)

// Keep is how long deliveries and their attempts are kept, and events can be replayed.
const Keep = 30 * 24 * time.Hour

// TestType is the type of the event that a test sends. It is in no log.
const TestType event.Type = "endpoint.test"

// Delivery is one event for one endpoint.
type Delivery struct {
	ID       ident.Delivery
	Endpoint ident.Webhook
	Event    ident.Event
	Type     event.Type
	EventAt  time.Time
	Lead     ident.User
	Journey  ident.Journey
	Sequence int64
	Status   Status
	Reason   string
	// Attempts counts requests ever made; Tries those since it was last sent anew, which is
	// its place in the schedule.
	Attempts, Tries    int
	NextAt             time.Time // zero unless Pending
	CreatedAt, EndedAt time.Time
}

// Attempt is one request with its answer.
type Attempt struct {
	Delivery ident.Delivery
	Number   int
	At       time.Time
	URL      string
	Body     string
	Answer   Answer
}

// Answer is what came of a request. Status is 0 when there was no answer; Error then says
// why. Any status but 2xx is a failure.
type Answer struct {
	Status     int
	Error      string
	RetryAfter time.Duration
	Body       []byte
	Took       time.Duration
}

// Accepted reports whether the receiver took the event.
func (a Answer) Accepted() bool { return a.Status >= 200 && a.Status < 300 }

// schedule is the wait before each try, as published: 75 hours and 35 minutes in all.
var schedule = []time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour,
	20 * time.Hour, 24 * time.Hour,
}

// retryMost bounds what a receiver may ask for by Retry-After.
const retryMost = 24 * time.Hour

// conclude takes the answer of a request. Spread is in [0, 1) and decides where within
// ten percent around the scheduled moment the next try stands.
func (d *Delivery) conclude(a Answer, now time.Time, spread float64) {
	d.Attempts++
	d.Tries++
	switch {
	case a.Accepted():
		d.Status, d.Reason, d.NextAt, d.EndedAt = Delivered, "", time.Time{}, now
	case d.Tries >= len(schedule):
		d.Status, d.Reason, d.NextAt, d.EndedAt = Failed, Exhausted, time.Time{}, now
	default:
		wait := time.Duration(float64(schedule[d.Tries]) * (0.9 + 0.2*spread))
		d.NextAt = now.Add(max(wait, min(a.RetryAfter, retryMost)))
	}
}

// Again sends the delivery anew, from the beginning of the schedule.
func (d *Delivery) Again(now time.Time) {
	d.Status, d.Reason, d.Tries, d.NextAt, d.EndedAt = Pending, "", 0, now, time.Time{}
}
