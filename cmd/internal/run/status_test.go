package run

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/route"
	"pppdial/route/routetest"
	"pppdial/route/tun"
)

// A memWorld is a world in memory: interfaces, and lines at whose far ends peers
// of package mp answer.
type memWorld struct {
	t   testing.TB
	log *slog.Logger

	mu      sync.Mutex
	units   int
	tuns    []*tun.Mem                    // of the units
	kernels []*routetest.Kernel           // each sees one of them
	lines   map[*mptest.Line]*mptest.Line // our ends of the calls, and the far ones
	peers   map[string]*farPeer           // by the label that calls

	theirs string                // more words of the peers' entries
	refuse func(op string) error // asked by the kernels, nil: they take everything

	hangsUp time.Duration // takes a modem

	fails  error    // of every call; nil: it is made
	calls  []string // when they were tried
	resets []string
	when   []string // they were
	ups    int      // links that carried traffic, as the resetter is told

	talking []int // lines, as the processors are shared for them
}

// A farPeer is the far end of one unit.
type farPeer struct {
	entry   *conf.Entry
	nursery *mp.Nursery
	bundle  *mp.Bundle
	tun     *mptest.Tun
	takes   func(far *mptest.Line, c mp.LinkConfig) // a call; nil: the nursery does
}

func (p *farPeer) Admit(a *mp.Admission)                  { a.Join(p.bundle) }
func (p *farPeer) LinkLost(*mp.Link, *mp.Failure, []byte) {}
func (p *farPeer) NetworkUp(b *mp.Bundle, n mp.Network)   { b.Ready(n.Family) }
func (p *farPeer) NetworkDown(*mp.Bundle, mp.Family)      {}
func (p *farPeer) Demand(*mp.Bundle, string)              {}
func (p *farPeer) Busy(*mp.Bundle)                        {}
func (p *farPeer) Slack(*mp.Bundle)                       {}

// memRest is how long modems rest after a reset.
const memRest = 30 * time.Second

var silence = slog.New(slog.DiscardHandler)

func newMemWorld(t testing.TB) *memWorld {
	return &memWorld{t: t, log: silence, lines: map[*mptest.Line]*mptest.Line{}, peers: map[string]*farPeer{}}
}

// world is what the daemon gets.
func (w *memWorld) world() world {
	kernel := func() (route.Kernel, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		k := routetest.New("test")
		k.AddLink(fmt.Sprintf("ppp%d", w.units-1), false)
		k.Fail = w.refuse
		w.kernels = append(w.kernels, k)
		return k, nil
	}
	device := func(string) (tun.Device, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.units++
		m := tun.NewMem(fmt.Sprintf("ppp%d", w.units-1), 1024)
		w.tuns = append(w.tuns, m)
		return m, nil
	}
	return world{
		caller: func(c dial.Config) (caller, error) { return memCaller{w, c.Label}, nil },
		tun:    device, kernel: kernel,
		addrs: func() ([]net.Addr, error) { return nil, nil },
		books: utmp.Config{Utmp: "/nonexistent/utmp", Wtmp: "/nonexistent/wtmp"},
		processors: func(lines int) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.talking = append(w.talking, lines)
		},
	}
}

// entry is that of a unit, and makes its peer.
func (w *memWorld) entry(n int, words string) *conf.Entry {
	for _, host := range []string{"localhost=10.1", "remotehost=10.2"} {
		if name, _, _ := strings.Cut(host, "="); !strings.Contains(words, name) {
			words += fmt.Sprintf(" %s.%d.%d", host, n/250, n%250+1)
		}
	}
	e := entryOf(w.t, "device=/dev/a device=/dev/b "+words)
	e.Label = fmt.Sprintf("rmt%d", n)
	p := &farPeer{nursery: mp.NewNursery(), tun: mptest.NewTun(64)}
	p.entry = entryOf(w.t, fmt.Sprintf("in localhost=10.2.%d.%d remotehost=10.1.%[1]d.%[2]d maxdevs=4 %[3]s", n/250, n%250+1, w.theirs))
	p.bundle = mp.NewBundle(bundleConfig(p.entry, p.tun, p, silence))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.peers[e.Label] = p
	return e
}

