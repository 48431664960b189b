package engine

import (
	"context"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/session"
)

// Learn takes what was found about a lead: its facts reach the lead and all its open
// journeys, and the requests for the asked facts end.
func (e *Engine) Learn(ctx context.Context, l ident.User, facts Facts, asked []string) error {
	return e.learn(ctx, &command{lead: l, allOpen: true}, facts, asked)
}

// Spread brings what became known of a lead to all its open journeys.
func (e *Engine) Spread(ctx context.Context, s SpreadJob) error {
	ctx = actor.Systemic(ctx, s.Workspace)
	return e.learn(ctx, &command{lead: s.Lead, journey: s.Journey, allOpen: true}, nil, nil)
}

func (e *Engine) learn(ctx context.Context, c *command, facts Facts, asked []string) error {
	c.do = func(ctx context.Context, b *batch) (any, error) {
		who := b.byID[c.lead]
		if who == nil {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such lead.")
		}
		open := b.openOf(c.lead)
		turns := make([]journey.Turn, len(open))
		for i, j := range open {
			var err error
			if turns[i], err = b.turn(ctx, j.Record(), 0); err != nil {
				return nil, err
			}
		}
		if len(who.Learn(b.stamped(facts), b.now)) > 0 {
			b.note(event.LeadEnriched, c.lead)
		}
		if j := b.journeys[c.journey]; j != nil && len(who.Learn(ofLead(j), b.now)) > 0 {
			b.note(event.LeadUpdated, c.lead)
		}
		for i, j := range open {
			if err := j.Learn(who.Data, asked, turns[i]); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
	_, err := e.submit(ctx, c)
	return err
}

// Report takes the outcome of a call; late ones change nothing.
func (e *Engine) Report(ctx context.Context, p Pair, o activity.Outcome) error {
	_, err := e.onJourney(ctx, p.Journey, nil, func(j *journey.Journey, t journey.Turn, _ *batch) (journey.Record, error) {
		return j.Record(), j.Report(p.Run, p.Call, o, t)
	})
	return err
}

// Tick lets time pass for a journey.
func (e *Engine) Tick(ctx context.Context, id ident.Journey) error {
	_, err := e.onJourney(ctx, id, nil, func(j *journey.Journey, t journey.Turn, _ *batch) (journey.Record, error) {
		err := j.Tick(t)
		return j.Record(), err
	})
	return err
}

// Deed is something a person or integrator does to a journey or one of its runs.
type Deed struct {
	Command journey.Command
	Run     ident.Run
	// Reason of fail, skip, move and cancel; User of assign and participate, with the
	// stakeholder Role of the latter (0 takes the role from whoever holds it); Node to move
	// to; Body of submit (JSON).
	Reason string
	User   ident.User
	Role   string
	Node   string
	Body   []byte

	Idem   *idem.Request
	Render func(journey.Record) (idem.Answer, error)
}

// Done is what a deed came to.
type Done struct {
	Journey journey.Record
	Replay  *idem.Answer
}

// Act carries out a deed. What a person enters about the lead reaches the lead and all its
// open journeys in the same commit.
func (e *Engine) Act(ctx context.Context, id ident.Journey, d Deed) (Done, error) {
	return e.onJourney(ctx, id, &d, func(j *journey.Journey, t journey.Turn, b *batch) (journey.Record, error) {
		var err error
		switch d.Command {
		case journey.CommandSubmit:
			err = j.Submit(journey.Submission{Run: d.Run, Input: ident.Input(b.ids.Next()), Body: d.Body}, t)
		case journey.CommandComplete:
			err = j.Complete(d.Run, t)
		case journey.CommandFail:
			err = j.Fail(d.Run, d.Reason, t)
		case journey.CommandRetry:
			err = j.Retry(d.Run, t)
		case journey.CommandSkip:
			err = j.Skip(d.Run, d.Reason, t)
		case journey.CommandAssign:
			err = j.Assign(d.Run, d.User, t)
		case journey.CommandReopen:
			err = j.Reopen(d.Run, t)
		case journey.CommandRemind:
			err = j.Remind(d.Run, t)
		case journey.CommandMove:
			err = j.Move(d.Node, d.Reason, t)
		case journey.CommandParticipate:
			err = j.Participate(d.Role, d.User, t)
		case journey.CommandCancel:
			err = j.Cancel(d.Reason, t)
		case journey.CommandCallback, journey.CommandLearn, journey.CommandTick, journey.CommandReport:
			err = fault.New(fault.Internal, "internal", "This command has its own use case.")
		}
		return j.Record(), err
	})
}

// Open makes a link for a journey, or for a user when the journey is 0.
func (e *Engine) Open(ctx context.Context, l session.Link, req *idem.Request, render func(Opened) (idem.Answer, error)) (Opened, error) {
	ws, err := e.directory.Workspace(ctx)
	if err != nil {
		return Opened{}, err
	}
	if err := session.CheckRedirect(l.RedirectURL, ws.RedirectOrigins, ws.Sandbox); err != nil {
		f := fault.As(err)
		return Opened{}, fault.InvalidField("RedirectURL", f.Code, "%s", f.Detail)
	}
	token := e.secrets.Token()
	c := &command{lead: l.User, journey: l.Journey, idem: req}
	c.do = func(ctx context.Context, b *batch) (any, error) {
		opened := Opened{Token: token}
		if l.Journey != 0 {
			j := b.journeys[l.Journey]
			if j == nil {
				return nil, fault.New(fault.NotFound, "not_found", "There is no such journey.")
			}
			l.User = j.Record().Lead
			j.Redirect(l.RedirectURL, "")
			opened.Journey = j.Record()
		} else if b.byID[l.User] == nil {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such user.")
		}
		wall := e.wall()
		l.ID, l.TokenHash = ident.Session(b.ids.Next()), session.HashToken(token)
		l.CreatedAt, l.ValidUntil = wall, wall.Add(session.LinkLife)
		b.links = append(b.links, l)
		opened.Link = l
		return opened, nil
	}
	c.render = func(result any) (idem.Answer, error) { return render(result.(Opened)) }
	result, err := e.submit(ctx, c)
	if err != nil {
		return Opened{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Opened{Replay: &replay.Answer}, nil
	}
	return result.(Opened), nil
}

// Opened is a new link with the token that is shown once.
type Opened struct {
	Link    session.Link
	Token   string
	Journey journey.Record
	Replay  *idem.Answer
}

// onJourney submits a command on one journey.
func (e *Engine) onJourney(ctx context.Context, id ident.Journey, d *Deed,
	do func(*journey.Journey, journey.Turn, *batch) (journey.Record, error),
) (Done, error) {
	c := &command{journey: id}
	if d != nil && d.Command == journey.CommandSubmit {
		// The lead is locked before its journeys, so it must be known first.
		l, err := e.directory.LeadOf(ctx, id)
		if err != nil {
			return Done{}, err
		}
		c.lead, c.allOpen = l, true
	}
	if d != nil && d.Idem != nil {
		c.idem = d.Idem
		c.render = func(result any) (idem.Answer, error) { return d.Render(result.(journey.Record)) }
	}
	var by ident.User
	c.do = func(ctx context.Context, b *batch) (any, error) {
		j := b.journeys[id]
		if j == nil {
			return nil, fault.New(fault.NotFound, "not_found", "There is no such journey.")
		}
		by = c.by
		t, err := b.turn(ctx, j.Record(), by)
		if err != nil {
			return nil, err
		}
		return do(j, t, b)
	}
	result, err := e.submit(ctx, c)
	if err != nil {
		return Done{}, err
	}
	if replay, ok := result.(Replayed); ok {
		return Done{Replay: &replay.Answer}, nil
	}
	return Done{Journey: result.(journey.Record)}, nil
}

// Sweeper wakes journeys whose moment has come.
type Sweeper interface {
	// Due must postpone and return due journeys of every workspace, at most n, so that no
	// two nodes get the same one at a time.
	Due(ctx context.Context, n int) ([]Wake, error)
}

// Wake is a journey whose moment has come.
type Wake struct {
	Workspace ident.Workspace
	Journey   ident.Journey
}

// SweepEvery is how often due journeys are looked for.
const SweepEvery = 500 * time.Millisecond
