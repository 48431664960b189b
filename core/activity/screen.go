package activity

// ScreenKind is the kind of a screen, by its public name.
type ScreenKind string

// The kinds of screen. Each is drawn natively by the front-office.
const (
	ScreenForm     ScreenKind = "Form"
	ScreenSlots    ScreenKind = "Slots"
	ScreenRedirect ScreenKind = "Redirect"
	ScreenEmbed    ScreenKind = "Embed"
	ScreenVideo    ScreenKind = "Video"
	ScreenUpload   ScreenKind = "Upload"
	ScreenCapture  ScreenKind = "Capture"
	ScreenSign     ScreenKind = "Sign"
	ScreenMessage  ScreenKind = "Message"
)

// Screen is data, not code: what the person in front of an activity sees.
type Screen struct {
	Kind ScreenKind
	// Title and Text are plain text in the workspace's language.
	Title string
	Text  string
	// Fields of a Form (and of what is asked beside another kind).
	Fields []Field
	// Slots to choose from, in rising order, and the time zone they are meant in (IANA name).
	Slots    []Slot
	TimeZone string
	// Host and Location of what the Slots are for, as the person should read them.
	Host     string
	Location string
	// Notice says something about the person's last answer, such as a slot that has gone.
	Notice string
	// URL of a Redirect, Embed or Video.
	URL string
	// Share of a Video that must be watched, over 0 to 1, and the seconds watched so far
	// with the place to resume at.
	Share    float64
	Watched  float64
	Position float64
	// Captions of a Video: address of a WebVTT file, empty for none.
	Captions string
	// Poster is the picture a Video shows at first; empty for none.
	Poster string
}

// Slot is one time that may be booked. Start and End are RFC 3339.
type Slot struct {
	ID         string
	Start, End string
	Label      string
}

// Field is one thing asked in a form.
type Field struct {
	// Key of the answer, a data point's key for the built-in form.
	Key   string
	Label string
	// Type is the public name of a data point type.
	Type     string
	Options  []string
	Required bool
	Help     string
	// Value is what is known so far, as plain JSON data; nil when unknown.
	Value any
}
