package convert

import (
	"strconv"
	"strings"

	"pppdial/conf"
)

// keyfileRow says what one key of a NetworkManager keyfile becomes, "SECTION.KEY".
type keyfileRow func(d *draft, k iniKey)

// keyfile makes an entry of a keyfile of type gsm or cdma.
func (j *job) keyfile(in *input) {
	var keys []iniKey
	values := make(map[string]string)
	for _, k := range j.ini(in.File) {
		if k.key == "" {
			continue
		}
		k.value = unescaped(k.value)
		keys = append(keys, k)
		values[k.section+"."+k.key] = k.value
	}
	if t := values["connection.type"]; t != "gsm" && t != "cdma" {
		j.fail(place{in.Name, 0}, "a connection of type %s: only gsm (and cdma) can be taken over", quotedIf(t))
		return
	}
	name := values["connection.id"]
	if name == "" {
		name = strings.TrimSuffix(base(in.Name), ".nmconnection")
	}
	d := j.draft(name)
	d.flag("camp", was{}, "NetworkManager keeps the connection up")
	noIPv4 := values["ipv4.method"] == "disabled"
	if !noIPv4 && values["ipv4.never-default"] != "true" {
		d.flag("add_route", was{})
	}
	d.flag("dns", was{})
	for _, k := range keys {
		id := k.section + "." + k.key
		row, ok := keyfileRows[id]
		switch {
		case ok && row != nil:
			row(d, k)
		case ok:
		case k.section == "ipv4" && isNumbered(k.key, "route") && !noIPv4:
			d.keyfileRoute(k)
		case isNumbered(strings.TrimSuffix(k.key, "_options"), "route"):
			d.keyfileNoRoute(k)
		case id == "ipv4.dns", id == "ipv6.dns":
			d.keyfileServers(k, values[k.section+".ignore-auto-dns"] == "true")
		case keyfileSections[k.section]:
			d.none(k.was(), "ppp has no such setting")
		default:
			d.none(was{k.at, "[" + k.section + "] " + k.was().text}, "it is not about the link")
		}
	}
	if !d.has("device") {
		d.put("device", "auto", was{}, "the connection names no line; auto is the first tty that answers AT")
	}
	if d.has("apn") {
		if n := d.get("phone"); n != nil && n.value == "*99***1#" {
			d.drop("phone")
			d.none(n.was[0], whyNumber)
		}
	} else if !d.has("phone") {
		if values["connection.type"] == "cdma" {
			d.put("phone", "#777", was{}, "the number of CDMA networks")
		} else {
			d.put("phone", "*99#", was{}, "the context of the SIM card")
		}
	}
	own := values["connection.type"] + "."
	if _, ok := values[own+"username"]; ok {
		var words []string
		for _, p := range []struct{ refuse, word string }{
			{"refuse-pap", "send_pap"}, {"refuse-chap", "send_chap"}, {"refuse-mschapv2", "send_mschap"}, {"refuse-eap", "send_eap"},
		} {
			if values["ppp."+p.refuse] != "true" {
				words = append(words, p.word)
			}
		}
		if len(words) > 0 {
			d.insert(&setting{key: "send_passwd", word: strings.Join(words, " ")}, was{}, []string{"whichever the peer asks for"})
		}
	}
	if flags := values[own+"password-flags"]; flags != "" && flags != "0" && values[own+"password"] == "" {
		j.warn(place{in.Name, 0}, "the password is in a key ring, add send_passwd=")
	}
}

// keyfileRoute takes DESTINATION[,GATEWAY[,METRIC]].
func (d *draft) keyfileRoute(k iniKey) {
	parts := append(strings.Split(k.value, ","), "", "")
	dest, gateway, metric := parts[0], parts[1], parts[2]
	if !strings.Contains(dest, "/") {
		dest += "/32"
	}
	command := strings.TrimSpace("add -net " + dest + " # " + metric)
	if gateway != "" && gateway != "0.0.0.0" || d.j.refused(conf.Word("add_route", command)) != "" {
		d.keyfileNoRoute(k)
		return
	}
	d.add("add_route", command, k.was())
}

