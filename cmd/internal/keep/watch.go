package keep

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// Auto is the target that stands for the first hosts on the way.
const Auto = "auto"

const (
	maxHops  = 8 // how far Auto looks
	watched  = 2 // of the hosts found, how many it asks
	mostHops = 1<<hopBits - 1
)

// far is where Auto sends its probes when there is no name server to send them
// to: addresses that everybody has a route to, those of a root name server.
// Nearly all of the probes die on the way there.
var far = [2]netip.Addr{
	netip.AddrFrom4([4]byte{198, 41, 0, 4}),
	netip.MustParseAddr("2001:503:ba3e::2:30"),
}

// A Watch watches one link. It is used by one goroutine.
type Watch struct {
	// Global gives an IPv6 address of the interface that is not link-local,
	// the zero Addr when it has none. It may be nil.
	Global func() netip.Addr

	mon    monitor
	target string
	log    *slog.Logger
	id     uint16

	// Of the link that is up.
	since         time.Time
	ever          bool          // something has come
	local, remote [2]netip.Addr // of IPv4 and IPv6
	dns           []netip.Addr
	fixed         []netip.Addr // addresses of the target; none: not known yet
	named         bool         // they are those of a name
	round         uint16
	rounds        uint                     // since the link is up
	hosts         [mostHops + 1]netip.Addr // that Auto has found, by hops
}

// NewWatch returns a Watch for a target: an address, the name of a host, or
// Auto. It waits for Up.
func NewWatch(target string, c MonitorConfig, log *slog.Logger) *Watch {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &Watch{mon: monitor{cfg: c}, target: target, log: log, id: uint16(rand.Uint32()), named: true}
	if a, err := netip.ParseAddr(target); err == nil {
		w.fixed, w.named = []netip.Addr{a.Unmap()}, false
	}
	return w
}

// ID is the identifier of the probes, for ParseAnswer. It never changes.
func (w *Watch) ID() uint16 { return w.id }

// A Step is what is to be done now.
type Step struct {
	Probes  [][]byte // datagrams to be sent
	Resolve string   // a host whose addresses are wanted; the answer is Resolved
	Dead    bool     // the link passes nothing: break it and make it again
}

// Up says that a network protocol is up, with which addresses and, for Auto,
// which name servers.
func (w *Watch) Up(now time.Time, local, remote netip.Addr, dns []netip.Addr) (s Step) {
	if !w.running() {
		w.mon.alive(now)
		w.hosts, w.since, w.ever, w.rounds = [mostHops + 1]netip.Addr{}, now, false, 0
		s.Resolve = w.unknown()
	}
	i := family(local)
	w.local[i], w.remote[i] = local, remote
	w.dns = append(w.dns, dns...)
	return s
}

// Down says that the link has ended.
func (w *Watch) Down() {
	w.mon.down()
	w.local, w.remote, w.dns = [2]netip.Addr{}, [2]netip.Addr{}, nil
	if w.named {
		w.fixed = nil
	}
}

func (w *Watch) running() bool { return !w.mon.life.IsZero() }

// unknown is the host whose address is not known yet, "" if there is none.
func (w *Watch) unknown() string {
	if w.target == Auto || w.fixed != nil {
		return ""
	}
	return w.target
}

// Resolved tells the addresses of the host that Step.Resolve has asked for.
func (w *Watch) Resolved(addrs []netip.Addr) (s Step) {
	if w.unknown() == "" || !w.running() {
		return s
	}
	for _, a := range addrs {
		w.fixed = append(w.fixed, a.Unmap())
	}
	if w.fixed != nil && w.mon.sent > 0 {
		s.Probes = w.probes()
	}
	return s
}

// Answered takes an answer.
func (w *Watch) Answered(now time.Time, a Answer) {
	if !w.running() {
		return
	}
	w.alive(now)
	if a.Hop > 0 && !w.hosts[a.Hop].IsValid() {
		w.hosts[a.Hop] = a.From
		w.log.Info("monitor: a host on the way answers", "address", a.From, "hops", a.Hop)
	}
}

