package line

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// maxLock is more than any program writes into a lock file: some add their name
// and the user's behind the pid.
const maxLock = 128

// appendLock appends a lock's contents: the pid in 10 columns and a newline.
func appendLock(b []byte, pid int) []byte { return fmt.Appendf(b, "%10d\n", pid) }

// parseLock reads a lock's contents. An empty one is read as pid 0; 4 bytes that
// are no text are a binary number in the machine's order, as old programs wrote
// it.
func parseLock(b []byte) (pid int, ok bool) {
	if len(b) == 0 {
		return 0, true
	}
	if len(b) > maxLock {
		return 0, false
	}
	if word := bytes.Fields(b); len(word) > 0 {
		if n, err := strconv.ParseInt(string(word[0]), 10, 32); err == nil && n > 0 {
			return int(n), true
		}
	}
	if len(b) == 4 {
		if n := int32(binary.NativeEndian.Uint32(b)); n > 0 {
			return int(n), true
		}
	}
	return 0, false
}