func (d *draft) keyfileNoRoute(k iniKey) {
	const why = "only IPv4 routes through the peer can be taken over; write others as add_route= or add_route6="
	d.j.warn(k.at, "%s: %s", k.was().text, why)
	d.none(k.was(), why)
}

// keyfileServers says what becomes of name servers that are not the peer's.
func (d *draft) keyfileServers(k iniKey, only bool) {
	if k.value == "" {
		return
	}
	why := "only the peer's name servers are set; others are set up in the system"
	if only {
		why = "no name servers are set; set these up in the system"
	}
	d.j.warn(k.at, "%s: %s", k.was().text, why)
	d.none(k.was(), why)
}

// keyfileSections are those whose unknown keys are about the link.
var keyfileSections = map[string]bool{"gsm": true, "cdma": true, "ppp": true, "serial": true, "connection": true, "ipv4": true, "ipv6": true}

var keyfileRows = map[string]keyfileRow{
	"connection.id":        nil,
	"connection.type":      nil,
	"connection.uuid":      nil,
	"connection.timestamp": nil,
	"connection.interface-name": func(d *draft, k iniKey) {
		switch {
		case strings.HasPrefix(k.value, "tty"):
			d.put("device", "/dev/"+k.value, k.was())
		case strings.HasPrefix(k.value, "cdc-wdm"):
			d.put("device", "auto", k.was(), "that is the modem's other interface (QMI or MBIM); auto is the first tty that answers AT")
		default:
			d.put("ifname", k.value, k.was())
		}
	},
	"connection.autoconnect": func(d *draft, k iniKey) {
		if k.value == "false" {
			d.drop("camp")
			d.none(k.was(), "systemctl disable ppp@"+d.label)
		}
	},
	"gsm.apn":             func(d *draft, k iniKey) { d.put("apn", k.value, k.was()) },
	"gsm.number":          func(d *draft, k iniKey) { d.put("phone", k.value, k.was()) },
	"cdma.number":         func(d *draft, k iniKey) { d.put("phone", k.value, k.was()) },
	"gsm.username":        func(d *draft, k iniKey) { d.put("send_name", k.value, k.was()) },
	"cdma.username":       func(d *draft, k iniKey) { d.put("send_name", k.value, k.was()) },
	"gsm.password":        func(d *draft, k iniKey) { d.put("send_passwd", k.value, k.was()) },
	"cdma.password":       func(d *draft, k iniKey) { d.put("send_passwd", k.value, k.was()) },
	"gsm.pin":             func(d *draft, k iniKey) { d.put("pin", k.value, k.was()) },
	"gsm.network-id":      func(d *draft, k iniKey) { d.put("carrier", k.value, k.was()) },
	"gsm.home-only":       keyfileNone("carrier= insists on an operator"),
	"gsm.auto-config":     keyfileNone("there is no data base of operators: give apn="),
	"gsm.device-id":       keyfileNone("device=usb:VENDOR:PRODUCT finds a modem wherever it is plugged in"),
	"gsm.sim-id":          keyfileNone("the SIM card is the one in the modem"),
	"gsm.sim-operator-id": keyfileNone("the SIM card is the one in the modem"),
	"gsm.password-flags":  nil, "cdma.password-flags": nil, "gsm.pin-flags": nil,
	"gsm.mtu": keyfileMTU, "cdma.mtu": keyfileMTU, "ppp.mtu": keyfileMTU, "ppp.mru": keyfileMTU,
	"gsm.network-type": func(d *draft, k iniKey) {
		mode := map[string]string{"0": "wcdma", "1": "gsm", "4": "lte"}[k.value]
		if mode == "" {
			d.none(k.was(), "the modem chooses")
			return
		}
		d.put("net_mode", mode, k.was())
	},
	"ppp.lcp-echo-interval": keyfileNumber("LCP_ECHO_INTERVAL"),
	"ppp.lcp-echo-failure":  keyfileNumber("lcp_echo_fails"),
	"ppp.baud":              keyfileNumber("speed"),
	"serial.baud":           keyfileNumber("speed"),
	"serial.bits":           keyfileNone("lines have eight bits"),
	"serial.parity":         keyfileNone("lines have no parity"),
	"serial.stopbits":       keyfileNone("there is one stop bit"),
	"ppp.crtscts": func(d *draft, k iniKey) {
		if k.value == "true" {
			d.put("flow", "rtscts", k.was())
		} else {
			d.put("flow", "none", k.was())
		}
	},
	"ppp.noauth":          keyfileNone("nothing is asked of the peer unless recv_... says so"),
	"ppp.refuse-pap":      keyfileFlag("-send_pap"),
	"ppp.refuse-chap":     keyfileFlag("-send_chap"),
	"ppp.refuse-mschap":   keyfileNone("ppp never uses the first version of MS-CHAP"),
	"ppp.refuse-mschapv2": keyfileFlag("-send_mschap"),
	"ppp.refuse-eap":      keyfileFlag("-send_eap"),
	"ppp.no-vj-comp":      keyfileFlag("-vj_comp"),
	"ppp.nobsdcomp":       func(d *draft, k iniKey) { keyfileFlag("-rx_bsd")(d, k); keyfileFlag("-tx_bsd")(d, k) },
	"ppp.nodeflate":       keyfileNone(whyDefault),
	"ppp.require-mppe":    keyfileCrypt, "ppp.require-mppe-128": keyfileCrypt, "ppp.mppe-stateful": keyfileCrypt,
	"ipv4.method": func(d *draft, k iniKey) {
		if k.value == "disabled" {
			d.flag("-ipv4", k.was())
		} else {
			d.none(k.was(), whyDefault)
		}
	},
	"ipv6.method": func(d *draft, k iniKey) {
		if k.value == "ignore" || k.value == "disabled" {
			d.flag("-ipv6", k.was())
		} else {
			d.none(k.was(), whyDefault)
		}
	},
	"ipv4.route-metric": func(d *draft, k iniKey) {
		if k.value != "-1" {
			d.put("metric", k.value, k.was())
		}
	},
	"ipv4.never-default": func(d *draft, k iniKey) {
		if k.value == "true" {
			d.none(k.was(), "without add_route there is no default route")
		}
	},
	"ipv4.ignore-auto-dns": func(d *draft, k iniKey) {
		if k.value == "true" {
			d.flag("-dns", k.was())
		}
	},
}

func keyfileNone(why string) keyfileRow {
	return func(d *draft, k iniKey) { d.none(k.was(), why) }
}

func keyfileFlag(word string) keyfileRow {
	return func(d *draft, k iniKey) {
		if k.value == "true" {
			d.flag(word, k.was())
		}
	}
}

// keyfileNumber takes a number; NetworkManager's 0 is its default.
func keyfileNumber(key string) keyfileRow {
	return func(d *draft, k iniKey) {
		if n, err := strconv.Atoi(k.value); err == nil && n == 0 {
			d.none(k.was(), "NetworkManager's default")
			return
		}
		d.put(key, k.value, k.was())
	}
}

func keyfileMTU(d *draft, k iniKey) { keyfileNumber("mtu")(d, k) }

func keyfileCrypt(d *draft, k iniKey) {
	if k.value == "true" {
		d.j.warn(k.at, "%s: %s", k.was().text, whyCrypt)
		d.none(k.was(), whyCrypt)
	}
}

// unescaped takes the escapes of keyfiles.
func unescaped(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\t`, "\t", `\r`, "\r", `\;`, ";").Replace(s)
}
