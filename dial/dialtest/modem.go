package dialtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Modem is a modem of a Bank. Its methods may be called from any goroutine.
type Modem struct {
	b   *Bank
	m   *machine
	end *end // nil: one line of Bank.Answer
	out *queue
	dev *busDevice // nil: on no Bus

	// Guarded by the bank's mutex.
	others     []*Modem // ttys of the same device
	service    Service
	line       params // of a call, this modem's part of it
	session    *session
	tx         *lane // where the program's data goes; nil: nowhere
	brief      bool  // exists for one call
	closing    int   // not 0: DTR went off in a call, and what was written before is still to be sent
	reopened   bool  // and is on again
	drained    bool  // and nothing came for drainTime
	closings   int
	transcript transcript
	sent, rcvd Stats
}

// newModem makes a modem that is switched off.
func (b *Bank) newModem(c ModemConfig) *Modem {
	if c.Profile == nil {
		c.Profile = Hayes()
	}
	m := &Modem{b: b, line: params{rate: c.Rate, delay: c.Delay, kickIdle: c.Kick}}
	m.m = &machine{ex: b.ex, name: c.Name, cfg: c, prof: c.Profile}
	m.transcript.log, m.transcript.name = b.Log, c.Name
	m.out = newQueue()
	b.wg.Go(m.out.run)
	return m
}

// remove takes the modem out of the bank. The bank's mutex is held.
func (m *Modem) remove(now time.Time) {
	m.off(now)
	m.out.close()
	delete(m.b.modems, m.m)
}

// off switches it off.
func (m *Modem) off(now time.Time) {
	was := m.m.state
	if m.end != nil {
		m.end.unplug()
	}
	for _, o := range m.others {
		o.off(now)
	}
	if m.dev != nil && was != Off {
		m.dev.leave()
	}
	m.closing = 0
	m.m.dtr = false
	m.m.ex.drop(now, m.m)
	m.line.silent = false
	m.m.life++
	m.m.to(Off)
}

// drainTime is how long a program's last bytes may take from its close until they can be read.
const drainTime = 10 * time.Millisecond

// readLoop reads what programs write.
func (m *Modem) readLoop(p *pty) {
	buf := make([]byte, readSize)
	for {
		k, err := p.Read(buf)
		if k > 0 {
			m.input(p, buf[:k])
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			m.quiet(p)
		} else if err != nil {
			return
		}
	}
}

// input gives what a program wrote to the machine, and what of it is data to the line.
func (m *Modem) input(p *pty, b []byte) {
	var tx *lane
	var rest []byte
	m.b.do(func(now time.Time) {
		if m.end.cur.Load() != p {
			b = nil // of an earlier life
			return
		}
		m.drained = false
		if m.reopened && m.closing != 0 {
			b, rest = takeover(b)
		}
		if m.m.state != Online && m.m.state != Off {
			m.transcript.add('>', b)
		}
		b = m.m.input(now, b)
		tx = m.tx
	})
	if tx != nil && len(b) > 0 {
		tx.send(b)
	}
	if len(rest) > 0 {
		m.b.do(func(now time.Time) { m.closed(now, m.closing) })
		m.input(p, rest)
	}
}

// takeover parts what an old program left from what a new one has written, for
// both stand in one pseudo-terminal: the new one begins with AT, behind the last flag of the old one.
func takeover(b []byte) (old, fresh []byte) {
	i := bytes.LastIndexByte(b, flag) + 1
	if at := indexFold(b[i:], "AT"); at >= 0 {
		return b[:i+at], b[i+at:]
	}
	return b, nil
}

// quiet says that nothing was written for a while: after a close that is the end of
// what the program wrote.
func (m *Modem) quiet(p *pty) {
	m.b.do(func(now time.Time) {
		switch {
		case m.closing == 0:
			p.master.SetReadDeadline(time.Time{})
		case m.drained:
			m.closed(now, m.closing)
			p.master.SetReadDeadline(time.Time{})
		default:
			// A pseudo-terminal hands over in the background what was written to it.
			m.drained = true
			p.master.SetReadDeadline(now.Add(drainTime))
		}
	})
}

