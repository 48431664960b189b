package connectapi

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
)

// DataPoints lists a workspace's definitions.
type DataPoints interface {
	// DataPoints must list the definitions of the actor's workspace, by key.
	DataPoints(ctx context.Context) ([]datapoint.Definition, error)
}

// Door makes the cookies of an entrance.
type Door interface {
	// CookieName must be the name of the cookie.
	CookieName() string
	// Cookie must make the cookie that holds a token until a moment.
	Cookie(token string, until time.Time) *http.Cookie
	// Clear must make the cookie that takes it away.
	Clear() *http.Cookie
}
