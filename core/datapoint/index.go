package datapoint

import (
	"slices"

	"github.com/kohomai/kohomai/core/ident"
)

// Index finds definitions by what callers name them. It is never changed after NewIndex
// and may be shared.
type Index struct {
	all    []Definition
	byName map[string]int
	byID   map[ident.DataPoint]int
}

// NewIndex makes an index. The definitions keep their order.
func NewIndex(all []Definition) *Index {
	x := &Index{all: all, byName: make(map[string]int, 2*len(all)), byID: make(map[ident.DataPoint]int, len(all))}
	for i, d := range all {
		x.byName[d.Name], x.byID[d.ID] = i, i
	}
	for i, d := range all {
		x.byName[d.Key] = i
	}
	return x
}

// All lists the definitions; the caller may change the list.
func (x *Index) All() []Definition { return slices.Clone(x.all) }

// Named finds a definition by its key, or by its label where no key reads so.
func (x *Index) Named(name string) (Definition, bool) {
	i, ok := x.byName[name]
	if !ok {
		return Definition{}, false
	}
	return x.all[i], true
}

// Find finds a definition by its id.
func (x *Index) Find(id ident.DataPoint) (Definition, bool) {
	i, ok := x.byID[id]
	if !ok {
		return Definition{}, false
	}
	return x.all[i], true
}
