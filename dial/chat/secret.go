package chat

import (
	"bytes"
	"regexp"
	"strings"
)

// SecretCommand tells commands that set a PIN, a lock or a password, by the
// letters that their names have in 3GPP TS 27.007 and at the makers of modems:
// +CPIN, +CPWD, +CLCK, +CGAUTH, ^AUTHDATA, $QCPDPP, +QICSGP, +UAUTHREQ, #PASSW.
func SecretCommand(command string) bool { return secretCommand.MatchString(command) }

var secretCommand = regexp.MustCompile(`(?i)^AT.*(PIN|PWD|LCK|AUTH|PASS|ICSGP|PDPP)[A-Z]*=`)

// Hide gives a script as it may be shown, without the secrets that it sends; one
// that is in error gives nothing away.
func Hide(script string) string {
	words, faults := split(script, nil)
	p := parser{words: words, faults: faults}
	if _, err := p.parse(); err != nil {
		return hidden
	}
	for i := len(p.secrets) - 1; i >= 0; i-- {
		w := p.secrets[i]
		script = script[:w.Off] + hidden + script[w.Off+len(w.Text):]
	}
	return script
}

// HideCommand gives a command, with or without its AT, as it may be shown.
func HideCommand(command string) string {
	if !SecretCommand(command) && !SecretCommand("AT"+command) {
		return command
	}
	before, _, _ := strings.Cut(command, "=")
	return before + "=" + hidden
}

// Secrets are the secret texts that went out: a modem or a careless host echoes
// them, and then they must not be shown either.
type Secrets struct{ texts [][]byte }

// add notes a secret message; without its line end, which echoes vary.
func (s *Secrets) add(text []byte) {
	if text = bytes.Trim(text, "\r\n\x00"); len(text) > 0 {
		s.texts = append(s.texts, bytes.Clone(text))
	}
}

// Mask gives a copy of what the line said in which each secret is hidden, also
// one of which b has only the end at its beginning or the beginning at its end.
func (s *Secrets) Mask(b []byte) []byte {
	b = bytes.Clone(b)
	for _, text := range s.texts {
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
