package kohomai

import (
	"context"
	"time"

	kohomaiv1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// A journey is looked at after firstPoll, and half as long again each time up to mostPoll.
const (
	firstPoll = 200 * time.Millisecond
	mostPoll  = 5 * time.Second
)

// WaitForEnd waits until a journey is Converted, NotQualified or Cancelled and returns it.
// A Blocked journey goes on once the team has helped, so it is waited for, too. Give the
// context a deadline: a journey may wait for a person for days.
func (c *Client) WaitForEnd(ctx context.Context, journey int64) (*kohomaiv1.Journey, error) {
	for poll := firstPoll; ; poll = min(poll*3/2, mostPoll) {
		answer, err := c.Journeys.GetJourney(ctx, &kohomaiv1.GetJourneyRequest{Id: journey})
		if err != nil {
			return nil, err
		}
		if j := answer.GetJourney(); Ended(j.GetStatus()) {
			return j, nil
		}
		if err := c.sleep(ctx, poll); err != nil {
			return nil, err
		}
	}
}

// Ended reports whether a journey of this status is over.
func Ended(s kohomaiv1.JourneyStatus) bool {
	switch s {
	case kohomaiv1.JourneyStatus_JOURNEY_STATUS_CONVERTED, kohomaiv1.JourneyStatus_JOURNEY_STATUS_NOT_QUALIFIED,
		kohomaiv1.JourneyStatus_JOURNEY_STATUS_CANCELLED:
		return true
	case kohomaiv1.JourneyStatus_JOURNEY_STATUS_UNSPECIFIED, kohomaiv1.JourneyStatus_JOURNEY_STATUS_IN_PROGRESS,
		kohomaiv1.JourneyStatus_JOURNEY_STATUS_BLOCKED:
	}
	return false
}
