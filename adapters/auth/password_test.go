package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"

	"github.com/kohomai/kohomai/adapters/auth"
	"github.com/kohomai/kohomai/core/fault"
)

// weakHash is a kept hash of a time when hashes were cheaper.
func weakHash(password, salt string) string {
	sum := argon2.IDKey([]byte(password), []byte(salt), 2, 64, 1, 32)
	return "$argon2id$v=19$m=64,t=2,p=1$" + base64.RawStdEncoding.EncodeToString([]byte(salt)) + "$" + base64.RawStdEncoding.EncodeToString(sum)
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	const right = "correct horse battery"
	kept, err := p.Hash(t.Context(), right)
	if err != nil || !strings.HasPrefix(kept, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", kept, err)
	}
	if again, _ := p.Hash(t.Context(), right); again == kept {
		t.Error("two hashes of one password are equal")
	}
	for name, c := range map[string]struct {
		password, kept string
		ok             bool
	}{
		"right":               {right, kept, true},
		"wrong":               {right + "x", kept, false},
		"unknown person":      {right, "", false},
		"empty":               {"", kept, false},
		"broken hash":         {right, kept[:len(kept)-4], false},
		"greedy hash":         {right, strings.Replace(kept, "m=19456", "m=4000000000", 1), false},
		"another algorithm":   {right, strings.Replace(kept, "argon2id", "argon2i", 1), false},
		"far too long":        {strings.Repeat("x", 1<<20), kept, false},
		"other weak password": {"another password", weakHash("password", "somesalt"), false},
	} {
		if ok, stale, err := p.Check(t.Context(), c.password, c.kept); ok != c.ok || stale || err != nil {
			t.Errorf("%s: %v, %v, %v", name, ok, stale, err)
		}
	}
	for _, short := range []string{"", "elevenchars", strings.Repeat("é", 129)} {
		if _, err := p.Hash(t.Context(), short); !fault.HasCode(err, "password_length") {
			t.Errorf("%d bytes: %v", len(short), err)
		}
	}
	if _, err := p.Hash(t.Context(), strings.Repeat("é", 128)); err != nil {
		t.Errorf("128 characters: %v", err)
	}
}

func TestPasswords_a_weak_hash_is_made_anew(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	kept := weakHash("password", "somesalt")
	if ok, stale, err := p.Check(t.Context(), "password", kept); !ok || !stale || err != nil {
		t.Errorf("%v, %v, %v", ok, stale, err)
	}
}

func TestPasswords_waiting_ends_with_the_request(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := p.Check(ctx, "x", weakHash("y", "somesalt")); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended request is not refused: %v", err)
	}
}
