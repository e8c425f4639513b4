package wire

import (
	"fmt"
	"net/netip"
	"strings"
)

// EndpointClass says what kind of address names an endpoint (RFC 1990 section
// 5.1.3).
type EndpointClass uint8

// Classes of endpoint discriminators.
const (
	EndpointNull  EndpointClass = 0
	EndpointLocal EndpointClass = 1 // up to 20 octets, assigned locally
	EndpointIP    EndpointClass = 2 // 4 octets
	EndpointMAC   EndpointClass = 3 // 6 octets
	EndpointMagic EndpointClass = 4 // up to 20 octets, words of 32 random bits
	EndpointPSN   EndpointClass = 5 // up to 15 octets, a telephone number
)

// MACEndpoint names an endpoint by an Ethernet address of its.
func MACEndpoint(mac [6]byte) Endpoint {
	return Endpoint{Class: EndpointMAC, Address: string(mac[:])}
}

// LocalEndpoint names an endpoint by a name that its owner has given to it. Of
// a long one the end, where a host's domain is, is left out.
func LocalEndpoint(name string) Endpoint {
	if name == "" {
		return Endpoint{}
	}
	return Endpoint{Class: EndpointLocal, Address: name[:min(len(name), maxEndpoint)]}
}

// maxEndpoint is the longest address of any class.
const maxEndpoint = 20

// Endpoint is the data of the Endpoint-Discriminator option. The zero value is
// the null class, the same as no option. Endpoints compare with ==.
type Endpoint struct {
	Class   EndpointClass
	Address string // octets, not text
}

// AppendEndpoint appends the option whole. An address beyond 20 octets is cut.
func AppendEndpoint(b []byte, e Endpoint) []byte {
	addr := e.Address[:min(len(e.Address), maxEndpoint)]
	b = append(b, LCPEndpoint, byte(3+len(addr)), byte(e.Class))
	return append(b, addr...)
}

// ParseEndpoint reads the option's data. An address whose length is not that
// of its class is an error; of an unknown class any length up to 20 is taken.
func ParseEndpoint(data []byte) (Endpoint, error) {
	if len(data) < 1 {
		return Endpoint{}, short("endpoint option", 0, 1)
	}
	class, addr := EndpointClass(data[0]), data[1:]
	least, most := 0, maxEndpoint
	switch class {
	case EndpointNull:
		most = 0
	case EndpointIP:
		least, most = 4, 4
	case EndpointMAC:
		least, most = 6, 6
	case EndpointPSN:
		most = 15
	}
	if len(addr) < least || len(addr) > most {
		return Endpoint{}, fmt.Errorf("wire: endpoint option: %w: %d octets of class %d", ErrLength, len(addr), class)
	}
	return Endpoint{Class: class, Address: string(addr)}, nil
}

var endpointNames = [...]string{
	EndpointNull: "null", EndpointLocal: "local", EndpointIP: "IP", EndpointMAC: "MAC",
	EndpointMagic: "magic", EndpointPSN: "phone",
}

// String returns class and address in pppd's words: "null",
// "MAC:00:11:22:33:44:55", "IP:10.0.0.1", "local:6d.65".
func (e Endpoint) String() string {
	if e == (Endpoint{}) {
		return endpointNames[EndpointNull]
	}
	name := fmt.Sprint(uint8(e.Class))
	if int(e.Class) < len(endpointNames) {
		name = endpointNames[e.Class]
	}
	if e.Class == EndpointIP && len(e.Address) == 4 {
		return name + ":" + netip.AddrFrom4([4]byte([]byte(e.Address))).String()
	}
	separator := "."
	if e.Class == EndpointMAC {
		separator = ":"
	}
	octets := make([]string, len(e.Address))
	for i := range octets {
		octets[i] = fmt.Sprintf("%02x", e.Address[i])
	}
	return name + ":" + strings.Join(octets, separator)
}
