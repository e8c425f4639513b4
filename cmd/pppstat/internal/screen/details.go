package screen

import (
	"maps"
	"slices"
	"strings"
)

// details is screen 7.
func (v View) details(p *page) {
	b := v.counted()
	p.head("Multilink")
	if m := b.MP; m == nil {
		p.add("   not agreed upon")
	} else {
		p.row(f("next sent", "%d", m.TxSeq), f("next due", "%d", m.RxSeq))
		p.row(f("numbers", "%s", seqBits(m.TxSSN)), f("of the peer", "%s", seqBits(m.RxSSN)))
		p.row(f("MRRU", "%d", m.MRRU), f("of the peer", "%d", m.RemoteMRRU))
		p.row(f("lost", "%d", m.Lost).bad(m.Lost > 0), f("sent anew", "%d", m.Resent))
		if m.TxClasses > 0 || m.RxClasses > 0 {
			p.row(f("classes", "%d", m.TxClasses), f("of the peer", "%d", m.RxClasses))
		}
		p.wrap("endpoint", clean(m.OwnEndpoint))
		p.wrap("of the peer", clean(m.Endpoint))
	}
	p.add("")
	p.head("Queue")
	p.row(f("waiting", "%s", queue(b.Tx)), f("went first", "%d", b.Tx.Urgent))
	p.add("")
	p.head("Dropped packets")
	drops := slices.Sorted(maps.Keys(b.Drops))
	if len(drops) == 0 {
		p.add("   none")
	}
	for i := 0; i < len(drops); i += 2 {
		pair := []field{f(strings.ReplaceAll(drops[i], "_", " "), "%d", b.Drops[drops[i]])}
		if i+1 < len(drops) {
			pair = append(pair, f(strings.ReplaceAll(drops[i+1], "_", " "), "%d", b.Drops[drops[i+1]]))
		} else {
			pair = append(pair, field{})
		}
		p.row(pair...)
	}
	p.add("")
	p.head("Network")
	p.row(f("here", "%s", v.name(b.Local)), f("there", "%s", v.name(b.Remote)))
	p.row(f("IPv6", "%s", v.name(b.Local6)), f("there", "%s", v.name(b.Remote6)))
	servers := make([]string, len(b.DNS))
	for i, s := range b.DNS {
		servers[i] = v.name(s)
	}
	p.wrap("DNS", strings.Join(servers, " "))
	p.row(f("process", "%d", b.PID), f("MTU", "%d", b.MTU))
}

func seqBits(short bool) string {
	if short {
		return "12 bits"
	}
	return "24 bits"
}
