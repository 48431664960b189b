// Package domainset keeps large sets of domain names in a compact, read-only form
// that is searched where it lies. A set embedded in the program costs no heap, no
// start-up time and no allocation per question.
//
// The bytes are: the magic word, the number of names and of blocks (big-endian
// uint32 each), the offset of each block (uint32 each), the blocks. Names stand
// with their labels in reverse ("com.example"), sorted by bytes, sixteen to a
// block; inside a block each name is one byte telling how much it shares with the
// one before, one byte telling how much is new, and the new bytes. Reversed labels
// make neighbors share their ending as well as their beginning.
package domainset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	magic     = "kohodom1"
	headerLen = len(magic) + 8
	blockSize = 16
	maxName   = 253 // RFC 1035, in text form without the final dot
)

// Encode packs names. Order and repetition do not matter: equal sets give equal
// bytes. Names must be lower-case A-labels; an empty or too long one is an error.
func Encode(names []string) ([]byte, error) {
	keys := make([]string, 0, len(names))
	for _, name := range names {
		if name == "" || len(name) > maxName {
			return nil, fmt.Errorf("domainset: %q is no domain name", name)
		}
		var buf [maxName]byte
		keys = append(keys, string(reverseLabels(buf[:0], name)))
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)

	blocks := (len(keys) + blockSize - 1) / blockSize
	out := make([]byte, headerLen+4*blocks, headerLen+4*blocks+8*len(keys))
	copy(out, magic)
	binary.BigEndian.PutUint32(out[len(magic):], uint32(len(keys))) // #nosec G115 -- far below 2^32
	binary.BigEndian.PutUint32(out[len(magic)+4:], uint32(blocks))  // #nosec G115 -- far below 2^32
	for i, key := range keys {
		shared := 0
		if i%blockSize == 0 {
			binary.BigEndian.PutUint32(out[headerLen+4*(i/blockSize):], uint32(len(out))) // #nosec G115 -- far below 2^32
		} else {
			shared = commonPrefix(keys[i-1], key)
		}
		out = append(out, byte(shared), byte(len(key)-shared)) // #nosec G115 -- a domain has at most 253 characters
		out = append(out, key[shared:]...)
	}
	return out, nil
}

// Set is a packed set. The zero value is empty. It may be used by any number of
// goroutines.
type Set struct {
	data   string
	names  int
	blocks int
}

// Open checks the frame of packed bytes and keeps them.
func Open(data string) (Set, error) {
	if len(data) < headerLen || data[:len(magic)] != magic {
		return Set{}, errors.New("domainset: not a packed set")
	}
	s := Set{data: data, names: int(uint32At(data, len(magic))), blocks: int(uint32At(data, len(magic)+4))}
	if s.blocks != (s.names+blockSize-1)/blockSize || s.blocks > (len(data)-headerLen)/4 {
		return Set{}, errors.New("domainset: the header does not fit the data")
	}
	for i := range s.blocks {
		if at := s.offset(i); at < headerLen+4*s.blocks || at+2 > len(data) {
			return Set{}, errors.New("domainset: a block lies outside the data")
		}
	}
	return s, nil
}

// Len is the number of names.
func (s Set) Len() int { return s.names }

// Has reports whether the lower-case A-label name itself is in the set.
func (s Set) Has(name string) bool {
	if name == "" || len(name) > maxName || s.blocks == 0 {
		return false
	}
	var buf [maxName]byte
	key := reverseLabels(buf[:0], name)
	// The last block whose first name is not beyond the key. Comparing converted
	// bytes in place, as here and below, does not allocate.
	low, high := 0, s.blocks
	for low < high {
		if middle := (low + high) / 2; s.first(middle) > string(key) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	block := low - 1
	if block < 0 {
		return false
	}
	var (
		current [2 * maxName]byte
		length  int
	)
	at := s.offset(block)
	for range blockSize {
		if at+2 > len(s.data) {
			return false
		}
		shared, fresh := int(s.data[at]), int(s.data[at+1])
		at += 2
		if shared > length || at+fresh > len(s.data) {
			return false
		}
		copy(current[shared:], s.data[at:at+fresh])
		length = shared + fresh
		at += fresh
		if string(current[:length]) == string(key) {
			return true
		}
		if string(current[:length]) > string(key) {
			return false
		}
	}
	return false
}

// HasParent reports whether the name or any domain above it is in the set.
func (s Set) HasParent(name string) bool {
	for name != "" {
		if s.Has(name) {
			return true
		}
		_, above, ok := strings.Cut(name, ".")
		if !ok {
			return false
		}
		name = above
	}
	return false
}

func (s Set) offset(block int) int { return int(uint32At(s.data, headerLen+4*block)) }

// first is the first name of a block; it shares nothing by construction.
func (s Set) first(block int) string {
	at := s.offset(block)
	end := min(at+2+int(s.data[at+1]), len(s.data))
	return s.data[at+2 : end]
}

func uint32At(s string, at int) uint32 {
	return uint32(s[at])<<24 | uint32(s[at+1])<<16 | uint32(s[at+2])<<8 | uint32(s[at+3])
}

func reverseLabels(dst []byte, name string) []byte {
	for {
		dot := strings.LastIndexByte(name, '.')
		dst = append(dst, name[dot+1:]...)
		if dot < 0 {
			return dst
		}
		dst = append(dst, '.')
		name = name[:dot]
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
