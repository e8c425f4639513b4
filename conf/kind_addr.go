package conf

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Kinds of addresses and of what is made of several parts.

// isHost tells whether s can be a host name or is an address.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return isLocalName(s)
}

// isLocalName is isHostName for a name that somebody has written as one:
// /etc/hosts may have underscores.
func isLocalName(s string) bool { return isHostName(strings.ReplaceAll(s, "_", "u")) }

// isHostName tells whether s is a host name as RFC 1123 section 2.1 has it:
// labels of letters, digits and inner hyphens, the last not a number.
func isHostName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for i := range len(l) {
			if c := lower(l[i]); c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return false
			}
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// parseIPv4 reads dotted decimal, or 32 bits in hexadecimal.
func parseIPv4(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, a.Is4()
	}
	rest, ok := strings.CutPrefix(strings.ToLower(s), "0x")
	n, err := strconv.ParseUint(rest, 16, 32)
	if !ok || err != nil {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}), true
}

// addrSetKind is a member of localhost or remotehost, "name[,mask]". A name is
// not looked up here; that is for when the entry is wanted.
var addrSetKind = kind[Addr]{
	parse: func(_ *Options, _ *Keyword, text string) (Addr, error) {
		name, mask, masked := strings.Cut(text, ",")
		a := Addr{Mask: allOnes}
		switch ip, ok := parseIPv4(name); {
		case name == "0" || ok && ip.IsUnspecified() && !masked:
			a = anyAddr
		case ok:
			a.Addr = ip
		case isLocalName(name):
			a.Name = name
		case name == "":
			return a, faultf("no host is given").at(0)
		default:
			return a, faultf("%q is neither a host name nor an IPv4 address", name).at(0)
		}
		if masked {
			ip, ok := parseIPv4(mask)
			if mask == "0" {
				ip, ok = zeroAddr, true
			}
			if !ok {
				return a, faultf("%q is no mask", mask).at(len(name) + 1).try("give it as 255.255.255.0")
			}
			a.Mask = ip
		}
		if a.Any() {
			a = anyAddr
		}
		return a, nil
	},
	text: Addr.String,
	json: func(a Addr) any {
		host := a.Name
		if a.Addr.IsValid() {
			host = a.Addr.String()
		}
		return struct {
			Addr string `json:"addr"`
			Mask string `json:"mask"`
		}{host, a.Mask.String()}
	},
}

var netmaskKind = kind[netip.Addr]{
	parse: func(_ *Options, _ *Keyword, text string) (netip.Addr, error) {
		m, ok := parseIPv4(text)
		if !ok {
			return m, faultf("no netmask").try("give it as 255.255.255.0")
		}
		if !isMask(m) {
			return m, faultf("a netmask is ones and then zeros")
		}
		return m, nil
	},
	text: netip.Addr.String,
}

var ipv4Kind = kind[netip.Addr]{
	parse: func(_ *Options, _ *Keyword, text string) (netip.Addr, error) {
		a, err := netip.ParseAddr(text)
		if err != nil || !a.Is4() || a.IsUnspecified() {
			return a, faultf("no IPv4 address")
		}
		return a, nil
	},
	text: netip.Addr.String,
}

// ifidKind is an interface identifier: four groups in the notation of IPv6, or
// the lower half of a whole address.
var ifidKind = kind[InterfaceID]{
	parse: func(_ *Options, _ *Keyword, text string) (InterfaceID, error) {
		a, err := netip.ParseAddr(text)
		if err != nil {
			a, err = netip.ParseAddr("::" + text)
			if strings.Count(text, ":") != 3 {
				return 0, faultf("no interface identifier").try("give it as ffff:0123:4567:89ab")
			}
		}
		if err != nil || a.Is4() || a.Zone() != "" {
			return 0, faultf("no interface identifier").try("give it as ffff:0123:4567:89ab")
		}
		var id InterfaceID
		for _, b := range a.AsSlice()[8:] {
			id = id<<8 | InterfaceID(b)
		}
		if id == 0 {
			return 0, faultf("the interface identifier 0 is not permitted")
		}
		return id, nil
	},
	text: InterfaceID.String,
}

// poolKind is a prefix or "first-last". Of a prefix the network's and the
// broadcast address are left out.
var poolKind = kind[Range]{
	parse: func(_ *Options, _ *Keyword, text string) (Range, error) {
		r := Range{text: text}
		if p, err := netip.ParsePrefix(text); err == nil {
			if !p.Addr().Is4() {
				return r, faultf("the addresses of a pool are IPv4")
			}
			if p != p.Masked() {
				return r, faultf("the prefix has bits behind its length").try("give %v, or a range", p.Masked())
			}
			r.First, r.Last = p.Addr(), last(p)
			if p.Bits() < 31 {
				r.First, r.Last = r.First.Next(), r.Last.Prev()
			}
			return r, nil
		}
		from, to, _ := strings.Cut(text, "-")
		var ok1, ok2 bool
		r.First, ok1 = parseIPv4(from)
		r.Last, ok2 = parseIPv4(to)
		if !ok1 || !ok2 {
			return r, faultf("no range of IPv4 addresses").try("give 192.0.2.0/24 or 192.0.2.10-192.0.2.50")
		}
		if r.Last.Less(r.First) {
			return r, faultf("the range ends before it begins")
		}
		return r, nil
	},
	text: Range.String,
}

