package engine

import (
	"context"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/session"
)

// Enter implements session.Opener.
func (e *Engine) Enter(ctx context.Context, l session.Link, v session.Visit) (session.Visit, error) {
	ws, err := e.directory.Workspace(ctx)
	if err != nil {
		return session.Visit{}, err
	}
	c := &command{lead: l.User, journey: l.Journey, link: l.TokenHash}
	c.do = func(ctx context.Context, b *batch) (any, error) {
		link := b.opened[string(l.TokenHash)]
		if link == nil || !link.Usable(e.wall()) {
			return nil, session.InvalidLink()
		}
		if link.Journey == 0 {
			b.note(event.SessionOpened, link.User)
		} else if err := b.noteOpened(ctx, link.Journey, link.User); err != nil {
			return nil, err
		}
		link.UsedAt = e.wall()
		// What was allowed when the link was made may no longer be.
		if session.CheckRedirect(link.RedirectURL, ws.RedirectOrigins, ws.Sandbox) == nil {
			v.RedirectURL = link.RedirectURL
		}
		b.visits = append(b.visits, v)
		return v, nil
	}
	result, err := e.submit(ctx, c)
	if err != nil {
		return session.Visit{}, err
	}
	return result.(session.Visit), nil
}

// noteOpened tells a journey's history that its link was used.
func (b *batch) noteOpened(ctx context.Context, id ident.Journey, by ident.User) error {
	j := b.journeys[id]
	if j == nil {
		return fault.New(fault.NotFound, "not_found", "There is no such journey.")
	}
	t, err := b.turn(ctx, j.Record(), by)
	if err != nil {
		return err
	}
	j.Note(event.SessionOpened, nil, t)
	return nil
}

func (b *batch) lockLinks(ctx context.Context, hashes [][]byte) error {
	if len(hashes) == 0 {
		return nil
	}
	links, err := b.tx.Visits.Lock(ctx, hashes)
	if err != nil {
		return err
	}
	b.opened = make(map[string]*session.Link, len(links))
	for _, l := range links {
		b.opened[string(l.TokenHash)] = l
	}
	return nil
}

// saveVisits writes which links were used and what they opened.
func (b *batch) saveVisits(ctx context.Context) error {
	if len(b.visits) == 0 {
		return nil
	}
	var used []*session.Link
	for _, hash := range sortedKeys(b.opened) {
		if l := b.opened[hash]; !l.UsedAt.IsZero() {
			used = append(used, l)
		}
	}
	if err := b.tx.Visits.Use(ctx, used); err != nil {
		return err
	}
	for _, v := range b.visits {
		if err := b.tx.Visits.Begin(ctx, v); err != nil {
			return err
		}
	}
	return nil
}
