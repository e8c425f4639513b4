package dialtest

import "time"

// escape finds the escape sequence (three times S2, a guard time of S12 fiftieths of a
// second without data before and after) in the data of a call. The characters
// themselves are data and are carried as such.
type escape struct {
	char  byte          // above 127: no escape sequence
	guard time.Duration // 0: none is needed
	last  time.Time     // of the last data, or of CONNECT
	n     int           // characters of the sequence seen
}

// start begins with a new call, or anew after ATO.
func (e *escape) start(now time.Time, s2, s12 byte) {
	*e = escape{char: s2, guard: time.Duration(s12) * 20 * time.Millisecond, last: now}
}

// data is told what the program sends.
func (e *escape) data(now time.Time, b []byte) {
	quiet := now.Sub(e.last) >= e.guard
	e.last = now
	if e.n == 0 && !quiet || e.n > 0 && quiet && e.guard > 0 {
		// Nothing that follows on other data, or is torn apart, is a sequence;
		// what comes after a guard time may begin one.
		if e.n = 0; !quiet {
			return
		}
	}
	for _, c := range b {
		if c != e.char || e.char > 127 {
			e.n = 0
			if e.guard > 0 {
				return
			}
			continue
		}
		e.n++
	}
	if e.n > 3 {
		e.n = 0
	}
}

// due is when the sequence is complete; zero: none is under way.
func (e *escape) due() time.Time {
	if e.n != 3 {
		return time.Time{}
	}
	return e.last.Add(e.guard)
}
