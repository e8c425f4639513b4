package run

import (
	"context"
	"net"
	"os"
	"runtime"
	"time"

	"pppdial/cmd/internal/utmp"
	"pppdial/dial"
	"pppdial/dial/modem"
	"pppdial/dial/modemmanager"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/tun"
)

// A world is what the daemon meets outside of itself.
type world struct {
	caller func(dial.Config) (caller, error)
	tun    func(name string) (tun.Device, error)
	kernel func() (route.Kernel, error)
	addrs  func() ([]net.Addr, error) // of this machine
	books  utmp.Config                // where calls are recorded
	hungUp func() bool                // the line that a login has given us

	processors func(lines int) // gives the program one for each
}

// realWorld is this machine.
var realWorld = world{
	caller: func(c dial.Config) (caller, error) {
		c.Inhibit = modemmanager.New("", c.Log)
		d, err := dial.New(c)
		return dialer{d}, err
	},
	tun:    tun.Open,
	kernel: func() (route.Kernel, error) { return route.OpenKernel() },
	addrs:  net.InterfaceAddrs,
	hungUp: func() bool { return hungUp(os.Stdin) },

	processors: processorsFor(runtime.GOMAXPROCS(0)),
}

// A caller makes and takes the calls of an entry.
type caller interface {
	Call(context.Context) (*conn, error)
	Answer(context.Context) (*conn, error)

	// Close gives back what the calls had in common.
	Close()
}

// A resetter is a caller that can reset its modems.
type resetter interface {
	// Up says that a link over the device carries traffic.
	Up(device string, now time.Time)

	// Reset resets a modem, harder each time that no link has held since the last.
	Reset(ctx context.Context, device string, why dial.ResetReason) (dial.Reset, error)
}

var _ resetter = dialer{}

// A conn is a line that is ready for PPP.
type conn struct {
	mp.Line
	unread []byte // came before PPP was there to read it
	device string
	number string // "" when none was dialed
	caller modem.Caller
	report string // the modem's CONNECT
	speed  int    // bit/s of the tty or of the modem's CONNECT; 0: unknown
	limit  int    // bit/s that the line cannot exceed; 0: unknown

	setSync  func() error
	hangUp   func(context.Context)
	mask     func([]byte) []byte               // hides the secrets of scripts; nil: there were none
	diagnose func(context.Context) *dial.Error // asks the modem what became of the call; nil: it can't be asked
}

// A dialer is package dial as a caller.
type dialer struct{ *dial.Dialer }

func (d dialer) Call(ctx context.Context) (*conn, error)   { return connOf(d.Dialer.Call(ctx)) }
func (d dialer) Answer(ctx context.Context) (*conn, error) { return connOf(d.Dialer.Answer(ctx)) }

func connOf(c *dial.Call, err error) (*conn, error) {
	if err != nil {
		return nil, err
	}
	n := &conn{
		Line: c.Line, unread: c.Unread, device: c.Device, number: c.Number, caller: c.Caller, report: c.Connect, speed: c.ConnectSpeed,
		setSync: c.Line.SetSync, hangUp: c.Hangup, mask: c.Mask, diagnose: c.Diagnose,
	}
	if c.Line.Caps().TrueBaud {
		n.limit = c.Line.Speed()
	}
	if n.speed == 0 {
		n.speed = c.Line.Speed()
	}
	return n, nil
}
