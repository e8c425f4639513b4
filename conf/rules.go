package conf

import (
	"fmt"
	"time"
)

// rules is the state of assemble.
type rules struct {
	e     *Entry
	o     *Options
	plan  *plan
	diags Diagnostics
}

// report adds a diagnostic at the last of the keywords that is given, or else
// at the label.
func (r *rules) report(d Diagnostic, keywords ...string) {
	d.Pos = r.plan.pos
	for _, s := range r.e.settings {
		for _, k := range keywords {
			if s.name() == k {
				d.Pos, d.Via = s.pos, s.via
			}
		}
	}
	if r.plan.fragment {
		d.Warning = true
	}
	r.diags = append(r.diags, d)
}

func (r *rules) fail(msg, hint string, keywords ...string) {
	r.report(Diagnostic{Msg: msg, Hint: hint}, keywords...)
}

func (r *rules) warn(msg, hint string, keywords ...string) {
	r.report(Diagnostic{Msg: msg, Hint: hint, Warning: true}, keywords...)
}

// idle warns of a keyword that has no effect for want of another one. An entry
// that others continue may leave that one to them.
func (r *rules) idle(keyword, why string) {
	if r.e.Set[keyword] && !r.plan.fragment {
		r.warn(keyword+" has no effect: "+why, "", keyword)
	}
}

// atStart warns of what is fatal when the entry is run.
func (r *rules) atStart(s *setting, msg, hint string) {
	r.diags = append(r.diags, Diagnostic{Pos: s.pos, Via: s.via, Msg: msg, Hint: hint, Warning: true, AtStart: true})
}

// check holds all rules that concern more than one keyword.
func (r *rules) check() {
	e, said := r.e, r.e.Set
	r.knownAddresses()

	if e.ActiveTimeout != 0 && e.InactiveTimeout != 0 && e.ActiveTimeout < e.InactiveTimeout {
		r.fail(fmt.Sprintf("active_timeout=%d is less than inactive_timeout=%d", e.ActiveTimeout/time.Second, e.InactiveTimeout/time.Second),
			"it must not be", "active_timeout", "inactive_timeout")
	}
	if e.Camp && e.Mode != Out {
		r.fail("camp is for out mode only, this entry says "+r.modeWord(), "", "camp")
	}
	if said["max_FSM_term"] && said["max_term_ms"] {
		r.fail("max_FSM_term and max_term_ms exclude each other", "give one of them", "max_FSM_term", "max_term_ms")
	}
	if e.RestartMsLim < e.RestartMs {
		r.warn(fmt.Sprintf("restart_ms_lim=%d is less than restart_ms=%d", e.RestartMsLim/time.Millisecond, e.RestartMs/time.Millisecond),
			"the delay will not grow", "restart_ms", "restart_ms_lim")
	}
	r.passwords()
	r.lines()

	if said["monitor"] && e.NoICMP {
		r.fail("monitor sends ICMP, and noicmp throws it away", "leave out one of them", "monitor", "noicmp")
	}
	switch {
	case !e.IPv4 && !e.IPv6:
		r.fail("-ipv4 and -ipv6 leave nothing to carry", "leave out one of them", "ipv4", "ipv6")
	case !e.IPv4 && e.MTU < MinMTU6:
		r.fail(fmt.Sprintf("-ipv4 and mtu=%d leave nothing to carry", e.MTU),
			fmt.Sprintf("IPv6 needs mtu=%d or more", MinMTU6), "ipv4", "mtu")
	}
	if len(e.ResetAt) > 10 {
		r.fail(fmt.Sprintf("reset_at is given %d times", len(e.ResetAt)), "ten are allowed", "reset_at")
	}
	if len(e.MSDNS) > 2 {
		r.warn("more than two ms_dns", "only the first two can be offered", "ms_dns")
	}
	if !e.IPv4 {
		r.idle("add_route", "-ipv4 leaves no IPv4 to route")
	}
	if !e.IPv6 {
		r.idle("add_route6", "-ipv6 leaves no IPv6 to route")
	}
	if !said["monitor"] {
		r.idle("monitor_secs", "there is no monitor")
		r.idle("monitor_fails", "there is no monitor")
	}
	if e.ActiveTimeout == 0 && e.InactiveTimeout == 0 {
		r.idle("toll_boundary", "there is neither active_timeout nor inactive_timeout")
	}
}

// knownAddresses: in quiet mode the interface stands before the peer can be
// asked, and without negotiation it is never asked.
func (r *rules) knownAddresses() {
	e := r.e
	why := ""
	switch {
	case e.Mode == Quiet && !e.IPv4: // IPv6 has no address before the first call
		r.fail("quiet waits for IPv4 packets, and -ipv4 leaves none", "leave out one of them, or say out with a timeout", "quiet", "ipv4")
		return
	case e.Mode == Quiet && !e.Placeholders():
		why = "quiet"
	case !e.AddrNegotiate:
		why = "addr_negotiate"
	default:
		return
	}
	word := why
	if why == "addr_negotiate" {
		word = "-addr_negotiate"
	}
	if !known(e.RemoteHost) {
		r.fail(word+" needs both addresses, and the peer's is not known", "give remotehost=", why, "remotehost")
	}
	switch {
	case known(e.LocalHost):
	case e.Set["localhost"]:
		r.fail(word+" needs both addresses, and ours is not known", "give localhost=", why, "localhost")
	default: // another machine, or this one tomorrow, may have one
		r.report(Diagnostic{Msg: word + " needs both addresses, and this machine has none", Hint: "give localhost=", Warning: true, AtStart: true}, why)
	}
}

