package dialtest

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// end is a place for a pseudo-terminal: a name in the bank's directory, under
// which one appears, is hung up, disappears and comes back as another one.
type end struct {
	b    *Bank
	link string
	kick bool          // see ModemConfig.Kick
	read func(p *pty)  // reads p until that fails
	dtr  func(on bool) // a program opened it, the last one closed it; the bank's mutex is held

	cur  atomic.Pointer[pty]
	seen *watched // guarded by the bank's mutex
}

// plug makes the pseudo-terminal. The bank's mutex is held, here and in unplug and hangup.
func (e *end) plug() error {
	p, err := openPTY()
	if err != nil {
		return err
	}
	p.sync = e.b.look
	if e.seen, err = e.b.watchPTY(p, func(on bool) {
		if on {
			p.opened()
		} else {
			p.closed()
		}
		e.dtr(on)
	}); err != nil {
		p.close()
		return err
	}
	if err := e.name(p.path); err != nil {
		p.close()
		return err
	}
	e.cur.Store(p)
	e.b.wg.Go(func() { e.read(p) })
	if e.kick {
		e.b.wg.Go(func() { kickLoop(p) })
	}
	return nil
}

// name points the link at path, in one step.
func (e *end) name(path string) error {
	tmp := e.link + ".new"
	os.Remove(tmp)
	if err := os.Symlink(path, tmp); err != nil {
		return fmt.Errorf("dialtest: %w", err)
	}
	if err := os.Rename(tmp, e.link); err != nil {
		return fmt.Errorf("dialtest: %w", err)
	}
	return nil
}

// unplug takes it away; programs see their tty hung up.
func (e *end) unplug() {
	p := e.cur.Swap(nil)
	if p == nil {
		return
	}
	os.Remove(e.link)
	if e.seen.opens > 0 {
		e.seen.opens = 0
		e.dtr(false)
	}
	e.seen.dtr = func(bool) {}
	p.close()
}

// hangup hangs the tty up for all programs that have it open; the name stays.
func (e *end) hangup() error {
	p := e.cur.Load()
	if p == nil {
		return nil
	}
	open := e.seen.opens > 0
	if err := p.hangup(); err != nil {
		e.unplug()
		return e.plug()
	}
	e.seen.hungUp()
	if open {
		p.closed()
		e.dtr(false)
	}
	return nil
}

// Write and SetWriteDeadline make it a sink that survives changes of the pseudo-terminal.
func (e *end) Write(b []byte) (int, error) {
	p := e.cur.Load()
	if p == nil {
		return 0, errNoProgram
	}
	return p.Write(b)
}

func (e *end) SetWriteDeadline(t time.Time) error {
	p := e.cur.Load()
	if p == nil {
		return errNoProgram
	}
	return p.SetWriteDeadline(t)
}

// kickLoop is the work-around for user-mode-linux.
func kickLoop(p *pty) {
	t := time.NewTicker(kickEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.kick()
		case <-p.gone:
			return
		}
	}
}

// stop and start make it a gate.
func (e *end) stop() {
	if p := e.cur.Load(); p != nil {
		p.stop()
	}
}

func (e *end) start() {
	if p := e.cur.Load(); p != nil {
		p.start()
	}
}

// pump reads from src into l until src fails or l takes no more.
func pump(src io.Reader, l *lane) {
	buf := make([]byte, batch)
	for {
		n := len(buf)
		if l.src == nil {
			if n = min(n, l.room()); n == 0 {
				return
			}
		}
		k, err := src.Read(buf[:n])
		if k > 0 {
			l.send(buf[:k])
		}
		if err != nil {
			return
		}
	}
}