func (w *Watch) alive(now time.Time) {
	w.mon.alive(now)
	w.ever = true
}

// Deadline is when Advance wants to be called; zero is never.
func (w *Watch) Deadline() time.Time { return w.mon.deadline() }

// Advance does what is due. Heard is when the interface has last received a
// packet, which is as good a sign of life as an answer.
func (w *Watch) Advance(now, heard time.Time) (s Step) {
	if w.running() && heard.After(w.mon.life) {
		w.alive(heard)
	}
	unanswered := w.mon.sent
	due, dead := w.mon.advance(now)
	if dead {
		w.log.Warn("monitor: the link passes nothing", "target", w.target, "unanswered", unanswered)
		return Step{Dead: true}
	}
	if !due {
		return Step{}
	}
	if unanswered > 0 {
		w.log.Info("monitor: no answer", "target", w.target, "unanswered", unanswered)
	}
	w.round++
	s = Step{Probes: w.probes()}
	// A look-up is traffic that keeps the link up: it comes ever more seldom.
	if w.rounds++; w.rounds&(w.rounds-1) == 0 {
		s.Resolve = w.unknown()
	}
	return s
}

// probes are those of one round: to the target, or along the way while that
// cannot be asked.
func (w *Watch) probes() [][]byte {
	if all := w.to(w.fixed, []int{0}); all != nil {
		return all
	}
	if all := w.to(append(w.dns[:len(w.dns):len(w.dns)], far[:]...), w.hops()); all != nil {
		return all
	}
	// With nothing but link-local addresses only the peer can be asked.
	return w.to(w.remote[1:], []int{0})
}

// hops are the distances that Auto probes: all of them until it knows hosts
// that answer, and again when those do not.
func (w *Watch) hops() (hops []int) {
	for h := 1; h <= maxHops && len(hops) < watched; h++ {
		if w.hosts[h].IsValid() {
			hops = append(hops, h)
		}
	}
	if len(hops) > 0 && w.mon.sent <= 1 {
		return hops
	}
	hops = hops[:0]
	for h := range maxHops + 1 { // with 0, the destination itself
		hops = append(hops, h)
	}
	return hops
}

// to makes a probe for each hop to the first of the addresses that can be
// reached from one of ours.
func (w *Watch) to(addrs []netip.Addr, hops []int) (all [][]byte) {
	for _, a := range addrs {
		from := w.source(a)
		if !from.IsValid() {
			continue
		}
		for _, h := range hops {
			all = append(all, probe(from, a.WithZone(""), w.id, w.round, h))
		}
		return all
	}
	return nil
}

// source is our address for datagrams to another, the zero Addr when we have
// none.
func (w *Watch) source(to netip.Addr) netip.Addr {
	if !to.IsValid() {
		return to
	}
	from := w.local[family(to)]
	if !from.IsValid() || to.Is4() || to.IsLinkLocalUnicast() {
		return from
	}
	if w.Global == nil {
		return netip.Addr{}
	}
	return w.Global()
}

// Ever reports whether anything has come over the link since it was up.
func (w *Watch) Ever() bool { return w.ever }

// Evidence says in words for how long nothing came.
func (w *Watch) Evidence(now time.Time) string {
	span := (time.Duration(w.mon.cfg.Fails) * w.mon.cfg.Interval).Round(time.Second)
	if !w.ever {
		span = now.Sub(w.since).Round(time.Second)
	}
	target := w.target
	if w.fixed == nil {
		var known []string
		for h, a := range w.hosts {
			if a.IsValid() && len(known) < watched {
				known = append(known, fmt.Sprintf("%s (hop %d)", a, h))
			}
		}
		if target = strings.Join(known, ", "); target == "" {
			target = "any host on the way"
		}
	}
	return fmt.Sprintf("nothing received for %v, no answer from %s to %d probes", span, target, w.mon.cfg.Fails)
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}
