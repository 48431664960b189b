package app

import (
	"net/http"
	"strings"

	"github.com/google/wire"

	"github.com/kohomai/kohomai/adapters/connectapi"
	"github.com/kohomai/kohomai/adapters/pg"
	"github.com/kohomai/kohomai/adapters/rest"
	"github.com/kohomai/kohomai/core/journey"
)

// watchSet lets callers follow journeys.
var watchSet = wire.NewSet(newWatching)

func newWatching(log *pg.Journeys) *journey.Watching {
	return journey.NewWatching(log, journey.DefaultWatchLimits)
}

// streams reports whether a request is for an answer that stays open.
func streams(r *http.Request) bool {
	return connectapi.Streams(r.URL.Path) ||
		strings.HasPrefix(r.URL.Path, rest.Prefix+"/journeys/") && strings.HasSuffix(r.URL.Path, "/watch")
}
