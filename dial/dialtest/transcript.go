package dialtest

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
)

const transcriptMax = 1 << 20 // bytes that are kept

// transcript gathers the dialogue of a modem and its program, and logs it.
type transcript struct {
	log  *slog.Logger
	name string // of the modem

	text strings.Builder
	line map[byte][]byte // what the program ('>') and the modem ('<') said since their last line end
}

// add notes what somebody says. Each one's lines stay whole, though an echo comes
// character by character.
func (t *transcript) add(who byte, b []byte) {
	if t.line == nil {
		t.line = map[byte][]byte{}
	}
	for _, c := range b {
		t.line[who] = append(t.line[who], c)
		if c == '\n' && len(t.line[who]) > 2 || c == '\r' && who == '>' {
			t.flush(who) // a CR LF in front of a result is part of its line
		}
	}
}

// flush ends a line. A SIM PIN does not get into the log.
func (t *transcript) flush(who byte) {
	if len(t.line[who]) == 0 {
		return
	}
	s := string(t.line[who])
	t.line[who] = t.line[who][:0]
	if t.text.Len() < transcriptMax {
		t.text.WriteByte(who)
		t.text.WriteString(" " + strconv.Quote(s) + "\n")
	}
	if !t.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	if i := indexFold(s, "+CPIN="); i >= 0 {
		s = s[:i] + "+CPIN=******"
	}
	from := "modem"
	if who == '>' {
		from = "program"
	}
	t.log.Debug("dialogue", "modem", t.name, "from", from, "text", s)
}

func (t *transcript) String() string {
	t.flush('>')
	t.flush('<')
	return t.text.String()
}
