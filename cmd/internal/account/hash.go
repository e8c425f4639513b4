package account

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"hash"
	"strconv"
	"strings"

	"github.com/go-crypt/x/crypt"
	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
)

var (
	errWrong   = errors.New("wrong password")
	errUnknown = errors.New("its password is kept in a form that is not known here: set it again with passwd(1)")
)

// verify compares a password with its hash in the form of crypt(5).
func verify(encoded, password string) error {
	var want, got string
	switch {
	case strings.HasPrefix(encoded, "$y$"):
		b, err := yescrypt.Hash([]byte(password), []byte(encoded))
		if err != nil {
			return errUnknown
		}
		want, got = encoded, string(b)
	case strings.HasPrefix(encoded, "$6$"):
		return sha(encoded, password, sha512.New)
	case strings.HasPrefix(encoded, "$5$"):
		return sha(encoded, password, sha256.New)
	case strings.HasPrefix(encoded, "$2a$"), strings.HasPrefix(encoded, "$2b$"), strings.HasPrefix(encoded, "$2y$"):
		switch err := bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password)); {
		case err == nil:
			return nil
		case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
			return errWrong
		}
		return errUnknown
	default:
		return errUnknown
	}
	return same(want, got)
}

func same(want, got string) error {
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 {
		return errWrong
	}
	return nil
}

// Bounds of the SHA forms (crypt(5)).
const (
	defaultRounds = 5000
	leastRounds   = 1000
	mostRounds    = 999_999_999
	longestSalt   = 16
)

// sha handles $5$ and $6$: $id$rounds=N$salt$hash, of which rounds= may be
// missing.
func sha(encoded, password string, h func() hash.Hash) error {
	fields := strings.Split(encoded[1:], "$")[1:]
	rounds := defaultRounds
	if n, ok := strings.CutPrefix(fields[0], "rounds="); ok {
		v, err := strconv.Atoi(n)
		if err != nil {
			return errUnknown
		}
		rounds = min(max(v, leastRounds), mostRounds)
		fields = fields[1:]
	}
	if len(fields) != 2 {
		return errUnknown
	}
	salt := fields[0][:min(len(fields[0]), longestSalt)]
	return same(fields[1], string(crypt.KeySHACrypt(h, []byte(password), []byte(salt), rounds)))
}
