package mp

import "time"

// Probe sends a datagram over the bundle's links, ahead of all that waits, to
// find out whether they carry anything. It is lost unless its protocol is open.
// Neither it nor what BundleConfig.Answered takes for an answer counts: it is no
// activity, asks for no call, and is not among the interface's packets.
func (b *Bundle) Probe(datagram []byte) {
	b.loop.post(nil, func(now time.Time) {
		if len(datagram) > b.pool.size || !b.net.open(protocolOf(datagram)) {
			return
		}
		p := b.pool.get()
		p.data = p.store[headroom : headroom+copy(p.store[headroom:], datagram)]
		p.at, p.probe = now, true
		b.probes.push(p)
	})
}

// dropProbes forgets the probes that wait; the link that they were for is gone.
func (b *Bundle) dropProbes() {
	for p := b.probes.pop(); p != nil; p = b.probes.pop() {
		b.pool.put(p)
	}
}

// answered reports whether a received datagram answers a probe. Only ICMP can.
func (b *Bundle) answered(datagram []byte) bool {
	if b.cfg.Answered == nil {
		return false
	}
	above, _ := transport(datagram)
	return (above == protoICMP || above == protoICMPv6) && b.cfg.Answered(datagram)
}
