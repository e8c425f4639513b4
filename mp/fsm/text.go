package fsm

import "strings"

// maxText is how much of a peer's text is kept.
const maxText = 255

// Printable makes a text of the peer fit for logs and errors: printable ASCII
// as it is, runs of other octets as one blank, at most 255 octets. What has no
// letter is no text.
func Printable(text []byte) string {
	var b strings.Builder
	letters, gap := false, false
	for _, c := range text[:min(len(text), maxText)] {
		if c <= ' ' || c > '~' {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		letters = letters || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		b.WriteByte(c)
	}
	if !letters {
		return ""
	}
	return b.String()
}
