package dialtest

import (
	"fmt"
	"path/filepath"
	"time"
)

// Cable is a null-modem cable of a Bank: two pseudo-terminals and a line.
type Cable struct {
	b    *Bank
	a, z *end
	ab   *lane
	ba   *lane

	pa, pb params // of ab and ba; guarded by the bank's mutex
}

// Cable makes a null-modem cable between two pseudo-terminals.
func (b *Bank) Cable(cfg CableConfig) (*Cable, error) {
	if cfg.Name == "" || filepath.Base(cfg.Name) != cfg.Name {
		return nil, fmt.Errorf("dialtest: cable name %q", cfg.Name)
	}
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.unlock()
	c := &Cable{b: b}
	c.pa = params{rate: cfg.Rate, delay: cfg.Delay, kickIdle: cfg.KickB}
	c.pb = params{rate: cfg.Rate, delay: cfg.Delay, kickIdle: cfg.KickA}
	mk := func(suffix string, kick bool) *end {
		return &end{b: b, link: filepath.Join(b.dir, cfg.Name+suffix), kick: kick, dtr: (*pty).program}
	}
	c.a, c.z = mk(".a", cfg.KickA), mk(".b", cfg.KickB)
	c.ab = b.newLane(c.z, c.a, cfg.FIFO, c.pa)
	c.ba = b.newLane(c.a, c.z, cfg.FIFO, c.pb)
	c.a.read = func(p *pty) { pump(p, c.ab) }
	c.z.read = func(p *pty) { pump(p, c.ba) }
	for _, e := range [...]*end{c.a, c.z} {
		if err := e.plug(); err != nil {
			c.a.unplug()
			return nil, fmt.Errorf("dialtest: cable %s: %w", cfg.Name, err)
		}
	}
	c.ab.start(&b.wg)
	c.ba.start(&b.wg)
	b.cables = append(b.cables, c)
	return c, nil
}

// close takes the cable away; the bank's mutex is held.
func (c *Cable) close() {
	c.ab.cut()
	c.ba.cut()
	c.a.unplug()
	c.z.unplug()
}

// PathA and PathB are the symlinks to the ends' pseudo-terminals.
func (c *Cable) PathA() string { return c.a.link }

// PathB is the other end, see PathA.
func (c *Cable) PathB() string { return c.z.link }

// Hangup hangs both ttys up; the ends can be opened again.
func (c *Cable) Hangup() {
	c.b.do(func(time.Time) {
		for _, e := range [...]*end{c.a, c.z} {
			if err := e.hangup(); err != nil {
				c.b.Log.Error("hang-up", "end", e.link, "err", err)
			}
		}
	})
}

// set changes the line in a direction.
func (c *Cable) set(d Direction, f func(p *params)) {
	c.b.do(func(time.Time) {
		if d != BtoA {
			f(&c.pa)
			c.ab.set(c.pa)
		}
		if d != AtoB {
			f(&c.pb)
			c.ba.set(c.pb)
		}
	})
}

// SetRate changes the rate in bit/s, SetDelay the one-way delay.
func (c *Cable) SetRate(d Direction, bps int) { c.set(d, func(p *params) { p.rate = bps }) }

// SetDelay changes the one-way delay.
func (c *Cable) SetDelay(d Direction, delay time.Duration) {
	c.set(d, func(p *params) { p.delay = delay })
}

// Noise damages one byte in a fraction p of the frames (parts between 7E flags).
func (c *Cable) Noise(d Direction, p float64) { c.set(d, func(l *params) { l.frames = p }) }

// ByteNoise damages a fraction p of the bytes.
func (c *Cable) ByteNoise(d Direction, p float64) { c.set(d, func(l *params) { l.bytes = p }) }

// Silence drops all bytes.
func (c *Cable) Silence(d Direction, on bool) { c.set(d, func(l *params) { l.silent = on }) }

// Stall stops the bytes where they are; nothing is lost.
func (c *Cable) Stall(d Direction, on bool) { c.set(d, func(l *params) { l.stalled = on }) }

// Stats counts.
func (c *Cable) Stats() (ab, ba Stats) {
	c.ab.stats(&ab)
	c.ba.stats(&ba)
	return
}
