package convert

import (
	"maps"
	"slices"
	"strings"
)

// sends is how we authenticate ourselves: by the name and password of the
// options, or by the lines of the secrets that pppd would choose.
func (p *pppd) sends() {
	d := p.d
	us := p.user
	if us == nil {
		us = p.name
	} else if p.name != nil && p.name.arg != us.arg {
		d.none(p.name.was(), "send_name= is our name for both directions")
	}
	for _, r := range []struct{ name, word string }{
		{"refuse-pap", "-send_pap"}, {"refuse-chap", "-send_chap"}, {"refuse-mschap-v2", "-send_mschap"}, {"refuse-eap", "-send_eap"},
	} {
		if o := p.refuse[r.name]; o != nil {
			d.flag(r.word, o.was())
		}
	}
	if us != nil {
		d.put("send_name", us.arg, us.was())
	}
	if p.password != nil {
		d.put("send_passwd", p.password.arg, p.password.was())
		p.willing(true, true)
		if p.peer != nil && p.auth != nil && p.auth.name == "noauth" {
			d.none(p.peer.was(), "the peer's name only finds secrets")
		}
		return
	}
	if us == nil {
		if len(p.secrets) > 0 && len(p.require) == 0 && p.auth == nil {
			d.remark("no option user: pppd would look for a secret for the name of the host")
		}
		return
	}
	server := ""
	if p.peer != nil {
		server = p.peer.arg
	}
	pap, hasPAP := find(p.secrets, false, us.arg, server)
	chap, hasCHAP := find(p.secrets, true, us.arg, server)
	switch {
	case hasCHAP && hasPAP && pap.text != chap.text:
		p.j.warn(pap.at, "another secret than that of chap-secrets, which is taken; there is one send_passwd=")
		hasPAP = false
		fallthrough
	case hasCHAP:
		d.put("send_passwd", chap.text, chap.was())
	case hasPAP:
		d.put("send_passwd", pap.text, pap.was())
	case p.user == nil && (len(p.require) > 0 || p.auth != nil && p.auth.name == "auth"):
		return // the name is for our challenges
	default:
		if p.j.knowsSecrets() {
			p.j.warn(us.at, "no line of the secrets is for %s", quotedIf(us.arg))
		} else {
			p.j.warn(us.at, "no secret for %s is known: give pap-secrets and chap-secrets as well, or add send_passwd=", quotedIf(us.arg))
		}
		d.remark("send_passwd= is missing")
		return
	}
	if p.peer != nil {
		d.none(p.peer.was(), "the peer's name only finds secrets")
	}
	p.willing(hasPAP, hasCHAP)
}

func (j *job) knowsSecrets() bool {
	return slices.ContainsFunc(j.inputs, func(in *input) bool { return in.kind == secretsFile }) ||
		slices.ContainsFunc(j.read, func(n string) bool { return strings.HasSuffix(n, "-secrets") })
}

// willing turns on the protocols by which pppd could authenticate itself.
func (p *pppd) willing(pap, chap bool) {
	var words []string
	for _, r := range []struct {
		refuse, word string
		can          bool
	}{
		{"refuse-pap", "send_pap", pap}, {"refuse-chap", "send_chap", chap},
		{"refuse-mschap-v2", "send_mschap", chap}, {"refuse-eap", "send_eap", chap},
	} {
		if r.can && p.refuse[r.refuse] == nil {
			words = append(words, r.word)
		}
	}
	if len(words) > 0 {
		p.d.insert(&setting{key: "send_passwd", word: strings.Join(words, " ")}, was{}, []string{"whichever the peer asks for, as pppd"})
	}
}

