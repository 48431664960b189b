package journey

import (
	"slices"

	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
)

// Callback is what a provider sent to a run's address. Digest tells repetitions: of two with
// the same one the second changes nothing.
type Callback struct {
	Run    ident.Run
	Input  ident.Input
	Digest string
	Body   []byte
}

// Most that a run remembers: what waits beyond it is refused, what was heard before it may
// be heard again, which a connector bears.
const (
	mostQueued = 100
	mostHeard  = 64
)

// Callback takes what a provider sent: the run goes on with it at once, or, while a call is
// open or to be repeated, as soon as that call has left it waiting. For a run that is over
// it comes too late and changes nothing.
func (j *Journey) Callback(c Callback, t Turn) error {
	r := j.Find(c.Run)
	if r == nil {
		return fault.New(fault.NotFound, "not_found", "There is no such activity run.")
	}
	ok, err := r.allow(CommandCallback)
	if !ok || !j.rec.Status.Open() || slices.Contains(r.Heard, c.Digest) {
		return err
	}
	if len(r.Queue) >= mostQueued {
		return fault.New(fault.Unavailable, "too_many_callbacks", "Too many callbacks wait for this activity.")
	}
	j.begin(t)
	r.Heard = append(r.Heard, c.Digest)
	if n := len(r.Heard) - mostHeard; n > 0 {
		r.Heard = slices.Clone(r.Heard[n:])
	}
	r.Changed = true
	if r.CallOpen || !r.RetryAt.IsZero() {
		j.input(r, c.Input, "callback", c.Body)
		r.Queue = append(r.Queue, c.Input)
	} else {
		j.resume(r, c.Input, "callback", c.Body)
	}
	j.settle()
	return nil
}

// heed goes on with the first input that came while a call was open.
func (j *Journey) heed(r *Run) {
	if len(r.Queue) == 0 {
		return
	}
	next := r.Queue[0]
	r.Queue = slices.Clone(r.Queue[1:])
	j.goOn(r, next)
}
