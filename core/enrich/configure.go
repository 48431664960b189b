package enrich

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"time"

	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/unit"
)

// Tx are the stores of this use case, bound to a transaction.
type Tx struct {
	Settings SettingStore
	Audit    audit.Log
}

// SettingStore keeps settings.
type SettingStore interface {
	// Lock must return what the workspace has set up, in any order, and keep others from
	// changing any of it.
	Lock(ctx context.Context) ([]Setting, error)
	// Save must insert or replace one by its key, its secret encrypted.
	Save(ctx context.Context, s Setting) error
	// Delete must remove one with the answers kept of it.
	Delete(ctx context.Context, key string) error
}

// Guard is the door through which requests leave.
type Guard interface {
	// Judge must refuse an address that requests are not let out to, as far as can be told
	// without the network.
	Judge(u *url.URL) error
}

// Configurator holds the use cases of the providers' settings.
type Configurator struct {
	work    unit.Work[Tx]
	reader  SettingReader
	maker   Maker
	guard   Guard
	service *Service
	now     func() time.Time
}

// NewConfigurator makes the service. Now is real time.
func NewConfigurator(work unit.Work[Tx], reader SettingReader, maker Maker, guard Guard, service *Service, now func() time.Time) *Configurator {
	return &Configurator{work: work, reader: reader, maker: maker, guard: guard, service: service, now: now}
}

// Standing is a provider with where it stands.
type Standing struct {
	Setting
	// Local providers need no setting and are always asked first; Setting holds their key.
	Local bool
	// Provides are the facts it may know, in the order it names them.
	Provides []string
	// AskedToday counts the questions of this day (UTC).
	AskedToday int
	// PausedUntil and Fault say until when it wants to be left alone and why, as this node
	// knows; zero when it does not.
	PausedUntil time.Time
	Fault       string
}

// List answers every provider of the workspace in the order of the waterfall.
func (c *Configurator) List(ctx context.Context) ([]Standing, error) {
	stored, err := c.reader.Settings(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := c.reader.Asked(ctx, c.now())
	if err != nil {
		return nil, err
	}
	var all []Standing
	for _, p := range c.service.locals {
		all = append(all, Standing{Setting: Setting{Key: p.name, Enabled: true}, Local: true, Provides: p.Provides()})
	}
	now := c.now()
	paused := c.service.roster.paused(ctx, now)
	for _, s := range whole(stored) {
		one := c.standing(s, asked[s.Key])
		if r, ok := paused[s.Key]; ok && s.Enabled {
			one.PausedUntil, one.Fault = now.Add(r.After), r.Reason
		}
		all = append(all, one)
	}
	return all, nil
}

func (c *Configurator) standing(s Setting, asked int) Standing {
	return Standing{Setting: s, Provides: c.maker.Make(s).Provides(), AskedToday: asked}
}

// Get answers one provider, or NotFound.
func (c *Configurator) Get(ctx context.Context, key string) (Standing, error) {
	all, err := c.List(ctx)
	if err != nil {
		return Standing{}, err
	}
	i := slices.IndexFunc(all, func(s Standing) bool { return s.Key == key })
	if i < 0 {
		return Standing{}, noProvider()
	}
	return all[i], nil
}

func noProvider() error {
	return fault.New(fault.NotFound, "not_found", "There is no such provider.")
}

// Change is what a provider is set to.
type Change struct {
	Enabled bool
	// Place moves it in the waterfall, the others make room; 0 leaves it where it is, a new
	// one goes to the end.
	Place int
	// ADay 0 is DefaultADay.
	ADay int
	// Secret replaces the one kept when it is not nil; an empty one takes it away.
	Secret *string
	Source *Source
}

// Put sets a provider up under the Etag last seen; another one is Stale. A key that is
// none yet, with the Etag 0, becomes a new provider of kind HTTPJSON.
func (c *Configurator) Put(ctx context.Context, key string, in Change, etag int64) (Standing, error) {
	if !keyForm.MatchString(key) || slices.Contains(reserved, key) {
		return Standing{}, fault.InvalidField("Key", "invalid", "2 to 32 lower-case letters, digits, _ and -, a letter first, and no source that kohomai uses itself.")
	}
	if in.ADay == 0 {
		in.ADay = DefaultADay
	}
	var s Setting
	err := c.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		stored, err := tx.Settings.Lock(ctx)
		if err != nil {
			return err
		}
		all := whole(stored)
		i := slices.IndexFunc(all, func(s Setting) bool { return s.Key == key })
		if i < 0 {
			if len(all) >= mostSources+len(standard()) {
				return fault.New(fault.Conflict, "too_many_providers", "A workspace has at most %d providers of its own.", mostSources)
			}
			all = append(all, Setting{Key: key, Kind: HTTPJSON})
			i = len(all) - 1
		}
		if all[i].Etag != etag {
			return fault.New(fault.Stale, "stale", "The provider was changed meanwhile.")
		}
		if s, err = c.changed(all[i], in); err != nil {
			return err
		}
		all = slices.Delete(all, i, i+1)
		at := i
		if in.Place > 0 {
			at = min(in.Place-1, len(all))
		}
		all = slices.Insert(all, at, s)
		for i := range all { // few, and so their places never meet
			all[i].Place = i + 1
			if err := tx.Settings.Save(ctx, all[i]); err != nil {
				return err
			}
		}
		s = all[at]
		return tx.Audit.Append(ctx, audit.Entry{
			At: s.ChangedAt, Actor: actor.From(ctx), Action: "enrichment_provider.configure", Object: "enrichment_provider/" + key,
			Detail: map[string]any{"Enabled": s.Enabled, "Position": s.Place, "DailyBudget": s.ADay, "SecretChanged": in.Secret != nil},
		})
	})
	if err != nil {
		return Standing{}, err
	}
	c.service.roster.stale(ctx)
	asked, err := c.reader.Asked(ctx, c.now())
	return c.standing(s, asked[key]), err
}

