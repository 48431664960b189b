// Package webhook tells other programs what happened: endpoints that subscribe to events
// at the level of a workspace, funnel, journey or lead, deliveries planned from the event
// log, and the schedule by which they are tried.
//
// It is a leaf: it reads the event log and never changes a journey. Nothing here speaks to
// the network; requests leave through the port Sender, from a job.
package webhook
