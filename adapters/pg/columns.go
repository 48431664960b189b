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

// IDs hands out identifiers from the one sequence, a block at a time: any number of nodes
// may draw.
type IDs struct {
	db *DB
	mu sync.Mutex
	// next and end bound what is left of the block.
	next, end int64
}

// NewIDs makes a source.
func NewIDs(db *DB) *IDs { return &IDs{db: db} }

// blockSize is how many identifiers one value of the sequence stands for: its increment.
const blockSize = 16384

// Reserve implements ident.Source.
func (s *IDs) Reserve(ctx context.Context, n int) ([]int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]int64, 0, n)
	for len(out) < n {
		if s.next == s.end {
			if err := s.db.sql.QueryRowContext(ctx, "SELECT nextval('id_seq')").Scan(&s.next); err != nil {
				s.next = s.end
				return nil, classify(fmt.Errorf("reserving identifiers: %w", err))
			}
			s.end = s.next + blockSize
		}
		out = append(out, s.next)
		s.next++
	}
	return out, nil
}
