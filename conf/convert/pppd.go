package convert

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A pppd is the reading of one connection's options: of the file, of those that
// it calls, and of the common ones before it.
type pppd struct {
	j       *job
	d       *draft
	main    string   // the file that the connection is named for
	stack   []string // files that are being read
	secrets []secret

	// What several options decide together; finish makes settings of it.
	device               string
	connect, init        *opt
	disconnect, welcome  *opt
	user, name, peer     *opt
	password             *opt
	local, remote        *opt
	localText, peerText  string
	acceptLocal          *opt
	acceptRemote         *opt
	mru, mtu             *opt
	auth, login          *opt
	refuse, require      map[string]*opt
	demand, persist, end *opt
	idle, maxFail        *opt
	defaultRoute         *opt
	replaceRoute         *opt
	peerDNS              *opt
	flow                 *opt
	echo, echoFails      *opt
	pty, silent          *opt
}

// An opt is one option as it was given.
type opt struct {
	name, arg string
	at        place
	from      string // the file, where that is not the connection's own
}

// was is the option as a remark has it.
func (o *opt) was() was {
	s := o.name
	switch {
	case o.name == "password" || o.name == "srp-pn-secret":
		s += " ******"
	case o.name == "connect" || o.name == "disconnect" || o.name == "init" || o.name == "welcome" || o.name == "pty":
		s += " " + quotedIf(shortCommand(o.arg))
	case o.arg != "" && o.name != "":
		s += " " + quotedIf(hiddenCommand(o.arg))
	case o.name == "":
		s = o.arg
	case options[o.name].args > 0:
		s += " ''"
	}
	if o.from != "" {
		s += " (" + o.from + ")"
	}
	return was{o.at, s}
}

// shortCommand is a command without what may be a password in it: its first
// word, and the file of a script.
func shortCommand(s string) string {
	words := strings.Fields(s)
	if len(words) < 2 {
		return s
	}
	for i, w := range words[:len(words)-1] {
		if w == "-f" {
			return words[0] + " ... -f " + words[i+1]
		}
	}
	return words[0] + " ..."
}

// options makes an entry of an options file.
func (j *job) options(in *input) {
	if in.used || path.Base(in.Name) == "options" && j.others(in) {
		return // the common options of the others
	}
	d := j.draft(base(in.Name))
	p := j.pppd(d, in.File)
	p.common(in)
	p.readFile(in.File)
	p.finish()
}

// pppd begins the reading of options into an entry.
func (j *job) pppd(d *draft, main File) *pppd {
	p := &pppd{j: j, d: d, main: main.Name, refuse: make(map[string]*opt), require: make(map[string]*opt)}
	if rest, ok := strings.CutPrefix(base(main.Name), "options."); ok {
		p.device = "/dev/" + strings.ReplaceAll(rest, ".", "/")
		p.d.put("device", p.device, was{text: base(main.Name)}, "the name of the file")
	}
	p.secrets = j.secrets(p.etc())
	return p
}

// others tells whether there are options files beside in.
func (j *job) others(in *input) bool {
	return slices.ContainsFunc(j.inputs, func(x *input) bool { return x != in && x.kind == optionsFile })
}

// etc is pppd's directory, when the connection is one of its peers.
func (p *pppd) etc() string {
	dir := path.Dir(p.main)
	switch base(dir) {
	case "peers":
		return path.Dir(dir)
	case "ppp":
		return dir
	}
	return ""
}

// common reads the options that pppd reads before those of the connection.
func (p *pppd) common(in *input) {
	for _, x := range p.j.inputs {
		if x != in && x.kind == optionsFile && base(x.Name) == "options" {
			x.used = true
			p.readFile(x.File)
			return
		}
	}
	if dir := p.etc(); dir != "" && base(in.Name) != "options" {
		if f, ok := p.j.open(path.Join(dir, "options"), "", optionsFile); ok {
			p.readFile(f)
		}
	}
}

