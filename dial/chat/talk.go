package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// A talk is one run of a script. All of it belongs to the goroutine in Run.
type talk struct {
	*Runner
	ctx  context.Context
	conn Conn
	in   *intake
	log  *slog.Logger

	pending []byte // read and not looked at
	down    error  // what the last read said
	heard   window
	gather  gather

	// Set by directives.
	timeout time.Duration
	aborts  []pattern
	reports []pattern
	echo    bool
	echoing []byte // what ECHO has not logged yet

	secrets *Secrets
	step    int
	where   string
	began   time.Time // of the step
	result  Result
}

func (t *talk) defaultTimeout() time.Duration {
	if t.Timeout > 0 {
		return t.Timeout
	}
	return DefaultTimeout
}

func (t *talk) script(s Script) error {
	for i := range s.Steps {
		st := &s.Steps[i]
		t.step, t.where, t.began = i+1, st.Where, time.Now()
		if err := t.perform(st); err != nil {
			t.log.Debug("chat failed", "error", err)
			return err
		}
	}
	return nil
}

func (t *talk) perform(st *Step) error {
	switch st.kind {
	case expect:
		return t.expect(st.turns)
	case send:
		return t.send(st.send)
	case abort:
		t.heard.grow(st.match)
		t.aborts = append(t.aborts, st.match)
	case clearAbort:
		t.aborts = slices.DeleteFunc(t.aborts, st.match.same)
	case report:
		t.heard.grow(st.match)
		t.reports = append(t.reports, st.match)
	case clearReport:
		t.reports = slices.DeleteFunc(t.reports, st.match.same)
	case timeout:
		t.timeout = st.wait
		if st.wait == 0 {
			t.timeout = t.defaultTimeout()
		}
	case say:
		t.log.Info("chat says", "text", st.say)
	case echo:
		t.echoed(true)
		t.echo = st.on
	case hangup:
		return t.carrier(st.on)
	}
	return nil
}

// expect waits for one of the turns, each of which has the whole time.
func (t *talk) expect(turns []turn) error {
	for _, turn := range turns {
		err := t.await(turn.want)
		if err == nil || turn.reply == nil || !errors.Is(err, ErrTimeout) {
			return err
		}
		if err := t.send(turn.reply); err != nil {
			return err
		}
	}
	return nil // the last word was one to send
}

// await waits for want and takes note of it.
func (t *talk) await(want pattern) error {
	if len(want.text) == 0 && !want.eol {
		return nil
	}
	t.log.Debug("chat expects", "text", want.word, "within", t.timeout, "at", t.where)
	if err := t.wait(want); err != nil {
		return err
	}
	t.log.Debug("chat got", "text", Printable(t.last()), "after", time.Since(t.began), "at", t.where)
	if want.isConnect() {
		t.gather.begin(want.text, func(s string) { t.result.Connect = s })
	}
	t.heard.consume()
	return nil
}

// wait reads until want has come.
func (t *talk) wait(want pattern) error {
	t.heard.grow(want)
	end := time.Now().Add(t.timeout)
	timer := time.NewTimer(t.timeout)
	defer timer.Stop()
	for {
		switch hit, abort := t.scan(want); {
		case abort != nil:
			err := t.failed(want.word, ErrAbort)
			err.Abort = abort.word
			return err
		case hit:
			return nil
		case t.ctx.Err() != nil:
			return t.failed(want.word, context.Cause(t.ctx))
		case !time.Now().Before(end): // a chatty far end gains no time
			return t.failed(want.word, ErrTimeout)
		case t.down != nil:
			return t.failed(want.word, t.down)
		}
		t.take(timer.C)
	}
}

// take waits for bytes of the line until the timer fires.
func (t *talk) take(timer <-chan time.Time) {
	select {
	case ch := <-t.in.chunks:
		t.pending, t.down = ch.data, ch.err
	case <-timer:
	case <-t.ctx.Done():
	}
}

// scan looks at the pending bytes up to the end of the first text that counts.
// When several end with the same byte the longest has come, and the expected
// one before an equal ABORT.
func (t *talk) scan(want pattern) (hit bool, abort *pattern) {
	for i, b := range t.pending {
		t.listen(b)
		best := -1
		if t.heard.endsWith(want) {
			hit, best = true, len(want.text)
		}
		for k := range t.aborts {
			if a := &t.aborts[k]; len(a.text) > best && t.heard.endsWith(*a) {
				abort, best = a, len(a.text)
			}
		}
		if best >= 0 {
			t.pending = t.pending[i+1:]
			return hit && abort == nil, abort
		}
	}
	t.pending = nil
	return false, nil
}

// listen takes note of a byte that the line said.
func (t *talk) listen(b byte) {
	t.heard.push(b)
	t.gather.push(b)
	for _, r := range t.reports {
		if t.heard.endsWith(r) {
			t.gather.begin(r.text, t.reported)
		}
	}
	if t.echo {
		t.echoing = append(t.echoing, b)
		t.echoed(false)
	}
}

func (t *talk) reported(s string) {
	if len(t.result.Reports) == maxReports {
		return
	}
	t.log.Info("chat reports", "text", s)
	t.result.Reports = append(t.result.Reports, s)
}

// maxEcho is the longest line that ECHO shows in one piece.
const maxEcho = 256

// echoed logs what ECHO gathered: at the end of a line, or all.
func (t *talk) echoed(all bool) {
	n := len(t.echoing)
	if n == 0 || !all && n < maxEcho && !isLineEnd(t.echoing[n-1]) {
		return
	}
	if text := strings.Trim(string(t.secrets.Mask(t.echoing)), "\r\n"); text != "" {
		t.log.Info("chat hears", "text", Printable([]byte(text)))
	}
	t.echoing = t.echoing[:0]
}

// carrier says whether a lost carrier is to end the line.
func (t *talk) carrier(need bool) error {
	if t.Carrier == nil {
		return nil
	}
	if err := t.Carrier(need); err != nil {
		return t.failed("", err)
	}
	return nil
}

// shown is how many of the last bytes an error or a log line shows.
const shown = 256

// last gives the end of what came since the last match, secrets masked.
func (t *talk) last() []byte {
	b := t.secrets.Mask(t.heard.fresh())
	return b[max(0, len(b)-shown):]
}

func (t *talk) failed(want string, err error) *Error {
	return &Error{
		Where: t.where, Step: t.step, Want: want, Got: t.last(),
		After: time.Since(t.began), Err: err,
	}
}
