package chat

import "bytes"

// secrets are the secret texts that went out: a modem or a careless host echoes
// them, and then they must not be shown either.
type secrets [][]byte

// add notes a secret message; without its line end, which echoes vary.
func (s *secrets) add(text []byte) {
	if text = bytes.Trim(text, "\r\n\x00"); len(text) > 0 {
		*s = append(*s, bytes.Clone(text))
	}
}

// mask gives a copy of what the line said in which each secret is hidden, also
// one of which b has only the end at its beginning or the beginning at its end.
func (s secrets) mask(b []byte) []byte {
	b = bytes.Clone(b)
	for _, text := range s {
		b = bytes.ReplaceAll(b, text, []byte(hidden))
		for n := len(text) - 1; n > 0; n-- {
			if bytes.HasPrefix(b, text[len(text)-n:]) {
				b = append([]byte(hidden), b[n:]...)
				break
			}
		}
		for n := len(text) - 1; n > 0; n-- {
			if bytes.HasSuffix(b, text[:n]) {
				b = append(b[:len(b)-n], hidden...)
				break
			}
		}
	}
	return b
}