func (p *pppd) readFile(f File) {
	if slices.Contains(p.stack, f.Name) {
		return
	}
	p.stack = append(p.stack, f.Name)
	p.words(optionWords(f.Name, f.Src, func(at place, msg string) { p.j.fail(at, "%s", msg) }))
	p.stack = p.stack[:len(p.stack)-1]
}

// words takes the options that the words are.
func (p *pppd) words(words []word) {
	for len(words) > 0 {
		w := words[0]
		words = words[1:]
		o := &opt{name: w.text, at: w.at}
		if w.at.file != p.main {
			o.from = base(w.at.file)
		}
		row, ok := options[w.text]
		if !ok {
			p.other(o, w)
			continue
		}
		if row.args > 0 {
			if len(words) == 0 {
				p.j.fail(w.at, "the option %s wants a value behind it", w.text)
				return
			}
			o.arg = words[0].text
			words = words[1:]
		}
		switch {
		case row.do != nil:
			row.do(p, o)
		case row.serious:
			p.j.warn(o.at, "%s: %s", o.was().text, row.why)
			p.d.none(o.was(), row.why)
		default:
			p.d.none(o.was(), row.why)
		}
	}
}

var (
	deviceName = regexp.MustCompile(`^(tty|cua|rfcomm|modem|ircomm|pts/|usb/|serial/|input/)[\w./:-]*$`)
	speedWord  = regexp.MustCompile(`^\d+$`)
	addrPair   = regexp.MustCompile(`^[\w.-]*:[\w.-]*$`)
	nicName    = regexp.MustCompile(`^nic-|^(eth|en[opsx]|wlan|br)\w*$`)
)

// other takes a word that is no option: a line, a speed, a pair of addresses.
func (p *pppd) other(o *opt, w word) {
	o.name, o.arg = "", w.text
	switch {
	case speedWord.MatchString(w.text):
		p.d.put("speed", w.text, o.was())
	case strings.HasPrefix(w.text, "/"):
		p.device = path.Clean(w.text)
		p.d.put("device", p.device, o.was())
	case deviceName.MatchString(w.text):
		p.device = "/dev/" + w.text
		p.d.put("device", p.device, o.was())
	case nicName.MatchString(w.text):
		p.j.fail(o.at, "%s: %s", w.text, whyEthernet)
		p.d.none(o.was(), whyEthernet)
	case addrPair.MatchString(w.text) && w.text != ":":
		p.addresses(o)
	default:
		if p.password != nil && p.password.at == o.at { // it may be a part of it
			p.j.fail(o.at, "a word behind the password is no option of pppd; quotes hold a password with blanks together")
			return
		}
		p.j.fail(o.at, "pppd has no option %s", quotedIf(w.text))
		p.d.none(o.was(), "pppd has no such option")
	}
}

// addresses takes LOCAL:REMOTE.
func (p *pppd) addresses(o *opt) {
	local, remote, _ := strings.Cut(o.arg, ":")
	if local != "" {
		p.local, p.localText = o, local
	}
	if remote != "" {
		p.remote, p.peerText = o, remote
	}
}

// include reads the options file that call or file names.
func (p *pppd) include(o *opt) {
	name := o.arg
	if o.name == "call" {
		name = path.Join(path.Dir(p.main), o.arg)
		if dir := p.etc(); dir != "" {
			name = path.Join(dir, "peers", o.arg)
		}
	}
	f, ok := p.j.open(name, o.at.file, optionsFile)
	if !ok && o.name == "call" {
		f, ok = p.j.open(path.Join("/etc/ppp/peers", o.arg), o.at.file, optionsFile)
	}
	switch {
	case !ok:
		p.j.fail(o.at, "%s %s: the file cannot be read, give it as well", o.name, o.arg)
	case slices.Contains(p.stack, f.Name):
		p.j.fail(o.at, "%s %s: the files call each other in a circle", o.name, o.arg)
	default:
		p.readFile(f)
	}
}

