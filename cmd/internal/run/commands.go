package run

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"pppdial/cmd/internal/hooks"
	"pppdial/mp"
	"pppdial/route/dns"
)

// This file is what others are told when a connection begins and ends: the
// system of its name servers, and up_cmd and down_cmd.

const (
	// pppdConf is where scripts for pppd look for the name servers.
	pppdConf = "/etc/ppp/resolv.conf"
	// settle6 is for how long IPv6 alone waits for IPv4 before it is told.
	settle6 = time.Second
)

// Commands tell the world of one interface's connections, one after the other
// and apart from the run loop. A nil *commands tells nobody.
type commands struct {
	runner *hooks.Runner
	names  *dns.Keeper
	keep   bool // name servers stay between connections
	warn   func(error)
	closed sync.Once

	told bool // of this connection
	nets networks
}

func dnsOptions(dir string, log *slog.Logger) dns.Options {
	o := dns.Options{Dir: dir, Log: log}
	if fi, err := os.Stat(filepath.Dir(pppdConf)); err == nil && fi.IsDir() && dns.HostNamespace() {
		o.Copy = pppdConf
	}
	return o
}

// newCommands returns nil when the entry has nothing to be told. The unit has
// its interface.
func newCommands(u *unit) *commands {
	e, f := u.entry, u.iface
	if len(e.UpCmd)+len(e.DownCmd) == 0 && !e.DNS {
		return nil
	}
	o := dnsOptions(u.d.opt.StateDir, f.log)
	if len(e.UpCmd) == 0 {
		o.Copy = ""
	}
	c := &commands{names: dns.New(f.tun.Name(), o), keep: f.keeps(), warn: f.warn}
	c.runner = hooks.New(hooks.Config{
		Up: e.UpCmd, Down: e.DownCmd, Log: f.log,
		Before: func(ctx context.Context, l hooks.Link) { f.warn(c.names.Set(ctx, l.DNS)) },
		After: func(ctx context.Context) {
			if !c.keep {
				f.warn(c.names.Clear(context.WithoutCancel(ctx)))
			}
		},
	})
	return c
}

// up tells what a network protocol has agreed upon: IPv4 at once, IPv6 with it
// or, if there is no IPv4, a moment later.
func (c *commands) up(u *unit, n mp.Network) {
	if c == nil {
		return
	}
	if n.Family == mp.IPv4 {
		c.nets.v4 = &n
		c.tell(u)
		return
	}
	c.nets.v6 = &n
	switch {
	case c.told:
	case !u.entry.IPv4:
		c.tell(u)
	default:
		since := u.account.since
		u.d.after(settle6, func() {
			if u.up && u.account.since.Equal(since) && !c.told {
				c.tell(u)
			}
		})
	}
}

func (c *commands) tell(u *unit) {
	c.told = true
	l := hooks.Link{Interface: u.iface.tun.Name(), Param: u.entry.Label}
	if n := c.nets.v4; n != nil {
		l.Local, l.Remote, l.DNS = n.Local, n.Remote, n.DNS
	}
	if n := c.nets.v6; n != nil {
		l.Local6, l.Remote6 = n.Local, n.Remote
	}
	var first *member
	for _, m := range u.joined() {
		if first == nil || m.joined.Before(first.joined) {
			first = m
		}
	}
	if first != nil {
		l.Device, l.Speed = first.conn.device, first.conn.speed
		if l.Device == "" {
			l.Device = first.Name()
		}
	}
	if s, ok := u.iface.bundle.Stats(); ok && len(s.Links) > 0 {
		l.Peer = s.Links[0].PeerName
	}
	c.runner.Up(l)
}

// down tells that the connection has ended.
func (c *commands) down(s session) {
	if c == nil {
		return
	}
	c.told, c.nets = false, networks{}
	c.runner.Down(hooks.Traffic{Time: s.lasted, Sent: s.sent, Received: s.received})
}

// close waits until all has been told, as long as there is patience.
func (c *commands) close(patient context.Context) {
	if c == nil {
		return
	}
	c.closed.Do(func() {
		c.runner.Close(patient)
		c.warn(c.names.Clear(context.WithoutCancel(patient)))
	})
}
