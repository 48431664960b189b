package app_test

import (
	"fmt"
	"strings"
	"testing"
)

// What is said of the company on one journey reaches the lead and the lead's other open
// journeys; what is said of the journey stays there.
func TestStory_WhatIsSaidReachesTheLead(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.key = h.workspace("Acme", "ada@acme.example")
	journeys := make([]any, 2)
	var lead any
	for i := range journeys {
		made := h.ask("POST", "/api/v1/funnels", fmt.Sprintf(`{"Definition":{"Name":"Funnel %d","Start":"meet",
			"DataPoints":[{"Key":"data.note","Name":"Note","Type":"Text"}],"Nodes":[
			{"Key":"meet","Kind":"Stage","Name":"Meet","Activities":[{"Key":"call","Connector":"task","Assignee":{"Policy":"account-managers"}}],"Next":"done"},
			{"Key":"done","Kind":"End","Result":"Converted"}]}}`, i))
		id := made.at("Id")
		if r := h.ask("POST", fmt.Sprintf("/api/v1/funnels/%.0f/publish", id), `{}`); r.status != 201 {
			t.Fatal(r.raw)
		}
		r := h.ask("POST", fmt.Sprintf("/api/v1/leads?ref=funnel-%.0f", id), `{"Email":"ann@example.org"}`)
		journeys[i], lead = r.at("Journey", "Id"), r.at("Id")
	}
	said := h.ask("PATCH", fmt.Sprintf("/api/v1/journeys/%.0f/data-points", journeys[0]),
		`{"JourneyData":[{"Name":"company.size","Value":321},{"Name":"data.note","Value":"only here"},{"Name":"lead.firstname","Value":"Ann"}]}`)
	if said.status != 200 {
		t.Fatal(said.raw)
	}
	of := h.ask("GET", fmt.Sprintf("/api/v1/leads/%.0f", lead), "")
	if !strings.Contains(of.raw, "321") || strings.Contains(of.raw, "only here") || of.at("Firstname") != "Ann" {
		t.Errorf("the lead: %s", of.raw)
	}
	other := h.ask("GET", fmt.Sprintf("/api/v1/journeys/%.0f/data-points", journeys[1]), "")
	if !strings.Contains(other.raw, "321") || strings.Contains(other.raw, "only here") {
		t.Errorf("the other journey: %s", other.raw)
	}
}
