package screen

import (
	"fmt"
	"strings"

	"pppdial/cmd/internal/status"
)

// link is the screens 1 to 4.
func (v View) link(p *page, i int) {
	b := v.counted()
	if i >= len(b.Links) {
		p.add("")
		p.add(fmt.Sprintf(" There is no link %d; the interface has %s.", i+1, count(len(b.Links), "link")))
		return
	}
	k := b.Links[i]
	s := v.History.link(&v.Bundle.Links[i])
	p.head(fmt.Sprintf("Link %d of %d: %s", i+1, len(b.Links), clean(k.Line)))
	p.row(f("phase", "%s", k.Phase).good(k.Phase == status.NetworkPhase), f("for", "%s", age(v.Now, k.Since)))
	p.row(f("line", "%s", or(k.Origin, "?")), f("state", "%s", linkState(k)).bad(k.Benched || k.Resting))
	p.row(f("speed", "%s", lineSpeed(k.Speed)), f("measured", "%s", speed(k.MeasuredBPS)))
	p.row(f("round trip", "%s", trip(k.EchoRTTMS)), f("share", "%s", v.share(&b, k)))
	p.add("")
	p.add(" " + styleHead.Styled(pad("", labelWidth)+lpad("received", 14)+lpad("sent", 14)))
	p.add(figures("bit/s", bits(latest(s.rx)), bits(latest(s.tx))))
	p.add(figures("octets", fmt.Sprint(k.Rx.Bytes), fmt.Sprint(k.Tx.Bytes)))
	p.add(figures("frames", fmt.Sprint(k.Rx.Packets), fmt.Sprint(k.Tx.Packets)))
	bad := figures("bad FCS", fmt.Sprint(k.BadFCS), "")
	if k.BadFCS > 0 {
		bad = styleBad.Styled(bad)
	}
	p.add(bad)
	ours := p.folded("LCP here", list(k.LCPLocal))
	theirs := p.folded("LCP there", list(k.LCPRemote))
	v.graphs(p, s, min(p.left()-len(ours)-len(theirs)-1, 13))
	p.add("")
	p.lines = append(append(p.lines, ours...), theirs...)
}

func figures(label, rx, tx string) string {
	return " " + styleLabel.Styled(pad(label, labelWidth)) + lpad(rx, 14) + lpad(tx, 14)
}

func list(words []string) string { return clean(strings.Join(words, ", ")) }

func linkState(k status.Link) string {
	switch {
	case k.Benched:
		return "benched: too slow"
	case k.Resting:
		return "resting: silent"
	case k.Phase == status.NetworkPhase:
		return "carries data"
	}
	return "-"
}

func trip(ms float64) string {
	if ms <= 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.*f ms", digits(ms), ms)
}

// share is the part of the bundle's octets that goes over a link.
func (v View) share(b *status.Bundle, k status.Link) string {
	var all uint64
	for _, other := range b.Links {
		all += other.Rx.Bytes + other.Tx.Bytes
	}
	if all == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f %%", 100*float64(k.Rx.Bytes+k.Tx.Bytes)/float64(all))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	if n == 0 {
		return "no " + what
	}
	return fmt.Sprint(n, " ", what)
}