// calls tells whether an entry that calls may hold the peer's secret for when it is
// chosen for a caller.
func (r *rules) calls() bool { return r.plan.eligible && (r.plan.answering || r.e.Mode != In) }

// passwords are the rules of authentication.
func (r *rules) passwords() {
	e, said := r.e, r.e.Set
	if e.SendPasswd != "" && e.SendPasswd == e.RecvPasswd {
		r.warn("send_passwd and recv_passwd are the same secret", "whoever calls could have us answer our own challenge", "send_passwd", "recv_passwd")
	}
	// Of the protocols that reconfigure began with, the peer may have used PAP.
	elsewhere := e.Reconfigure || len(e.Radius) > 0 || r.plan.base != nil && e.RecvPAP == Yes
	for _, p := range []struct {
		recv, send      string
		asking, answers Choice
	}{
		{"recv_chap", "send_chap", e.RecvCHAP, e.SendCHAP},
		{"recv_mschap", "send_mschap", e.RecvMSCHAP, e.SendMSCHAP},
		{"recv_eap", "send_eap", e.RecvEAP, e.SendEAP},
	} {
		if p.asking == Yes && !said["recv_passwd"] && !elsewhere {
			r.fail(p.recv+" needs the secret that the peer must know", "give recv_passwd=", p.recv)
		}
		if p.answers == Yes && said[p.send] && !said["send_passwd"] && !e.Reconfigure && !r.plan.fragment {
			r.warn(p.send+" has no secret to answer with", "give send_passwd=", p.send)
		}
	}
	send := e.SendPAP == Yes || e.SendCHAP == Yes || e.SendMSCHAP == Yes || e.SendEAP == Yes
	recv := e.demands()
	if !send {
		r.idle("send_passwd", "no protocol is on by which we authenticate ourselves")
		if !recv { // CHAP challenges bear our name, too
			r.idle("send_name", "no protocol is on by which we authenticate ourselves")
		}
	}
	if !recv {
		if e.Reconfigure {
			r.fail("reconfigure needs the peer's name, and no protocol is on by which the peer tells it", "give recv_chap or recv_pap", "reconfigure")
		}
		for _, k := range []string{"recv_name", "recv_passwd", "radius"} {
			if said[k] && !r.plan.fragment && !(k == "recv_passwd" && r.calls()) {
				r.fail(k+" is to know the peer, and no protocol is on by which the peer authenticates itself", "give recv_chap or recv_pap", k)
			}
		}
	}
	if len(e.Radius) == 0 {
		r.idle("radius_coa", "there is no RADIUS server")
	}
	if e.RecvCHAP != Yes && e.RecvMSCHAP != Yes && e.RecvEAP != Yes && !r.plan.eligible {
		r.idle("chap_reauth_secs", "no protocol with challenges is on")
	}
}

// lines are the rules of lines and of bundles of them.
func (r *rules) lines() {
	e, said := r.e, r.e.Set
	if e.OutDevs > e.MaxDevs {
		r.fail(fmt.Sprintf("outdevs=%d is more than maxdevs=%d", e.OutDevs, e.MaxDevs), "", "outdevs", "maxdevs")
	}
	if e.MinDevs > e.MaxDevs {
		r.fail(fmt.Sprintf("mindevs=%d is more than maxdevs=%d", e.MinDevs, e.MaxDevs), "", "mindevs", "maxdevs")
	}
	if e.MinDevs > e.OutDevs {
		r.warn(fmt.Sprintf("mindevs=%d is more than outdevs=%d", e.MinDevs, e.OutDevs), "no more than outdevs are called", "mindevs", "outdevs")
	}
	if !e.MP {
		if r.plan.base == nil && (e.OutDevs > 1 || e.MinDevs > 1) {
			r.fail("-mp allows one line", "the BF&I protocol, which would join more, has no public description", "mp", "outdevs", "mindevs")
		}
		for _, k := range []string{"mp_send_ssn", "mp_recv_ssn", "mp_headers", "mp_interleave", "unsafe_mp"} {
			r.idle(k, "-mp turns multilink off")
		}
	}
	switch {
	case !said["device"]:
		const why = "there is no device, the line comes from the UUCP files"
		for _, k := range []string{"phone", "speed", "flow", "chat", "connect_cmd"} {
			r.idle(k, why)
		}
		r.untold(why)
	case said["connect_cmd"]:
		r.idle("chat", "connect_cmd makes the call")
		r.untold("connect_cmd makes the call")
	case said["chat"]:
		r.untold("chat is the whole dialogue with the modem")
	}
}

// untold warns of what only the built-in dialogue tells a modem.
func (r *rules) untold(why string) {
	for _, k := range []string{"modem_init", "pin", "net_mode", "carrier"} {
		r.idle(k, why)
	}
	if r.e.Set["apn"] && !r.plan.fragment { // it says more than that
		r.warn("apn is not told to the modem: "+why, "", "apn")
	}
}

// neverDials: a reconfigure entry is for callers.
func (r *rules) neverDials() {
	for _, w := range []string{"out", "quiet"} {
		if r.e.Set[w] {
			r.warn(w+" has no effect: a reconfigure entry never dials", "", w)
		}
	}
}

func (r *rules) modeWord() string {
	if r.e.Reconfigure {
		return "reconfigure"
	}
	return r.e.Mode.String()
}
