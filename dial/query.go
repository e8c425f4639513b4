package dial

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"pppdial/dial/modem"
	"pppdial/dial/usb"
)

// ErrNoPort says that a modem has no tty beside that of the call which takes
// commands.
var ErrNoPort = errors.New("dial: the modem has no second tty for questions")

// Status asks the modem for card, network and signal while the call is up, over
// another tty of its USB device; the call does not notice. It is ErrNoPort where
// there is none.
func (c *Call) Status(ctx context.Context) (*modem.Status, error) {
	var s *modem.Status
	err := c.aside(ctx, func(m *modem.Modem) (err error) {
		s, err = m.Status(ctx)
		return err
	})
	return s, err
}

// aside lets f talk to the modem over a second tty, which is found by trying them
// in the order of their interfaces. One that does not answer is not tried again.
func (c *Call) aside(ctx context.Context, f func(*modem.Modem) error) error {
	if c.d == nil {
		return ErrNoPort
	}
	id, ok := c.d.identity(c.d.nameOf(c.Device))
	if !ok {
		return ErrNoPort
	}
	for _, t := range usb.TTYs(c.d.cfg.SysDir) {
		if t.Device != id.Device || t.Interface == id.Interface || c.deaf[t.Interface] {
			continue
		}
		path := filepath.Join(c.d.cfg.DevDir, t.Name)
		l, err := c.d.cfg.open(ctx, way{device: path, speed: c.d.cfg.Speed})
		if err != nil {
			c.log.Debug("a tty of the modem can't be used", "tty", path, "error", err)
			continue
		}
		m := modem.New(l, modem.Options{Log: c.log})
		if err = m.Probe(ctx); err == nil {
			err = f(m)
			l.Close()
			return err
		}
		l.Close()
		if ctx.Err() != nil {
			return fmt.Errorf("dial: %w", context.Cause(ctx))
		}
		if c.deaf == nil {
			c.deaf = map[int]bool{}
		}
		c.deaf[t.Interface] = true
	}
	return ErrNoPort
}
