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
	kick bool         // see ModemConfig.Kick
	read func(p *pty) // reads p until that fails
	// dtr is told when a program has opened p, and when the last one has closed it,
	// with the bank's mutex held. It passes that on by p.opened and p.closed.
	dtr func(p *pty, on bool)

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
	seen, err := e.b.watchPTY(p, func(on bool) { e.dtr(p, on) })
	if err == nil {
		err = e.name(p.path)
	}
	if err != nil {
		p.close()
		return err
	}
	e.cur.Store(p)
	e.seen = seen
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
	if p := e.cur.Swap(nil); p != nil {
		os.Remove(e.link)
		e.shut(p, e.seen)
	}
}

// hangup hangs the tty up for all programs that have it open; who opens the name anew, gets
// another one.
func (e *end) hangup() error {
	p, seen := e.cur.Load(), e.seen
	if p == nil {
		return nil
	}
	if err := e.plug(); err != nil {
		return err
	}
	e.shut(p, seen)
	return nil
}

// shut closes a pseudo-terminal that has been replaced or taken away.
func (e *end) shut(p *pty, seen *watched) {
	open := seen.opens > 0
	seen.opens, seen.dtr = 0, func(bool) {}
	p.close()
	if open {
		e.dtr(p, false)
	}
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
	buf := make([]byte, readSize)
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
