package radius

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// parseRoute reads a Framed-Route (RFC 2865, section 5.22): the network, its
// gateway, for which 0.0.0.0 stands for the peer, and metrics, of which the
// first one counts. Without a length the network's class gives it. Gateway and
// metrics may be missing.
func parseRoute(text string) (Route, error) {
	f := strings.Fields(strings.TrimRight(text, "\x00"))
	if len(f) == 0 {
		return Route{}, errors.New("is empty")
	}
	dest, err := parseNetwork(f[0])
	if err != nil {
		return Route{}, err
	}
	r := Route{Prefix: dest}
	if len(f) > 1 {
		g, err := netip.ParseAddr(f[1])
		switch {
		case err != nil || !g.Is4():
			return Route{}, fmt.Errorf("%q is no gateway", f[1])
		case !g.IsUnspecified():
			r.Gateway = g
		}
	}
	for i, m := range f[min(2, len(f)):] {
		n, err := strconv.ParseInt(m, 10, 32)
		if err != nil {
			return Route{}, fmt.Errorf("%q is no metric", m)
		}
		if i == 0 && n > 0 {
			r.Metric = int(n)
		}
	}
	return r, nil
}

// parseNetwork reads a network with or without its length. Host bits do not
// matter.
func parseNetwork(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil || !p.Addr().Is4() {
			return netip.Prefix{}, fmt.Errorf("%q is no network", text)
		}
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil || !a.Is4() {
		return netip.Prefix{}, fmt.Errorf("%q is no network", text)
	}
	bits := 0 // 0.0.0.0, the default route
	switch first := a.As4()[0]; {
	case first >= 224:
		return netip.Prefix{}, fmt.Errorf("%q is of no class that has networks", text)
	case first >= 192:
		bits = 24
	case first >= 128:
		bits = 16
	case first >= 1:
		bits = 8
	}
	p := netip.PrefixFrom(a, bits).Masked()
	return p, nil
}
