package convert

import (
	"strconv"
	"strings"
)

// This file has the options of pppd that no other one is like, and what pppd
// does without some.

// unsaid is what pppd does otherwise than ppp where no option says how.
func (p *pppd) unsaid() {
	d := p.d
	if !d.has("LCP_ECHOS") && !(d.has("LCP_ECHO_INTERVAL") && d.has("lcp_echo_fails")) {
		d.flag("-LCP_ECHOS", was{}, "pppd takes the peer for dead only with lcp-echo-interval and lcp-echo-failure")
		d.fold("LCP_ECHOS", "LCP_ECHO_INTERVAL", "lcp_echo_fails")
	}
	if p.persist == nil && p.demand == nil || d.has("in") {
		return // it calls once, or never
	}
	if !d.has("modwait") {
		d.put("modwait", "30", was{}, "pppd's holdoff unless it is told otherwise")
	}
	if p.maxFail == nil && p.end == nil {
		d.remark("without maxfail pppd gave up after ten failures in a row; in camp and quiet mode ppp never gives up for good")
	}
}

// idleness is how long the link may be idle, and what follows.
func (p *pppd) idleness() {
	d := p.d
	if o := p.idle; o == nil && d.has("quiet") {
		d.neverIdle(was{})
	} else if o != nil {
		if n, ok := p.number(o); ok && n != 0 {
			var why []string
			switch {
			case p.demand != nil || d.has("in"):
			case p.persist != nil:
				d.drop("camp")
				d.none(p.persist.was(), whyNextPacket)
			default:
				why = append(why, whyCallsAgain)
				p.j.warn(o.at, "%s: %s", o.was().text, whyCallsAgain)
			}
			d.put("inactive_timeout", strconv.FormatInt(n, 10), o.was(), why...)
		} else if ok && d.has("quiet") {
			d.neverIdle(o.was())
		} else if ok {
			d.none(o.was(), "off")
		}
	}
	switch {
	case p.end == nil || d.has("quiet") || d.has("in"):
	case d.has("inactive_timeout"):
		d.none(p.end.was(), whyNextPacket)
	default:
		d.none(p.end.was(), "ppp ends with the link unless camp or quiet says otherwise")
	}
}

const (
	whyNextPacket = "with a limit of idleness the next packet calls again"
	whyCallsAgain = "the program ended then; ppp calls again for the next packet, whatever that costs"
)

// neverIdle keeps a link that is made on demand: without a limit of its own it
// would have that of quiet.
func (d *draft) neverIdle(w was) {
	const tenYears = "315360000"
	d.put("inactive_timeout", tenYears, w, "an idle link was never broken")
}

func noDefaultRoute(p *pppd, o *opt) {
	p.defaultRoute = nil
	p.d.none(o.was(), whyDefault)
}

func noDeflate(p *pppd, o *opt) {
	p.d.drop("rx_deflate")
	p.d.drop("tx_deflate")
	p.d.none(o.was(), whyDefault)
}

func multilink(p *pppd, o *opt) {
	p.d.drop("mp")
	p.d.none(o.was(), "it is so by default; outdevs= says how many lines are called")
}

func maxFail(p *pppd, o *opt) {
	p.maxFail = o
	n, ok := p.number(o)
	switch {
	case ok && n == 0:
		p.d.none(o.was(), "in camp and quiet mode ppp never gives up for good")
	case ok:
		p.d.put("modtries", strconv.FormatInt(n, 10), o.was(), "after these it rests for modpause= seconds in camp and quiet mode, and ends otherwise")
	}
}

func restart(p *pppd, o *opt) {
	if n, ok := p.number(o); ok {
		p.d.put("restart_ms", strconv.FormatInt(n*1000, 10), o.was())
		if n > 8 {
			p.d.put("restart_ms_lim", strconv.FormatInt(n*1000, 10), o.was())
		}
	}
}

func ccpRestart(p *pppd, o *opt) {
	if n, ok := p.number(o); ok {
		p.d.put("ccp_restart_ms", strconv.FormatInt(n*1000, 10), o.was())
	}
}

func unit(p *pppd, o *opt) {
	if n, ok := p.number(o); ok {
		p.d.put("ifname", "ppp"+strconv.FormatInt(n, 10), o.was())
	}
}

// interfaceIDs is LOCAL,REMOTE.
func interfaceIDs(p *pppd, o *opt) {
	local, remote, _ := strings.Cut(o.arg, ",")
	for _, x := range []struct{ key, id string }{{"localif", local}, {"remoteif", remote}} {
		if x.id != "" {
			p.d.put(x.key, x.id, o.was())
		}
	}
}

// asyncMap adds up, as all of pppd's do.
func asyncMap(p *pppd, o *opt) {
	n, err := strconv.ParseUint(strings.TrimPrefix(o.arg, "0x"), 16, 32)
	if err != nil {
		p.j.fail(o.at, "%s %s: not a hexadecimal number", o.name, quotedIf(o.arg))
		p.d.none(o.was(), "not a hexadecimal number")
		return
	}
	w := o.was()
	if s := p.d.get("accm"); s != nil {
		had, _ := strconv.ParseUint(strings.TrimPrefix(s.value, "0x"), 16, 32)
		n |= had
		w.text = s.was[0].text + ", " + w.text
		p.d.drop("accm")
	}
	value := "0"
	if n != 0 {
		value = "0x" + strconv.FormatUint(n, 16)
	}
	p.d.put("accm", value, w)
}

func escape(p *pppd, o *opt) {
	for _, x := range strings.Split(o.arg, ",") {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(x), "0x"), 16, 8)
		if err != nil {
			p.j.fail(o.at, "escape: %s is no hexadecimal number of a character", quotedIf(x))
			p.d.none(o.was(), "no hexadecimal numbers")
			return
		}
		p.d.add("map_char_num", "0x"+strconv.FormatUint(n, 16), o.was())
	}
}

// coder is bsdcomp and deflate: RECEIVE,SEND in bits, 0 for off.
func coder(kind string) func(*pppd, *opt) {
	return func(p *pppd, o *opt) {
		rx, tx, both := strings.Cut(o.arg, ",")
		if !both {
			tx = rx
		}
		for _, x := range []struct{ key, bits string }{{"rx_" + kind, rx}, {"tx_" + kind, tx}} {
			if x.bits == "0" {
				p.d.flag("-"+x.key, o.was())
			} else {
				p.d.put(x.key, x.bits, o.was())
			}
		}
	}
}

func plugin(p *pppd, o *opt) {
	name := strings.TrimSuffix(base(o.arg), ".so")
	why, serious := whyPlugin, true
	switch name {
	case "pppoe", "rp-pppoe", "libpppoe":
		p.j.fail(o.at, "%s: %s", o.was().text, whyEthernet)
		p.d.none(o.was(), whyEthernet)
		return
	case "radius", "radattr", "radrealms":
		why = whyRadius
	case "passwordfd", "passprompt":
		why = whyPrompt
	case "minconn":
		why, serious = "active_timeout= and toll_boundary= keep a link up", false
	}
	if serious {
		p.j.warn(o.at, "%s: %s", o.was().text, why)
	}
	p.d.none(o.was(), why)
}
