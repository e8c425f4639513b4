package radius

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"pppdial/mp/wire"
)

// Framed-IP-Address with a meaning of its own (RFC 2865, section 5.8).
var (
	peerChooses = netip.MustParseAddr("255.255.255.255")
	weChoose    = netip.MustParseAddr("255.255.255.254")
)

const (
	minMTU     = 64   // of Framed-MTU (RFC 2865, section 5.12)
	minInterim = 60   // s, of Acct-Interim-Interval (RFC 2869, section 5.16)
	maxClass   = 2048 // octets of Class; they must fit into each accounting record
)

// attributeReaders read the attributes that are in effect. An error is that of
// the attribute's length or form.
var attributeReaders = map[radius.Type]struct {
	name string
	read func(*Grant, []byte) error
}{
	rfc2865.UserName_Type:            {"User-Name", func(g *Grant, v []byte) error { g.User = string(v); return nil }},
	rfc2865.FramedIPAddress_Type:     {"Framed-IP-Address", (*Grant).address},
	rfc2865.FramedIPNetmask_Type:     {"Framed-IP-Netmask", (*Grant).netmask},
	rfc2869.FramedPool_Type:          {"Framed-Pool", func(g *Grant, v []byte) error { g.Pool = string(v); return nil }},
	rfc3162.FramedInterfaceID_Type:   {"Framed-Interface-Id", (*Grant).interfaceID},
	rfc3162.FramedIPv6Prefix_Type:    {"Framed-IPv6-Prefix", (*Grant).prefix},
	rfc2865.FilterID_Type:            {"Filter-Id", func(g *Grant, v []byte) error { g.Filter = string(v); return nil }},
	rfc2865.ReplyMessage_Type:        {"Reply-Message", (*Grant).message},
	rfc2865.Class_Type:               {"Class", func(g *Grant, v []byte) error { g.Class = append(g.Class, v); return nil }},
	rfc2865.FramedMTU_Type:           {"Framed-MTU", (*Grant).mtu},
	rfc2865.PortLimit_Type:           {"Port-Limit", (*Grant).ports},
	rfc2865.SessionTimeout_Type:      {"Session-Timeout", seconds(func(g *Grant) *time.Duration { return &g.SessionTimeout })},
	rfc2865.IdleTimeout_Type:         {"Idle-Timeout", seconds(func(g *Grant) *time.Duration { return &g.IdleTimeout })},
	rfc2869.AcctInterimInterval_Type: {"Acct-Interim-Interval", (*Grant).interim},
}

// parseGrant reads the attributes of an answer. Odd are those that are well
// formed, but say what cannot be.
func parseGrant(p *radius.Packet) (g *Grant, odd []error, err error) {
	g = &Grant{}
	for _, a := range p.Attributes {
		if a.Type == rfc2865.FramedRoute_Type {
			r, err := parseRoute(string(a.Attribute))
			if err != nil {
				odd = append(odd, fmt.Errorf("attribute Framed-Route %q: %w", a.Attribute, err))
				continue
			}
			g.Routes = append(g.Routes, r)
			continue
		}
		r, known := attributeReaders[a.Type]
		if !known {
			continue
		}
		if err := r.read(g, a.Attribute); err != nil {
			return nil, odd, fmt.Errorf("attribute %s: %w", r.name, err)
		}
	}
	if n := classSize(g.Class); n > maxClass {
		return nil, odd, fmt.Errorf("attribute Class: %d octets are too many", n)
	}
	return g, odd, nil
}

func classSize(class [][]byte) (n int) {
	for _, c := range class {
		n += len(c)
	}
	return n
}

func wrongLength(v []byte, want int) error {
	return fmt.Errorf("%d octets instead of %d", len(v), want)
}

func number(v []byte) (uint32, error) {
	if len(v) != 4 {
		return 0, wrongLength(v, 4)
	}
	return binary.BigEndian.Uint32(v), nil
}

func address4(v []byte) (netip.Addr, error) {
	if len(v) != 4 {
		return netip.Addr{}, wrongLength(v, 4)
	}
	return netip.AddrFrom4([4]byte(v)), nil
}

// seconds reads a time; 0 is none.
func seconds(field func(*Grant) *time.Duration) func(*Grant, []byte) error {
	return func(g *Grant, v []byte) error {
		n, err := number(v)
		if err == nil {
			*field(g) = time.Duration(n) * time.Second
		}
		return err
	}
}

func (g *Grant) interim(v []byte) error {
	n, err := number(v)
	if err == nil && n > 0 {
		g.Interim = time.Duration(max(n, minInterim)) * time.Second
	}
	return err
}

func (g *Grant) address(v []byte) error {
	a, err := address4(v)
	if err != nil {
		return err
	}
	switch a {
	case peerChooses:
		g.Address, g.PeerChooses = netip.Addr{}, true
	case weChoose:
		g.Address, g.PeerChooses = netip.Addr{}, false
	default:
		if !usable(a) {
			return fmt.Errorf("%v is nobody's address", a)
		}
		g.Address, g.PeerChooses = a, false
	}
	return nil
}

func usable(a netip.Addr) bool {
	return !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback()
}

func (g *Grant) netmask(v []byte) error {
	a, err := address4(v)
	if err != nil {
		return err
	}
	if m := binary.BigEndian.Uint32(v); ^m&(^m+1) != 0 {
		return fmt.Errorf("%v is no netmask", a)
	}
	g.Netmask = a
	return nil
}

func (g *Grant) interfaceID(v []byte) error {
	if len(v) != len(g.InterfaceID) {
		return wrongLength(v, len(g.InterfaceID))
	}
	g.InterfaceID = wire.InterfaceID(v)
	return nil
}

// prefix reads a prefix (RFC 3162, section 2.3): a reserved octet, the length in
// bits, and as many octets as it takes, or more.
func (g *Grant) prefix(v []byte) error {
	if len(v) < 2 || len(v) > 18 {
		return fmt.Errorf("%d octets instead of 2 to 18", len(v))
	}
	var a [16]byte
	copy(a[:], v[2:])
	p, err := netip.AddrFrom16(a).Prefix(int(v[1]))
	if err != nil {
		return err
	}
	if p.Addr() != netip.AddrFrom16(a) || (p.Bits()+7)/8 > len(v)-2 {
		return fmt.Errorf("%x is no prefix of %d bits", v[2:], v[1])
	}
	g.Prefixes = append(g.Prefixes, p)
	return nil
}

func (g *Grant) mtu(v []byte) error {
	n, err := number(v)
	switch {
	case err != nil:
		return err
	case n < minMTU || n > math.MaxUint16:
		return fmt.Errorf("%d is not between %d and %d", n, minMTU, math.MaxUint16)
	}
	g.MTU = int(n)
	return nil
}

func (g *Grant) ports(v []byte) error {
	n, err := number(v)
	if err == nil {
		g.Ports = int(min(n, math.MaxInt32))
	}
	return err
}

// message collects the lines that the user is to see.
func (g *Grant) message(v []byte) error {
	g.Message = strings.TrimPrefix(g.Message+"\n"+strings.TrimRight(string(v), "\r\n\x00"), "\n")
	return nil
}
