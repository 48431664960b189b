package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// invitation is an event for a calendar.
type invitation struct {
	run                   int64
	start, end, made      time.Time
	sequence              int
	title, location, host string
}

// String writes it as an iCalendar object (RFC 5545): one event, times in UTC. The same run
// keeps the same UID, so that a moved moment replaces the one before in the calendar.
func (i invitation) String() string {
	var b strings.Builder
	line := func(name, value string) { fold(&b, name+":"+value) }
	const utc = "20060102T150405Z"
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//kohomai//calendly//EN")
	line("BEGIN", "VEVENT")
	line("UID", fmt.Sprintf("run-%d@kohomai", i.run))
	line("SEQUENCE", fmt.Sprint(i.sequence))
	line("DTSTAMP", i.made.UTC().Format(utc))
	line("DTSTART", i.start.UTC().Format(utc))
	line("DTEND", i.end.UTC().Format(utc))
	line("SUMMARY", escape(i.title))
	if i.location != "" {
		line("LOCATION", escape(i.location))
	}
	if i.host != "" {
		line("DESCRIPTION", escape("With "+i.host))
	}
	line("END", "VEVENT")
	line("END", "VCALENDAR")
	return b.String()
}

// escape writes a TEXT value (RFC 5545, 3.3.11).
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// fold writes a content line of at most 75 octets a piece (RFC 5545, 3.1), between characters.
func fold(b *strings.Builder, line string) {
	room := 75
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], 74
	}
	b.WriteString(line + "\r\n")
}