// last gives the last address of an IPv4 prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// hostPort reads HOST:PORT, with [brackets] around an IPv6 address; port is
// what holds when none is given, 0 if one must be.
func hostPort(s string, port int) (string, int, *fault) {
	host, rest, found := s, "", false
	if strings.HasPrefix(s, "[") {
		host, rest, found = strings.Cut(s[1:], "]")
		if !found || rest != "" && rest[0] != ':' {
			return "", 0, faultf("the bracket is not closed")
		}
		rest, found = strings.CutPrefix(rest, ":")
	} else if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, rest, found = s[:i], s[i+1:], true
		if strings.Contains(host, ":") {
			return "", 0, faultf("an IPv6 address must be in [brackets]")
		}
	}
	if !isHost(host) {
		return "", 0, faultf("%q is neither a host name nor an address", host)
	}
	if found {
		n, err := strconv.ParseUint(rest, 10, 16)
		if err != nil || n == 0 {
			return "", 0, faultf("%q is no port number", rest)
		}
		port = int(n)
	}
	if port == 0 {
		return "", 0, faultf("the port is missing")
	}
	return host, port, nil
}

// radiusKind is HOST[:PORT],SECRETFILE (RFC 2865: port 1812).
var radiusKind = kind[Radius]{
	parse: func(_ *Options, _ *Keyword, text string) (Radius, error) {
		server, file, _ := strings.Cut(text, ",")
		r := Radius{SecretFile: file, text: text}
		if file == "" {
			return r, faultf("the file with the shared secret is missing").try("give HOST,FILE")
		}
		var f *fault
		if r.Host, r.Port, f = hostPort(server, 1812); f != nil {
			return r, f
		}
		return r, nil
	},
	text: Radius.String,
}

// listenKind is HOST[:PORT] (RFC 5176: port 3799). An address that the machine has
// not got yet is waited for, so those that it can never have are refused here.
var listenKind = kind[string]{
	parse: func(_ *Options, _ *Keyword, text string) (string, error) {
		host, port, f := hostPort(text, 3799)
		if f != nil {
			return "", f
		}
		if a, err := netip.ParseAddr(host); err == nil && !ofMachine(a.Unmap()) {
			return "", faultf("%v is the address of no machine", a)
		}
		return net.JoinHostPort(host, strconv.Itoa(port)), nil
	},
	text: func(s string) string { return s },
}

// ofMachine tells whether a machine can have an address: those from 240.0.0.0 on are
// reserved, the last is broadcast (RFC 1112, section 4; RFC 919).
func ofMachine(a netip.Addr) bool {
	return !a.IsMulticast() && (a.Is6() || a.As4()[0] < 240)
}

// apnKind is NAME[,TYPE[,CID]]. The types are those of AT+CGDCONT (3GPP TS
// 27.007 section 10.1.1).
var apnKind = kind[APN]{
	parse: func(_ *Options, _ *Keyword, text string) (APN, error) {
		f := strings.Split(text, ",")
		a := APN{Name: f[0], Type: "IP", CID: 1, text: text}
		if len(f) > 3 {
			return a, faultf("too many commas").try("give NAME,TYPE,CID")
		}
		if strings.ContainsFunc(a.Name, func(r rune) bool { return r <= ' ' || r == '"' || r >= 0x7f }) {
			return a, faultf("no access point has this name")
		}
		if len(f) > 1 {
			a.Type = f[1]
			if bad := oneOf("IP", "IPV6", "IPV4V6", "PPP")(nil, a.Type); bad != nil {
				bad.msg = "unknown type of context " + strconv.Quote(a.Type)
				return a, bad.at(len(f[0]) + 1)
			}
		}
		if len(f) > 2 {
			n, err := strconv.ParseUint(f[2], 10, 8)
			if err != nil || n == 0 {
				return a, faultf("the context number is 1 to 255").at(len(f[0]) + len(f[1]) + 2)
			}
			a.CID = int(n)
		}
		return a, nil
	},
	text: APN.String,
}

// clockKind is a time of day, hh:mm.
var clockKind = kind[TimeOfDay]{
	parse: func(_ *Options, _ *Keyword, text string) (TimeOfDay, error) {
		t, err := time.Parse("15:04", text)
		if err != nil || len(text) != len("hh:mm") {
			return 0, faultf("no time of day").try("give it as 03:30")
		}
		return TimeOfDay(t.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))), nil
	},
	text: TimeOfDay.String,
}
