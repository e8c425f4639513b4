package convert

import (
	"path"
	"strings"
)

// A shellVar is one KEY=VALUE of a file that a shell reads.
type shellVar struct {
	key, value string
	at         place
}

func (v shellVar) was() was {
	value := v.value
	if v.key == "PASSWORD" {
		value = hidden
	}
	return was{v.at, v.key + "=" + value}
}

// shellVars reads KEY=VALUE lines.
func (j *job) shellVars(f File) []shellVar {
	var vars []shellVar
	line := 0
	for l := range strings.Lines(strings.TrimPrefix(string(f.Src), "\ufeff")) {
		line++
		at := place{f.Name, line}
		l = strings.TrimSpace(l)
		l = strings.TrimSpace(strings.TrimPrefix(l, "export "))
		if l == "" || l[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(l, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t\"'") {
			j.fail(at, "not KEY=VALUE")
			continue
		}
		value = strings.TrimSpace(value)
		value = withoutComment(value)
		words, plain := shellWords(value)
		switch {
		case plain:
			value = strings.Join(words, " ")
		case !strings.ContainsAny(value, "\"'`$("):
			// a sign that a shell would stop at, and that was meant as it stands
		default:
			j.fail(at, "%s: only a shell can tell what the value is", key)
			continue
		}
		vars = append(vars, shellVar{key, value, at})
	}
	return vars
}

// withoutComment cuts a value at a # behind a blank and outside quotes.
func withoutComment(s string) string {
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || s[i-1] == ' ' || s[i-1] == '\t'):
			return strings.TrimSpace(s[:i])
		}
	}
	return s
}

// modules are the lines of the modems that the service knows by name.
var modules = map[string]string{
	"LISA-U200": "/dev/ttyLISA0", "KYM11": "/dev/ttyKYM11", "UM03-KO": "/dev/ttyUM03KO0", "AMP520": "/dev/ttyAMP0",
}

// carriers are the operators that CARRIERID numbers, where one PLMN is theirs.
var carriers = map[string]string{"1": "44010", "3": "44020"}

// gateway makes an entry of /etc/default/ppp of a gateway's PPP service.
func (j *job) gateway(in *input) {
	vars := make(map[string]shellVar)
	var list []string
	for _, v := range j.shellVars(in.File) {
		if _, ok := vars[v.key]; !ok {
			list = append(list, v.key)
		}
		vars[v.key] = v
	}
	get := func(key string) (shellVar, bool) { v, ok := vars[key]; return v, ok && v.value != "" }
	yes := func(key string) bool { v, ok := get(key); return ok && !no(v.value) }

	name := "ppp0"
	provider, hasProvider := get("PROVIDER")
	switch {
	case hasProvider:
		name = provider.value
	case base(in.Name) != "ppp":
		name = base(in.Name)
	}
	d := j.draft(name)
	followed := false
	if hasProvider {
		followed = j.provider(d, provider)
	}
	for _, key := range list {
		v := vars[key]
		if v.value == "" {
			continue
		}
		row, ok := gatewayKeys[key]
		switch {
		case !ok:
			j.fail(v.at, "the service has no setting %s", quotedIf(key))
			d.none(v.was(), "the service has no such setting")
		case followed && peersKeys[key]:
			d.none(v.was(), "with PROVIDER the peers file counts")
		case row == nil: // several keys decide together, below
		default:
			row(d, v)
		}
	}
	if !followed {
		d.gatewayCall(get, yes)
	}
	if v, ok := get("PERSIST"); ok && !d.has("quiet") {
		if yes("PERSIST") {
			d.flag("camp", v.was())
		} else {
			d.none(v.was(), "ppp ends with the link unless camp says otherwise")
		}
	} else if ok {
		d.none(v.was(), "quiet calls again by itself")
	}
	d.gatewayMonitor(get, yes)
}

