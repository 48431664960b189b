// Package ident holds every identifier type, so that swapping two arguments does not
// compile. Identifiers are opaque, positive and below 2^53 (they are JSON numbers).
package ident

import (
	"context"
	"strconv"
)

// Max is the largest identifier: JSON numbers are exact up to here.
const Max = 1<<53 - 1

// The identifier types. A lead's id is its user's id.
type (
	Workspace int64
	Account   int64
	User      int64
	Key       int64
	Origin    int64
	Funnel    int64
	DataPoint int64
	Journey   int64
	Run       int64
	Input     int64
	Event     int64
	Session   int64
	Webhook   int64
	Delivery  int64
	Mail      int64
	Policy    int64
)

// ID is any identifier type.
type ID interface{ ~int64 }

// String formats an identifier in decimal.
func String[T ID](id T) string { return strconv.FormatInt(int64(id), 10) }

// Parse reads a decimal identifier; ok is false for anything that can be none.
func Parse[T ID](s string) (id T, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > Max {
		return 0, false
	}
	return T(n), true
}

// Source hands out new identifiers, each once in an installation.
type Source interface {
	// Reserve must return n identifiers never handed out before, in rising order. It may
	// leave gaps. It must be safe for concurrent use and must not need the caller's transaction.
	Reserve(ctx context.Context, n int) ([]int64, error)
}

// Block is a supply of reserved identifiers for one application of commands: pure code
// draws from it without I/O.
type Block struct {
	ids  []int64
	more func(n int) []int64
}

// NewBlock makes a supply from reserved identifiers; more is asked when they run out
// and must return at least n.
func NewBlock(ids []int64, more func(n int) []int64) *Block { return &Block{ids: ids, more: more} }

// Next draws one identifier.
func (b *Block) Next() int64 {
	if len(b.ids) == 0 {
		b.ids = b.more(64)
	}
	id := b.ids[0]
	b.ids = b.ids[1:]
	return id
}

// Rest returns what was not drawn.
func (b *Block) Rest() []int64 { return b.ids }
