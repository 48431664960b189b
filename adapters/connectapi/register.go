package connectapi

import (
	"context"
	"net/url"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/engine"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/idem"
	"github.com/kohomai/kohomai/core/ident"
	"github.com/kohomai/kohomai/core/journey"
	"github.com/kohomai/kohomai/core/lead"
	"github.com/kohomai/kohomai/core/rule"
	"github.com/kohomai/kohomai/core/session"
	v1 "github.com/kohomai/kohomai/proto/gen/kohomai/v1"
)

// RegisterLead implements POST /leads?ref=.
func (a *API) RegisterLead(ctx context.Context, m *v1.RegisterLeadRequest) (*v1.RegisterLeadResponse, error) {
	var wrong fault.Collector
	r := engine.Registration{
		Source: datapoint.SourceAPI, RedirectURL: m.GetRedirectUrl(), LeadExternalID: m.GetExternalId(),
		Person: lead.Person{Firstname: m.GetFirstname(), Lastname: m.GetLastname(), Phone: m.GetPhoneNumber()},
	}
	a.email(&r, "Email", m.GetEmail(), &wrong)
	if err := a.redirect(ctx, m.GetRedirectUrl(), &wrong); err != nil {
		return nil, err
	}
	if err := a.origin(ctx, &r, m.GetRef(), &wrong); err != nil {
		return nil, err
	}
	if err := a.webhook(ctx, &r, m.GetWebhookInput(), &wrong); err != nil {
		return nil, err
	}
	if err := a.named(ctx, &r, "JourneyData", m.GetJourneyData(), &wrong); err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	answer := func(d engine.Registered) (int, proto.Message) {
		l := d.Lead
		return status(d.Created), &v1.RegisterLeadResponse{
			Id: pointer(int64(l.ID)), Email: pointer(l.Email.Display()), Firstname: optional(l.Person.Firstname),
			Lastname: optional(l.Person.Lastname), PhoneNumber: optional(l.Person.Phone), ExternalId: optional(l.ExternalID),
			CreatedDate: stamp(l.CreatedAt), ChangedDate: stamp(l.ChangedAt),
			Journey: &v1.RegisteredJourney{
				Id: int64(d.Journey.ID), Status: journeyStatus(d.Journey.Status),
				Funnel: &v1.FunnelRef{Id: int64(d.Journey.Funnel), Name: d.Plan.Name, Version: int32(d.Journey.Version)}, // #nosec G115 -- small
			},
			Uuid: pointer(d.Token), RedirectUrl: optional(d.Journey.RedirectURL), ConnectionUrl: pointer(a.connection(d.Token)),
			ValidUntil: stamp(d.Link.ValidUntil), User: leadPerson(l), Webhook: registeredWebhook(d.Webhook),
		}
	}
	out := &v1.RegisterLeadResponse{}
	return out, a.register(ctx, m, r, out, answer)
}

