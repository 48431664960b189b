// Package core is the domain of kohomai: its rules and its ports.
//
// # Dependency rule
//
// Everything below core imports the standard library and core, nothing else.
// What needs a database, a network, a clock or a third party is a port: a small
// interface declared by the package that calls it (in its ports.go), made in
// adapters and wired in app. The modules form an acyclic graph, checked by
// app/arch_test.go; each may import what stands to its left and the shared words:
//
//	rule ← workspace ← datapoint ← lead ← enrich ← activity ← funnel ← journey ← session ← engine
//
// Shared words: actor, audit, event, fault, ident, idem, job, page, unit.
// Leaves (account, assign and later document, webhook, analytics, privacy) import what they
// need and are imported by nobody in core.
//
// # Glossary
//
//   - Workspace: a tenant; everything belongs to exactly one. A sandbox is a workspace.
//   - User: a person of a workspace; a lead and a stakeholder are users too.
//   - Origin: a way into a funnel; its reference code is the ref of the API.
//   - Funnel: a versioned workflow of decisions, stages and ends.
//   - Stage: a group of activities that run at the same time.
//   - Decision: chooses what comes next by conditions on data points.
//   - Activity: one thing to do in a stage; its connector says what kind.
//   - Journey: one lead's run through one version of a funnel.
//   - Run: an activity inside a journey. Call: one numbered request to the outside for a run.
//   - Data point: a typed fact of a journey, with provenance.
//   - Event: a fact of the past, appended in the transaction that made it true.
package core
