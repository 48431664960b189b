package connectapi

import (
	"context"
	"net/http"
	"time"

	"github.com/kohomai/kohomai/core/datapoint"
)

// DataPoints lists a workspace's definitions.
type DataPoints interface {
	// DataPoints must return the definitions of the actor's workspace, in order of key.
	DataPoints(ctx context.Context) (*datapoint.Index, error)
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
