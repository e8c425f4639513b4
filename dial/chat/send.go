package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// echoWait is how long the echo of one character may take (\E).
const echoWait = 10 * time.Second

// send sends m, its numbers filled in.
func (t *talk) send(m *message) error {
	m = m.filled(t.Phone, t.Translated)
	if m.secret {
		t.secrets.add(m.text())
	}
	t.log.Debug("chat sends", "text", m, "at", t.where)
	checked := false // \E holds to the end of the word
	for _, o := range m.ops {
		var err error
		switch o.code {
		case opText:
			if checked {
				err = t.typed(o.text, m.secret)
			} else {
				err = t.write(o.text)
			}
		case opPause:
			err = t.pause(o.pause)
		case opBreak:
			err = t.sendBreak()
		case opEchoOn, opEchoOff:
			checked = o.code == opEchoOn
		case opCarrier, opNoCarrier:
			err = t.carrier(o.code == opCarrier)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write sends b, in one piece if the line takes it so.
func (t *talk) write(b []byte) error {
	t.conn.SetWriteDeadline(time.Now().Add(t.timeout))
	// Checked after the deadline is set: freeWrites may have set its own before.
	if t.ctx.Err() != nil {
		return t.failed("", context.Cause(t.ctx))
	}
	for len(b) > 0 {
		n, err := t.conn.Write(b)
		b = b[n:]
		switch {
		case err == nil && n > 0:
		case err == nil:
			return t.failed("", fmt.Errorf("sending: %w", io.ErrShortWrite))
		case t.ctx.Err() != nil:
			return t.failed("", context.Cause(t.ctx))
		case errors.Is(err, os.ErrDeadlineExceeded):
			return t.failed("", fmt.Errorf("the line takes nothing: %w", ErrTimeout))
		default:
			return t.failed("", fmt.Errorf("sending: %w", err))
		}
	}
	return nil
}

// typed sends b a character at a time, each when the one before has been echoed.
func (t *talk) typed(b []byte, secret bool) error {
	usual := t.timeout
	t.timeout = min(usual, echoWait)
	defer func() { t.timeout = usual }()
	for i := range b {
		if err := t.write(b[i : i+1]); err != nil {
			return err
		}
		if b[i]&0x7f == 0 {
			continue // patterns pass over NUL
		}
		word := "the echo"
		if !secret {
			word += " of " + Printable(b[i:i+1])
		}
		if err := t.wait(pattern{word: word, text: []byte{b[i] & 0x7f}}); err != nil {
			return err
		}
		t.heard.consume()
	}
	return nil
}

func (t *talk) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-t.ctx.Done():
		return t.failed("", context.Cause(t.ctx))
	}
}

// sendBreak sends a break. A script that people have for a serial line goes on
// where there is none to be had, as with chat(8) on a pseudo-terminal.
func (t *talk) sendBreak() error {
	err := errors.ErrUnsupported
	if t.Break != nil {
		err = t.Break()
	}
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		t.log.Info("chat: this line has no break", "at", t.where)
	case err != nil:
		return t.failed("", err)
	}
	return nil
}
