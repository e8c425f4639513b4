package rtcmd

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// peerDestination is "#", with or without a length or mask.
func (p *parser) peerDestination() error {
	whole := 32
	if p.c.Inet6 {
		whole = 128
	}
	p.c.ToPeer, p.c.PeerBits = true, whole
	_, length, hasLength := strings.Cut(p.dst.text, "/")
	switch {
	case hasLength:
		n, err := p.length(length, whole)
		if err != nil {
			return err
		}
		p.c.PeerBits = n
	case p.mask.text != "":
		n, err := maskLength(p.mask)
		if err != nil {
			return err
		}
		p.c.PeerBits = n
	case p.form == net:
		return p.dst.errorf("how large is the network of the peer? write #/24, for example")
	}
	return p.settle(hasLength, p.c.PeerBits == whole)
}

// destination6 is an IPv6 destination; without a length it is a host.
func (p *parser) destination6() error {
	if p.dst.text == "default" {
		p.c.Dst = anywhere(true)
		return p.settle(false, false)
	}
	name, length, hasLength := strings.Cut(p.dst.text, "/")
	a, err := p.addr(word{name, p.dst.col})
	if err != nil {
		return err
	}
	n := 128
	switch {
	case hasLength:
		if n, err = p.length(length, 128); err != nil {
			return err
		}
	case a.IsUnspecified():
		n = 0
	case p.form == net:
		return p.dst.errorf("how large is the network %s? write %[1]s/64, for example", a)
	}
	p.c.Dst = netip.PrefixFrom(a, n)
	return p.settle(hasLength, n == 128)
}

func (p *parser) destination4() error {
	if p.dst.text == "default" {
		p.c.Dst = anywhere(false)
		if p.mask.text != "" && p.mask.text != "0.0.0.0" {
			return p.mask.errorf("the default route has no netmask")
		}
		return p.settle(false, false)
	}
	name, length, hasLength := strings.Cut(p.dst.text, "/")
	a, octets, err := p.addr4(word{name, p.dst.col}, p.form == net || hasLength)
	if err != nil {
		return err
	}
	n := 0
	switch {
	case hasLength:
		n, err = p.length(length, 32)
	case p.mask.text != "":
		n, err = maskLength(p.mask)
	default:
		n, err = p.implied(a, octets)
	}
	if err != nil {
		return err
	}
	p.c.Dst = netip.PrefixFrom(a, n)
	return p.settle(hasLength, n == 32)
}

// addr4 reads an IPv4 address, of which a network may leave out the last
// octets. It returns the number of octets that were there.
func (p *parser) addr4(w word, isNet bool) (netip.Addr, int, error) {
	octets := strings.Count(w.text, ".") + 1
	text := w.text
	if octets < 4 && text != "" && strings.Trim(text, "0123456789.") == "" {
		if !isNet && text != "0" {
			return netip.Addr{}, 0, w.errorf("%s is not a whole address: write four numbers, or -net before a network", text)
		}
		text += strings.Repeat(".0", 4-octets)
	}
	a, err := p.addr(word{text, w.col})
	return a, octets, err
}

// implied is the length of the network that a, written with so many octets,
// stands for without a mask: that of its class or as many octets as were
// written, whichever is less, and more octets where that cuts bits off.
func (p *parser) implied(a netip.Addr, octets int) (int, error) {
	switch {
	case p.form == host:
		return 32, nil
	case a.IsUnspecified():
		return 0, nil
	}
	for n := min(class(a), 8*octets); n <= 24; n = n/8*8 + 8 {
		if netip.PrefixFrom(a, n).Masked().Addr() == a {
			return n, nil
		}
		if p.form != net {
			break
		}
	}
	if p.form != net {
		return 32, nil
	}
	return 0, p.dst.errorf("how large is the network of %s? write -netmask, or the network as address/length", a)
}

// class is the length of the network part by the address classes of old (RFC
// 791, section 3.2).
func class(a netip.Addr) int {
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	case first < 224:
		return 24
	}
	return 4
}

func (p *parser) length(text string, most int) (int, error) {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || int(n) > most {
		col := p.dst.col + len(p.dst.text) - len(text)
		return 0, word{text, col}.errorf("%q is no length of a network: a number from 0 to %d", text, most)
	}
	return int(n), nil
}

// maskLength reads a netmask: 255.255.255.0, or 0xffffff00 as ifconfig shows it.
func maskLength(w word) (int, error) {
	var mask uint32
	if text, hex := strings.CutPrefix(strings.ToLower(w.text), "0x"); hex {
		n, err := strconv.ParseUint(text, 16, 32)
		if err != nil || len(text) != 8 {
			return 0, w.errorf("%q is no netmask", w.text)
		}
		mask = uint32(n)
	} else {
		a, err := netip.ParseAddr(w.text)
		if err != nil || !a.Is4() {
			return 0, w.errorf("%q is no netmask", w.text)
		}
		b := a.As4()
		mask = binary.BigEndian.Uint32(b[:])
	}
	n := bits.LeadingZeros32(^mask)
	if mask<<n != 0 {
		return 0, w.errorf("the netmask %s has gaps", w.text)
	}
	return n, nil
}

// settle checks the destination as a whole.
func (p *parser) settle(hasLength, isHost bool) error {
	d := p.c.Dst
	switch {
	case hasLength && p.mask.text != "":
		return p.mask.errorf("a length and a netmask: one is enough")
	case p.form == host && !isHost:
		return p.dst.errorf("%s is no host: leave out -host", p.dst.text)
	case !p.c.ToPeer && d.Masked() != d:
		return p.dst.errorf("%s has bits beyond its mask: the network is %s", d, d.Masked())
	case !p.c.ToPeer && (isHost && d.Addr().IsUnspecified() || d.Addr().IsLoopback()):
		return p.dst.errorf("%s is no destination of a route", d)
	}
	return nil
}
