// Package enrich finds facts about a lead and its company: a waterfall of providers,
// each asked only for what is still unknown.
package enrich
