package run

import (
	"encoding/binary"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"time"

	"pppdial/cmd/internal/radius"
	"pppdial/conf"
	"pppdial/route/rtcmd"
)

// radiusConfig says which servers an entry has.
func radiusConfig(e *conf.Entry, o *Options, log *slog.Logger) (radius.Config, error) {
	host, err := os.Hostname()
	if err != nil {
		return radius.Config{}, err
	}
	c := radius.Config{
		Identifier: host, Limit: e.MaxAuthSecs - min(answerTime, e.MaxAuthSecs/2), Dir: o.KeepDir, Listen: e.RadiusCoA, Log: log,
	}
	for i, r := range e.Radius {
		s, err := radius.ReadSecret(r.SecretFile)
		if err != nil {
			return c, &wordError{e.At("radius", i, 0), err}
		}
		c.Servers = append(c.Servers, radius.Server{Host: r.Host, Port: r.Port, Secret: s})
	}
	return c, nil
}

// answerTime is how long before the end of max_auth_secs we stop waiting for
// servers, so that the peer still gets an answer.
const answerTime = 2 * time.Second

var (
	wholeMask = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	anyAddr   = conf.Addr{Addr: netip.IPv4Unspecified(), Mask: netip.IPv4Unspecified()}
)

// granted is the entry with what a server grants, or wants, in the place of its
// own words. Of two limits of a call the shorter one counts.
func granted(e *conf.Entry, g *radius.Grant, log *slog.Logger) *conf.Entry {
	x := *e
	switch {
	case g.Address.IsValid():
		x.RemoteHost, x.Pool = []conf.Addr{{Addr: g.Address, Mask: wholeMask}}, nil
	case g.PeerChooses:
		x.RemoteHost, x.Pool = []conf.Addr{anyAddr}, nil
	}
	if g.Netmask.IsValid() {
		x.Netmask = g.Netmask
	}
	if id := binary.BigEndian.Uint64(g.InterfaceID[:]); id != 0 {
		x.RemoteIf, x.RemoteIfOnly = conf.InterfaceID(id), true
	}
	if mtu := g.MTU; mtu > 0 {
		if !x.IPv4 && mtu < conf.MinMTU6 {
			log.Warn("attribute Framed-MTU raised: IPv6 needs more, and the entry has no IPv4", "name", g.User, "granted", mtu, "mtu", conf.MinMTU6)
			mtu = conf.MinMTU6
		}
		x.MTU = min(x.MTU, mtu)
	}
	if g.SessionTimeout > 0 && (x.MaxConnectSecs == 0 || g.SessionTimeout < x.MaxConnectSecs) {
		x.MaxConnectSecs = g.SessionTimeout
	}
	if g.IdleTimeout > 0 {
		x.ActiveTimeout, x.InactiveTimeout = g.IdleTimeout, g.IdleTimeout
	}
	x.AddRoute, x.AddRoute6 = slices.Clip(x.AddRoute), slices.Clip(x.AddRoute6)
	for _, r := range g.Routes {
		c := rtcmd.Command{Action: rtcmd.Add, Dst: r.Prefix, ViaPeer: !r.Gateway.IsValid(), Gateway: r.Gateway, Metric: r.Metric}
		x.AddRoute = append(x.AddRoute, c.String())
	}
	for _, p := range g.Prefixes {
		c := rtcmd.Command{Action: rtcmd.Add, Inet6: true, Dst: p, ViaPeer: true}
		x.AddRoute6 = append(x.AddRoute6, c.String())
	}
	return &x
}
