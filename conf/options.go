package conf

import (
	"net"
	"net/netip"
	"os"
)

// Options say how control files are read: by whom the little languages within
// values are judged, and where names and addresses of this machine come from.
// The zero value asks the system and takes route commands and scripts as they
// stand.
type Options struct {
	// CheckRoute judges the value of add_route, del_route and, with inet6, of
	// add_route6 and del_route6. col is the place of the fault in the command,
	// counted in bytes from 1; 0 if the command as a whole is meant.
	CheckRoute func(command string, inet6 bool) (col int, err error)
	// CheckChat judges the value of chat, login_chat and hangup_chat likewise.
	CheckChat func(script string) (col int, err error)

	// Lookup gives the IPv4 addresses of a host name.
	Lookup func(host string) ([]netip.Addr, error)
	// Hostname gives the name of this machine.
	Hostname func() (string, error)
	// Source gives the address that this machine uses towards its default
	// route, or the zero Addr.
	Source func() netip.Addr
	// Service gives the port number of a TCP or UDP service by its name.
	Service func(name string) (uint16, error)
}

// system fills the gaps of o with the system's own answers.
func (o Options) system() Options {
	if o.Lookup == nil {
		o.Lookup = (&resolver{ask: net.DefaultResolver.LookupNetIP}).lookup
	}
	if o.Hostname == nil {
		o.Hostname = os.Hostname
	}
	if o.Source == nil {
		o.Source = defaultSource
	}
	if o.Service == nil {
		o.Service = service
	}
	return o
}

// defaultSource asks the kernel which address it would send from. Connecting
// a datagram socket sends nothing; 192.0.2.1 (RFC 5737) is nobody's, so only
// the default route leads there.
func defaultSource() netip.Addr {
	c, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	a, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}
	}
	return a.AddrPort().Addr().Unmap()
}

func service(name string) (uint16, error) {
	port, err := net.LookupPort("tcp", name)
	if err != nil {
		port, err = net.LookupPort("udp", name)
	}
	return uint16(port), err
}
