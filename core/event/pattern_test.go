package event

import (
	"slices"
	"testing"
)

func TestMatching(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]Type{
		"*": Types(), "lead.erased": {LeadErased}, "*.overdue": {ActivityOverdue}, "d*.*ed": {DocumentUploaded, DocumentReviewed},
		"lead": nil, "": nil, "Lead.*": nil,
	} {
		if got := Matching(pattern); !slices.Equal(got, want) {
			t.Errorf("%q names %v, not %v", pattern, got, want)
		}
	}
}