// number reads a number as pppd does: octal and hexadecimal too.
func (p *pppd) number(o *opt) (int64, bool) {
	n, err := strconv.ParseInt(o.arg, 0, 64)
	if err != nil {
		p.j.fail(o.at, "%s %s: not a number", o.name, quotedIf(o.arg))
		p.d.none(o.was(), "not a number")
		return 0, false
	}
	return n, true
}

// finish makes settings of what the options say together.
func (p *pppd) finish() {
	d := p.d
	p.line()
	p.scripts()
	p.mode()
	p.addressSets()
	p.routes()
	p.sends()
	p.sizes()
	p.echoes()
	p.unsaid()
	d.fold("ccp", "tx_bsd", "rx_bsd", "tx_deflate", "rx_deflate", "tx_predictor1", "rx_predictor1")
	if s := d.get("vj_comp"); s != nil && s.word == "-vj_comp" {
		d.fold("vj_comp", "vj_compslot", "vj_slots")
	}
	if s := d.get("ipv6"); s != nil {
		d.fold("ipv6", "localif", "remoteif", "add_route6")
	}
	p.hooks()
	p.receives()
}

// sizes are those of packets.
func (p *pppd) sizes() {
	d := p.d
	switch {
	case p.mtu != nil:
		d.put("mtu", p.mtu.arg, p.mtu.was())
		if p.mru != nil && p.mru.arg != p.mtu.arg {
			d.none(p.mru.was(), "mtu= is also what we are ready to receive; the larger packets of the peer get through all the same")
		} else if p.mru != nil {
			d.put("mtu", p.mtu.arg, p.mtu.was(), p.mru.was().text)
		}
	case p.mru != nil:
		d.put("mtu", p.mru.arg, p.mru.was(), "both directions")
	}
}

// line is what the line is made of.
func (p *pppd) line() {
	d := p.d
	if p.pty != nil {
		d.put("device", "exec:"+p.pty.arg, p.pty.was())
		p.device = "exec:"
	}
	if p.flow != nil {
		p.flowControl()
	} else if strings.HasPrefix(p.device, "/") {
		d.put("flow", "none", was{}, "pppd sets no flow control unless it is told to")
	}
}

func (p *pppd) flowControl() {
	how := map[string]string{"crtscts": "rtscts", "xonxoff": "xon"}[p.flow.name]
	if how == "" {
		how = "none"
	}
	p.d.put("flow", how, p.flow.was())
}

// scripts are the dialogues.
func (p *pppd) scripts() {
	d := p.d
	var before []step
	if o := p.init; o != nil {
		s, ok := p.j.chatCommand(o.arg, o.at)
		c, known := recognise(steps(s.words))
		switch {
		case ok && known && c.dial == nil && p.connect != nil:
			before = steps(s.words)
		case ok && known && c.dial == nil:
			d.takes(c)
		default:
			p.j.warn(o.at, "init: only chat scripts of AT commands can be taken over, as modem_init=")
			d.none(o.was(), "only chat scripts of AT commands can be taken over, as modem_init=")
		}
	}
	if o := p.connect; o != nil {
		if s, ok := p.j.chatCommand(o.arg, o.at); ok {
			d.dials(before, s, o.was())
		} else {
			d.put("connect_cmd", o.arg, o.was(), "stays a program")
		}
	}
	if o := p.welcome; o != nil {
		s, ok := p.j.chatCommand(o.arg, o.at)
		if ok && !d.has("login_chat") && !d.has("connect_cmd") {
			d.put("login_chat", ours(steps(s.words)), o.was())
		} else {
			p.j.warn(o.at, "welcome: what is to run before PPP begins can only be a chat script, as login_chat=")
			d.none(o.was(), "what runs before PPP begins can only be a chat script, as login_chat=")
		}
	}
	if o := p.disconnect; o != nil {
		if s, ok := p.j.chatCommand(o.arg, o.at); ok && len(s.words) > 0 {
			d.put("hangup_chat", ours(steps(s.words)), o.was())
		} else {
			p.j.warn(o.at, "disconnect: only chat scripts can be taken over, as hangup_chat=; without one ppp hangs up by escape, ATH and DTR")
			d.none(o.was(), "without a hangup_chat= ppp hangs up by escape, ATH and DTR")
		}
	}
}

