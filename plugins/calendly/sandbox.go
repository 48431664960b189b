package main

import (
	"slices"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
)

// mostSlots is how many moments are offered at once.
const mostSlots = 500

// sandbox is what is kept of a booking between calls.
type sandbox struct {
	// Start is the booked moment; zero before there is one.
	Start time.Time
	// Taken are the moments this run has booked so far: none is offered again.
	Taken []time.Time
	// Moved counts the changes of mind.
	Moved int
}

func startSandbox(r *sdk.Request, c config) sdk.Outcome {
	return sandbox{}.waiting(r, c, "")
}

func resumeSandbox(r *sdk.Request, c config) (sdk.Outcome, error) {
	var s sandbox
	if err := readState(r.State, &s); err != nil {
		return sdk.Outcome{}, err
	}
	switch r.Input.Kind {
	case sdk.ByTimer:
		if !s.Start.IsZero() && !r.Now.Before(s.end(c)) {
			return sdk.Completed(s.facts(r, c, held)), nil
		}
		return s.waiting(r, c, ""), nil
	case sdk.ByPerson:
	default:
		// A sandbox has no provider: whoever calls back is not one.
		return s.waiting(r, c, ""), nil
	}
	var answer sdk.SlotAnswer
	if err := sdk.DecodeInput(r.Input, &answer); err != nil {
		return s.waiting(r, c, "That answer could not be read. Please choose again."), nil
	}
	chosen, err := time.Parse(time.RFC3339, answer.Slot)
	free := func(t time.Time) bool { return t.Equal(chosen) }
	if err != nil || !slices.ContainsFunc(slots(c, r.Now, s.Taken), free) {
		return s.waiting(r, c, "That moment is no longer free. Please choose another."), nil
	}
	if !s.Start.IsZero() {
		s.Moved++
	}
	s.Start, s.Taken = chosen.UTC(), append(s.Taken, chosen.UTC())
	if c.CompleteWhen == "Held" {
		return s.waiting(r, c, ""), nil
	}
	return sdk.Completed(s.facts(r, c, s.status())), nil
}

// slots are the free moments from now on, in the working hours of the host's zone.
func slots(c config, now time.Time, taken []time.Time) []time.Time {
	earliest := now.Add(c.notice)
	length := time.Duration(c.Minutes) * time.Minute
	y, m, d := now.In(c.zone).Date()
	var free []time.Time
	for i := 0; i <= c.HorizonDays; i++ {
		noon := time.Date(y, m, d+i, 12, 0, 0, 0, c.zone)
		if !slices.Contains(c.weekdays, noon.Weekday()) {
			continue
		}
		for at := c.opens; at+length <= c.closes; at += length {
			// By the clock on the wall: a day on which it is put forward or back has its hours too.
			t := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, int(at/time.Minute), 0, 0, c.zone)
			if t.Hour()*60+t.Minute() != int(at/time.Minute) || t.Before(earliest) || len(free) == mostSlots {
				continue
			}
			if !slices.ContainsFunc(taken, t.Equal) {
				free = append(free, t.UTC())
			}
		}
	}
	return free
}

func (s sandbox) end(c config) time.Time { return s.Start.Add(time.Duration(c.Minutes) * time.Minute) }

func (s sandbox) status() string {
	if s.Moved > 0 {
		return rescheduled
	}
	return booked
}

// waiting offers the free moments, and what is booked already, if anything.
func (s sandbox) waiting(r *sdk.Request, c config, notice string) sdk.Outcome {
	screen := &sdk.Screen{Title: c.Title, Text: c.Text, Notice: notice, Slots: &sdk.Slots{
		TimeZone: c.TimeZone, Host: c.Host, Location: c.Location,
	}}
	length := time.Duration(c.Minutes) * time.Minute
	for _, t := range slots(c, r.Now, s.Taken) {
		screen.Slots.Slots = append(screen.Slots.Slots, sdk.Slot{ID: t.Format(time.RFC3339), Start: t, End: t.Add(length)})
	}
	// What is offered grows old: it is made anew each day, by the host's calendar.
	y, m, d := r.Now.In(c.zone).Date()
	until := time.Date(y, m, d+1, 0, 0, 0, 0, c.zone).UTC()
	options := []sdk.WaitOption{sdk.StateJSON(s)}
	if !s.Start.IsZero() {
		if end := s.end(c); end.Before(until) || c.CompleteWhen == "Held" && !r.Now.Before(end) {
			until = end
		}
		if notice == "" {
			screen.Notice = "Booked for " + s.Start.In(c.zone).Format("Monday 2 January 2006, 15:04 MST") + ". Choose another moment to move it."
		}
		options = append(options, sdk.Found(s.facts(r, c, s.status())))
	}
	return sdk.Waiting(screen, append(options, sdk.Until(until))...)
}

func (s sandbox) facts(r *sdk.Request, c config, status string) sdk.Facts {
	f := sdk.Facts{"slot": s.Start, "end": s.end(c), "status": status, "invitation": invitation{
		run: r.RunID, start: s.Start, end: s.end(c), made: r.Now, sequence: s.Moved, title: c.title(), location: c.Location, host: c.Host,
	}.String()}
	if c.Host != "" {
		f["host"] = c.Host
	}
	if c.Location != "" {
		f["location"] = c.Location
	}
	return f
}