// provider converts the peers file that PROVIDER names.
func (j *job) provider(d *draft, v shellVar) bool {
	f, ok := j.open(path.Join("/etc/ppp/peers", v.value), v.at.file, optionsFile)
	if !ok {
		j.fail(v.at, "PROVIDER: the file %s of peers cannot be read, give it as well", v.value)
		d.remark("the settings of the peers file %s are missing", v.value)
		return false
	}
	p := j.pppd(d, f)
	p.common(&input{File: f})
	p.readFile(f)
	p.finish()
	return true
}

// gatewayKeys are the settings of the service; those without a function are
// taken together with others.
var gatewayKeys = map[string]func(*draft, shellVar){
	"START": func(d *draft, v shellVar) {
		if no(v.value) {
			d.none(v.was(), "systemctl disable ppp@"+d.label)
		} else {
			d.none(v.was(), "systemctl enable ppp@"+d.label)
		}
	},
	"PROVIDER": nil, "PERSIST": nil, "APN": nil, "PDPTYPE": nil, "DEMAND": nil, "IDLE": nil,
	"AUTH": nil, "ACCOUNT": nil, "PASSWORD": nil,
	"MONITOR": nil, "MONITOR_TARGET": nil, "MONITOR_INTERVAL": nil, "MONITOR_FAIL": nil,
	"MONITOR_LOG":   func(d *draft, v shellVar) { d.none(v.was(), "pppstat shows the probes, the log what fails") },
	"CONNECT_OK":    func(d *draft, v shellVar) { d.none(v.was(), "nothing is remembered of earlier calls") },
	"RESET_ON_FAIL": gatewayFlag("reset_on_fail"),
	"RESET_ALWAYS":  gatewayFlag("reset_always"),
	"RESET_WAIT":    gatewayValue("reset_wait"),
	"HOLDOFF":       gatewayValue("modwait"),
	"RETRY":         gatewayValue("modtries"),
	"RESET_AT": func(d *draft, v shellVar) {
		for _, t := range strings.FieldsFunc(v.value, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			if len(t) == len("3:00") {
				t = "0" + t
			}
			d.add("reset_at", t, v.was())
		}
	},
	"LOCALADDR":  gatewayValue("localhost"),
	"REMOTEADDR": gatewayValue("remotehost"),
	"NETMASK":    gatewayValue("netmask"),
	"DEFAULTROUTE": func(d *draft, v shellVar) {
		if no(v.value) {
			d.none(v.was(), whyDefault)
			return
		}
		d.flag("add_route", v.was())
		d.flag("replace_route", was{}, "as the service did")
	},
	"DEVICE": func(d *draft, v shellVar) {
		name := v.value
		switch {
		case strings.EqualFold(name, "AUTO"):
			d.put("device", "auto", v.was())
		case modules[strings.ToUpper(name)] != "":
			d.put("device", modules[strings.ToUpper(name)], v.was())
			d.put("speed", "460800", was{}, "as the service did")
		case strings.HasPrefix(name, "tty") || strings.HasPrefix(name, "/"):
			d.put("device", path.Join("/dev", strings.TrimPrefix(name, "/dev/")), v.was())
			d.put("speed", "460800", was{}, "as the service did")
		default:
			d.put("device", "auto", v.was(), "the line of this module is not known; auto is the first tty that answers AT")
		}
	},
	"NETMODE": func(d *draft, v shellVar) {
		if strings.EqualFold(v.value, "NONE") {
			d.none(v.was(), "the modem keeps its mode")
			return
		}
		d.put("net_mode", strings.ToLower(v.value), v.was())
	},
	"CARRIERID": func(d *draft, v shellVar) {
		switch {
		case carriers[v.value] != "":
			d.put("carrier", carriers[v.value], v.was())
		case v.value == "2" || v.value == "5":
			d.none(v.was(), "this operator has several numbers, the SIM card knows them; to insist on one: carrier=44050")
		case v.value == "4":
			d.none(v.was(), "the modem chooses")
		default:
			d.put("carrier", v.value, v.was())
		}
	},
}

