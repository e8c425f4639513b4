package convert

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A wvSection is a [Dialer NAME] of wvdial.conf with its keys, in lower case and
// without blanks in them.
type wvSection struct {
	name string
	at   place
	keys map[string]iniKey
	list []string // the keys in their order
}

// wvdial makes an entry of each section; what it inherits stands in it.
func (j *job) wvdial(in *input) {
	var sections []*wvSection
	byName := make(map[string]*wvSection)
	var now *wvSection
	for _, k := range j.ini(in.File) {
		if k.key == "" {
			name, ok := cutFold(k.section, "dialer ")
			if !ok {
				j.fail(k.at, "wvdial's sections are [Dialer NAME], not [%s]", k.section)
				now = nil
				continue
			}
			if now = byName[strings.ToLower(name)]; now == nil {
				now = &wvSection{name: name, at: k.at, keys: make(map[string]iniKey)}
				byName[strings.ToLower(name)] = now
				sections = append(sections, now)
			}
			continue
		}
		if now == nil {
			j.fail(k.at, "%s stands in no [Dialer NAME]", quotedIf(k.key))
			continue
		}
		now.set(k)
	}
	for _, s := range sections {
		all := &wvSection{name: s.name, at: s.at, keys: make(map[string]iniKey)}
		all.inherit(j, byName, "defaults", nil)
		all.inherit(j, byName, strings.ToLower(s.name), nil)
		name := s.name
		if strings.EqualFold(name, "defaults") {
			name = "wvdial"
		}
		j.wvEntry(name, all)
	}
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) <= len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func (s *wvSection) set(k iniKey) {
	name := strings.ReplaceAll(strings.ToLower(k.key), " ", "")
	switch name {
	case "init":
		name = "init1"
	case "username", "login":
		name = "login"
	}
	if _, ok := s.keys[name]; ok {
		s.list = slices.DeleteFunc(s.list, func(x string) bool { return x == name })
	}
	s.keys[name] = k
	s.list = append(s.list, name)
}

// inherit takes the keys of a section and of those that it inherits.
func (s *wvSection) inherit(j *job, byName map[string]*wvSection, name string, chain []string) {
	from := byName[name]
	if from == nil || slices.Contains(chain, name) {
		return
	}
	chain = append(chain, name)
	if k, ok := from.keys["inherits"]; ok {
		for _, n := range strings.Split(k.value, ",") {
			n, _ = strings.CutPrefix(strings.ToLower(strings.TrimSpace(n)), "dialer ")
			if byName[n] == nil {
				j.fail(k.at, "Inherits: there is no [Dialer %s]", n)
			}
			s.inherit(j, byName, n, chain)
		}
	}
	for _, n := range from.list {
		if n != "inherits" {
			s.set(from.keys[n])
		}
	}
}

// no tells the values that mean no.
func no(v string) bool {
	switch strings.ToLower(v) {
	case "no", "off", "false", "0", "n", "":
		return true
	}
	return false
}

// wvNeedless are the keys without a counterpart, and why.
var wvNeedless = map[string]string{
	"pppdpath": "there is no pppd", "newpppd": "there is no pppd",
	"checkdns": "monitor= shows whether anything passes", "dnstest1": "monitor= shows whether anything passes", "dnstest2": "monitor= shows whether anything passes",
	"checkdefroute":     "routes are watched over",
	"remotename":        "one entry is for one peer, whatever its name",
	"askpassword":       whyPrompt,
	"abortonbusy":       "a number that is busy is tried again, modtries= times",
	"abortonnodialtone": "a call without a dial tone is tried again, modtries= times",
	"dialtimeout":       whyTimes,
	"modemtype":         "all modems are asked what they are", "isdn": "a terminal adapter is a modem; ISDN cards do not exist here",
	"setvolume": "ATM and ATL as modem_init= do that", "dialmessage1": whyTelling, "dialmessage2": whyTelling,
	"compuserve": "a login_chat= for it must be written", "tonline": "a login_chat= for it must be written",
	"defaultreply": "login_chat= answers prompts, nothing is guessed", "provider": whyTelling, "product": whyTelling, "homepage": whyTelling, "country": whyTelling,
}

