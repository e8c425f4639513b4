package rendezvous

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// defaultAccounts is where login shells are (passwd(5)).
const defaultAccounts = "/etc/passwd"

// isShell tells why this program is not the login shell of an account, nil if
// it is. The program is known by its path, where an update puts the next one.
func isShell(accounts, name string) error {
	b, err := os.ReadFile(accounts)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	us, err := os.Stat(self)
	if err != nil {
		return err
	}
	shell := shellOf(b, name)
	if fi, err := os.Stat(shell); err == nil && os.SameFile(fi, us) {
		return nil
	}
	return fmt.Errorf("the login shell of %s in %s is %q: write an entry %s in the control file, or make %s the login shell",
		name, accounts, shell, name, self)
}

// shellOf finds the login shell of an account, "" if it has none.
func shellOf(accounts []byte, name string) string {
	for line := range bytes.Lines(accounts) {
		if f := strings.Split(strings.TrimRight(string(line), "\r\n"), ":"); f[0] == name {
			if len(f) < 7 {
				return ""
			}
			return f[6] // the first line of a name counts, as in getpwnam(3)
		}
	}
	return ""
}
