package conf

import (
	"slices"
	"strings"
	"time"
)

// A plan is what an Entry is made from.
type plan struct {
	label     string
	pos       Pos // of the label
	settings  []*setting
	answering bool   // a login has started us: no mode words
	base      *Entry // the link began with it, and reconfigure goes on
	fragment  bool   // only continued by others: errors are warnings
	eligible  bool   // another entry may choose it for its callers
}

// assemble applies the settings from left to right, fills in what they leave
// open, and asks the cross-field rules. o must be complete.
func (o Options) assemble(p *plan) (*Entry, Diagnostics) {
	e := blank()
	e.Label = p.label
	for _, s := range p.settings {
		if p.answering && s.key.Type == "mode" || p.answering && s.key.Name == "camp" {
			continue
		}
		e.apply(s, &o)
	}
	r := &rules{e: e, o: &o, plan: p}
	r.defaults()
	r.check()
	return e, r.diags.Sorted()
}

// blank gives an entry in which nothing is said: the defaults that depend on
// nothing.
func blank() *Entry {
	e := &Entry{
		Set:          make(map[string]bool),
		Origin:       make(map[string]Pos),
		BPS:          Measured,
		DelRouteAuto: true, DelRoute6Auto: true,
	}
	for i := range table {
		k := &table[i]
		if k.slot == nil {
			continue
		}
		s := k.slot(e, k, &Options{})
		switch k.Default {
		case "", "false":
		case "true":
			s.set(Bare, "")
		case "-":
			s.set(Negated, "")
		default:
			for _, v := range defaultValues(k) {
				s.set(Valued, v)
			}
		}
	}
	return e
}

// defaultValues gives the default of k as values, of which a keyword that adds
// up may have several.
func defaultValues(k *Keyword) []string {
	if k.Forms&Repeat == 0 {
		return []string{k.Default}
	}
	return strings.Fields(k.Default)
}

// apply puts one setting into effect. One that was reported has none, but
// counts as said: nobody wants to hear that it is missing as well.
func (e *Entry) apply(s *setting, o *Options) {
	if !s.bad {
		if err := s.key.slot(e, s.key, o).set(s.form, s.text); err != nil {
			return
		}
	}
	e.Set[s.name()] = true
	e.Origin[s.name()] = s.pos
	e.settings = append(e.settings, s)
}

// values gives the settings that gave the keyword its values, in the order of
// the values.
func (e *Entry) values(keyword string) []*setting {
	var out []*setting
	for _, s := range e.settings {
		if s.key.Name != keyword || s.bad {
			continue
		}
		switch {
		case s.form == Negated && s.key.NegatedAs == "":
			out = nil
		case s.form == Valued && s.key.Forms&Repeat == 0:
			out = []*setting{s}
		case s.form == Valued:
			out = append(out, s)
		}
	}
	return out
}

// At gives the position of byte off of the value of keyword, for messages
// about the inside of a value. i counts, from 0, the values of a keyword that
// may be given several times. It is the zero Pos when the value is a default,
// and the position of the keyword where the value is not in the file.
func (e *Entry) At(keyword string, i, off int) Pos {
	if vs := e.values(keyword); i < len(vs) {
		return vs[i].at(off)
	}
	return Pos{}
}

// defaults fills in what depends on other settings and on this machine.
func (r *rules) defaults() {
	e, said := r.e, r.e.Set
	switch {
	case r.plan.answering:
		e.Mode = In
	case e.Reconfigure:
		r.neverDials()
		e.Mode = In
	}
	if e.Demand() {
		r.timeouts()
	}
	if e.UUCPName == "" {
		e.UUCPName = e.Label
	}
	if e.RemSysname == "" {
		e.RemSysname = e.Label
	}
	if e.MaxDevs == 0 {
		e.MaxDevs = max(e.OutDevs, e.MinDevs, 4)
	}
	if said["max_FSM_term"] && !said["max_term_ms"] {
		e.MaxTermMs = 0
	}
	if !said["dns"] {
		e.DNS = e.Placeholders() && e.Mode != In // a caller is not to say where this machine looks up names
	}
	r.authentication()
	r.addresses()
}

// Demand tells whether traffic brings the link up and idleness ends it: in
// quiet mode, and in out mode when a timeout is given.
func (e *Entry) Demand() bool {
	return e.Mode == Quiet || e.Mode == Out && (e.Set["active_timeout"] || e.Set["inactive_timeout"])
}

// Placeholders tells whether the entry is of the kind that learns its
// addresses from the peer.
func (e *Entry) Placeholders() bool { return e.Set["device"] || e.Set["apn"] }

func (r *rules) timeouts() {
	e := r.e
	active, inactive := e.Set["active_timeout"], e.Set["inactive_timeout"]
	switch {
	case active && !inactive:
		e.InactiveTimeout = e.ActiveTimeout
	case inactive && !active:
		e.ActiveTimeout = e.InactiveTimeout
	case !active && !inactive:
		e.ActiveTimeout, e.InactiveTimeout = 300*time.Second, 30*time.Second
	}
}

// authentication applies what the manual page says of an entry that tells
// names, passwords or servers but no protocol: PAP. Cellular networks may ask
// for CHAP as well.
func (r *rules) authentication() {
	e := r.e
	if base := r.plan.base; base != nil { // negotiated before this entry was known
		now, then := e.protocols(), base.protocols()
		for i := range now {
			*now[i] = *then[i]
		}
	} else {
		r.implied()
	}
	if !e.Set["send_name"] && slices.ContainsFunc(e.protocols()[2:], yes) {
		e.SendName, _ = r.o.Hostname()
	}
}

func yes(c *Choice) bool { return *c == Yes }

// protocols gives the flags of the authentication protocols, PAP first: the
// one that has no challenge to be signed with a name.
func (e *Entry) protocols() []*Choice {
	return []*Choice{
		&e.SendPAP, &e.RecvPAP, &e.SendCHAP, &e.RecvCHAP,
		&e.SendMSCHAP, &e.RecvMSCHAP, &e.SendEAP, &e.RecvEAP,
	}
}

// demands tells whether the peer has to authenticate itself.
func (e *Entry) demands() bool {
	return e.RecvPAP == Yes || e.RecvCHAP == Yes || e.RecvMSCHAP == Yes || e.RecvEAP == Yes
}

func (r *rules) implied() {
	e, said := r.e, r.e.Set
	imply := func(c *Choice, when bool) {
		if when && *c == Unset {
			*c = Yes
		}
	}
	send := said["send_name"] || said["send_passwd"] || e.Reconfigure
	recv := said["recv_name"] || said["recv_passwd"] || said["radius"] || e.Reconfigure
	if slices.ContainsFunc(e.protocols(), yes) { // words about us say nothing about the peer
		if r.calls() && !said["recv_name"] && !said["radius"] && !e.Reconfigure {
			recv = false // recv_passwd is for callers
		}
		imply(&e.RecvPAP, recv && !e.demands())
		return
	}
	imply(&e.SendPAP, send)
	imply(&e.RecvPAP, recv)
	imply(&e.SendCHAP, send && said["apn"])
	imply(&e.RecvCHAP, recv && said["apn"] && said["recv_passwd"])
}
