package chat

import (
	"strings"
	"time"
)

// hidden stands for what is secret, in logs and errors.
const hidden = "******"

// A message is something to send.
type message struct {
	ops    []op
	cr     bool // a CR follows
	secret bool
}

// An op is a piece of a message.
type op struct {
	code  opcode
	text  []byte        // opText
	pause time.Duration // opPause
}

// add appends o, to the text before it if both are text.
func (m *message) add(o op) {
	if n := len(m.ops); o.code == opText && n > 0 && m.ops[n-1].code == opText {
		m.ops[n-1].text = append(m.ops[n-1].text, o.text...)
		return
	}
	m.ops = append(m.ops, o)
}

// text gives the characters that are sent, numbers apart.
func (m *message) text() []byte {
	var b []byte
	for _, o := range m.ops {
		b = append(b, o.text...)
	}
	return b
}

// filled gives m with the numbers and the CR in place.
func (m *message) filled(phone, translated string) *message {
	f := &message{secret: m.secret}
	for _, o := range m.ops {
		switch o.code {
		case opPhone:
			o = op{code: opText, text: []byte(phone)}
		case opTranslated:
			o = op{code: opText, text: []byte(translated)}
		case opText:
			o.text = append([]byte(nil), o.text...)
		}
		f.add(o)
	}
	if m.cr {
		f.add(op{code: opText, text: []byte{'\r'}})
	}
	return f
}

// String gives m as it is logged.
func (m *message) String() string {
	if m.secret {
		return hidden
	}
	var b strings.Builder
	for _, o := range m.ops {
		switch o.code {
		case opText:
			b.WriteString(Printable(o.text))
		case opPause:
			if o.pause == longPause {
				b.WriteString(`\d`)
			} else {
				b.WriteString(`\p`)
			}
		default:
			b.WriteString(opNames[o.code])
		}
	}
	if m.cr {
		b.WriteString(`\r`)
	}
	return b.String()
}

var opNames = map[opcode]string{
	opBreak: `\K`, opPhone: `\D`, opTranslated: `\T`,
	opEchoOn: `\E`, opEchoOff: `\e`, opNoCarrier: `\M`, opCarrier: `\m`,
}
