package wire

import (
	"fmt"
	"net/netip"
)

// options prints a list of options, each in angle brackets. Octets behind the
// last option that can be read follow in hex.
func (l *line) options(p Protocol, data []byte) {
	read := 0
	for o, err := range Options(data).All {
		if err != nil {
			break
		}
		read += 2 + len(o.Data)
		l.add(" <")
		if s := optionText(p, o); s != "" {
			l.add("%s>", s)
			continue
		}
		l.octets(append([]byte{o.Type, byte(2 + len(o.Data))}, o.Data...))
		l.add(">")
	}
	l.octets(data[read:])
}

// FormatOptions returns the options of a protocol in words.
func FormatOptions(p Protocol, list Options) []string {
	var all []string
	for o, err := range list.All {
		s := optionText(p, o)
		switch {
		case err != nil:
			return all
		case s == "":
			s = fmt.Sprintf("option %d: %x", o.Type, o.Data)
		}
		all = append(all, s)
	}
	return all
}

// optionText returns an option in pppd's words, or "" when it is unknown or
// not of the form that its type demands.
func optionText(p Protocol, o Option) string {
	switch p {
	case LCP:
		return lcpOption(o)
	case IPCP:
		return ipcpOption(o)
	case IPV6CP:
		return ipv6cpOption(o)
	case CCP, CCPLink:
		return ccpOption(o)
	}
	return ""
}

// number returns format with an option's 16-bit or 32-bit value.
func number[T uint16 | uint32](format string, v T, err error) string {
	if err != nil {
		return ""
	}
	return fmt.Sprintf(format, v)
}

func number16(format string, o Option) string {
	v, err := o.Uint16()
	return number(format, v, err)
}

func number32(format string, o Option) string {
	v, err := o.Uint32()
	return number(format, v, err)
}

func flag(name string, o Option) string {
	if o.Flag() != nil {
		return ""
	}
	return name
}

func lcpOption(o Option) string {
	switch o.Type {
	case LCPMRU:
		return number16("mru %d", o)
	case LCPACCM:
		return number32("asyncmap 0x%x", o)
	case LCPAuth:
		if a, err := ParseAuth(o.Data); err == nil {
			return "auth " + a.String() + trailing(o.Data, a.size())
		}
	case LCPQuality:
		if len(o.Data) >= 2 {
			if p := Protocol(o.Data[0])<<8 | Protocol(o.Data[1]); p == LQR {
				return "quality lqr" + trailing(o.Data, 2)
			}
			return fmt.Sprintf("quality 0x%x", o.Data[:2]) + trailing(o.Data, 2)
		}
	case LCPCallback:
		if len(o.Data) >= 1 {
			if o.Data[0] == callbackCBCP {
				return "callback CBCP" + trailing(o.Data, 1)
			}
			return fmt.Sprintf("callback 0x%x", o.Data[0]) + trailing(o.Data, 1)
		}
	case LCPMagic:
		return number32("magic 0x%x", o)
	case LCPPFC:
		return flag("pcomp", o)
	case LCPACFC:
		return flag("accomp", o)
	case LCPMRRU:
		return number16("mrru %d", o)
	case LCPSSNHF:
		return flag("ssnhf", o)
	case LCPEndpoint:
		if e, err := ParseEndpoint(o.Data); err == nil {
			return "endpoint [" + e.String() + "]"
		}
	case LCPMPHeaders:
		if h, err := ParseMPHeaders(o.Data); err == nil {
			return fmt.Sprintf("mp-headers %d classes %d", h.Format, h.Classes)
		}
	}
	return ""
}

// callbackCBCP is the operation of the callback option that leaves the number
// to CBCP.
const callbackCBCP = 6

// trailing returns the octets behind the first n, each after a blank.
func trailing(b []byte, n int) string {
	var l line
	l.octets(b[n:])
	return string(l.out)
}

func ipcpOption(o Option) string {
	switch o.Type {
	case IPCPAddresses:
		if len(o.Data) == 8 {
			return fmt.Sprintf("addrs %v %v", netip.AddrFrom4([4]byte(o.Data)), netip.AddrFrom4([4]byte(o.Data[4:])))
		}
	case IPCPCompression:
		return compressionOption(o)
	case IPCPAddress:
		return address("addr", o)
	case IPCPDNS1:
		return address("ms-dns1", o)
	case IPCPDNS2:
		return address("ms-dns2", o)
	case IPCPNBNS1, IPCPNBNS2:
		return address("ms-wins", o)
	}
	return ""
}

func address(name string, o Option) string {
	a, err := o.Addr()
	if err != nil {
		return ""
	}
	return name + " " + a.String()
}

func compressionOption(o Option) string {
	p, err := CompressionProtocol(o.Data)
	if err != nil {
		return ""
	}
	if p == VJCompressed {
		return "compress VJ" + trailing(o.Data, 2)
	}
	return fmt.Sprintf("compress 0x%x", uint16(p)) + trailing(o.Data, 2)
}

func ipv6cpOption(o Option) string {
	switch o.Type {
	case IPV6CPInterfaceID:
		if id, err := ParseInterfaceID(o.Data); err == nil {
			return "addr fe80::" + id.String()
		}
	case IPV6CPCompression:
		return compressionOption(o)
	}
	return ""
}

func ccpOption(o Option) string {
	switch o.Type {
	case CCPDeflate, CCPDeflateDraft:
		if d, err := ParseDeflate(o.Data); err == nil {
			old := ""
			if o.Type == CCPDeflateDraft {
				old = "(old#)"
			}
			return "deflate" + old + " " + d.String()
		}
	case CCPBSD:
		if b, err := ParseBSD(o.Data); err == nil {
			return fmt.Sprintf("bsd v%d %d", b.Version, b.Bits)
		}
	case CCPPredictor1:
		return flag("predictor 1", o)
	case CCPPredictor2:
		return flag("predictor 2", o)
	case CCPMPPE:
		return mppe(o)
	}
	return ""
}

// mppe prints the bits of the option of RFC 3078, which we always refuse.
func mppe(o Option) string {
	bits, err := o.Uint32()
	if err != nil {
		return ""
	}
	s := "mppe"
	for _, b := range [...]struct {
		mask uint32
		name byte
	}{{0x01000000, 'H'}, {0x00000080, 'M'}, {0x00000040, 'S'}, {0x00000020, 'L'}, {0x00000010, 'D'}, {0x00000001, 'C'}} {
		sign := byte('-')
		if bits&b.mask != 0 {
			sign = '+'
		}
		s += " " + string([]byte{sign, b.name})
	}
	return s
}