// changed is the setting after a change, or why it may not be.
func (c *Configurator) changed(old Setting, in Change) (Setting, error) {
	s := old
	s.Enabled, s.ADay, s.Source, s.Etag, s.ChangedAt = in.Enabled, in.ADay, in.Source, old.Etag+1, c.now()
	if in.Secret != nil {
		s.Secret = *in.Secret
	} else if !s.takesSecret() {
		s.Secret = "" // it has lost its use
	}
	if err := s.check(); err != nil {
		return s, err
	}
	if s.Source != nil {
		u, err := url.Parse(s.Source.Address("x", "x"))
		if err == nil {
			err = c.guard.Judge(u)
		}
		if err != nil {
			return s, fault.InvalidField("HttpJson.Url", "not_allowed", "Requests to this address are not let out.")
		}
		// Who may change the address must not thereby learn the secret.
		if in.Secret == nil && s.Secret != "" && old.Source != nil && origin(old.Source) != origin(s.Source) {
			return s, fault.InvalidField("Secret", "required", "The address leads to another host: give the secret again.")
		}
	}
	if s.Secret != old.Secret || !reflect.DeepEqual(s.Source, old.Source) {
		s.Revision = s.Etag
	}
	return s, nil
}

func origin(s *Source) string {
	u, err := url.Parse(s.Address("x", "x"))
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Delete removes a provider of the workspace's own. Facts it gave stay.
func (c *Configurator) Delete(ctx context.Context, key string) error {
	defer c.service.roster.stale(ctx)
	return c.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		stored, err := tx.Settings.Lock(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(stored, func(s Setting) bool { return s.Key == key && s.Kind == HTTPJSON })
		if i < 0 {
			if slices.ContainsFunc(whole(stored), func(s Setting) bool { return s.Key == key }) {
				return fault.New(fault.Conflict, "state_forbids", "This provider belongs to kohomai: switch it off instead.")
			}
			return noProvider()
		}
		if err := tx.Settings.Delete(ctx, key); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Entry{
			At: c.now(), Actor: actor.From(ctx), Action: "enrichment_provider.delete", Object: "enrichment_provider/" + key,
		})
	})
}

// Test asks a provider about an address as the waterfall would, past the kept answers and
// whether it is on or not; it counts as one of the day's questions. It answers the facts
// and the keys that were not found. Nothing is learned.
func (c *Configurator) Test(ctx context.Context, key string, email lead.Email) (datapoint.Data, []string, error) {
	p, ok := c.service.local(key)
	if !ok {
		standing, err := c.Get(ctx, key)
		if err != nil {
			return nil, nil, err
		}
		if standing.Kind == PeopleDataLabs && standing.Secret == "" {
			return nil, nil, fault.New(fault.Conflict, "state_forbids", "It is asked with an API key only: set Secret first.")
		}
		p = (&Roster{maker: c.maker}).one(standing.Setting)
	}
	facts, err := c.service.try(ctx, p, email)
	if err != nil {
		return nil, nil, testFault(err)
	}
	var unknown []string
	for _, k := range p.Provides() {
		if _, had := facts[k]; !had && !slices.Contains(unknown, k) {
			unknown = append(unknown, k)
		}
	}
	return facts, unknown, nil
}

// testFault tells in a problem what came of a question.
func testFault(err error) error {
	r, refused := errors.AsType[*Refusal](err)
	switch {
	case errors.Is(err, ErrBudget):
		return fault.New(fault.Limited, "budget_spent", "The day's questions to this provider are used up.")
	case refused:
		f := fault.WrapAs(err, fault.Provider, "provider_refused", r.Reason)
		if r.After > 0 {
			f = f.Retry(r.After)
		}
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return fault.WrapAs(err, fault.Provider, "provider_refused", "There was no answer in time.")
	default:
		if _, known := errors.AsType[*fault.Error](err); known {
			return err
		}
		return fault.WrapAs(err, fault.Provider, "provider_refused", "The provider could not be asked.")
	}
}
