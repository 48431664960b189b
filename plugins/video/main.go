// Command video is the connector that has a video watched: really watched, since seconds
// that were skipped do not count, seconds seen twice count once, and nobody watches faster
// than twice the speed of the clock.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/kohomai/kohomai/plugins/sdk"
)

const configSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "required": ["Url"],
  "properties": {
    "Url": {
      "type": "string", "format": "uri-reference", "maxLength": 2000, "title": "Video",
      "description": "A YouTube or Vimeo page, the address of a video file or HLS list, or a path on this host such as /media/welcome.webm.",
      "x-ui": {"order": 1, "widget": "url"}
    },
    "Share": {
      "type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.9, "title": "Share to watch",
      "x-ui": {"order": 2, "widget": "percent"}
    },
    "Title": {"type": "string", "maxLength": 200, "title": "Title", "x-ui": {"order": 3}},
    "Text": {"type": "string", "maxLength": 2000, "title": "Text", "x-ui": {"order": 4, "widget": "textarea"}},
    "CaptionsUrl": {"type": "string", "format": "uri-reference", "maxLength": 2000, "title": "Captions (WebVTT)", "x-ui": {"order": 5, "widget": "url"}},
    "PosterUrl": {"type": "string", "format": "uri-reference", "maxLength": 2000, "title": "Picture shown at first", "x-ui": {"order": 6, "widget": "url"}}
  }
}`

// defaultShare is how much is to be watched when the configuration does not say.
const defaultShare = 0.9

type config struct {
	URL         string `json:"Url"`
	Share       *float64
	Title, Text string
	CaptionsURL string `json:"CaptionsUrl"`
	PosterURL   string `json:"PosterUrl"`
}

// state is what is kept between reports.
type state struct {
	Watched  []interval
	Position float64
	Duration float64
	// Began and Reported are when the activity began and the last report came, by the
	// engine's time; Credited is how many seconds have been taken from reports since.
	Began, Reported time.Time
	Credited        float64
}

func main() { sdk.Serve(connector()) }

func connector() sdk.Connector {
	return sdk.Connector{
		Manifest: sdk.Manifest{
			ID: "video", Version: "1.0.0", Name: "Video",
			Description:  "Has a video watched, and completes when the wanted share was really seen.",
			ConfigSchema: []byte(configSchema),
			Produces: []sdk.FactSpec{
				{Key: "watched", Name: "Share watched", Type: sdk.Number, Description: "From 0 to 1."},
				{Key: "position", Name: "Last position", Type: sdk.Number, Description: "In seconds."},
			},
			Screens:   []sdk.ScreenKind{sdk.ScreenVideo},
			Assignees: []sdk.Assignee{sdk.Lead, sdk.Stakeholder, sdk.User},
			Sandbox:   true, Live: true,
		},
		Start: start, Resume: resume,
		Check: func(_ context.Context, r *sdk.CheckRequest) error { _, err := read(r.Config); return err },
	}
}

func start(_ context.Context, r *sdk.Request) (sdk.Outcome, error) {
	c, err := read(r.Config)
	if err != nil {
		return sdk.Outcome{}, err
	}
	return waiting(c, state{Began: r.Now, Reported: r.Now}), nil
}

func resume(_ context.Context, r *sdk.Request) (sdk.Outcome, error) {
	c, err := read(r.Config)
	if err != nil {
		return sdk.Outcome{}, err
	}
	var s state
	if len(r.State) > 0 {
		if err := json.Unmarshal(r.State, &s); err != nil {
			return sdk.Outcome{}, sdk.Permanent(errors.New("the state kept for this video is not readable"))
		}
	}
	var report sdk.VideoAnswer
	if err := sdk.DecodeInput(r.Input, &report); err != nil {
		// A player that talks nonsense must not end the activity: it goes on as it was.
		return waiting(c, s), nil
	}
	s = s.take(report, r.Now)
	if s.share() >= c.share()-1e-9 {
		return sdk.Completed(s.facts()), nil
	}
	return waiting(c, s), nil
}

// take adds a report. The first one that makes sense settles how long the film is; a player
// that later says less would otherwise complete it by shortening it.
func (s state) take(report sdk.VideoAnswer, now time.Time) state {
	d := report.Duration
	if math.IsNaN(d) || d <= 0 || d > longest {
		return s
	}
	s.Duration = max(s.Duration, d)
	room := min(played(now.Sub(s.Reported)), played(now.Sub(s.Began))-s.Credited)
	fresh := plausible(sane(report.Intervals, s.Duration), room)
	s.Credited += seconds(fresh)
	s.Watched = bounded(union(s.Watched, fresh))
	if p := report.Position; !math.IsNaN(p) && p >= 0 {
		s.Position = min(p, s.Duration)
	}
	s.Reported = now
	return s
}

func (s state) share() float64 {
	if s.Duration <= 0 {
		return 0
	}
	return min(1, seconds(s.Watched)/s.Duration)
}

func (s state) facts() sdk.Facts {
	return sdk.Facts{"watched": math.Round(s.share()*1000) / 1000, "position": math.Round(s.Position*10) / 10}
}

func waiting(c config, s state) sdk.Outcome {
	video := &sdk.Video{
		URL: c.URL, Provider: provider(c.URL), PosterURL: c.PosterURL, Share: c.share(),
		Watched: s.share(), Position: s.Position, Intervals: s.Watched,
	}
	if c.CaptionsURL != "" {
		video.Captions = []sdk.Captions{{URL: c.CaptionsURL}}
	}
	return sdk.Waiting(&sdk.Screen{Title: c.Title, Text: c.Text, Video: video}, sdk.StateJSON(s), sdk.Found(s.facts()))
}

func read(raw []byte) (config, error) {
	var c config
	if err := sdk.Decode(raw, &c); err != nil {
		return c, err
	}
	var errs []error
	for _, a := range []struct{ field, address string }{{"Url", c.URL}, {"CaptionsUrl", c.CaptionsURL}, {"PosterUrl", c.PosterURL}} {
		if a.address == "" && a.field != "Url" || sdk.OwnPath(a.address) {
			continue
		}
		if u, err := url.Parse(a.address); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			errs = append(errs, sdk.InvalidField("config."+a.field, "is neither an address nor a path on this host"))
		}
	}
	if s := c.share(); !(s > 0 && s <= 1) {
		errs = append(errs, sdk.InvalidField("config.Share", "must be above 0 and at most 1"))
	}
	if err := errors.Join(errs...); err != nil {
		return c, sdk.Misconfigured(fmt.Errorf("the configuration is not acceptable: %w", err))
	}
	return c, nil
}

func (c config) share() float64 {
	if c.Share == nil {
		return defaultShare
	}
	return *c.Share
}

// provider says which player the address needs.
func provider(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "file"
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	switch {
	case host == "youtu.be" || host == "youtube.com" || strings.HasSuffix(host, ".youtube.com") || host == "youtube-nocookie.com":
		return "youtube"
	case host == "vimeo.com" || strings.HasSuffix(host, ".vimeo.com"):
		return "vimeo"
	case strings.EqualFold(path.Ext(u.Path), ".m3u8"):
		return "hls"
	default:
		return "file"
	}
}
