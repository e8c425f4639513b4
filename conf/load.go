package conf

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// maxFile is far above any control file: what is larger is no control file.
const maxFile = 8 << 20

// An OwnerError is a control file that others than root may read or write,
// although it holds passwords.
type OwnerError struct {
	Path string
	Why  string
	Mend string // the command that mends it, "" if none does
}

func (e *OwnerError) Error() string {
	msg := "conf: " + e.Path + ": " + e.Why
	if e.Mend != "" {
		msg += "; mend it with: " + e.Mend
	}
	return msg
}

// Load checks owner and mode of the file at path and parses it. The error is
// an *OwnerError or of package os.
func (o Options) Load(path string) (*File, Diagnostics, error) {
	// Without O_NONBLOCK the open of a named pipe would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("conf: %w", err)
	}
	defer f.Close()
	info, err := f.Stat() // of what is open, so that nobody can exchange it
	if err != nil {
		return nil, nil, fmt.Errorf("conf: %w", err)
	}
	if err := guarded(path, info); err != nil {
		return nil, nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("conf: %w", err)
	}
	if len(src) > maxFile {
		return nil, nil, fmt.Errorf("conf: %s: larger than any control file", path)
	}
	file, diags := o.Parse(path, src)
	return file, diags, nil
}

// guarded checks that only root can read and write the file.
func guarded(path string, info fs.FileInfo) error {
	e := &OwnerError{Path: path}
	if !info.Mode().IsRegular() {
		e.Why = "not a regular file"
		return e
	}
	var why, mend []string
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 {
		why = append(why, "does not belong to root")
		mend = append(mend, "chown root "+shellWord(path))
	}
	if m := info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky); m != 0o600 && m != 0o400 {
		why = append(why, fmt.Sprintf("has mode %04o instead of 0600 or 0400", info.Mode().Perm()))
		mend = append(mend, "chmod 600 "+shellWord(path))
	}
	if why == nil {
		return nil
	}
	e.Why = strings.Join(why, " and ")
	e.Mend = strings.Join(mend, " && ")
	return e
}

// shellWord writes s as one word of the shell.
func shellWord(s string) string {
	if strings.HasPrefix(s, "-") { // it would be taken for an option
		s = "./" + s
	}
	plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%,:=") == ""
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
