package lead

import (
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
	"github.com/kohomai/kohomai/core/ident"
)

// Person is what a registration says about a person. Empty fields say nothing.
type Person struct {
	Firstname, Lastname, Phone string
}

// Lead is a registered person. Its id is the user's id.
type Lead struct {
	ID         ident.User
	Email      Email
	Person     Person
	ExternalID string
	// Data are the facts that belong to the lead: lead.*, email.*, company.*.
	Data         datapoint.Data
	RegisteredAt time.Time
	// Stakeholder is set for a person who takes part in a lead's journey. Such a person need
	// not be a lead: RegisteredAt is zero then.
	Stakeholder          bool
	CreatedAt, ChangedAt time.Time
	// New is set on a lead that is not stored yet.
	New bool
	// Changed is set when the lead must be written.
	Changed bool
}

// New makes a lead that was never seen before.
func New(id ident.User, email Email, now time.Time) *Lead {
	l := &Lead{
		ID: id, Email: email, Data: datapoint.Data{}, RegisteredAt: now,
		CreatedAt: now, ChangedAt: now, New: true, Changed: true,
	}
	return l
}

// NewStakeholder makes a person who was never seen before and is no lead.
func NewStakeholder(id ident.User, email Email, now time.Time) *Lead {
	l := New(id, email, now)
	l.RegisteredAt, l.Stakeholder = time.Time{}, true
	return l
}

// TakePart marks the person as a stakeholder from now on, if they are not yet.
func (l *Lead) TakePart(now time.Time) {
	if !l.Stakeholder {
		l.Stakeholder = true
		l.touch(now)
	}
}

// Describe takes what a registration says: given names and numbers replace old ones,
// empty ones leave them.
func (l *Lead) Describe(p Person, now time.Time) {
	set := func(field *string, value string) {
		if value != "" && value != *field {
			*field = value
			l.touch(now)
		}
	}
	set(&l.Person.Firstname, p.Firstname)
	set(&l.Person.Lastname, p.Lastname)
	set(&l.Person.Phone, p.Phone)
}

// Learn merges facts and returns the keys whose value changed.
func (l *Lead) Learn(in datapoint.Data, now time.Time) []string {
	if l.Data == nil {
		l.Data = datapoint.Data{}
	}
	changed, put := l.Data.Merge(in)
	for _, key := range changed {
		// A person's own fields are what is known best.
		switch text := l.Data[key].Value.Text(); key {
		case "lead.firstname":
			l.Person.Firstname = text
		case "lead.lastname":
			l.Person.Lastname = text
		case "lead.phone":
			l.Person.Phone = text
		}
	}
	if put {
		l.touch(now)
	}
	return changed
}

// Register marks the person as a lead from now on, if they are not yet.
func (l *Lead) Register(now time.Time) {
	if l.RegisteredAt.IsZero() {
		l.RegisteredAt = now
		l.touch(now)
	}
}

// Name sets the caller's own id.
func (l *Lead) Name(externalID string, now time.Time) {
	if externalID != "" && externalID != l.ExternalID {
		l.ExternalID = externalID
		l.touch(now)
	}
}

func (l *Lead) touch(now time.Time) {
	l.Changed = true
	l.ChangedAt = now
}
