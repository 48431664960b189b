package main

import (
	"testing"

	"github.com/kohomai/kohomai/plugins/sdktest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, connector(), sdktest.Sample{
		Config: []byte(`{"Message":"hello"}`), Facts: map[string]any{"lead.email": "anna@example.com", "company.name": nil},
	})
}
