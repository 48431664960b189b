// Package page is keyset paging: the shared words of every list.
package page

// Limits of a page, as published.
const (
	DefaultSize = 50
	MaxSize     = 200
)

// Request asks for one page. The zero value asks for the first one of the default size.
type Request struct {
	// Size is the most items to return, 1 to MaxSize; 0 is DefaultSize.
	Size int
	// After is the position behind which the page starts; nil is the beginning.
	After *Cursor
}

// Cursor is the position of the last item seen: its sort key and id.
// Lists order by (Sort, ID), newest first unless they say otherwise.
type Cursor struct {
	// Sort is the sort column's value in a form that round-trips: RFC 3339 with
	// nanoseconds for times.
	Sort string
	ID   int64
}

// Limit is the size to use.
func (r Request) Limit() int {
	switch {
	case r.Size <= 0:
		return DefaultSize
	case r.Size > MaxSize:
		return MaxSize
	default:
		return r.Size
	}
}

// Of is one page of a list; Next is nil on the last one.
type Of[T any] struct {
	Items []T
	Next  *Cursor
}