func (w *memWorld) close() {
	for _, p := range w.peers {
		p.bundle.Close(mp.Closed, "")
		p.tun.Close()
		<-p.bundle.Done()
		p.nursery.Close()
		<-p.nursery.Done()
	}
}

// say has something come on all lines that is not their peers'.
func (w *memWorld) say(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, far := range w.lines {
		far.TryWrite([]byte(text))
	}
}

// hangUpOne breaks a line.
func (w *memWorld) hangUpOne(r *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if lines := slices.Collect(maps.Keys(w.lines)); len(lines) > 0 {
		lines[r.IntN(len(lines))].Hangup()
	}
}

func (w *memWorld) hangUpAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for l := range w.lines {
		l.Hangup()
	}
}

type memCaller struct {
	w     *memWorld
	label string
}

func (c memCaller) Call(context.Context) (*conn, error) {
	near, far := mptest.Pair(mptest.Config{BPS: 115200})
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.calls = append(c.w.calls, time.Now().Format("15:04:05"))
	if c.w.fails != nil {
		return nil, c.w.fails
	}
	c.w.lines[near] = far
	p := c.w.peers[c.label]
	if c := linkConfig(p.entry, 0, p, silence); p.takes != nil {
		p.takes(far, c)
	} else {
		p.nursery.Start(far, nil, c)
	}
	return &conn{Line: near, device: "/dev/a", speed: 115200, hangUp: func(context.Context) {
		near.Hangup()
		time.Sleep(c.w.hangsUp)
		c.w.mu.Lock()
		defer c.w.mu.Unlock()
		delete(c.w.lines, near)
	}}, nil
}

func (c memCaller) Answer(ctx context.Context) (*conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (c memCaller) Reset(_ context.Context, device string, why dial.ResetReason) (dial.Reset, error) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.resets = append(c.w.resets, fmt.Sprintf("%s: %v", device, why))
	c.w.when = append(c.w.when, time.Now().Format("2 Jan 15:04:05 MST"))
	return dial.Reset{Rung: dial.ATReset, Rest: memRest}, nil
}

func (c memCaller) Up(string, time.Time) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.ups++
}

func (c memCaller) Close() {}

// serveUnits runs a daemon with so many of them, until stop.
func (w *memWorld) serveUnits(dir string, n int, words string) (d *daemon, stop func()) {
	return w.serveEach(dir, w.world(), slices.Repeat([]string{words}, n))
}

// serveEach runs one with a unit for each words.
func (w *memWorld) serveEach(dir string, sees world, words []string) (d *daemon, stop func()) {
	d = newDaemon(Options{StateDir: dir}, nil, sees, new(slog.LevelVar), w.log)
	ctx, cancel := context.WithCancel(context.Background())
	begun, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		d.run(ctx, nil, func() *Verdict {
			defer close(begun)
			for i, words := range words {
				if v := d.newUnit(w.entry(i, words)).begin(); v != nil {
					return v
				}
			}
			return nil
		})
	}()
	<-begun
	return d, func() {
		cancel()
		<-ended
		w.close()
	}
}

