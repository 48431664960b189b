package webhook

import (
	"net/url"
)

// Guard is the door through which requests leave.
type Guard interface {
	// Judge must refuse an address that no request will be let out to, as far as that can
	// be told without the network.
	Judge(u *url.URL) error
}

// Sealer encrypts secrets.
type Sealer interface {
	// Seal must encrypt plain, bound to its place; Open must give it back or fail.
	Seal(plain []byte, place string) ([]byte, error)
	Open(sealed []byte, place string) ([]byte, error)
}
