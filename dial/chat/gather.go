package chat

import "time"

// A gather collects the rest of the lines that began with a REPORT text or with
// CONNECT, up to the next control character.
type gather struct {
	lines []gathered
}

type gathered struct {
	text []byte
	done func(string)
}

// A far end that repeats itself fills no memory: bounds on what is kept of a
// line, on the lines that are collected at a time, and on a Result's Reports.
const (
	maxGathered = 128
	maxLines    = 8
	maxReports  = 64
)

// begin starts with text, which has just come.
func (g *gather) begin(text []byte, done func(string)) {
	if len(g.lines) == maxLines {
		return
	}
	g.lines = append(g.lines, gathered{text: append([]byte(nil), text...), done: done})
}

// push takes the next byte.
func (g *gather) push(b byte) {
	if len(g.lines) == 0 {
		return
	}
	if endsGathered(b) {
		g.end()
		return
	}
	for i := range g.lines {
		if l := &g.lines[i]; len(l.text) < maxGathered {
			l.text = append(l.text, b&0x7f)
		}
	}
}

// end reports what has been collected.
func (g *gather) end() {
	for _, l := range g.lines {
		l.done(string(l.text))
	}
	g.lines = nil
}

// endsGathered tells whether b is no part of a line of text: a control
// character, or the flag with which a PPP frame begins.
func endsGathered(b byte) bool {
	c := b & 0x7f
	return c < ' ' || c == 0x7f || b == 0x7e
}

// lineRest is how long the rest of a line may take to come after the last
// expected text: with its beginning there, the rest is on its way.
const lineRest = 300 * time.Millisecond

// finishLine takes the rest of the line if it is being collected, with its line
// end, so that it does not stand before the first PPP frame.
func (t *talk) finishLine() {
	timer := time.NewTimer(lineRest)
	defer timer.Stop()
	end := time.Now().Add(lineRest)
	for len(t.gather.lines) > 0 {
		if len(t.pending) == 0 {
			if t.down != nil || t.ctx.Err() != nil || !time.Now().Before(end) {
				break
			}
			t.take(timer.C)
			continue
		}
		b := t.pending[0]
		if endsGathered(b) && !isLineEnd(b) {
			break
		}
		t.pending = t.pending[1:]
		t.listen(b)
		if b == '\r' && len(t.pending) > 0 && t.pending[0] == '\n' {
			t.pending = t.pending[1:]
		}
	}
	t.gather.end()
}
