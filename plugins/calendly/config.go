package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	// The zone names of configurations, on machines that have none.
	_ "time/tzdata"

	"github.com/kohomai/kohomai/plugins/sdk"
)

// config is an activity's configuration, with the defaults of the schema.
type config struct {
	EventType, CompleteWhen string
	Title, Text             string
	Minutes                 int
	TimeZone, From, To      string
	Days                    []string
	NoticeHours             *float64
	HorizonDays             int
	Host, Location          string
	zone                    *time.Location
	opens, closes           time.Duration
	notice                  time.Duration
	weekdays                []time.Weekday
}

var weekdays = map[string]time.Weekday{
	"Mon": time.Monday, "Tue": time.Tuesday, "Wed": time.Wednesday, "Thu": time.Thursday, "Fri": time.Friday,
	"Sat": time.Saturday, "Sun": time.Sunday,
}

// read reads a configuration, names every wrong field, and fills in what is not said.
func read(raw []byte) (config, error) {
	c := config{
		CompleteWhen: "Booked", Minutes: 30, TimeZone: "UTC", From: "09:00", To: "17:00", HorizonDays: 14,
		Days: []string{"Mon", "Tue", "Wed", "Thu", "Fri"}, notice: 4 * time.Hour,
	}
	if err := sdk.Decode(raw, &c); err != nil {
		return c, err
	}
	var errs []error
	bad := func(field, message string) { errs = append(errs, sdk.InvalidField("config."+field, message)) }
	if c.CompleteWhen != "Booked" && c.CompleteWhen != "Held" {
		bad("CompleteWhen", "is Booked or Held")
	}
	if c.Minutes < 5 || c.Minutes > 480 {
		bad("Minutes", "must be 5 to 480")
	}
	if c.HorizonDays < 1 || c.HorizonDays > 60 {
		bad("HorizonDays", "must be 1 to 60")
	}
	if c.NoticeHours != nil {
		if *c.NoticeHours < 0 || *c.NoticeHours > 720 {
			bad("NoticeHours", "must be 0 to 720")
		}
		c.notice = time.Duration(*c.NoticeHours * float64(time.Hour))
	}
	var err error
	if c.zone, err = time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "Local" {
		bad("TimeZone", "is no time zone of the IANA database, such as Europe/Paris")
	}
	for field, at := range map[string]struct {
		text string
		into *time.Duration
	}{"From": {c.From, &c.opens}, "To": {c.To, &c.closes}} {
		t, err := time.Parse("15:04", at.text)
		if err != nil {
			bad(field, "is no time of day, such as 09:00")
			continue
		}
		*at.into = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	if len(errs) == 0 && c.opens+time.Duration(c.Minutes)*time.Minute > c.closes {
		bad("To", "leaves no room for a moment of this length")
	}
	for _, d := range c.Days {
		day, ok := weekdays[d]
		if !ok {
			bad("Days", "are Mon, Tue, Wed, Thu, Fri, Sat, Sun")
			break
		}
		c.weekdays = append(c.weekdays, day)
	}
	if len(c.Days) == 0 {
		bad("Days", "need at least one")
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if err := errors.Join(errs...); err != nil {
		return c, sdk.Misconfigured(fmt.Errorf("the configuration is not acceptable: %w", err))
	}
	return c, nil
}

// title is what is booked, for people.
func (c config) title() string {
	switch {
	case c.Title != "":
		return c.Title
	case c.EventType != "":
		return c.EventType
	default:
		return "Meeting"
	}
}