// RegisterJourney implements POST /journeys?ref= in its nested and its flat form.
func (a *API) RegisterJourney(ctx context.Context, m *v1.RegisterJourneyRequest) (*v1.RegisterJourneyResponse, error) {
	var wrong fault.Collector
	r := engine.Registration{Source: datapoint.SourceAPI, RedirectURL: m.GetRedirectUrl(), JourneyExternalID: m.GetExternalId()}
	if err := a.redirect(ctx, m.GetRedirectUrl(), &wrong); err != nil {
		return nil, err
	}
	if err := a.origin(ctx, &r, m.GetRef(), &wrong); err != nil {
		return nil, err
	}
	if err := a.webhook(ctx, &r, m.GetWebhookInput(), &wrong); err != nil {
		return nil, err
	}
	if nested := m.GetJourney(); nested != nil {
		for _, flat := range []struct {
			name  string
			given bool
		}{
			{"Email", m.Email != nil},
			{"Firstname", m.Firstname != nil},
			{"Lastname", m.Lastname != nil},
			{"PhoneNumber", m.PhoneNumber != nil},
			{"JourneyData", len(m.GetJourneyData()) > 0},
		} {
			if flat.given {
				wrong.Add(flat.name, "not_allowed", "Give either Journey or the flat fields.")
			}
		}
		u := nested.GetUser()
		r.Person = lead.Person{Firstname: u.GetFirstname(), Lastname: u.GetLastname(), Phone: u.GetPhoneNumber()}
		if nested.ExternalId != nil && m.ExternalId != nil {
			wrong.Add("ExternalId", "not_allowed", "Give it once, in Journey or beside it.")
		}
		if nested.GetExternalId() != "" {
			r.JourneyExternalID = nested.GetExternalId()
		}
		a.email(&r, "Journey.User.ContactPrefs.Email", u.GetContactPrefs().GetEmail(), &wrong)
		if err := a.typed(ctx, &r, "Journey.JourneyData", nested.GetJourneyData(), &wrong); err != nil {
			return nil, err
		}
	} else {
		r.Person = lead.Person{Firstname: m.GetFirstname(), Lastname: m.GetLastname(), Phone: m.GetPhoneNumber()}
		a.email(&r, "Email", m.GetEmail(), &wrong)
		if err := a.named(ctx, &r, "JourneyData", m.GetJourneyData(), &wrong); err != nil {
			return nil, err
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	out := &v1.RegisterJourneyResponse{}
	return out, a.register(ctx, m, r, out, func(d engine.Registered) (int, proto.Message) {
		return status(d.Created), &v1.RegisterJourneyResponse{Session: a.registeredSession(d)}
	})
}

// RegisterWorkflow implements POST /workflows/{id}/register, through the funnel's own origin.
func (a *API) RegisterWorkflow(ctx context.Context, m *v1.RegisterWorkflowRequest) (*v1.RegisterWorkflowResponse, error) {
	var wrong fault.Collector
	u := m.GetUser()
	r := engine.Registration{
		Source: datapoint.SourceAPI, RedirectURL: m.GetRedirectUrl(),
		Person: lead.Person{Firstname: u.GetFirstname(), Lastname: u.GetLastname()},
	}
	a.email(&r, "User.UsrContactPrefs.PersonalEmail", u.GetUsrContactPrefs().GetPersonalEmail(), &wrong)
	if err := a.redirect(ctx, m.GetRedirectUrl(), &wrong); err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	origins, err := a.o.Funnels.Origins(ctx, ident.Funnel(m.GetId()))
	if err != nil {
		return nil, err
	}
	for _, o := range origins {
		if o.Builtin {
			r.Origin = o
		}
	}
	if r.Origin.ID == 0 {
		return nil, fault.New(fault.NotFound, "not_found", "There is no such thing.")
	}
	out := &v1.RegisterWorkflowResponse{}
	return out, a.register(ctx, m, r, out, func(d engine.Registered) (int, proto.Message) {
		return status(d.Created), &v1.RegisterWorkflowResponse{Session: a.registeredSession(d)}
	})
}

// CreateSession implements POST /sessions.
func (a *API) CreateSession(ctx context.Context, m *v1.CreateSessionRequest) (*v1.CreateSessionResponse, error) {
	var wrong fault.Collector
	switch {
	case (m.GetJourney() == nil) == (m.GetUser() == nil):
		wrong.Add("Journey", "required", "Exactly one of Journey and User is given.")
	case m.GetJourney() != nil && m.GetJourney().GetId() == 0:
		wrong.Add("Journey.Id", "required", "An Id is required.")
	case m.GetUser() != nil && m.GetUser().GetId() == 0:
		wrong.Add("User.Id", "required", "An Id is required.")
	}
	if err := a.redirect(ctx, m.GetRedirectUrl(), &wrong); err != nil {
		return nil, err
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	req, err := idempotency(ctx, m)
	if err != nil {
		return nil, err
	}
	l := session.Link{
		Journey: ident.Journey(m.GetJourney().GetId()), User: ident.User(m.GetUser().GetId()), RedirectURL: m.GetRedirectUrl(),
	}
	who, err := a.linked(ctx, l)
	if err != nil {
		return nil, err
	}
	answer := func(o engine.Opened) *v1.CreateSessionResponse {
		s := &v1.Session{
			Uuid: pointer(o.Token), RedirectUrl: optional(o.Link.RedirectURL), ConnectionUrl: pointer(a.connection(o.Token)),
			ValidUntil: stamp(o.Link.ValidUntil), CreatedDate: stamp(o.Link.CreatedAt), ChangedDate: stamp(o.Link.CreatedAt),
			User: person(&who),
		}
		if o.Journey.ID != 0 {
			s.Journey = &v1.SessionJourney{Id: int64(o.Journey.ID), Status: journeyStatus(o.Journey.Status)}
		}
		return &v1.CreateSessionResponse{Session: s}
	}
	opened, err := a.o.Engine.Open(ctx, l, req, func(o engine.Opened) (idem.Answer, error) { return kept(201, answer(o)) })
	if err != nil {
		return nil, err
	}
	if opened.Replay != nil {
		out := &v1.CreateSessionResponse{}
		return out, replay(ctx, *opened.Replay, out)
	}
	return answer(opened), nil
}

// linked is the person a link is for.
func (a *API) linked(ctx context.Context, l session.Link) (journey.Name, error) {
	if l.Journey != 0 {
		v, err := a.o.Journeys.Get(ctx, l.Journey)
		return v.Lead, err
	}
	u, err := a.o.Users.User(ctx, l.User)
	return journey.Name{ID: u.ID, Firstname: u.Firstname, Lastname: u.Lastname}, err
}

// register runs a registration and fills the answer, first or replayed.
func (a *API) register(ctx context.Context, m proto.Message, r engine.Registration, out proto.Message,
	answer func(engine.Registered) (int, proto.Message),
) error {
	var err error
	if r.Idem, err = idempotency(ctx, m); err != nil {
		return err
	}
	r.Render = func(d engine.Registered) (idem.Answer, error) { return kept(answer(d)) }
	done, err := a.o.Engine.Register(ctx, r)
	if err != nil {
		return err
	}
	if done.Replay != nil {
		return replay(ctx, *done.Replay, out)
	}
	code, message := answer(done)
	if code != 201 {
		setHeader(ctx, "Kohomai-Status", "200")
	}
	proto.Merge(out, message)
	return nil
}

func status(created bool) int {
	if created {
		return 201
	}
	return 200
}

func (a *API) email(r *engine.Registration, path, raw string, wrong *fault.Collector) {
	if strings.TrimSpace(raw) == "" {
		wrong.Add(path, "required", "An e-mail is required.")
		return
	}
	e, err := lead.ParseEmail(raw, a.o.Unicode)
	if err != nil {
		wrong.Add(path, "invalid_email", "This is not an e-mail address.")
		return
	}
	r.Email = e
}

// redirect judges where the lead is to be sent. The engine does so again when it stores it.
func (a *API) redirect(ctx context.Context, raw string, wrong *fault.Collector) error {
	if raw == "" {
		return nil
	}
	ws, err := a.o.Directory.Workspace(ctx)
	if err != nil {
		return err
	}
	if f := fault.As(session.CheckRedirect(raw, ws.RedirectOrigins, ws.Sandbox)); f != nil {
		wrong.Add("RedirectURL", f.Code, "%s", f.Detail)
	}
	return nil
}

func (a *API) origin(ctx context.Context, r *engine.Registration, ref string, wrong *fault.Collector) error {
	if ref == "" {
		wrong.Add("ref", "required", "The reference code of an origin is required.")
		return nil
	}
	o, err := a.o.Directory.Origin(ctx, ref)
	if fault.Is(err, fault.NotFound) {
		wrong.Add("ref", "unknown_ref", "There is no origin with this reference code.")
		return nil
	}
	r.Origin = o
	return err
}

// named reads the flat form: {"Name","Value"}.
func (a *API) named(ctx context.Context, r *engine.Registration, at string, in []*v1.NamedValue, wrong *fault.Collector) error {
	if len(in) == 0 {
		return nil
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return err
	}
	r.Data = make(map[string]rule.Value, len(in))
	for i, n := range in {
		here := at + "[" + itoa(i) + "]"
		d, ok := defs.Named(n.GetName())
		if !ok {
			wrong.Add(here+".Name", "unknown_data_point", "There is no data point of this key or label%s", meant(n.GetName(), defs))
			continue
		}
		put(r, d, here+".Value", n.GetValue().AsInterface(), wrong)
	}
	return nil
}

// meant suggests the key or label most like a mistyped one.
func meant(name string, defs *datapoint.Index) string {
	var known []string
	for _, d := range defs.All() {
		known = append(known, d.Key, d.Name)
	}
	return rule.DidYouMean(name, known)
}

// typed reads the nested form: one value beside DataPoint or DataKey.
func (a *API) typed(ctx context.Context, r *engine.Registration, at string, in []*v1.DataValue, wrong *fault.Collector) error {
	if len(in) == 0 {
		return nil
	}
	defs, err := a.o.DataPoints.DataPoints(ctx)
	if err != nil {
		return err
	}
	r.Data = make(map[string]rule.Value, len(in))
	for i, v := range in {
		here := at + "[" + itoa(i) + "]"
		ref, field := v.GetDataPoint(), ".DataPoint"
		if ref == nil {
			if ref = v.GetDataKey(); ref != nil {
				field = ".DataKey"
			}
		}
		d, ok := defs.Find(ident.DataPoint(ref.GetId()))
		if ref.GetId() == 0 {
			d, ok = defs.Named(ref.GetKey())
		}
		if !ok {
			wrong.Add(here+field, "unknown_data_point", "There is no data point of this id or key%s", meant(ref.GetKey(), defs))
			continue
		}
		value, name, count := typedValue(v)
		if count != 1 {
			wrong.Add(here, "invalid_value", "Exactly one value is given.")
			continue
		}
		put(r, d, here+"."+name, value, wrong)
	}
	return nil
}

// typedValue is the one value given, its field, and how many there are.
func typedValue(v *v1.DataValue) (value any, name string, count int) {
	set := func(field string, given bool, x any) {
		if given {
			value, name = x, field
			count++
		}
	}
	set("StringValue", v.StringValue != nil, v.GetStringValue())
	set("NumberValue", v.NumberValue != nil, v.GetNumberValue())
	set("BooleanValue", v.BooleanValue != nil, v.GetBooleanValue())
	set("DateValue", v.DateValue != nil, v.GetDateValue())
	set("DateTimeValue", v.DateTimeValue != nil, v.GetDateTimeValue())
	set("ListValue", v.ListValue != nil, v.GetListValue().AsSlice())
	set("AmountValue", v.AmountValue != nil, map[string]any{
		"Amount": v.GetAmountValue().GetAmount(), "Currency": v.GetAmountValue().GetCurrency(),
	})
	set("DocumentValue", v.DocumentValue != nil, map[string]any{"Id": float64(v.GetDocumentValue().GetId())})
	return value, name, count
}

// put keeps a given value. What the journey itself computes cannot be given, and the
// identity of a lead has its own fields.
func put(r *engine.Registration, d datapoint.Definition, at string, raw any, wrong *fault.Collector) {
	if ns := datapoint.Namespace(d.Key); ns == "journey" || ns == "activity" || ns == "email" || d.Key == "lead.email" {
		wrong.Add(at, "read_only", "This data point cannot be given.")
		return
	}
	if raw == nil {
		return
	}
	if d.Type == rule.Document {
		wrong.Add(at, "unknown_document", "There is no such document.")
		return
	}
	v, err := rule.Read(d.Type, d.Options, raw)
	if err != nil {
		wrong.Add(at, "invalid_value", "This value does not fit: %s.", err.Error())
		return
	}
	r.Data[d.Key] = v
}

func (a *API) connection(token string) string {
	return strings.TrimSuffix(a.o.FrontURL, "/") + "/internal/v1/autologin?UUID=" + url.QueryEscape(token)
}

func (a *API) registeredSession(d engine.Registered) *v1.Session {
	return &v1.Session{
		Uuid: pointer(d.Token), RedirectUrl: optional(d.Journey.RedirectURL), ConnectionUrl: pointer(a.connection(d.Token)),
		ValidUntil: stamp(d.Link.ValidUntil), CreatedDate: stamp(d.Link.CreatedAt), ChangedDate: stamp(d.Link.CreatedAt),
		User: leadPerson(d.Lead), Journey: &v1.SessionJourney{Id: int64(d.Journey.ID), Status: journeyStatus(d.Journey.Status)},
	}
}

func leadPerson(l lead.Lead) *v1.Person {
	return person(&journey.Name{ID: l.ID, Firstname: l.Person.Firstname, Lastname: l.Person.Lastname})
}

func pointer[T any](v T) *T { return &v }