// receives is how the peer must authenticate itself.
func (p *pppd) receives() {
	d := p.d
	if p.auth != nil && p.auth.name == "noauth" && len(p.require) == 0 {
		d.none(p.auth.was(), "nothing is asked of the peer unless recv_... says so")
		return
	}
	if p.auth == nil && len(p.require) == 0 {
		return
	}
	by := p.auth
	var words []string
	for _, r := range []struct{ name, word string }{
		{"require-mschap-v2", "recv_mschap"}, {"require-chap", "recv_chap"}, {"require-eap", "recv_eap"}, {"require-pap", "recv_pap"},
	} {
		if o := p.require[r.name]; o != nil {
			words = append(words, r.word)
			by = o
		}
	}
	logins := p.login != nil && (len(words) == 0 || p.require["require-pap"] != nil)
	if p.login != nil && !logins {
		d.none(p.login.was(), "it is for PAP only")
	}
	callers := p.callers(words, logins)
	if len(callers) == 0 {
		p.nobody(words, by, logins)
		if !d.has("in") {
			d.none(by.was(), "no secret for the peer is known; with recv_passwd= add recv_chap or recv_pap")
			return
		}
	}
	if len(callers) > 0 && p.peer != nil {
		callers = callers[:1]
	}
	switch chap := slices.ContainsFunc(callers, func(c caller) bool { return c.chap }); {
	case chap && len(words) == 0:
		words = []string{"recv_mschap", "recv_chap", "recv_pap"}
	case len(words) == 0:
		words = []string{"recv_pap"}
	case logins && !chap:
		words = p.onlyPAP()
	}
	own := func(c caller) bool { return c.text != "" || len(c.hosts) > 0 }
	several := len(callers) == 0 || len(callers) > 1 && slices.ContainsFunc(callers, own)
	if several {
		callers = p.named(callers)
	} else {
		d.dropRemoteHost(callers)
		for _, c := range callers {
			d.recvPasswd(c)
			d.remoteHosts(c)
		}
	}
	if logins || !several { // without recv_passwd an entry is for the account of its name
		d.recvNames(callers)
	}
	ask := &setting{key: "recv_passwd", word: strings.Join(words, " ")}
	d.insert(ask, by.was(), nil)
	if logins {
		ask.add(p.login.was())
	}
	if several {
		p.server(callers)
	}
}

// nobody tells that the secrets let nobody in.
func (p *pppd) nobody(words []string, by *opt, logins bool) {
	add := "recv_passwd= and " + strings.Join(append(words, "recv_chap")[:max(1, len(words))], " ")
	if logins {
		add = "recv_name= for each account and recv_pap"
	}
	p.j.warn(by.at, "%s: the peer must authenticate itself, but no line of the secrets lets it in; give the secrets as well, or add %s", by.name, add)
}

// onlyPAP leaves out the protocols that cannot tell the password of an account.
func (p *pppd) onlyPAP() []string {
	for _, name := range slices.Sorted(maps.Keys(p.require)) {
		if o := p.require[name]; name != "require-pap" {
			const why = "accounts prove themselves by PAP, and chap-secrets lets nobody in"
			p.j.warn(o.at, "%s is left out: %s", name, why)
			p.d.none(o.was(), why)
		}
	}
	return []string{"recv_pap"}
}

// A caller is a client that may authenticate itself to us.
type caller struct {
	secret
	hosts []string // that it may have; none: what the options say
}

// callers are the clients whom pppd would let in: by the lines of the secrets for
// our name, apart from our own. With logins an empty secret of PAP is the password
// of an account.
func (p *pppd) callers(words []string, logins bool) []caller {
	ours, user := "", ""
	if p.name != nil {
		ours = p.name.arg
	}
	if p.user != nil {
		user = p.user.arg
	}
	pap := len(words) == 0 || slices.Contains(words, "recv_pap")
	chap := !slices.Equal(words, []string{"recv_pap"})
	account := func(s secret) bool { return logins && !s.chap }
	var mine []secret
	told := make(map[string]bool)
	for _, s := range p.secrets {
		switch {
		case s.chap && !chap, !s.chap && !pap, user != "" && s.client == user,
			p.peer != nil && !s.anyClient && s.client != p.peer.arg:
		case s.anyServer, p.name != nil && s.server == ours:
			mine = append(mine, s)
		case p.name == nil && (s.text == "") == account(s) && p.denies(s) == "" && !told[s.server]:
			p.j.warn(s.at, "the callers of the server %s are left out: without the option name pppd lets them in only where that is the name of the host; if it is, add the option: name %s", quotedIf(s.server), quotedIf(s.server))
			told[s.server] = true
		}
	}
	var cs []caller
	denied := false
	for _, s := range mine {
		who := s.client
		if p.peer != nil {
			who = p.peer.arg
		}
		if best, _ := find(mine, s.chap, who, ours); best.at != s.at {
			continue
		}
		why := p.denies(s)
		if why == "" && s.text != "" && account(s) {
			why = "the secret and the password of the account cannot both be asked for"
		}
		if why != "" {
			if len(s.addrs) == 0 || s.addrs[0] != "-" { // which says so itself
				p.j.warn(s.at, "%s is left out: %s", quotedIf(s.client), why)
			}
			p.d.none(s.was(), why)
			denied = true
			continue
		}
		if s.text == "" && !account(s) || slices.ContainsFunc(cs, func(c caller) bool { return c.client == s.client && c.text == s.text }) {
			continue
		}
		cs = append(cs, caller{s, p.hosts(s)})
	}
	if denied { // any client would be those, too
		cs = p.named(cs)
	}
	return cs
}