// peersKeys are the settings that the peers file takes the place of.
var peersKeys = map[string]bool{
	"DEVICE": true, "LOCALADDR": true, "REMOTEADDR": true, "NETMASK": true, "DEFAULTROUTE": true, "NETMODE": true, "CARRIERID": true,
	"APN": true, "PDPTYPE": true, "DEMAND": true, "IDLE": true, "AUTH": true, "ACCOUNT": true, "PASSWORD": true,
}

func gatewayFlag(key string) func(*draft, shellVar) {
	return func(d *draft, v shellVar) {
		if no(v.value) {
			d.none(v.was(), whyDefault)
		} else {
			d.flag(key, v.was())
		}
	}
}

func gatewayValue(key string) func(*draft, shellVar) {
	return func(d *draft, v shellVar) { d.put(key, v.value, v.was()) }
}

// gatewayCall is the call, the mode and the credentials.
func (d *draft) gatewayCall(get func(string) (shellVar, bool), yes func(string) bool) {
	if !d.has("device") {
		d.put("device", "auto", was{}, "the first tty that answers AT")
	}
	if v, ok := get("APN"); ok {
		t, hasType := get("PDPTYPE")
		if hasType && !strings.EqualFold(t.value, "IP") {
			d.put("apn", v.value+","+strings.ToUpper(t.value), was{v.at, v.was().text + ", " + t.was().text})
		} else {
			d.put("apn", v.value, v.was())
			if hasType {
				d.none(t.was(), whyDefault)
			}
		}
	} else {
		d.remark("there is no APN: apn= is missing")
	}
	idle, hasIdle := get("IDLE")
	if v, ok := get("DEMAND"); ok && yes("DEMAND") {
		d.flag("quiet", v.was())
		switch {
		case !hasIdle:
			d.neverIdle(was{})
		case idle.value == "0":
			d.neverIdle(idle.was())
		default:
			d.put("inactive_timeout", idle.value, idle.was())
		}
	} else {
		if ok {
			d.none(v.was(), whyDefault)
		}
		if hasIdle {
			d.none(idle.was(), "it counts with DEMAND only")
		}
	}
	account, hasAccount := get("ACCOUNT")
	password, hasPassword := get("PASSWORD")
	auth, hasAuth := get("AUTH")
	switch strings.ToUpper(auth.value) {
	case "CHAP":
		d.flag("send_chap", auth.was())
	case "PAP":
		d.flag("send_pap", auth.was())
	case "NOAUTH":
		d.none(auth.was(), "without a name none is sent")
		return
	case "":
	default:
		d.j.fail(auth.at, "AUTH is CHAP, PAP or NOAUTH")
		d.none(auth.was(), "it is CHAP, PAP or NOAUTH")
	}
	if hasAccount || hasPassword || hasAuth {
		w := was{}
		if hasAccount {
			w = account.was()
		}
		d.put("send_name", account.value, w)
	}
	if hasPassword {
		d.put("send_passwd", password.value, password.was())
	}
	d.flag("dns", was{}, "as the service did")
}

// gatewayMonitor is the watch over the connection.
func (d *draft) gatewayMonitor(get func(string) (shellVar, bool), yes func(string) bool) {
	v, ok := get("MONITOR")
	if !ok {
		return
	}
	if !yes("MONITOR") || !yes("PERSIST") {
		why := whyDefault
		if yes("MONITOR") {
			why = "it counts with PERSIST only"
		}
		for _, key := range []string{"MONITOR", "MONITOR_TARGET", "MONITOR_INTERVAL", "MONITOR_FAIL"} {
			if v, ok := get(key); ok {
				d.none(v.was(), why)
			}
		}
		return
	}
	if t, ok := get("MONITOR_TARGET"); ok {
		d.put("monitor", t.value, was{v.at, v.was().text + ", " + t.was().text})
	} else {
		d.put("monitor", "auto", v.was())
	}
	for _, x := range []struct{ from, key string }{{"MONITOR_INTERVAL", "monitor_secs"}, {"MONITOR_FAIL", "monitor_fails"}} {
		if v, ok := get(x.from); ok {
			d.put(x.key, v.value, v.was())
		}
	}
}
