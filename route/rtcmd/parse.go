package rtcmd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Parse reads a command of add_route or del_route, where addresses are IPv4
// unless -inet6 says otherwise. The error is an *Error.
func Parse(text string) (Command, error) { return parse(text, false) }

// Parse6 reads a command of add_route6 or del_route6: all addresses are IPv6.
func Parse6(text string) (Command, error) { return parse(text, true) }

func parse(text string, inet6 bool) (Command, error) {
	p := &parser{words: split(text), end: len(text) + 1}
	p.c.Inet6 = inet6
	for _, step := range []func() error{p.flags, p.action, p.destination, p.way, p.metric, p.finish} {
		if err := step(); err != nil {
			return Command{}, err
		}
	}
	return p.c, nil
}

// A parser goes through the words of a command from left to right.
type parser struct {
	words []word
	end   int // column behind the last byte
	c     Command
	form  form
	dst   word // the destination's
	mask  word // the argument of -netmask
}

type word struct {
	text string
	col  int
}

// A form is how a destination is to be taken.
type form int

const (
	undecided form = iota
	net
	host
)

func split(text string) []word {
	var words []word
	for i := 0; i < len(text); {
		if blank(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && !blank(text[i]) {
			i++
		}
		words = append(words, word{text[start:i], start + 1})
	}
	return words
}

func blank(b byte) bool { return strings.IndexByte(" \t\r\n\v\f", b) >= 0 }

// peek returns the next word; at the end its text is empty.
func (p *parser) peek() word {
	if len(p.words) == 0 {
		return word{"", p.end}
	}
	return p.words[0]
}

func (p *parser) next() word {
	w := p.peek()
	if len(p.words) > 0 {
		p.words = p.words[1:]
	}
	return w
}

func (w word) errorf(format string, args ...any) error {
	return &Error{w.col, fmt.Sprintf(format, args...)}
}

// flags skips route's own -n (no names) and -q (no talk): both are always so.
func (p *parser) flags() error {
	for {
		w := p.peek()
		if len(w.text) < 2 || w.text[0] != '-' || strings.Trim(w.text[1:], "nq") != "" {
			return nil
		}
		p.next()
	}
}

func (p *parser) action() error {
	w := p.next()
	switch w.text {
	case "add":
		p.c.Action = Add
	case "delete":
		p.c.Action = Delete
	case "change":
		p.c.Action = Change
	case "":
		return w.errorf("empty command: write add, delete or change")
	case "route", "/usr/etc/route", "/sbin/route":
		return w.errorf("leave out the word %s: the value begins with add, delete or change", w.text)
	case "flush", "monitor", "get":
		return w.errorf("route's %s is not available here: use add, delete or change", w.text)
	default:
		return w.errorf("%q is not add, delete or change", w.text)
	}
	return nil
}

// destination reads the modifiers, the destination and -netmask behind it.
func (p *parser) destination() error {
	for {
		w := p.peek()
		switch w.text {
		case "-net", "net", "-host", "host":
			form := net
			if strings.HasSuffix(w.text, "host") {
				form = host
			}
			if p.form != undecided && p.form != form {
				return w.errorf("a destination is a net or a host, not both")
			}
			p.form = form
		case "-inet6":
			p.c.Inet6 = true
		case "-inet":
			if p.c.Inet6 {
				return w.errorf("-inet in an IPv6 route: use add_route for IPv4")
			}
		case "":
			return w.errorf("no destination: write default, an address or address/length")
		case "-netmask", "-interface":
			return w.errorf("%s belongs behind the destination", w.text)
		default:
			if w.text[0] == '-' {
				return w.errorf("unknown modifier %q: there are -net, -host, -inet6, -netmask and -interface", w.text)
			}
			p.dst = p.next()
			return p.netmask()
		}
		p.next()
	}
}

// netmask reads -netmask, which route takes anywhere behind the destination.
func (p *parser) netmask() error {
	w := p.peek()
	if w.text != "-netmask" {
		return nil
	}
	p.next()
	if p.mask.text != "" {
		return w.errorf("a second -netmask")
	}
	p.mask = p.next()
	if p.mask.text == "" {
		return p.mask.errorf("-netmask without a mask")
	}
	if p.c.Inet6 {
		return w.errorf("-netmask is for IPv4: write the destination as address/length")
	}
	return nil
}

// way reads the gateway or interface.
func (p *parser) way() error {
	w := p.next()
	switch {
	case w.text == "-interface":
		name := p.next()
		switch {
		case name.text == "":
			return name.errorf("-interface without the name of an interface")
		case !interfaceName(name.text):
			return name.errorf("%q is no name of an interface", name.text)
		}
		p.c.Interface = name.text
	case peer(w.text):
		p.c.ViaPeer = true
	case w.text == "":
		if p.c.Action == Delete {
			return nil
		}
		return w.errorf("no gateway: write an address, # for the peer, or -interface and a name")
	case w.text[0] == '-':
		return w.errorf("%q in the place of the gateway: write an address, # for the peer, or -interface and a name", w.text)
	default:
		a, err := p.addr(w)
		if err != nil {
			return err
		}
		if a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
			return w.errorf("%s cannot be a gateway", a)
		}
		p.c.Gateway = a
	}
	return p.netmask()
}

func (p *parser) metric() error {
	w := p.peek()
	if w.text == "" {
		return nil
	}
	p.next()
	n, err := strconv.ParseUint(w.text, 10, 31)
	if err != nil {
		return w.errorf("%q is no metric: a number from 0 to 2147483647", w.text)
	}
	p.c.Metric = int(n)
	if err := p.netmask(); err != nil {
		return err
	}
	if w = p.peek(); w.text != "" {
		return w.errorf("%q is one word too many", w.text)
	}
	return nil
}

// finish makes the destination of what was read: now the mask is known.
func (p *parser) finish() error {
	if peer(p.dst.text) || peerNet(p.dst.text) {
		return p.peerDestination()
	}
	if p.c.Inet6 {
		return p.destination6()
	}
	return p.destination4()
}

// addr reads a whole address of the command's family.
func (p *parser) addr(w word) (netip.Addr, error) {
	a, err := netip.ParseAddr(w.text)
	switch {
	case err != nil:
		return a, w.errorf("%q is no address; names are not looked up: write the address, or # for the peer", w.text)
	case a.Zone() != "":
		return a, w.errorf("an address with a zone: write %s", a.WithZone(""))
	case a.Is4In6():
		return a, w.errorf("write the IPv4 address as %s", a.Unmap())
	case a.Is6() && !p.c.Inet6:
		return a, w.errorf("%s is an IPv6 address: use add_route6, or -inet6 before the destination", a)
	case a.Is4() && p.c.Inet6:
		return a, w.errorf("%s is an IPv4 address in an IPv6 route", a)
	}
	return a, nil
}

func peer(text string) bool {
	return text == "#" || text == "$REMOTEADDR" || text == "${REMOTEADDR}"
}

func peerNet(text string) bool {
	name, _, found := strings.Cut(text, "/")
	return found && peer(name)
}

func interfaceName(s string) bool {
	return len(s) < 16 && s[0] != '-' && !strings.ContainsAny(s, "/:#$%")
}