// wvEntry makes the entry of a section with all that it inherits.
func (j *job) wvEntry(name string, s *wvSection) {
	d := j.draft(name)
	get := func(key string) (iniKey, bool) {
		k, ok := s.keys[key]
		return k, ok && k.value != ""
	}
	if k, ok := get("modem"); ok {
		device := k.value
		if !strings.HasPrefix(device, "/") {
			device = "/dev/" + device
		}
		d.put("device", device, k.was())
	} else {
		d.put("device", "auto", was{}, "wvdial's default is /dev/modem")
	}
	if k, ok := get("baud"); ok {
		d.put("speed", k.value, k.was())
	}
	d.wvCall(s)
	d.wvLogin(s)
	if k, ok := get("carriercheck"); ok && no(k.value) {
		d.flag("local", k.was())
	} else if ok {
		d.none(k.was(), whyDefault)
	}
	d.flag("add_route", was{}, "wvdial always made the default route")
	if k, ok := get("autodns"); ok && no(k.value) {
		d.flag("-dns", k.was())
	} else {
		d.flag("dns", orNothing(k, ok))
	}
	if k, ok := get("forceaddress"); ok {
		d.put("localhost", k.value, k.was())
	}
	again, hasAgain := get("autoreconnect")
	once := hasAgain && no(again.value)
	idle, hasIdle := get("idleseconds")
	switch {
	case hasIdle && idle.value != "0":
		why := "the next packet calls again"
		if once {
			why = whyCallsAgain
			j.warn(idle.at, "%s: %s", idle.was().text, why)
		}
		d.put("inactive_timeout", idle.value, idle.was(), why)
		if hasAgain {
			d.none(again.was(), whyNextPacket)
		}
	case once:
		d.none(again.was(), "ppp ends with the link unless camp says otherwise")
	default:
		d.flag("camp", orNothing(again, hasAgain), "wvdial calls again when the link breaks")
	}
	if k, ok := get("dialattempts"); ok {
		if k.value == "0" {
			d.none(k.was(), "with camp ppp never gives up for good")
		} else {
			d.put("modtries", k.value, k.was())
		}
	}
	j.wvRest(d, s)
}

func orNothing(k iniKey, ok bool) was {
	if ok {
		return k.was()
	}
	return was{}
}

// wvEnds are the answers at which wvdial gives a call up.
var wvEnds = []string{"BUSY", "NO CARRIER", "NO DIALTONE", "NO DIAL TONE", "NO ANSWER", "VOICE", "ERROR"}

// wvInit1 is what wvdial says first unless Init1 is there.
const wvInit1 = "ATZ"