// dtr is told by the port of the first open and the last close; the bank's mutex
// is held. A close in a call waits until readLoop has read what was written
// before, as the close of a tty waits for its output to drain, but no more than a second.
func (m *Modem) dtr(p *pty, on bool) {
	now := time.Now()
	switch {
	case m.closing != 0:
		m.reopened = on // the old call is none of the new program's business
	case on || m.m.state != Online:
		p.program(on)
		m.m.setDTR(now, on)
	default:
		p.closed()
		m.closings++
		this := m.closings
		m.closing, m.reopened, m.drained = this, false, false
		p.master.SetReadDeadline(time.Unix(1, 0))
		m.m.ex.after(now, time.Second, func(now time.Time) { m.closed(now, this) })
	}
}

// closed is the end of that wait.
func (m *Modem) closed(now time.Time, closing int) {
	if m.closing != closing || closing == 0 {
		return
	}
	m.closing = 0
	m.m.setDTR(now, false)
	if p := m.end.cur.Load(); m.reopened && p != nil {
		p.opened()
		m.m.setDTR(now, true)
	}
}

// Name is the modem's name.
func (m *Modem) Name() string { return m.m.name }

// Path is the symlink to the modem's pseudo-terminal. On a Bus it is another one
// each time that the modem comes back.
func (m *Modem) Path() string {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	return m.end.link
}

// Number is the modem's telephone number.
func (m *Modem) Number() string { return m.m.cfg.Number }

// Serve puts s behind the modem: it answers the first ring with it. nil: a program that
// has the pseudo-terminal open answers, by ATA or with ATS0=1.
func (m *Modem) Serve(s Service) {
	m.b.do(func(time.Time) { m.service, m.m.served = s, s != nil })
}

// Hangup loses the carrier of the call at once: bytes under way are lost, both
// modems report NO CARRIER.
func (m *Modem) Hangup() {
	m.b.do(func(now time.Time) { m.m.ex.drop(now, m.m) })
}

// Ring is a call that nobody is behind: it rings every 6 s for a minute or until it is answered, and
// NO CARRIER is all that who answers gets. A modem that is not idle does not ring.
func (m *Modem) Ring() {
	m.b.do(func(now time.Time) { m.m.ex.phantom(now, m.m) })
}

// URC sends an unsolicited result code to the program, if the modem is in command mode.
func (m *Modem) URC(text string) {
	m.b.do(func(time.Time) { m.m.urc(text) })
}

// set changes this modem's part of the line.
func (m *Modem) set(f func(p *params)) {
	m.b.do(func(time.Time) {
		f(&m.line)
		m.b.retune(m.m.call)
	})
}

// Noise damages one byte in a fraction p of the frames (parts between 7E flags)
// that the modem sends or receives.
func (m *Modem) Noise(p float64) { m.set(func(l *params) { l.frames = p }) }

// ByteNoise damages a fraction p of the bytes that the modem sends or receives.
func (m *Modem) ByteNoise(p float64) { m.set(func(l *params) { l.bytes = p }) }

// Slips has a fraction p of the bytes that the modem sends or receives get lost,
// come twice, or come behind XON or XOFF.
func (m *Modem) Slips(p float64) { m.set(func(l *params) { l.slips = p }) }

// Silence keeps the call up and loses all its data.
func (m *Modem) Silence(on bool) { m.set(func(l *params) { l.silent = on }) }

// Stall stops the call's data where it is, both ways; nothing is lost.
func (m *Modem) Stall(on bool) { m.set(func(l *params) { l.stalled = on }) }

// SetRate changes the modem's limit of the line rate, also of a running call.
func (m *Modem) SetRate(bps int) {
	m.set(func(l *params) { l.rate, m.m.cfg.Rate = bps, bps })
}

