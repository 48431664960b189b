// Package funnel holds the definition of a workflow (decisions, stages, ends), its
// validation, and its compiled form, the Plan, on which journeys run.
package funnel
