package conf

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Mode is who makes the call: the keywords in, out and quiet.
type Mode int

const (
	Out   Mode = iota // we call (the default with -r)
	In                // the peer calls
	Quiet             // we call when there is traffic
)

func (m Mode) String() string {
	switch m {
	case In:
		return "in"
	case Quiet:
		return "quiet"
	}
	return "out"
}

// Choice is a flag for which "nothing said" is a third answer.
type Choice uint8

const (
	Unset Choice = iota
	Yes          // the bare keyword
	No           // the keyword with a minus
)

// Flow is the flow control of a line.
type Flow int

const (
	FlowRTSCTS Flow = iota
	FlowXON
	FlowNone
)

var flowNames = [...]string{FlowRTSCTS: "rtscts", FlowXON: "xon", FlowNone: "none"}

func (f Flow) String() string { return flowNames[f] }

// A Secret is a password or PIN. It prints as ******, with every verb and in
// JSON; Reveal gives what it is.
type Secret string

const hidden = "******"

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string                { return hidden }
func (s Secret) MarshalText() ([]byte, error)  { return []byte(hidden), nil }
func (s Secret) Format(f fmt.State, verb rune) { fmt.Fprint(f, hidden) }

// An Addr is a member of a set of acceptable addresses, of the keywords
// localhost and remotehost: every address that equals Addr in the bits of
// Mask.
type Addr struct {
	Name string     // as the control file (or the default) names the host, "" when by number
	Addr netip.Addr // IPv4; the zero Addr when Name does not resolve
	Mask netip.Addr // IPv4; 255.255.255.255 for one address
}

// Any tells whether a accepts every address.
func (a Addr) Any() bool { return a.Mask.IsUnspecified() }

// Single tells whether a stands for exactly one, known address.
func (a Addr) Single() bool { return a.Addr.IsValid() && a.Mask == allOnes }

// Contains tells whether ip is acceptable.
func (a Addr) Contains(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.Is4() || !a.Mask.IsValid() {
		return false
	}
	if a.Any() {
		return true
	}
	if !a.Addr.IsValid() {
		return false
	}
	x, y, m := ip.As4(), a.Addr.As4(), a.Mask.As4()
	for i := range m {
		if (x[i]^y[i])&m[i] != 0 {
			return false
		}
	}
	return true
}

// String gives the form of the control file.
func (a Addr) String() string {
	host := a.Name
	if a.Addr.IsValid() {
		host = a.Addr.String()
	}
	if a.Mask == allOnes {
		return host
	}
	return host + "," + a.Mask.String()
}

var (
	allOnes  = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	zeroAddr = netip.AddrFrom4([4]byte{})
	anyAddr  = Addr{Addr: zeroAddr, Mask: zeroAddr}
)

// InterfaceID is the lower half of an IPv6 address (RFC 5072 section 4.1).
// 0 means that the control file gives none; it is never a valid identifier.
type InterfaceID uint64

func (id InterfaceID) String() string {
	return fmt.Sprintf("%04x:%04x:%04x:%04x", uint16(id>>48), uint16(id>>32), uint16(id>>16), uint16(id))
}

// ProxyARP is the keyword proxy_arp. The zero value means automatic: an entry
// is made when the peer's address is on a local subnet.
type ProxyARP struct {
	Off       bool
	Interface string // whose MAC address is used
}

// APN is the keyword apn, a packet data context of a cellular network.
type APN struct {
	Name string
	Type string // IP, IPV6, IPV4V6 or PPP
	CID  int    // context number, 1 when not given
	text string // as the control file has it
}

func (a APN) String() string { return a.text }

// A TimeOfDay is the time since midnight, in whole minutes.
type TimeOfDay time.Duration

func (t TimeOfDay) String() string {
	m := time.Duration(t) / time.Minute
	return fmt.Sprintf("%02d:%02d", m/60, m%60)
}

// A Range is a range of IPv4 addresses, both ends included.
type Range struct {
	First, Last netip.Addr
	text        string
}

func (r Range) String() string { return r.text }

// Radius is one server of the keyword radius.
type Radius struct {
	Host       string
	Port       int // 1812 when not given
	SecretFile string
	text       string
}

func (r Radius) String() string { return r.text }

// isMask tells whether a is ones followed by zeros.
func isMask(a netip.Addr) bool {
	b := a.As4()
	bits := fmt.Sprintf("%08b%08b%08b%08b", b[0], b[1], b[2], b[3])
	return !strings.Contains(bits, "01")
}
