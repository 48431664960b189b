package connectapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/kohomai/kohomai/core/activity"
	"github.com/kohomai/kohomai/core/actor"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/page"
	"github.com/kohomai/kohomai/core/session"
	frontv1 "github.com/kohomai/kohomai/proto/gen/kohomai/front/v1"
)

// front serves what leads and stakeholders see and do.
type front struct {
	journeys journey.Reader
	engine   *engine.Engine
	people   *session.Service
	door     Door
	now      func() time.Time
}

// mostJourneys is how many of a person's journeys the front-office shows, newest first.
const mostJourneys = 20

// mostDraft is the most bytes a field's draft may have as JSON.
const mostDraft = 64 << 10

// mine are the journeys in which the signed-in person has a part, newest first: as their
// lead, or as somebody an open activity waits for.
func (f *front) mine(ctx context.Context) ([]journey.View, error) {
	who := actor.From(ctx).User
	own, err := f.journeys.List(ctx, journey.Filter{Lead: who}, page.Request{Size: mostJourneys})
	if err != nil {
		return nil, err
	}
	var ids []ident.Journey
	for _, s := range own.Items {
		ids = append(ids, s.Record.ID)
	}
	open, err := f.journeys.OpenRuns(ctx, journey.RunFilter{Assignee: who}, page.Request{Size: page.MaxSize})
	if err != nil {
		return nil, err
	}
	for _, r := range open.Items {
		if !slices.Contains(ids, r.Journey) {
			ids = append(ids, r.Journey)
		}
	}
	views := make([]journey.View, 0, len(ids))
	for _, id := range ids {
		v, err := f.journeys.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

// isMine reports whether a run is this person's to do.
func isMine(v journey.View, r *journey.Run, who ident.User) bool {
	if r.Assignee.Kind == journey.ByLead {
		return v.Record.Lead == who
	}
	return r.Assignee.User == who && r.Assignee.Kind != journey.Automatic
}

// find returns a run of the signed-in person with its journey. Anybody else's is NotFound.
func (f *front) find(ctx context.Context, id ident.Run) (journey.View, *journey.Run, []journey.View, error) {
	views, err := f.mine(ctx)
	if err != nil {
		return journey.View{}, nil, nil, err
	}
	for _, v := range views {
		for _, r := range v.Runs {
			if r.ID == id && isMine(v, r, actor.From(ctx).User) {
				return v, r, views, nil
			}
		}
	}
	return journey.View{}, nil, nil, fault.New(fault.NotFound, "not_found", "There is no such activity.")
}

// GetHome implements kohomai.front.v1.FrontService.
func (f *front) GetHome(ctx context.Context, _ *frontv1.GetHomeRequest) (*frontv1.GetHomeResponse, error) {
	v, err := f.people.Visitor(ctx, cookieHash(ctx, f.door))
	if err != nil {
		return nil, err
	}
	views, err := f.mine(ctx)
	if err != nil {
		return nil, err
	}
	out := &frontv1.GetHomeResponse{
		Person: &frontv1.Person{
			Email: v.User.DisplayEmail, Firstname: optional(v.User.Firstname), Lastname: optional(v.User.Lastname),
		},
		Workspace: &frontv1.Workspace{Name: v.Workspace.Name, Sandbox: v.Workspace.Sandbox},
		NextRunId: nextRun(views, v.User.ID), RedirectUrl: leaving(views, v),
	}
	for _, w := range views {
		out.Journeys = append(out.Journeys, frontJourney(w, v))
	}
	return out, nil
}

func frontJourney(v journey.View, who session.Visitor) *frontv1.Journey {
	out := &frontv1.Journey{
		Id: int64(v.Record.ID), Name: v.FunnelName, Ended: !v.Record.Status.Open(),
		RedirectUrl: optional(who.Allowed(v.Record.RedirectURL)),
	}
	for _, visit := range v.Record.State.Path {
		if visit.Status == journey.StageInProgress {
			out.Stage = optional(visit.Name)
		}
	}
	for _, r := range v.Runs {
		if !isMine(v, r, who.User.ID) {
			continue
		}
		a := frontActivity(v, r)
		out.Activities = append(out.Activities, a)
		if r.Status == journey.RunCancelled {
			continue
		}
		out.Total++
		if r.Status == journey.RunCompleted || r.Status == journey.RunSkipped {
			out.Completed++
		}
	}
	return out
}

func frontActivity(v journey.View, r *journey.Run) *frontv1.Activity {
	a := &frontv1.Activity{
		RunId: int64(r.ID), JourneyId: int64(v.Record.ID), Name: r.Name, Connector: r.Connector, State: frontState(r),
		DueAt: stamp(r.DueAt), CompletedAt: stamp(r.CompletedAt),
	}
	if a.GetState() == frontv1.ActivityState_ACTIVITY_STATE_WAITING {
		a.Reason = optional(r.Reason)
	}
	return a
}

func frontState(r *journey.Run) frontv1.ActivityState {
	switch r.Status {
	case journey.RunCompleted:
		return frontv1.ActivityState_ACTIVITY_STATE_COMPLETED
	case journey.RunSkipped:
		return frontv1.ActivityState_ACTIVITY_STATE_SKIPPED
	case journey.RunFailed, journey.RunCancelled:
		return frontv1.ActivityState_ACTIVITY_STATE_CLOSED
	case journey.RunInProgress:
		if r.Screen != nil && !r.CallOpen {
			return frontv1.ActivityState_ACTIVITY_STATE_OPEN
		}
	case journey.RunPending, journey.RunBlocked:
	}
	return frontv1.ActivityState_ACTIVITY_STATE_WAITING
}

// nextRun is the activity to do next: the one due first, then in the order they came.
func nextRun(views []journey.View, who ident.User) *int64 {
	var open []*journey.Run
	for _, v := range views {
		for _, r := range v.Runs {
			if isMine(v, r, who) && frontState(r) == frontv1.ActivityState_ACTIVITY_STATE_OPEN {
				open = append(open, r)
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	next := slices.MinFunc(open, func(a, b *journey.Run) int {
		if a.DueAt.IsZero() != b.DueAt.IsZero() {
			if a.DueAt.IsZero() {
				return 1
			}
			return -1
		}
		return cmp.Or(a.DueAt.Compare(b.DueAt), a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.Position, b.Position))
	})
	return pointer(int64(next.ID))
}

// leaving is where the person is sent when nothing of theirs is open: in the journey whose
// link they came by, and in any when it was a link of their own. A journey keeps the address
// of its latest link.
func leaving(views []journey.View, v session.Visitor) *string {
	address := v.RedirectURL
	for _, w := range views {
		if v.Journey != 0 && w.Record.ID != v.Journey {
			continue
		}
		for _, r := range w.Runs {
			if isMine(w, r, v.User.ID) && r.Status.Open() {
				return nil
			}
		}
		if latest := v.Allowed(w.Record.RedirectURL); latest != "" && (v.Journey != 0 || address == "") {
			address = latest
		}
	}
	return optional(address)
}

// GetActivity implements kohomai.front.v1.FrontService.
func (f *front) GetActivity(ctx context.Context, m *frontv1.GetActivityRequest) (*frontv1.GetActivityResponse, error) {
	v, r, _, err := f.find(ctx, ident.Run(m.GetRunId()))
	if err != nil {
		return nil, err
	}
	out := &frontv1.GetActivityResponse{Activity: frontActivity(v, r)}
	if out.GetActivity().GetState() != frontv1.ActivityState_ACTIVITY_STATE_OPEN {
		return out, nil
	}
	out.Screen = screen(r)
	drafts, err := f.people.Drafts(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	for _, d := range drafts {
		value := &structpb.Value{}
		if err := value.UnmarshalJSON(d.Value); err != nil {
			return nil, fmt.Errorf("reading a draft: %w", err)
		}
		out.Drafts = append(out.Drafts, &frontv1.Draft{Field: d.Field, Value: value, SavedAt: stamp(d.At)})
	}
	return out, nil
}

// SaveDraft implements kohomai.front.v1.FrontService.
func (f *front) SaveDraft(ctx context.Context, m *frontv1.SaveDraftRequest) (*frontv1.SaveDraftResponse, error) {
	_, r, _, err := f.find(ctx, ident.Run(m.GetRunId()))
	if err != nil {
		return nil, err
	}
	if frontState(r) != frontv1.ActivityState_ACTIVITY_STATE_OPEN {
		return nil, fault.New(fault.Conflict, "not_waiting", "This activity waits for nothing from you now.")
	}
	asked := r.Screen.Kind != activity.ScreenForm
	for _, field := range r.Screen.Fields {
		asked = asked || field.Key == m.GetField()
	}
	if !asked || m.GetField() == "" || len(m.GetField()) > 200 {
		return nil, fault.InvalidField("Field", "unknown_field", "This form has no such field.")
	}
	value, err := m.GetValue().MarshalJSON()
	if err != nil || len(value) > mostDraft {
		return nil, fault.InvalidField("Value", "invalid_value", "This value cannot be kept.")
	}
	at := f.now()
	if err := f.people.SaveDraft(ctx, session.Draft{Run: r.ID, Field: m.GetField(), Value: value, At: at}); err != nil {
		return nil, err
	}
	return &frontv1.SaveDraftResponse{SavedAt: stamp(at)}, nil
}

// SubmitActivity implements kohomai.front.v1.FrontService.
func (f *front) SubmitActivity(ctx context.Context, m *frontv1.SubmitActivityRequest) (*frontv1.SubmitActivityResponse, error) {
	if err := f.submit(ctx, ident.Run(m.GetRunId()), m.GetInput()); err != nil {
		return nil, err
	}
	v, r, views, err := f.settled(ctx, ident.Run(m.GetRunId()))
	if err != nil {
		return nil, err
	}
	visitor, err := f.people.Visitor(ctx, cookieHash(ctx, f.door))
	if err != nil {
		return nil, err
	}
	if !r.Status.Open() {
		if err := f.people.DropDrafts(ctx, r.ID); err != nil {
			return nil, err
		}
	}
	out := &frontv1.SubmitActivityResponse{
		Activity: frontActivity(v, r), NextRunId: nextRun(views, visitor.User.ID), RedirectUrl: leaving(views, visitor),
	}
	if frontState(r) == frontv1.ActivityState_ACTIVITY_STATE_OPEN {
		out.Screen = screen(r)
	}
	return out, nil
}

// ReportProgress implements kohomai.front.v1.FrontService.
func (f *front) ReportProgress(ctx context.Context, m *frontv1.ReportProgressRequest) (*frontv1.ReportProgressResponse, error) {
	if err := f.submit(ctx, ident.Run(m.GetRunId()), m.GetProgress()); err != nil {
		return nil, err
	}
	v, r, _, err := f.settled(ctx, ident.Run(m.GetRunId()))
	if err != nil {
		return nil, err
	}
	return &frontv1.ReportProgressResponse{Activity: frontActivity(v, r), Screen: screen(r)}, nil
}

// submit hands what a person gave to the journey.
func (f *front) submit(ctx context.Context, id ident.Run, input *structpb.Struct) error {
	// What was reported a moment ago may still be on its way through the connector.
	v, r, _, err := f.settled(ctx, id)
	if err != nil {
		return err
	}
	given := input.AsMap()
	if r.Connector == activity.Approval || r.Connector == activity.Task {
		// The screen's words are public ones; the journey's own are lower-case.
		for public, own := range map[string]string{"Approved": "approved", "Reason": "reason"} {
			if value, ok := given[public]; ok {
				delete(given, public)
				given[own] = value
			}
		}
	}
	body, err := json.Marshal(given)
	if err != nil {
		return fmt.Errorf("writing an input as JSON: %w", err)
	}
	_, err = f.engine.Act(ctx, v.Record.ID, engine.Deed{Command: journey.CommandSubmit, Run: r.ID, Body: body})
	return err
}

// SignOut implements kohomai.front.v1.FrontService.
func (f *front) SignOut(ctx context.Context, _ *frontv1.SignOutRequest) (*frontv1.SignOutResponse, error) {
	if err := f.people.SignOut(ctx, cookieHash(ctx, f.door)); err != nil {
		return nil, err
	}
	setCookie(ctx, f.door.Clear())
	return &frontv1.SignOutResponse{}, nil
}
