package mp

import "net/netip"

// Events are what a nursery, a link or a bundle tells its owner. They are
// called by a loop and must return at once; the methods of Link, Bundle and
// Admission may be called from within, for they only send messages.
type Events interface {
	// Admit asks where an authenticated link belongs.
	Admit(*Admission)
	// LinkLost says that a link has ended and that its line is free again.
	// Unread are bytes that came after the last frame.
	LinkLost(k *Link, f *Failure, unread []byte)
	// NetworkUp says that a network protocol of the bundle has opened, or
	// that what it agreed upon has changed. The answer is Bundle.Ready.
	NetworkUp(*Bundle, Network)
	// NetworkDown says that it closed.
	NetworkDown(*Bundle, Family)
	// Demand says that a packet waits and no link is there.
	Demand(b *Bundle, packet string)
	// Busy says that the links, of which there could be more, have been
	// saturated for BusyDelay. While they stay so it is told again after each
	// further BusyDelay.
	Busy(*Bundle)
	// Slack says that the links have not been saturated for IdleDelay and that
	// one fewer would have carried what passed. While that lasts it is told
	// again after each further IdleDelay.
	Slack(*Bundle)
}

// A Family is a network protocol.
type Family int

const (
	IPv4 Family = 4
	IPv6 Family = 6
)

// Network is what a network protocol agreed upon.
type Network struct {
	Family        Family
	Local, Remote netip.Addr // invalid when nobody tells it
	// Former are addresses that the interface has had before Local and whose
	// conversations go on, or must be ended: the machine still takes them for
	// its own, but gives them to no new one.
	Former []netip.Addr
	DNS    []netip.Addr
	MTU    int // the largest packet that the peer takes
}

// LocalText is Local in words.
func (n *Network) LocalText() string { return inWords(n.Local) }

// RemoteText is Remote in words.
func (n *Network) RemoteText() string { return inWords(n.Remote) }

func inWords(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}
