package radius

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"syscall"
)

// A Secret is shared with a server. It never prints.
type Secret struct{ octets []byte }

// NewSecret makes a secret of text.
func NewSecret(text string) Secret { return Secret{[]byte(text)} }

const masked = "******"

func (Secret) String() string               { return masked }
func (Secret) Format(f fmt.State, _ rune)   { io.WriteString(f, masked) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(masked) }
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// maxSecretFile is more than any secret needs.
const maxSecretFile = 4096

// ReadSecret reads the first line of a file that only its owner, who is root or
// runs this program, can read.
func ReadSecret(file string) (Secret, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a FIFO must not stop us
	if err != nil {
		return Secret{}, fmt.Errorf("radius: the secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("radius: the secret: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.Mode().IsRegular():
		return Secret{}, fmt.Errorf("radius: %s: is no regular file", file)
	case ok && owner.Uid != 0 && int(owner.Uid) != os.Geteuid():
		return Secret{}, fmt.Errorf("radius: %s: belongs to somebody else; mend it with: chown root %s", file, file)
	case info.Mode().Perm()&0o077 != 0:
		return Secret{}, fmt.Errorf("radius: %s: others may read or write it (mode %04o); mend it with: chmod 600 %s",
			file, info.Mode().Perm(), file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return Secret{}, fmt.Errorf("radius: the secret: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(text) > maxSecretFile:
		err = errors.New("is too long for a secret")
	case len(line) == 0:
		err = errors.New("its first line, which is the secret, is empty")
	}
	if err != nil {
		return Secret{}, fmt.Errorf("radius: %s: %w", file, err)
	}
	return Secret{line}, nil
}
