package dialtest

import (
	"context"
	"time"
)

const textWait = time.Second // how long a result code waits for a program that does not read

// plumbing is the bank as its exchange sees it. The bank's mutex is held in all of it.
type plumbing struct{ b *Bank }

// link is the data path of a call.
type link struct {
	call     *call
	up, down *lane // from the caller, to the caller
}

// lane is the lane from m.
func (l *link) lane(m *machine) *lane {
	if m == l.call.caller {
		return l.up
	}
	return l.down
}

func (p plumbing) text(mc *machine, s string) {
	m := p.b.modems[mc]
	if m == nil || m.end == nil {
		return
	}
	b := []byte(s)
	m.transcript.add('<', b)
	e := m.end
	m.out.add(func() {
		e.SetWriteDeadline(time.Now().Add(textWait))
		e.Write(b)
		e.SetWriteDeadline(time.Time{})
	})
}

func (p plumbing) changed(m *machine) {
	p.b.changed()
	if md := p.b.modems[m]; md != nil && (m.state == Idle || m.state == Off) {
		p.idle(md)
	}
	if m.state == Idle {
		return
	}
	args := []any{"modem", m.name, "state", m.state.String()}
	if m.call != nil {
		args = append(args, "number", m.call.number)
	}
	p.b.Log.Info("modem", args...)
}

// tune is the line of a call as its two modems make it.
func (p plumbing) tune(c *call) params {
	a, b := p.b.modems[c.caller], p.b.modems[c.callee]
	t := params{rate: c.rate()}
	for _, m := range [...]*Modem{a, b} {
		if m == nil {
			continue
		}
		t.delay += m.line.delay
		t.frames = 1 - (1-t.frames)*(1-m.line.frames)
		t.bytes = 1 - (1-t.bytes)*(1-m.line.bytes)
		t.slips = 1 - (1-t.slips)*(1-m.line.slips)
		t.silent = t.silent || m.line.silent
		t.stalled = t.stalled || m.line.stalled
	}
	return t
}

// towards adds what concerns the receiver alone; nil: it has gone, and what is
// under way to it ends.
func (t params) towards(m *Modem) params {
	t.kickIdle = m != nil && m.line.kickIdle
	return t
}

// retune changes the line of a running call.
func (b *Bank) retune(c *call) {
	l := b.links[c]
	if l == nil {
		return
	}
	t := plumbing{b}.tune(c)
	l.up.set(t.towards(b.modems[c.callee]))
	l.down.set(t.towards(b.modems[c.caller]))
}

func (p plumbing) connect(c *call) {
	b := p.b
	t := p.tune(c)
	l := &link{call: c}
	caller, callee := b.modems[c.caller], b.modems[c.callee]
	b.links[c] = l
	if callee.service == nil {
		l.down = b.newLane(caller.end, callee.end, callee.m.cfg.FIFO, t.towards(caller))
		l.up = b.newLane(callee.end, caller.end, caller.m.cfg.FIFO, t.towards(callee))
		callee.tx = l.down
		callee.out.add(func() { l.up.start(&b.wg) })
	} else {
		s := p.serve(c, callee)
		g, _ := s.port.(gate)
		l.down = b.newLane(caller.end, g, callee.m.cfg.FIFO, t.towards(caller))
		l.up = b.newLane(s.port, caller.end, caller.m.cfg.FIFO, t.towards(callee))
		l.up.start(&b.wg)
		b.wg.Go(func() { s.run(l.down) })
	}
	caller.tx = l.up
	caller.out.add(func() { l.down.start(&b.wg) })
}

// serve starts the service of an answering modem.
func (p plumbing) serve(c *call, callee *Modem) *session {
	b := p.b
	ctx, cancel := context.WithCancel(b.ctx)
	s := &session{b: b, name: callee.m.name, ctx: ctx, cancel: cancel}
	s.over = func() {
		b.do(func(now time.Time) {
			if callee.m.call == c {
				b.ex.leave(now, callee.m)
			}
		})
	}
	if err := callee.service.start(s); err != nil {
		b.Log.Error("service", "modem", callee.m.name, "err", err)
		s.port = deadPort{}
	}
	callee.session = s
	return s
}

func (p plumbing) hold(m *machine, on bool) {
	md := p.b.modems[m]
	l := p.b.links[m.call]
	if l == nil || md == nil {
		return
	}
	in, out := l.lane(m.call.other(m)), l.lane(m)
	if on {
		md.tx = nil
		in.hold(true)
		return
	}
	md.tx = out
	md.out.add(func() { in.hold(false) })
}

func (p plumbing) release(c *call, by *machine) {
	l := p.b.links[c]
	far := c.other(by)
	if m := p.b.modems[by]; m != nil {
		m.tx = nil
		p.gone(m, l.lane(far))
	}
	l.lane(far).cut()
	l.lane(by).finish(func() {
		p.b.do(func(time.Time) { p.b.ex.carrierLost(c, far) })
	})
}

func (p plumbing) cut(c *call) {
	l := p.b.links[c]
	delete(p.b.links, c)
	for _, mc := range [...]*machine{c.caller, c.callee} {
		m := p.b.modems[mc]
		if m == nil {
			continue
		}
		l.lane(mc).stats(&m.sent)
		l.lane(c.other(mc)).stats(&m.rcvd)
		if c.left != mc { // who left has let go before
			m.tx = nil
			p.gone(m, l.lane(c.other(mc)))
		}
	}
	l.up.cut()
	l.down.cut()
}

// gone makes the texts to come wait until the lane in has let go of the port.
func (p plumbing) gone(m *Modem, in *lane) {
	e := m.end
	m.out.add(func() {
		<-in.done
		if e != nil {
			e.SetWriteDeadline(time.Time{})
		}
	})
}

func (p plumbing) carrier(mc *machine) {
	m := p.b.modems[mc]
	if m == nil || m.end == nil || !mc.cfg.CarrierHangup {
		return
	}
	pty := m.end.cur.Load() // not one that has come by then
	m.out.add(func() {
		p.b.do(func(time.Time) {
			if pty != nil && pty == m.end.cur.Load() && !pty.local() {
				if err := m.end.hangup(); err != nil {
					p.b.Log.Error("hang-up", "modem", mc.name, "err", err)
				}
			}
		})
	})
}

// idle ends the service of a call.
func (p plumbing) idle(m *Modem) {
	if m.session != nil {
		m.session.hangup()
		m.session = nil
	}
	if m.brief {
		m.out.close()
		delete(p.b.modems, m.m)
	}
}

func (p plumbing) replug(mc *machine) {
	if mc.first != nil {
		mc = mc.first
	}
	if m := p.b.modems[mc]; m != nil {
		// After the answer to the command that asks for it.
		m.out.add(func() { p.b.do(m.replug) })
	}
}

func (p plumbing) mute(mc *machine) {
	if m := p.b.modems[mc]; m != nil {
		m.line.silent = true
		p.b.retune(mc.call)
	}
}
