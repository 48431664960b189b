package pg

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// at is a time as a nullable column takes it.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// moment is a nullable column as a time, in UTC.
func moment(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// orNull is an id as a nullable column takes it.
func orNull[T ~int64](id T) *int64 {
	if id == 0 {
		return nil
	}
	n := int64(id)
	return &n
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func deref[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encoding a column: %w", err)
	}
	return string(raw), nil
}

func fromJSON(raw []byte, v any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("decoding a column: %w", err)
	}
	return nil
}

// IDs hands out identifiers from the one sequence, a block at a time.
type IDs struct {
	db    *DB
	mu    sync.Mutex
	block []int64
}

// NewIDs makes a source.
func NewIDs(db *DB) *IDs { return &IDs{db: db} }

// blockSize is how many identifiers one round trip fetches at least.
const blockSize = 2000

// Reserve implements ident.Source.
func (s *IDs) Reserve(ctx context.Context, n int) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.block) < n {
		want := max(n, blockSize)
		// Whole runs of the sequence, so that any number of nodes may draw.
		rows, err := s.db.sql.QueryContext(ctx, "SELECT nextval('id_seq') FROM generate_series(1, $1)", want)
		if err != nil {
			return nil, classify(fmt.Errorf("reserving identifiers: %w", err))
		}
		defer rows.Close()
		fresh := make([]int64, 0, want)
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			fresh = append(fresh, id)
		}
		if err := rows.Err(); err != nil {
			return nil, classify(err)
		}
		s.block = fresh
	}
	out := s.block[:n:n]
	s.block = s.block[n:]
	return out, nil
}
