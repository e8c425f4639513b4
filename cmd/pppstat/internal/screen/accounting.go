package screen

import (
	"fmt"
	"time"
)

// accounting is screen 6.
func (v View) accounting(p *page) {
	b := v.counted()
	a := b.Accounting
	p.row(f("links", "%d", len(b.Links)).good(len(b.Links) > 0), f("being added", "%d", a.LinesAdding))
	p.row(f("calls tried", "%d", a.CallsTried), f("made", "%d", a.CallsMade), f("taken", "%d", a.CallsTaken))
	p.row(f("connected", "%s", duration(time.Duration(a.ConnectSecs)*time.Second)), f("failed", "%d", a.CallsFailed).bad(a.CallsFailed > 0))
	p.add("")
	p.head("Up and down")
	p.wrap("up because", v.names(b.WhyUp))
	p.wrap("kept up by", v.names(b.KeptUpBy))
	p.row(f("TCP open", "%d", b.TCPOpen))
	p.wrap("down", v.names(b.WhyDown))
	p.add("")
	links := b.Links[:min(len(b.Links), max(p.left()/3, 1))]
	if p.height == 0 {
		links = b.Links
	}
	if len(links) > 0 {
		p.head("Links")
		for i, k := range links {
			p.add(fmt.Sprintf(" %2d  %s  %s, up %s", i+1, clean(k.Line), or(k.Origin, "?"), age(v.Now, k.Since)))
		}
		if more := len(b.Links) - len(links); more > 0 {
			p.add(fmt.Sprintf("     and %d more", more))
		}
		p.add("")
	}
	p.head("Last calls")
	if len(b.Verdicts) == 0 {
		p.add("   none has ended")
	}
	for i := len(b.Verdicts) - 1; i >= 0 && p.left() > 0; i-- {
		d := b.Verdicts[i]
		p.wrap(d.Time.Local().Format("15:04:05"), fmt.Sprintf("status %d in %s, by %s: %s", d.Status, or(d.Phase, "?"), or(d.By, "?"), clean(d.Evidence)))
		if d.Cause != "" {
			p.wrap("", "cause: "+clean(d.Cause))
		}
		if d.Try != "" {
			p.wrap("", "try: "+clean(d.Try))
		}
	}
}
