package funnel

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/audit"
	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/unit"
	"github.com/kohomai/kohomai/core/workspace"
)

// Service holds the use cases of funnels.
type Service struct {
	work     unit.Work[Tx]
	reader   Reader
	compiler rule.Compiler
	catalog  activity.Catalog
	ids      ident.Source
	now      func() time.Time
}

// NewService makes the service. Now is real time.
func NewService(work unit.Work[Tx], reader Reader, compiler rule.Compiler, catalog activity.Catalog, ids ident.Source, now func() time.Time) *Service {
	return &Service{work: work, reader: reader, compiler: compiler, catalog: catalog, ids: ids, now: now}
}

// Validate judges a definition in the actor's workspace.
func (s *Service) Validate(ctx context.Context, def Definition) ([]Finding, error) {
	_, found, err := s.compile(ctx, def)
	return found, err
}

func (s *Service) compile(ctx context.Context, def Definition) (*Plan, []Finding, error) {
	env, err := s.reader.Env(ctx)
	if err != nil {
		return nil, nil, err
	}
	env.Compiler, env.Catalog = s.compiler, s.catalog
	plan, found := Compile(def, env)
	if err := s.nameConflicts(ctx, def, found); err != nil {
		return nil, nil, err
	}
	return plan, found, nil
}

// nameConflicts says of each type conflict which funnel brought the data point along.
func (s *Service) nameConflicts(ctx context.Context, def Definition, found []Finding) error {
	for i, f := range found {
		if f.Code != typeConflict {
			continue
		}
		var at int
		if n, _ := fmt.Sscanf(f.Field, "DataPoints[%d]", &at); n != 1 || at >= len(def.DataPoints) {
			continue
		}
		d := def.DataPoints[at]
		funnels, err := s.reader.List(ctx)
		if err != nil {
			return err
		}
		for _, other := range funnels {
			if other.Current == 0 {
				continue
			}
			versions, err := s.reader.Versions(ctx, other.ID)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(versions, func(v Version) bool { return v.brings(d.Key, d.Type) }) {
				found[i].Message = strings.TrimSuffix(f.Message, ".") + fmt.Sprintf(" in the funnel %q.", other.Name)
				break
			}
		}
	}
	return nil
}

// brings reports whether a version declares a data point with another type.
func (v Version) brings(key, notType string) bool {
	return slices.ContainsFunc(v.Definition.DataPoints, func(d DataPoint) bool { return d.Key == key && d.Type != notType })
}

// Compile makes the plan of a published version.
func (s *Service) Compile(ctx context.Context, id ident.Funnel, v Version) (*Plan, error) {
	env, err := s.reader.Env(ctx)
	if err != nil {
		return nil, err
	}
	env.Compiler, env.Catalog = s.compiler, s.catalog
	plan, why := Restore(v, env)
	if plan == nil {
		return nil, fault.New(fault.Internal, "broken_version", "Version %d of funnel %d no longer compiles: %s",
			v.Number, id, why.String())
	}
	return plan.For(id, v.Number), nil
}

// Created is a new funnel with its origins.
type Created struct {
	Funnel  Funnel
	Origins []workspace.Origin
}

// Create makes a funnel from its first draft, with the built-in API origin and one more
// for each ref given.
func (s *Service) Create(ctx context.Context, def Definition, refs map[string]workspace.OriginKind, once idem.Once[Created]) (idem.Outcome[Created], error) {
	var out idem.Outcome[Created]
	if strings.TrimSpace(def.Name) == "" {
		return out, fault.InvalidField("Name", "required", "A funnel needs a name.")
	}
	ids, err := s.ids.Reserve(ctx, 2+len(refs))
	if err != nil {
		return out, err
	}
	now := s.now()
	f := Funnel{ID: ident.Funnel(ids[0]), Name: def.Name, Draft: def, Etag: 1, CreatedAt: now, ChangedAt: now}
	origins := []workspace.Origin{{
		ID: ident.Origin(ids[1]), Funnel: f.ID, Name: "API", Ref: "funnel-" + ident.String(f.ID),
		Kind: workspace.OriginAPI, Builtin: true, CreatedAt: now,
	}}
	for _, ref := range slices.Sorted(maps.Keys(refs)) {
		kind := refs[ref]
		origins = append(origins, workspace.Origin{
			ID: ident.Origin(ids[len(origins)+1]), Funnel: f.ID, Name: ref, Ref: ref, Kind: kind, CreatedAt: now,
		})
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Created, error) {
			if err := tx.Funnels.Insert(ctx, f, origins); err != nil {
				return Created{}, err
			}
			return Created{f, origins}, s.audit(ctx, tx, "funnel.create", f.ID, map[string]any{"Name": f.Name})
		})
		return err
	})
	return out, err
}

// SaveDraft replaces the draft. Etag is the one last seen; another one is Stale.
func (s *Service) SaveDraft(ctx context.Context, id ident.Funnel, def Definition, etag int64) (Funnel, error) {
	var f Funnel
	err := s.work.Do(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if f, err = tx.Funnels.Lock(ctx, id); err != nil {
			return err
		}
		if f.Etag != etag {
			return fault.New(fault.Stale, "stale", "The draft was changed meanwhile.")
		}
		f.Draft, f.Etag, f.ChangedAt = def, f.Etag+1, s.now()
		if def.Name != "" {
			f.Name = def.Name
		}
		return tx.Funnels.SaveDraft(ctx, f)
	})
	return f, err
}