// named are the callers whose names are known.
func (p *pppd) named(callers []caller) []caller {
	return slices.DeleteFunc(callers, func(c caller) bool {
		if c.anyClient {
			p.j.warn(c.at, "a line for any client: give each client an entry of its own")
		}
		return c.anyClient
	})
}

// denies tells why a client is not let in, "" if it is.
func (p *pppd) denies(s secret) string {
	addrs := s.allowed()
	if len(addrs) == 0 {
		return "pppd lets it have no address"
	}
	if p.optionsHost(addrs) || slices.Contains(addrs, "*") && !slices.ContainsFunc(addrs, isDenial) {
		return ""
	}
	for _, a := range addrs {
		if isDenial(a) || strings.HasSuffix(a, "+") || p.j.refused("remotehost="+remoteHost(a)) != "" {
			return "its addresses " + strings.Join(addrs, " ") + " cannot be said by remotehost="
		}
	}
	return ""
}

// hosts are the addresses of a client who is let in.
func (p *pppd) hosts(s secret) []string {
	addrs := s.allowed()
	if p.optionsHost(addrs) || slices.Contains(addrs, "*") {
		return nil
	}
	var hosts []string
	for _, a := range addrs {
		hosts = append(hosts, remoteHost(a))
	}
	return hosts
}

// optionsHost tells whether the options insist on an address that is among those
// of a client: pppd gives it that one then.
func (p *pppd) optionsHost(addrs []string) bool {
	return p.remote != nil && p.acceptRemote == nil && permits(addrs, p.peerText)
}

// recvNames sets the names of callers.
func (d *draft) recvNames(callers []caller) {
	for _, c := range callers {
		switch {
		case !c.anyClient:
			d.add("recv_name", c.client, c.was())
		case c.text == "":
			d.add("recv_name", "", c.was(), "any account of this machine")
		}
	}
}

// recvPasswd sets the secret of a caller, unless it is the password of an account.
func (d *draft) recvPasswd(c caller) {
	if c.text != "" {
		d.put("recv_passwd", c.text, c.was())
	}
}

// remoteHosts sets the addresses of a caller.
func (d *draft) remoteHosts(c caller) {
	for _, h := range c.hosts {
		d.add("remotehost", h, c.was())
	}
}

// dropRemoteHost makes way for the addresses of callers, to which that of the
// options would add.
func (d *draft) dropRemoteHost(callers []caller) *setting {
	had := d.get("remotehost")
	if had == nil || !slices.ContainsFunc(callers, func(c caller) bool { return len(c.hosts) > 0 }) {
		return nil
	}
	d.drop("remotehost")
	for _, w := range had.was {
		d.none(w, "the secrets say which addresses a caller may have")
	}
	return had
}

// server makes one entry that finds out who calls, and one for each client.
func (p *pppd) server(callers []caller) {
	d := p.d
	common := &draft{j: p.j, label: p.j.label("+" + d.label), head: []string{"What all callers of " + d.label + " have in common."}}
	d.flag("reconfigure", was{}, "the name that a caller proves finds the entry that goes on")
	remote := d.dropRemoteHost(callers)
	keep := d.settings[:0:0]
	for _, s := range d.settings {
		if r := s.rank() / 1000; s.key != "" && (r >= 5 && r != 7) {
			common.settings = append(common.settings, s)
		} else {
			keep = append(keep, s)
		}
	}
	d.settings = keep
	d.put("continue", common.label, was{})
	p.j.drafts = append(p.j.drafts, common)
	for _, c := range callers {
		e := p.j.draft(c.client)
		if e.label != c.client {
			p.j.warn(c.at, "the caller %s has an entry with another label, %s, since the name cannot be a label or is one already; reconfigure will not find it", quotedIf(c.client), e.label)
		}
		e.recvPasswd(c)
		e.remoteHosts(c)
		if len(c.hosts) == 0 && remote != nil {
			e.settings = append(e.settings, remote)
		}
		e.put("continue", common.label, was{})
	}
}
