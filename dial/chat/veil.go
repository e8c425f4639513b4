package chat

import "strings"

// A Veil hides secrets in what chat(8) writes to standard error under -v -s: what
// it sends, by the rules for scripts of ours, and the echo of that. The zero Veil
// is ready.
type Veil struct {
	asked   bool // the last expect asks for a secret
	late    bool // it timed out: the next one may belong to the same word
	secrets []string
}

// Hide gives the next line as it may be shown. What chat echoes (-e) may stand
// before its own words.
func (v *Veil) Hide(line string) string {
	if _, want, ok := strings.Cut(line, "expect ("); ok {
		v.asked = v.asked && v.late || asksSecret.MatchString(want)
		v.late = false
	}
	if strings.HasSuffix(line, "alarm") {
		v.late = true
	}
	if before, sent, ok := strings.Cut(line, "send ("); ok {
		sent = sentText.Replace(strings.TrimSuffix(sent, ")"))
		if sent != "" && (v.asked || SecretCommand(sent)) {
			v.secrets = append(v.secrets, sent)
			line = before + "send (" + hidden + ")"
		}
	}
	for _, s := range v.secrets {
		line = strings.ReplaceAll(line, s, hidden)
	}
	if SecretCommand(line) { // the echo of one sent with \q, which chat does not name
		line = HideCommand(line)
	}
	return line
}

// sentText gives what an echo shows of a text that chat says it sends: without
// pauses, breaks and line ends.
var sentText = strings.NewReplacer(`\\`, `\`, `\d`, "", `\p`, "", `\K`, "", "^M", "", "^J", "")