// mode is who calls, and when.
func (p *pppd) mode() {
	d := p.d
	switch {
	case p.device == "":
		d.flag("in", was{}, "no line is named: as pppd's, the line is the standard input; make ppp the login shell of an account with this label, or add device=")
	case p.demand != nil:
		d.flag("quiet", p.demand.was())
		if p.silent != nil {
			d.none(p.silent.was(), "quiet calls, and who calls begins")
		}
		if p.end != nil {
			d.none(p.end.was(), "quiet waits for the next packet")
		}
	case p.silent != nil:
		d.flag("in", p.silent.was(), "the peer begins")
	case p.persist != nil:
		d.flag("camp", p.persist.was())
	}
	if p.persist != nil && p.demand != nil {
		d.none(p.persist.was(), "quiet calls again by itself")
	}
	p.idleness()
}

// addressSets are the addresses of both sides.
func (p *pppd) addressSets() {
	d := p.d
	for _, side := range []struct {
		key, text  string
		by, accept *opt
	}{{"localhost", p.localText, p.local, p.acceptLocal}, {"remotehost", p.peerText, p.remote, p.acceptRemote}} {
		switch {
		case side.by != nil && side.accept != nil:
			d.put(side.key, "0", side.by.was(), side.accept.was().text, "the peer's idea counts")
		case side.by != nil:
			d.put(side.key, side.text, side.by.was())
		case side.accept != nil:
			d.put(side.key, "0", side.accept.was())
		}
	}
}

// routes are the routes and name servers.
func (p *pppd) routes() {
	d := p.d
	if p.defaultRoute != nil {
		d.flag("add_route", p.defaultRoute.was())
		if p.replaceRoute != nil {
			d.flag("replace_route", p.replaceRoute.was())
		}
	} else if p.replaceRoute != nil {
		d.none(p.replaceRoute.was(), "it says something only beside defaultroute")
	}
	switch {
	case p.peerDNS != nil:
		d.flag("dns", p.peerDNS.was())
	case p.device != "":
		d.flag("-dns", was{}, "pppd leaves the name servers alone without usepeerdns")
	}
}

// echoes are LCP's Echo-Requests.
func (p *pppd) echoes() {
	d := p.d
	if o := p.echo; o != nil {
		if n, ok := p.number(o); ok {
			why := []string{}
			if n > 120 {
				why = append(why, "120 is the most")
				n = 120
			}
			if n == 0 {
				d.flag("-LCP_ECHOS", o.was())
			} else {
				d.put("LCP_ECHO_INTERVAL", strconv.FormatInt(n, 10), o.was(), why...)
			}
		}
	}
	if o := p.echoFails; o != nil {
		n, ok := p.number(o)
		switch {
		case ok && n > 0:
			d.put("lcp_echo_fails", strconv.FormatInt(n, 10), o.was())
		case ok && !d.has("LCP_ECHOS"):
			d.drop("LCP_ECHO_INTERVAL")
			d.flag("-LCP_ECHOS", o.was(), "the only way not to take the peer for dead")
		case ok:
			d.none(o.was(), "no echoes are asked for")
		}
	}
}

// hooks says how pppd's scripts can go on.
func (p *pppd) hooks() {
	if p.device != "" && !p.d.has("up_cmd") {
		p.d.remark("pppd also ran /etc/ppp/ip-up and ip-down; to keep that: up_cmd=/etc/ppp/ip-up down_cmd=/etc/ppp/ip-down")
	}
}