// look asks as pppstat does.
func look(t testing.TB, d *daemon, q rendezvous.Query) status.Document {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	all, err := host{d}.State(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	doc := status.Document{Bundles: all}
	doc.Complete()
	return doc
}

// What a connection of two lines looks like, and what it has looked like when it
// has ended.
func TestState(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		d, stop := w.serveUnits(dir, 2, "quiet mindevs=2 outdevs=2 maxdevs=2 inactive_timeout=60")
		defer stop()
		unit := 1
		q := rendezvous.Query{Target: rendezvous.Target{Entry: "rmt1", Unit: &unit}}
		one := func() *status.Bundle {
			t.Helper()
			doc := look(t, d, q)
			if len(doc.Bundles) != 1 {
				t.Fatalf("%+v", doc)
			}
			return &doc.Bundles[0]
		}
		b := one()
		if b.Entry != "rmt1" || b.Interface != "ppp1" || b.Unit != 1 || b.PID != os.Getpid() || b.Mode != "quiet" || b.Phase != status.Holding ||
			b.Local != "10.1.0.2" || b.Remote != "10.2.0.2" || len(b.Links) != 0 || !b.Since.Equal(time.Now()) {
			t.Errorf("before: %+v", b)
		}
		ctx := t.Context()
		if err := (host{d}).Act(ctx, rendezvous.Caller{}, rendezvous.Command{Target: q.Target, Verb: rendezvous.Up}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		b = one()
		if b.Phase != status.NetworkPhase || time.Since(b.Since) < 15*time.Second || b.WhyUp != "pppstat up" || b.WhyDown != "" || len(b.Links) != 2 || b.MP == nil ||
			b.Accounting.CallsTried != 2 || b.Accounting.CallsMade != 2 || b.Accounting.LinesAdding != 0 || b.Tx.QueueLimit == 0 || b.MTU == 0 {
			t.Errorf("up: %+v", b)
		}
		for _, k := range b.Links {
			if k.Phase != status.NetworkPhase || k.Origin != status.Dialed || k.Speed != 115200 || k.Rx.Bytes == 0 || k.Tx.Packets == 0 ||
				len(k.LCPLocal) == 0 || len(k.LCPRemote) == 0 || k.Since.IsZero() {
				t.Errorf("a link: %+v", k)
			}
		}
		// A hundred packets from the peer in ten seconds.
		p := w.peers["rmt1"]
		const size = 500
		for range 100 {
			p.tun.Send(udp("10.2.0.2", "10.1.0.2", size))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Second)
		one()
		for range 20 {
			p.tun.Send(udp("10.2.0.2", "10.1.0.2", size))
			time.Sleep(100 * time.Millisecond)
		}
		b = one()
		if want := 10 * size * 8.0; b.Rx.Packets != 120 || b.Rx.Bytes != 120*size || b.Rx.BPS < 0.9*want || b.Rx.BPS > 1.1*want || b.KeptUpBy != "udp 10.2.0.2:1 > 10.1.0.2:2" {
			t.Errorf("after 120 packets, 10 a second: %+v, kept up by %s", b.Rx, b.KeptUpBy)
		}
		if other := look(t, d, rendezvous.Query{Brief: true}).Bundles; len(other) != 2 || other[0].Phase != status.Holding || len(other[1].Links) > 0 {
			t.Errorf("brief: %+v", other)
		}
		if err := (host{d}).Act(ctx, rendezvous.Caller{}, rendezvous.Command{Target: q.Target, Verb: rendezvous.Down}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		b = one()
		if b.Phase != status.Holding || len(b.Links) != 0 || b.WhyUp != "" || b.WhyDown != "pppstat down" || len(b.Verdicts) != 1 || b.Verdicts[0].Status != StatusUser ||
			b.Accounting.ConnectSecs < 30 || b.Accounting.ConnectSecs > 45 || !b.Since.Equal(b.Verdicts[0].Time) {
			t.Errorf("after: %+v", b)
		}
	})
}

// TestRemoteUnknown: a peer that tells no address of its own has none in the state,
// and words in its place in the log and for systemd.
func TestRemoteUnknown(t *testing.T) {
	dir := t.TempDir()
	var systemd string
	heard := socket(t, &systemd)
	t.Setenv("NOTIFY_SOCKET", systemd)
	synctest.Test(t, func(t *testing.T) {
		w, log := newMemWorld(t), new(lockedBuffer)
		w.log, w.theirs = slog.New(slog.NewTextHandler(log, nil)), "-addr_negotiate"
		d, stop := w.serveUnits(dir, 1, "out localhost=10.1.0.1 remotehost=0")
		time.Sleep(20 * time.Second)
		if b := oneUnit(t, d); !b.Up || b.Local != "10.1.0.1" || b.Remote != "" {
			t.Errorf("%+v", b)
		}
		stop()
		for _, want := range []string{"network up", "msg=up"} {
			_, line, _ := strings.Cut(log.b.String(), want)
			if line, _, _ = strings.Cut(line, "\n"); !strings.Contains(line, "local=10.1.0.1 remote=unknown") {
				t.Errorf("%s: %q", want, line)
			}
		}
	})
	want := "STATUS=rmt0: ppp0 is up, 10.1.0.1 to unknown"
	for got := ""; got != want; {
		if got = strings.TrimSpace(datagram(t, heard)); strings.Contains(got, "invalid") {
			t.Fatalf("systemd heard %q, want %q", got, want)
		}
	}
}

// An entry that waits for a call has no interface yet, and is there all the
// same.
func TestStateOfWaiting(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		d, stop := w.serveUnits(dir, 1, "in")
		defer stop()
		time.Sleep(time.Second)
		for _, q := range []rendezvous.Query{{}, {Brief: true}, {Target: rendezvous.Target{Entry: "rmt0"}}} {
			doc := look(t, d, q)
			if len(doc.Bundles) != 1 {
				t.Fatalf("%+v", doc)
			}
			if b := doc.Bundles[0]; b.Entry != "rmt0" || b.Mode != "in" || b.Unit != status.NoUnit || b.Interface != "" || b.Phase != status.Holding || b.Accounting.LinesAdding != 0 {
				t.Errorf("%+v: %+v", q, b)
			}
		}
		for verb, want := range map[rendezvous.Verb]string{
			rendezvous.Up: "it only answers: the entry says in", rendezvous.AddLine: "it only answers: the entry says in",
			rendezvous.Down: "nobody has called", rendezvous.DropLine: "no line can be spared that we have called", rendezvous.Debug: "<nil>",
		} {
			err := host{d}.Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Target: rendezvous.Target{Entry: "rmt0"}, Verb: verb})
			if fmt.Sprint(err) != want {
				t.Errorf("%s: %v, want %s", verb, err, want)
			}
		}
	})
}

