package sdk

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// ScreenKind is a kind of screen.
type ScreenKind string

// The kinds.
const (
	ScreenForm     ScreenKind = "form"
	ScreenSlots    ScreenKind = "slots"
	ScreenRedirect ScreenKind = "redirect"
	ScreenEmbed    ScreenKind = "embed"
	ScreenVideo    ScreenKind = "video"
	ScreenUpload   ScreenKind = "upload"
	ScreenCapture  ScreenKind = "capture"
	ScreenSign     ScreenKind = "sign"
	ScreenMessage  ScreenKind = "message"
)

var screenKinds = []ScreenKind{
	ScreenForm, ScreenSlots, ScreenRedirect, ScreenEmbed, ScreenVideo,
	ScreenUpload, ScreenCapture, ScreenSign, ScreenMessage,
}

// Screen is what an assignee sees: data, drawn by kohomai's front-office. All text is plain
// text. Exactly one of the pointers is set.
type Screen struct {
	Title string
	Text  string
	// Action labels the one action at the bottom edge; empty lets the front-office name it.
	Action string
	// Notice says something about the last answer, such as a moment that has gone meanwhile.
	Notice string

	Form     *Form
	Slots    *Slots
	Redirect *Redirect
	Embed    *Embed
	Video    *Video
	Upload   *Upload
	Capture  *Capture
	Sign     *Sign
	Message  *Message
}

// Form asks for values. The answer: {"<field key>": value}.
type Form struct{ Fields []Field }

// Field is one question of a form.
type Field struct {
	Key, Label, Help string
	Type             FactType
	Required         bool
	Options          []string
	// Value is shown at first, as JSON.
	Value     json.RawMessage
	Multiline bool
}

// Slots offers moments to choose from. The answer: SlotAnswer.
type Slots struct {
	Slots []Slot
	// TimeZone is the IANA zone they were made in.
	TimeZone       string
	Host, Location string
}

// Slot is one moment of Slots.
type Slot struct {
	// ID is the start in RFC 3339, UTC, as the front-office answers it.
	ID         string
	Start, End time.Time
}

// SlotAnswer is what a person answers to Slots.
type SlotAnswer struct {
	Slot string
	// TimeZone is the person's own IANA zone; empty when it is not known.
	TimeZone string
}

// Redirect sends the person to the provider's page. The answer, when the person says they
// are done there: {"Done": true}.
type Redirect struct {
	URL       string
	NewWindow bool
}

// Embed shows the provider's page in a frame. The answer: as for Redirect.
type Embed struct {
	URL string
	// Title is what a screen reader calls the frame.
	Title  string
	Height int
}

// Video plays a video. The answer, again and again while it plays: VideoAnswer.
type Video struct {
	URL string
	// Provider is file, hls, youtube or vimeo.
	Provider  string
	PosterURL string
	Captions  []Captions
	// Share is how much is to be watched, above 0 and at most 1.
	Share float64
	// Watched and Position are what is known of earlier visits: share, and second to go on at.
	Watched, Position float64
	// Intervals are the [from, to) watched so far, in seconds.
	Intervals [][2]float64
}

// Captions is one text track of a video.
type Captions struct{ URL, Language, Label string }

// VideoAnswer reports what was played since the last report, in seconds of the video.
type VideoAnswer struct {
	Intervals          [][2]float64
	Position, Duration float64
}

// Upload asks for files. The answer: {"Documents": [{"Id": 17, "Slot": "<key>"}]}.
type Upload struct{ Slots []UploadSlot }

// UploadSlot is one file asked for.
type UploadSlot struct {
	Key, Label, Help string
	// Accept lists media types, such as image/*.
	Accept   []string
	MaxBytes int64
	Required bool
}

// Capture asks for photographs. The answer is as for Upload.
type Capture struct {
	Steps       []CaptureStep
	AllowUpload bool
}

// CaptureStep is one photograph asked for; Frame is document or face.
type CaptureStep struct{ Key, Label, Help, Frame string }

// Sign shows a document to sign.
type Sign struct {
	DocumentID                           int64
	Consent, SignerName                  string
	AllowDrawn, AllowTyped, AllowDecline bool
}

// Message only says something; with Acknowledge it is answered by {"Acknowledged": true}.
type Message struct {
	// Tone is empty, success or warning.
	Tone        string
	Acknowledge bool
}

// Kind says which body is set; empty when none or several are.
func (s *Screen) Kind() ScreenKind {
	kind, n := ScreenKind(""), 0
	for _, b := range []struct {
		set  bool
		kind ScreenKind
	}{
		{s.Form != nil, ScreenForm},
		{s.Slots != nil, ScreenSlots},
		{s.Redirect != nil, ScreenRedirect},
		{s.Embed != nil, ScreenEmbed},
		{s.Video != nil, ScreenVideo},
		{s.Upload != nil, ScreenUpload},
		{s.Capture != nil, ScreenCapture},
		{s.Sign != nil, ScreenSign},
		{s.Message != nil, ScreenMessage},
	} {
		if b.set {
			kind, n = b.kind, n+1
		}
	}
	if n != 1 {
		return ""
	}
	return kind
}

func (s *Screen) check(m *Manifest) error {
	if s == nil {
		return nil
	}
	kind := s.Kind()
	switch {
	case kind == "":
		return fmt.Errorf("a screen has exactly one body")
	case !slices.Contains(m.Screens, kind):
		return fmt.Errorf("screen %s is not declared in the manifest", kind)
	}
	for _, address := range s.addresses() {
		u, err := url.Parse(address)
		if kind == ScreenVideo && OwnPath(address) {
			continue
		}
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return fmt.Errorf("screen %s: an address is not absolute http", kind)
		}
	}
	if v := s.Video; v != nil && (v.Share <= 0 || v.Share > 1) {
		return fmt.Errorf("screen video: Share must be above 0 and at most 1")
	}
	return nil
}

// OwnPath reports whether an address is a path on kohomai's own host, such as
// /media/welcome.webm: a video and its captions may be there.
func OwnPath(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "" && u.Host == "" && len(u.Path) > 1 && u.Path[0] == '/' && u.Path[1] != '/' && u.Path[1] != '\\'
}

func (s *Screen) addresses() []string {
	switch {
	case s.Redirect != nil:
		return []string{s.Redirect.URL}
	case s.Embed != nil:
		return []string{s.Embed.URL}
	case s.Video != nil:
		all := []string{s.Video.URL}
		if s.Video.PosterURL != "" {
			all = append(all, s.Video.PosterURL)
		}
		for _, c := range s.Video.Captions {
			all = append(all, c.URL)
		}
		return all
	}
	return nil
}