// Publish makes the draft an immutable version that new journeys begin with. Findings that
// are errors refuse it, each with its field.
func (s *Service) Publish(ctx context.Context, id ident.Funnel, note string, once idem.Once[Version]) (idem.Outcome[Version], error) {
	var out idem.Outcome[Version]
	// The draft may have changed since the first of equal requests: look for its answer first.
	if once.Request != nil {
		err := s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
			out.Replay, err = once.Seen(ctx, tx.Idem)
			return err
		})
		if err != nil || out.Replay != nil {
			return out, err
		}
	}
	draft, err := s.reader.Get(ctx, id)
	if err != nil {
		return out, err
	}
	plan, found, err := s.compile(ctx, draft.Draft)
	if err != nil {
		return out, err
	}
	if Blocks(found) {
		var wrong fault.Collector
		for _, f := range found {
			if f.Severity == Error {
				wrong.Add(f.Field, f.Code, "%s", f.String())
			}
		}
		return out, wrong.Err()
	}
	fresh, err := s.freshDataPoints(ctx, draft.Draft)
	if err != nil {
		return out, err
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (Version, error) { return s.publish(ctx, tx, id, draft.Etag, plan, note, fresh) })
		return err
	})
	return out, err
}

func (s *Service) publish(ctx context.Context, tx Tx, id ident.Funnel, etag int64, plan *Plan, note string, fresh []datapoint.Definition) (Version, error) {
	f, err := tx.Funnels.Lock(ctx, id)
	if err != nil {
		return Version{}, err
	}
	if f.Etag != etag {
		return Version{}, fault.New(fault.Stale, "stale", "The draft was changed meanwhile.")
	}
	v := Version{
		Number: f.Current + 1, Definition: f.Draft, Connectors: plan.Connectors(), Note: note, PublishedBy: actor.From(ctx).User, PublishedAt: s.now(),
	}
	if err := tx.Funnels.Publish(ctx, id, v, fresh); err != nil {
		return Version{}, err
	}
	return v, s.audit(ctx, tx, "funnel.publish", id, map[string]any{"Version": v.Number, "Note": note})
}

// freshDataPoints are those of a definition that the workspace does not have yet.
func (s *Service) freshDataPoints(ctx context.Context, def Definition) ([]datapoint.Definition, error) {
	env, err := s.reader.Env(ctx)
	if err != nil {
		return nil, err
	}
	have := datapoint.Schema(env.DataPoints)
	ids, err := s.ids.Reserve(ctx, len(def.DataPoints)+1)
	if err != nil {
		return nil, err
	}
	var fresh []datapoint.Definition
	for i, d := range def.DataPoints {
		if _, had := have[d.Key]; had {
			continue
		}
		t, _ := rule.ParseType(d.Type)
		name := d.Name
		if name == "" {
			name = d.Key
		}
		fresh = append(fresh, datapoint.Definition{ID: ident.DataPoint(ids[i]), Key: d.Key, Name: name, Type: t, Options: d.Options})
	}
	return fresh, nil
}

func (s *Service) audit(ctx context.Context, tx Tx, action string, id ident.Funnel, detail map[string]any) error {
	return tx.Audit.Append(ctx, audit.Entry{
		At: s.now(), Actor: actor.From(ctx), Action: action, Object: "funnel/" + ident.String(id), Detail: detail,
	})
}

// AddOrigin adds a way into a funnel. Without a ref one is made of the origin's id.
func (s *Service) AddOrigin(ctx context.Context, o workspace.Origin, once idem.Once[workspace.Origin]) (idem.Outcome[workspace.Origin], error) {
	var out idem.Outcome[workspace.Origin]
	var wrong fault.Collector
	if strings.TrimSpace(o.Name) == "" {
		wrong.Add("Name", "required", "An origin needs a name.")
	}
	if o.Ref != "" && !refForm.MatchString(o.Ref) {
		wrong.Add("Ref", "invalid_value", "A ref has lower-case letters, digits and - only, at most 100.")
	}
	if err := wrong.Err(); err != nil {
		return out, err
	}
	ids, err := s.ids.Reserve(ctx, 1)
	if err != nil {
		return out, err
	}
	o.ID, o.Workspace, o.CreatedAt = ident.Origin(ids[0]), actor.From(ctx).Workspace, s.now()
	if o.Ref == "" {
		o.Ref = "origin-" + ident.String(o.ID)
	}
	err = s.work.Do(ctx, func(ctx context.Context, tx Tx) (err error) {
		out, err = once.Do(ctx, tx.Idem, func() (workspace.Origin, error) {
			if _, err := tx.Funnels.Lock(ctx, o.Funnel); err != nil {
				return o, err
			}
			if err := tx.Funnels.AddOrigin(ctx, o); err != nil {
				return o, err
			}
			return o, s.audit(ctx, tx, "origin.create", o.Funnel, map[string]any{"Ref": o.Ref})
		})
		return err
	})
	return out, err
}

var refForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,99}$`)
