package pg

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"time"

	"github.com/kohomai/kohomai/core/page"
)

// query builds a list's statement: conditions with their arguments, a keyset, a limit.
type query struct {
	text strings.Builder
	args []any
}

func newQuery(text string) *query {
	q := &query{}
	q.text.WriteString(text)
	return q
}

// where adds a condition; each $# stands for the next argument.
func (q *query) where(condition string, args ...any) {
	q.text.WriteString(" AND ")
	for _, arg := range args {
		before, after, _ := strings.Cut(condition, "$#")
		q.args = append(q.args, arg)
		q.text.WriteString(before + "$" + strconv.Itoa(len(q.args)))
		condition = after
	}
	q.text.WriteString(condition)
}

// equal adds a condition on one column, if wanted.
func (q *query) equal(column string, value any, wanted bool) {
	if wanted {
		q.where(column+" = $#", value)
	}
}

// keyset orders by (sort, id) and starts behind the cursor. It asks for one row more than
// the page, which tells whether there is a next one.
func (q *query) keyset(sort, id string, p page.Request, descending bool) error {
	than, order := ">", " ASC"
	if descending {
		than, order = "<", " DESC"
	}
	if p.After != nil {
		moment, err := time.Parse(time.RFC3339Nano, p.After.Sort)
		if err != nil {
			return errToken
		}
		q.where("("+sort+", "+id+") "+than+" ($#, $#)", moment, p.After.ID)
	}
	q.text.WriteString(" ORDER BY " + sort + order + ", " + id + order + " LIMIT " + strconv.Itoa(p.Limit()+1))
	return nil
}

func (q *query) run(ctx context.Context, tx *sql.Tx) (*sql.Rows, error) {
	return tx.QueryContext(ctx, q.text.String(), q.args...) // #nosec G701 -- the text holds no input
}

// cut takes the row too many off and makes it the cursor's witness.
func cut[T any](items []T, p page.Request, at func(T) page.Cursor) ([]T, *page.Cursor) {
	if len(items) <= p.Limit() {
		return items, nil
	}
	items = items[:p.Limit()]
	next := at(items[len(items)-1])
	return items, &next
}