// udp is a datagram of so many octets.
func udp(from, to string, size int) []byte {
	p := make([]byte, size)
	p[0], p[2], p[3], p[8], p[9] = 0x45, byte(size>>8), byte(size), 64, 17
	var a, b [4]byte
	fmt.Sscanf(from, "%d.%d.%d.%d", &a[0], &a[1], &a[2], &a[3])
	fmt.Sscanf(to, "%d.%d.%d.%d", &b[0], &b[1], &b[2], &b[3])
	copy(p[12:], a[:])
	copy(p[16:], b[:])
	p[21], p[23] = 1, 2
	return p
}

// The state is read by several while links come and go: what is told fits
// together, and nothing is read without its owner (for the race detector).
func TestStateWhileLinksComeAndGo(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		const units = 4
		d, stop := w.serveUnits(dir, units, "out camp modwait=1 mindevs=2 outdevs=2 maxdevs=2")
		defer stop()
		var wg sync.WaitGroup
		defer wg.Wait()
		end := time.Now().Add(3 * time.Minute)
		var seen sync.Map
		for i := range 4 {
			wg.Go(func() {
				for time.Now().Before(end) {
					doc := look(t, d, rendezvous.Query{Brief: i == 3})
					if len(doc.Bundles) != units {
						t.Errorf("%d bundles", len(doc.Bundles))
					}
					for _, b := range doc.Bundles {
						seen.Store(fmt.Sprint(b.Phase, len(b.Links)), true)
						if b.Accounting.CallsMade > b.Accounting.CallsTried || len(b.Verdicts) > keptVerdicts || b.Since.After(time.Now()) || len(b.Links) > 2 {
							t.Errorf("%+v", b)
						}
					}
					time.Sleep(time.Duration(100+i) * time.Millisecond)
				}
			})
		}
		r := rand.New(rand.NewPCG(1, 2))
		for n := 1; time.Now().Before(end); n++ {
			time.Sleep(time.Duration(r.IntN(4000)) * time.Millisecond)
			if n%5 == 0 {
				w.hangUpAll()
			} else {
				w.hangUpOne(r)
			}
		}
		for _, s := range []string{"network2", "network1", "holding0"} {
			if _, ok := seen.Load(s); !ok {
				t.Errorf("never seen: %s", s)
			}
		}
	})
}
