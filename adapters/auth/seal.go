package auth

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The form of a sealed value: version, mark of the key-encryption key, salt, and what
// AES-256-GCM made under a key of this value's own, nonce first.
const (
	sealVersion = 1
	markSize    = 4
	saltSize    = 16
	sealHeader  = 1 + markSize + saltSize
	sealPurpose = "kohomai sealed column"
)

var errSealed = errors.New("the sealed value does not open: it was changed, moved, or sealed with a key that is not in the key file")

// Sealer encrypts columns with AES-256-GCM under the key-encryption key. What is sealed
// for one place opens in no other. Each value has a key of its own, derived with a random
// salt, so that one installation may seal any number of values.
type Sealer struct {
	// keys: the first seals, all open.
	keys []kek
}

type kek struct {
	mark [markSize]byte
	key  [32]byte
}

// LoadSealer reads the key file, making it (0600) on first start. It holds one key of 64
// hexadecimal digits a line: the first seals, the others still open what they sealed.
func LoadSealer(path string) (*Sealer, error) {
	raw, err := os.ReadFile(path) // #nosec G304 -- the operator's own setting
	if errors.Is(err, os.ErrNotExist) {
		if err := writeKey(path); err != nil {
			return nil, fmt.Errorf("making the key file: %w", err)
		}
		raw, err = os.ReadFile(path) // #nosec G304 -- the operator's own setting
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	var keys [][32]byte
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("line %d of the key file %s is no 256-bit key in hexadecimal", len(keys)+1, path)
		}
		keys = append(keys, [32]byte(key))
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("the key file %s holds no key", path)
	}
	return NewSealer(keys[0], keys[1:]...), nil
}

// writeKey makes the file whole or not at all, and leaves one that another process made
// meanwhile.
func writeKey(path string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	_, err = f.WriteString(hex.EncodeToString(key[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return nil
}

// NewSealer makes a sealer of a key, and of earlier ones that only open.
func NewSealer(key [32]byte, earlier ...[32]byte) *Sealer {
	s := &Sealer{}
	for _, k := range append([][32]byte{key}, earlier...) {
		sum := sha256.Sum256(append([]byte("mark"), k[:]...))
		s.keys = append(s.keys, kek{mark: [markSize]byte(sum[:]), key: k})
	}
	return s
}

// Seal encrypts plain for a place, such as "table|column|row".
func (s *Sealer) Seal(plain []byte, place string) ([]byte, error) {
	head := make([]byte, sealHeader, sealHeader+len(plain)+28)
	head[0] = sealVersion
	copy(head[1:], s.keys[0].mark[:])
	_, _ = rand.Read(head[1+markSize:]) // never fails
	gcm, err := s.keys[0].value(head[1+markSize:])
	if err != nil {
		return nil, err
	}
	return gcm.Seal(head, nil, plain, []byte(place)), nil // #nosec G407 -- key and nonce are fresh for each value
}

// Open decrypts what was sealed for the same place.
func (s *Sealer) Open(sealed []byte, place string) ([]byte, error) {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return nil, errSealed
	}
	for _, k := range s.keys {
		if !bytes.Equal(k.mark[:], sealed[1:1+markSize]) {
			continue
		}
		gcm, err := k.value(sealed[1+markSize : sealHeader])
		if err != nil {
			return nil, err
		}
		if plain, err := gcm.Open(nil, nil, sealed[sealHeader:], []byte(place)); err == nil {
			return plain, nil
		}
	}
	return nil, errSealed
}

// value is the cipher of one value.
func (k kek) value(salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, k.key[:], salt, sealPurpose, 32)
	if err != nil {
		return nil, fmt.Errorf("deriving a key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
