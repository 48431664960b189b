// Package event names the facts of the past. An event is appended in the transaction
// that made it true; timeline, webhooks, audit and analytics read nothing else.
package event

import (
	"time"

	"github.com/kohomai/kohomai/core/ident"
)

// Type is the public name of an event.
type Type string

// The names, as published.
const (
	LeadRegistered   Type = "lead.registered"
	LeadEnriched     Type = "lead.enriched"
	LeadUpdated      Type = "lead.updated"
	LeadErased       Type = "lead.erased"
	JourneyStarted   Type = "journey.started"
	JourneyDecided   Type = "journey.decided"
	StageStarted     Type = "journey.stage_started"
	StageCompleted   Type = "journey.stage_completed"
	JourneyBlocked   Type = "journey.blocked"
	JourneyUnblocked Type = "journey.unblocked"
	JourneyConverted Type = "journey.converted"
	JourneyNotFit    Type = "journey.not_qualified"
	JourneyCancelled Type = "journey.cancelled"
	JourneyMoved     Type = "journey.moved"
	ActivityStarted  Type = "activity.started"
	ActivityWaiting  Type = "activity.waiting"
	ActivityDone     Type = "activity.completed"
	ActivityFailed   Type = "activity.failed"
	ActivitySkipped  Type = "activity.skipped"
	ActivityOverdue  Type = "activity.overdue"
	DocumentUploaded Type = "document.uploaded"
	DocumentReviewed Type = "document.reviewed"
	SessionOpened    Type = "session.opened"
	EndpointDisabled Type = "endpoint.disabled"
)

// Types lists every published name.
func Types() []Type {
	return []Type{
		LeadRegistered, LeadEnriched, LeadUpdated, LeadErased, JourneyStarted, JourneyDecided, StageStarted, StageCompleted,
		JourneyBlocked, JourneyUnblocked, JourneyConverted, JourneyNotFit, JourneyCancelled, JourneyMoved, ActivityStarted,
		ActivityWaiting, ActivityDone, ActivityFailed, ActivitySkipped, ActivityOverdue, DocumentUploaded, DocumentReviewed,
		SessionOpened, EndpointDisabled,
	}
}

// Event is one fact of the past. Journey and Sequence are 0 for events of a lead or a workspace.
type Event struct {
	ID      ident.Event
	Type    Type
	At      time.Time
	Lead    ident.User
	Journey ident.Journey
	// Sequence is gap-free per journey, from 1.
	Sequence int64
	// Run is the activity run concerned, else 0.
	Run ident.Run
	// By is the person who caused it, else 0.
	By ident.User
	// Data holds small details, JSON-encodable, such as {"Node":"kickoff"}.
	Data map[string]any
}