// SetDelay changes the modem's share of the delay, also of a running call.
func (m *Modem) SetDelay(d time.Duration) { m.set(func(l *params) { l.delay = d }) }

// Wedge makes the modem answer nothing, its data included, until Reset or Wedge(false).
func (m *Modem) Wedge(on bool) {
	m.b.do(func(time.Time) { m.m.wedge(on) })
	if !on {
		m.Silence(false)
	}
}

// Unplug takes the modem off the bus: calls end, the tty is hung up, the symlink disappears.
func (m *Modem) Unplug() {
	m.b.do(func(now time.Time) { m.off(now) })
}

// Plug undoes Unplug: the modem boots, with a new pseudo-terminal under its name.
func (m *Modem) Plug() error {
	err := errClosed
	m.b.do(func(now time.Time) { err = m.plug(now) })
	return err
}

func (m *Modem) plug(now time.Time) error {
	if m.m.state != Off || m.dev != nil && m.dev.off {
		return nil
	}
	if m.dev != nil {
		if err := m.dev.arrive(); err != nil {
			return err
		}
	}
	for _, p := range append([]*Modem{m}, m.others...) {
		if err := p.end.plug(); err != nil {
			return fmt.Errorf("dialtest: modem %s: %w", m.m.name, err)
		}
		p.m.boot(now)
	}
	if m.dev != nil {
		m.dev.arrived()
	}
	return nil
}

// Reset is Unplug and, Profile.Down later, Plug: a power cycle, or a USB port's reset.
func (m *Modem) Reset() {
	m.b.do(func(now time.Time) { m.replug(now) })
}

func (m *Modem) replug(now time.Time) {
	m.off(now)
	m.m.after(now, m.m.prof.Down, func(now time.Time) {
		if err := m.plug(now); err != nil {
			m.b.Log.Error("modem does not come back", "modem", m.m.name, "err", err)
		}
	})
}

// SetBehaviour changes what callers of the modem's number meet.
func (m *Modem) SetBehaviour(is Behaviour) {
	m.b.do(func(time.Time) {
		m.m.cfg.Behaviour = is
		if s := m.b.ex.numbers[m.m.cfg.Number]; s != nil && s.modem == m.m {
			s.behaviour = is
		}
	})
}

// State is what the modem is doing.
func (m *Modem) State() State {
	s := Off
	m.b.do(func(time.Time) { s = m.m.state })
	return s
}

// Await waits until the modem's state is s.
func (m *Modem) Await(ctx context.Context, s State) error {
	for {
		m.b.mu.Lock()
		m.b.drain()
		now, news, closed := m.m.state, m.b.news, m.b.closed
		m.b.unlock()
		switch {
		case now == s:
			return nil
		case closed:
			return errClosed
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("dialtest: modem %s is %v, not %v: %w", m.m.name, now, s, ctx.Err())
		}
	}
}

// SIMTries is how many wrong PINs the SIM still bears; -1: no SIM.
func (m *Modem) SIMTries() int {
	n := -1
	m.b.do(func(time.Time) {
		if m.m.cell != nil {
			n = m.m.cell.tries
		}
	})
	return n
}

// Transcript is the AT dialogue so far: "> " and what the program sent, "< " and
// what the modem answered, each as a quoted Go string and cut at line ends. A SIM PIN is in it as it was sent.
func (m *Modem) Transcript() string {
	var s string
	m.b.do(func(time.Time) { s = m.transcript.String() })
	return s
}

// Stats counts the data of the modem's calls: sent by its program, and received for it.
func (m *Modem) Stats() (sent, received Stats) {
	m.b.do(func(time.Time) {
		sent, received = m.sent, m.rcvd
		if l := m.b.links[m.m.call]; l != nil {
			l.lane(m.m).stats(&sent)
			l.lane(m.m.call.other(m.m)).stats(&received)
		}
	})
	return
}
