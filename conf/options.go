package conf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
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
		o.Lookup = (&resolver{patience: 3 * time.Second}).lookup
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

// A resolver asks the system and remembers the answers. A name service that
// does not answer must not hold up the check of a file with many entries:
// after each time-out the patience for the next name is halved.
type resolver struct {
	mu       sync.Mutex
	patience time.Duration
	known    map[string]answer
}

type answer struct {
	addrs []netip.Addr
	err   error
}

func (r *resolver) lookup(host string) ([]netip.Addr, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := r.known[host]; ok {
		return a.addrs, a.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.patience)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", host)
	var dns *net.DNSError
	if ctx.Err() != nil || errors.As(err, &dns) && dns.IsTimeout {
		r.patience /= 2
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	if r.known == nil {
		r.known = make(map[string]answer)
	}
	r.known[host] = answer{addrs, err}
	return addrs, err
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
