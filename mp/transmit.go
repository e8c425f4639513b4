package mp

import "time"

// pump offers what waits to the lines that have room, and starts their
// writers. The loop calls it after everything that has happened.
func (b *Bundle) pump(now time.Time) {
	b.pumped = now
	b.net.settleTx()
	b.offload()
	for again := true; again; {
		again = false
		b.refill(now)
		for _, k := range b.loop.links {
			for k.bundle == b && k.takes(now) && b.feed(now, k) {
				again = true
			}
		}
	}
	for i := len(b.loop.links) - 1; i >= 0; i-- { // one may leave the list
		b.loop.links[i].flush(now)
	}
	b.load.note(now, b)
}

// feed puts the next packet, or the next fragment, into the buffer of a link,
// and reports false when there is none for it.
func (b *Bundle) feed(now time.Time, k *Link) bool {
	if b.mp != nil {
		switch one := b.mp.alone(); one {
		case nil:
			return b.mp.next(now, k)
		case k:
		default:
			return false
		}
		b.mp.plain(now, k)
	}
	if !b.net.up() {
		return false
	}
	p := b.open(now, func() *packet { return b.queue.pop(now) })
	if p == nil {
		return false
	}
	b.sent(now, p)
	proto, store, from := b.net.coder.encode(p)
	k.sendPacket(proto, store, from)
	b.pool.put(p)
	return true
}

// open returns the next packet, probes first, whose protocol is open; nil when
// there is none.
func (b *Bundle) open(now time.Time, next func() *packet) *packet {
	if now.Before(b.net.settled) {
		return nil
	}
	for {
		p := b.probes.pop()
		if p == nil {
			p = next()
		}
		switch {
		case p == nil:
			return nil
		case !b.net.open(protocolOf(p.data)):
			b.postpone(p)
		case p.probe || b.former.out(now, p.at, p.data):
			return p
		default:
			b.refuse(p)
		}
	}
}

// sent accounts for a packet.
func (b *Bundle) sent(now time.Time, p *packet) {
	if !p.probe {
		b.net.sent(len(p.data))
		b.idle.sent(now, p.data)
	}
}

// pending reports whether something waits for a line.
func (b *Bundle) pending() bool {
	return b.queue.n > 0 || b.probes.first != nil || b.mp != nil && b.mp.pending()
}

// postpone keeps a packet while its protocol may still open: that of the packet
// that has caused a call is not always the first to do so.
func (b *Bundle) postpone(p *packet) {
	if p.probe || !b.net.negotiating(protocolOf(p.data)) || len(b.later) >= b.cfg.QueueLimit {
		b.drop(p, dropProtocolDown)
		return
	}
	b.later = append(b.later, p)
}

// resume puts back what was postponed: a protocol has opened, or will not.
func (b *Bundle) resume() {
	later := b.later
	b.later = nil
	for _, p := range later {
		b.queue.push(p, urgent(p.data, b.cfg.TelnetTOS))
	}
}
