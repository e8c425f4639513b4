package convert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ports finds the ports that the commands name or describe, or else those that
// fit.
func (c *uuCall) ports(cmds []uuCommand, to, speed string) []*uuBlock {
	here := &uuBlock{at: c.sys.at}
	name := ""
	var at place
	for _, x := range cmds {
		if x.key != "port" {
			continue
		}
		key, rest, nested := strings.Cut(x.rest, " ")
		if nested {
			name = ""
			here.cmds = append(here.cmds, uuCommand{strings.ToLower(key), strings.TrimSpace(rest), x.at})
		} else {
			here.cmds = nil
			name, at = x.rest, x.at
		}
	}
	var ps []*uuBlock
	switch {
	case name != "":
		for _, p := range c.u.ports {
			if p.name == name {
				ps = append(ps, p)
			}
		}
		if ps == nil {
			c.u.j.fail(at, "there is no port %s, give the port file as well", quotedIf(name))
		}
	case len(here.cmds) > 0:
		ps = append(ps, here)
	default:
		for _, p := range c.u.ports {
			if p.fits(to, speed) {
				ps = append(ps, p)
			}
		}
	}
	return ps
}

// fits tells whether a call to a number or host, at a speed if it is not "", can
// use a port that the system does not name. Taylor UUCP looks at the speed only,
// but an entry dials its numbers on all of its lines.
func (b *uuBlock) fits(to, speed string) bool {
	x, ok := speedOf(b.cmds)
	switch b.kind() {
	case "modem":
		if to == "" || strings.Contains(to, ".") {
			return false
		}
		r, ranged := b.last("speed-range")
		if !ranged {
			r, ranged = b.last("baud-range")
		}
		var n, low, high int
		fmt.Sscan(speed, &n)
		fmt.Sscan(r.rest, &low, &high)
		return speed == "" || !ok && !ranged || x.rest == speed || ranged && low <= n && n <= high
	case "direct":
		return to == "" && (speed == "" || !ok || x.rest == speed)
	case "tcp":
		return to == "" || !plainNumber.MatchString(to)
	}
	return false
}

// kind is the port's type, or Taylor's default.
func (b *uuBlock) kind() string {
	if t, ok := b.last("type"); ok {
		return strings.ToLower(t.rest)
	}
	return "modem"
}

// port takes a line, and its speed unless the system has one.
func (c *uuCall) port(p *uuBlock, phone uuCommand, speed bool) {
	d := c.d
	add := func(value string, w was) {
		for _, s := range d.settings {
			if s.key == "device" && s.value == value {
				return
			}
		}
		d.add("device", value, w)
		c.lines = append(c.lines, value)
	}
	kind := p.kind()
	w := was{p.at, "port " + p.name}
	if p.name == "" {
		w.text = "port type " + kind
	}
	switch kind {
	case "modem", "direct":
		device, ok := p.last("device")
		if ok {
			w = device.was()
		} else {
			device.rest = p.name
		}
		if !strings.HasPrefix(device.rest, "/") {
			device.rest = "/dev/" + device.rest
		}
		add(device.rest, w)
	case "tcp":
		host := phone.rest
		if host == "" {
			host = c.sys.name
		}
		service := "540"
		if s, ok := p.last("service"); ok {
			service = s.rest
		}
		if _, err := strconv.Atoi(service); err != nil {
			c.u.j.fail(p.at, "the service %s must be a port number", quotedIf(service))
			return
		}
		add("tcp:"+host+":"+service, w)
		c.phones = slices.DeleteFunc(c.phones, func(x uuCommand) bool { return x.rest == phone.rest })
	case "pipe":
		if cmd, ok := p.last("command"); ok {
			add("exec:"+cmd.rest, cmd.was())
		}
	case "stdin":
		d.flag("in", w, "the line is the standard input: make ppp the login shell of an account with this label")
	default:
		c.u.j.fail(p.at, "ports of the type %s do not exist on Linux", quotedIf(kind))
	}
	if x, ok := speedOf(p.cmds); ok && !d.has("speed") {
		d.put("speed", x.rest, x.was())
	} else if ok && speed {
		c.oneSpeed(x)
	}
	if kind == "modem" {
		c.takeDialer(c.findDialer(p))
	}
	if len(c.lines) > 1 { // what the first one says of its wires holds for all
		return
	}
	if x, ok := p.last("carrier"); ok && !truth(x.rest) || !ok && kind == "direct" {
		d.flag("local", orWas(x, ok))
	}
	if x, ok := p.last("hardflow"); ok && !truth(x.rest) {
		d.put("flow", "none", x.was())
	}
}

// takeDialer takes the dialer of the first line.
func (c *uuCall) takeDialer(b *uuBlock) {
	same := func(x, y uuCommand) bool { return x.key == y.key && x.rest == y.rest }
	switch {
	case b == nil:
	case c.dialer == nil && len(c.lines) < 2:
		c.dialer = b
	case c.dialer == nil || !slices.EqualFunc(c.dialer.cmds, b.cmds, same):
		text := "dialer " + b.name
		if b.name == "" {
			text += "..."
		}
		c.onlyFirst(was{b.at, text})
	}
}

func orWas(x uuCommand, ok bool) was {
	if ok {
		return x.was()
	}
	return was{}
}

func truth(s string) bool { return s != "" && strings.ContainsAny(s[:1], "yYtT") }

// findDialer finds the dialer of a port, by name or within the port.
func (c *uuCall) findDialer(p *uuBlock) *uuBlock {
	here := &uuBlock{at: p.at}
	name, at := "", p.at
	for _, x := range p.cmds {
		key, rest, nested := strings.Cut(x.rest, " ")
		switch {
		case x.key == "dialer" && nested:
			here.cmds = append(here.cmds, uuCommand{strings.ToLower(key), strings.TrimSpace(rest), x.at})
		case x.key == "dialer":
			name, at = x.rest, x.at
		case x.key == "dialer-sequence":
			name, at = key, x.at
			if strings.Contains(strings.TrimSpace(rest), " ") {
				c.u.j.warn(x.at, "of a sequence of dialers only the first is taken")
			}
		}
	}
	if name == "" {
		if len(here.cmds) > 0 {
			return here
		}
		return nil
	}
	for _, b := range c.u.dialers {
		if b.name == name {
			return b
		}
	}
	c.u.j.fail(at, "there is no dialer %s, give the dial file as well", quotedIf(name))
	return nil
}
