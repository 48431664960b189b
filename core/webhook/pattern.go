package webhook

import (
	"slices"
	"strings"

	"github.com/kohomai/kohomai/core/event"
	"github.com/kohomai/kohomai/core/fault"
	"github.com/kohomai/kohomai/core/rule"
)

// All is the pattern of every event.
const All = "*"

// maxPatterns is the most names of events an endpoint may list.
const maxPatterns = 100

// parsePatterns judges names of events, in which * stands for any characters. Empty is
// All; a name given twice counts once. Errors are fields below the list, such as [2].
func parsePatterns(in []string) ([]string, error) {
	if len(in) == 0 {
		return []string{All}, nil
	}
	var wrong fault.Collector
	if len(in) > maxPatterns {
		wrong.Add("", "too_many", "At most %d names of events are allowed.", maxPatterns)
		return nil, wrong.Err()
	}
	var out []string
	for i, p := range in {
		if p = strings.TrimSpace(p); len(event.Matching(p)) == 0 {
			wrong.Add("["+itoa(i)+"]", "unknown_event", "There is no event of this name%s", meant(p))
			continue
		}
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out, wrong.Err()
}

func meant(p string) string {
	names := make([]string, 0, len(event.Types()))
	for _, t := range event.Types() {
		names = append(names, string(t))
	}
	return rule.DidYouMean(p, names)
}

// matchesAny reports whether one of the patterns names the event.
func matchesAny(patterns []string, t event.Type) bool {
	return slices.ContainsFunc(patterns, t.Matches)
}