// wvText makes a script's word of what wvdial sends as it stands.
var wvText = strings.NewReplacer(`\`, `\\`, `^`, `\^`)

// wvCall is what is said to the modem.
func (d *draft) wvCall(s *wvSection) {
	var words []word
	send := func(text string, at place) {
		words = append(words, word{text: "OK", at: at}, word{text: wvText.Replace(text), at: at})
	}
	for n := '1'; n <= '9'; n++ {
		if k, ok := s.keys["init"+string(n)]; ok && k.value != "" {
			send(k.value, k.at)
		}
	}
	_, given := s.keys["init1"]
	command, prefix := "ATDT", ""
	for _, n := range []string{"dialcommand", "dialprefix", "areacode"} {
		k, ok := s.keys[n]
		if !ok || k.value == "" {
			continue
		}
		switch n {
		case "dialcommand":
			command = k.value
		case "dialprefix":
			prefix = k.value + ","
		case "areacode":
			prefix += k.value
		}
		d.none(k.was(), "it is in the number")
	}
	var phones []iniKey
	for _, n := range []string{"", "1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		k, ok := s.keys["phone"+n]
		if !ok || k.value == "" {
			continue
		}
		if phones = append(phones, k); len(phones) == 1 {
			send(command+prefix+k.value, k.at)
			words = append(words, word{text: "CONNECT", at: k.at})
		}
	}
	c, ok := recognise(steps(words))
	if !ok || len(phones) > 0 && (c.dial == nil || !plainNumber.MatchString(c.number)) {
		var whole []word
		for _, text := range wvEnds {
			whole = append(whole, word{text: "ABORT"}, word{text: text})
		}
		if !given {
			whole = append(whole, word{}, word{text: wvInit1})
		} else {
			words[0].text = "" // there is no command yet that is OK
		}
		if len(phones) > 1 && d.wvNumbers(prefix, phones) {
			words[len(words)-2].text = wvText.Replace(command) + `\D`
		}
		d.put("chat", ours(steps(append(whole, words...))), was{s.at, "Init and Phone"}, whyWhole)
		return
	}
	if len(phones) == 0 {
		d.remark("there is no Phone: phone= or apn= is missing")
	}
	c.rename(s)
	others := d.settings
	d.settings = nil
	if !given {
		d.add("modem_init", wvInit1, was{}, "wvdial's default")
	}
	d.takes(c)
	if strings.EqualFold(command, "ATDP") {
		prefix = "P" + prefix
	}
	for _, k := range phones[min(1, len(phones)):] {
		d.add("phone", prefix+k.value, k.was())
	}
	d.settings = append(d.settings, others...)
}

// wvNumbers makes phone= of the numbers that a script shall dial in turn. Those of
// which it can have one only are told.
func (d *draft) wvNumbers(prefix string, phones []iniKey) bool {
	if slices.ContainsFunc(phones, func(k iniKey) bool { return !plainNumber.MatchString(prefix + k.value) }) {
		for _, k := range phones[1:] {
			d.none(k.was(), "chat= has the first number only")
		}
		return false
	}
	for _, k := range phones {
		d.add("phone", prefix+k.value, k.was())
	}
	return true
}

// rename gives the commands of a call the names that they have in wvdial.conf.
func (c *call) rename(s *wvSection) {
	at := make(map[int]was)
	for _, n := range s.list {
		if strings.HasPrefix(n, "init") || strings.HasPrefix(n, "phone") {
			at[s.keys[n].at.line] = s.keys[n].was()
		}
	}
	name := func(cmd *command) {
		if cmd == nil {
			return
		}
		if w, ok := at[cmd.at.line]; ok {
			cmd.shown = w.text
		}
	}
	name(c.apn)
	name(c.pin)
	name(c.dial)
	for i := range c.init {
		name(&c.init[i])
	}
	for i := range c.left {
		name(&c.left[i])
	}
}

// wvLogin is name, password and what a terminal server asks for.
func (d *draft) wvLogin(s *wvSection) {
	login, hasLogin := s.keys["login"]
	password, hasPassword := s.keys["password"]
	stupid, hasStupid := s.keys["stupidmode"]
	prompt, hasPrompt := s.keys["loginprompt"]
	asks, hasAsks := s.keys["passwordprompt"]
	if hasLogin {
		d.put("send_name", login.value, login.was())
	}
	if hasPassword && (password.value != "" || hasLogin) {
		d.put("send_passwd", password.value, password.was())
		d.insert(&setting{key: "send_passwd", word: "send_pap send_chap send_mschap send_eap"}, was{}, []string{"whichever the peer asks for"})
	}
	straight := hasStupid && !no(stupid.value)
	switch {
	case straight:
		d.none(stupid.was(), "PPP begins at once, unless there is a login_chat=")
	case (hasPrompt || hasAsks) && hasLogin && hasPassword:
		name, pass := "ogin:", "ssword:"
		var w []string
		if hasPrompt {
			name = prompt.value
			w = append(w, prompt.was().text)
		}
		if hasAsks {
			pass = asks.value
			w = append(w, asks.was().text)
		}
		d.put("login_chat", strings.Join([]string{
			inQuotes(literal(name)), inQuotes(literal(login.value)), inQuotes(literal(pass)), inQuotes(`\q` + literal(password.value)),
		}, " "), was{prompt.at, strings.Join(w, ", ")})
	case !d.has("apn") && !strings.Contains(phoneOf(d), "*99"):
		d.remark("wvdial answered a login that came before PPP by guessing; if there is one: login_chat='ogin: NAME ssword: \\qPASSWORD'")
	}
	if hasStupid && no(stupid.value) {
		d.none(stupid.was(), "nothing is guessed")
	}
}

func phoneOf(d *draft) string {
	if s := d.get("phone"); s != nil {
		return s.value
	}
	return ""
}

// literal writes a text for an expect-send value: minus signs and backslashes
// are themselves.
func literal(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' || c == '^' || c == '-':
			b.WriteString(`\` + string(rune(c)))
		default:
			plain(&b, c)
		}
	}
	return b.String()
}

// wvRest says something of all other keys.
func (j *job) wvRest(d *draft, s *wvSection) {
	known := []string{"modem", "baud", "login", "password", "stupidmode", "loginprompt", "passwordprompt", "carriercheck", "autodns",
		"forceaddress", "autoreconnect", "idleseconds", "dialattempts", "dialcommand", "dialprefix", "areacode"}
	for _, n := range s.list {
		k := s.keys[n]
		why, needless := wvNeedless[n]
		switch {
		case slices.Contains(known, n), isNumbered(n, "init"), isNumbered(n, "phone"):
		case needless:
			d.none(k.was(), why)
		case n == "flowcontrol":
			if strings.Contains(strings.ToLower(k.value), "soft") || strings.Contains(strings.ToLower(k.value), "xon") {
				d.put("flow", "xon", k.was())
			} else if no(k.value) || strings.EqualFold(k.value, "none") {
				d.put("flow", "none", k.was())
			} else {
				d.put("flow", "rtscts", k.was())
			}
		case n == "pppdoption":
			j.wvOptions(d, k)
		default:
			j.fail(k.at, "wvdial has no setting %s", quotedIf(k.key))
			d.none(k.was(), "wvdial has no such setting")
		}
	}
}

// wvOptions takes options for pppd.
func (j *job) wvOptions(d *draft, k iniKey) {
	p := &pppd{j: j, d: d, main: k.at.file, device: "wvdial", refuse: make(map[string]*opt), require: make(map[string]*opt)}
	words := optionWords(k.at.file, []byte(k.value), nil)
	for i := range words {
		words[i].at = k.at
	}
	p.words(words)
	if p.flow != nil {
		p.flowControl()
	}
	p.addressSets()
	p.sizes()
	p.echoes()
	if p.user != nil {
		d.put("send_name", p.user.arg, p.user.was())
	}
	if p.password != nil {
		had := d.get("send_passwd")
		d.put("send_passwd", p.password.arg, p.password.was())
		if d.get("send_passwd") != had {
			p.willing(true, true)
		}
	}
	for _, r := range []struct{ name, word string }{{"refuse-pap", "-send_pap"}, {"refuse-chap", "-send_chap"}, {"refuse-mschap-v2", "-send_mschap"}, {"refuse-eap", "-send_eap"}} {
		if o := p.refuse[r.name]; o != nil {
			d.flag(r.word, o.was())
		}
	}
	for _, f := range []struct {
		o    *opt
		word string
	}{{p.defaultRoute, "add_route"}, {p.replaceRoute, "replace_route"}, {p.peerDNS, "dns"}} {
		if f.o != nil {
			d.flag(f.word, f.o.was())
		}
	}
	rest := []*opt{
		p.pty, p.connect, p.init, p.disconnect, p.welcome, p.name, p.peer,
		p.auth, p.login, p.demand, p.silent, p.persist, p.end, p.idle,
	}
	for _, name := range slices.Sorted(maps.Keys(p.require)) {
		rest = append(rest, p.require[name])
	}
	for _, o := range rest {
		if o != nil {
			d.none(o.was(), "there is no counterpart to this PPPD Option")
		}
	}
}

func isNumbered(s, prefix string) bool {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return false
	}
	_, err := strconv.Atoi(rest)
	return rest == "" || err == nil
}
