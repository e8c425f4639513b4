package screen

import (
	"fmt"

	"pppdial/cmd/internal/status"
)

// rates is screen 5.
func (v View) rates(p *page) {
	b := v.counted()
	s := v.History.bundle(v.Bundle)
	p.row(f("here", "%s", v.name(b.Local)), f("there", "%s", v.name(b.Remote)))
	if b.Local6 != "" {
		p.row(f("", "%s", v.name(b.Local6)), f("", "%s", v.name(b.Remote6)))
	}
	p.row(f("peer", "%s", or(b.PeerName, "-")), f("MTU", "%d", b.MTU))
	p.row(f("compression", "%s", compression(b.Compression.Tx, b.Compression.VJTx)), f("of the peer", "%s", compression(b.Compression.Rx, b.Compression.VJRx)))
	p.add("")
	p.add(" " + styleHead.Styled(pad("", labelWidth)+lpad("received", 14)+lpad("sent", 14)))
	p.add(figures("bit/s", bits(latest(s.rx)), bits(latest(s.tx))))
	p.add(figures("highest", bits(peak(s.rx)), bits(peak(s.tx))))
	p.add(figures("octets", fmt.Sprint(b.Rx.Bytes), fmt.Sprint(b.Tx.Bytes)))
	p.add(figures("packets", fmt.Sprint(b.Rx.Packets), fmt.Sprint(b.Tx.Packets)))
	p.add(figures("compressed", "1 : "+ratio(b.Compression.RxRatio), "1 : "+ratio(b.Compression.TxRatio)))
	p.add(figures("queue", "", queue(b.Tx)))
	drops := dropped(b.Drops)
	line := figures("dropped", fmt.Sprint(drops), "")
	if drops > 0 {
		line = styleBad.Styled(line)
	}
	p.add(line)
	const least = 4 // lines of graphs and what stands around them
	links := min(len(b.Links), max(p.left()-least, 1))
	if p.height == 0 {
		links = len(b.Links)
	}
	v.graphs(p, s, p.left()-links-1)
	p.add("")
	for i, k := range b.Links[:links] {
		if i == links-1 && links < len(b.Links) {
			p.add(fmt.Sprintf("     and %s: screens 1 to 4, [ and ]", count(len(b.Links)-i, "more link")))
			break
		}
		s := v.History.link(&v.Bundle.Links[i])
		p.add(fmt.Sprintf(" %2d  %s in %s out %s bit/s  share %s  %s", i+1, pad(clean(k.Line), 14), lpad(bits(latest(s.rx)), 5), lpad(bits(latest(s.tx)), 5), lpad(v.share(&b, k), 5), linkState(k)))
	}
}

func compression(method string, vj bool) string {
	method = or(method, "none")
	switch {
	case vj && method == "none":
		return "TCP headers"
	case vj:
		return method + ", TCP headers"
	}
	return method
}

func queue(t status.Sent) string {
	if t.QueueLimit == 0 {
		return fmt.Sprint(t.Queued)
	}
	return fmt.Sprintf("%d of %d", t.Queued, t.QueueLimit)
}

func dropped(drops map[string]uint64) (all uint64) {
	for _, n := range drops {
		all += n
	}
	return all
}
