package dial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/dial/uucp"
)

// A way is one line and one number to try.
type way struct {
	device     string // path, tcp:..., exec:...
	named      string // the path by which it was known first
	speed      int    // bit/s; 0: as it is
	phone      string // \D; "" for none
	translated string // \T
	how        manner
	probe      bool   // nobody has said that there is a modem
	modem      string // the USB device of a cellular modem of which the entry names no tty
	dialers    []step
	login      uucp.Chat
	retry      time.Duration
}

// name is the device for logs and errors, in which the arguments of a command
// have no place.
func (w way) name() string {
	if command, ok := strings.CutPrefix(w.device, "exec:"); ok {
		return line.CommandName(command)
	}
	return w.device
}

// A manner is how a call is made.
type manner uint8

const (
	direct    manner = iota // nothing is to be done
	byModem                 // the AT dialogue
	byScript                // Chat
	byDialers               // the scripts of Dialers
	byCommand               // ConnectCmd
)

// A step is what one dialer of a Devices line does.
type step struct {
	phone, translated string
	script            uucp.Chat
}

// waysNow lists all ways. When no line is there, it waits for those that were.
func (d *Dialer) waysNow(ctx context.Context) ([]way, []*Error) {
	all, failed := d.ways()
	there := func(w way) bool {
		if !filepath.IsAbs(w.device) {
			return true
		}
		_, err := os.Stat(w.device)
		return err == nil
	}
	if !slices.ContainsFunc(all, there) && d.await(ctx) {
		return d.ways()
	}
	return all, failed
}

// ways lists all ways, or says why there are none. Lines that are not there are
// errors beside the ways over the others.
func (d *Dialer) ways() ([]way, []*Error) {
	if len(d.cfg.Devices) == 0 {
		return d.uucpWays()
	}
	how := direct
	switch {
	case d.cfg.ConnectCmd != "":
		how = byCommand
	case d.scripts.chat != nil:
		how = byScript
	case len(d.cfg.Phones) > 0, d.cfg.Cellular != nil:
		how = byModem
	}
	phones := d.cfg.Phones
	if len(phones) == 0 && how == byModem {
		phones = []string{d.cfg.Cellular.Number()}
	} else if len(phones) == 0 {
		phones = []string{""}
	}
	var all []way
	var failed []*Error
	for _, device := range d.cfg.Devices {
		paths, err := d.cfg.find(device)
		if err != nil {
			failed = append(failed, &Error{Kind: OpenFailed, Device: device, Err: err})
			continue
		}
		for _, named := range paths {
			path := named
			if named == device { // a pattern tells the names of now
				if path, err = d.now(named); err != nil {
					failed = append(failed, &Error{Kind: OpenFailed, Device: device, Err: err})
					continue
				}
			}
			for _, phone := range phones {
				w := way{
					device: path, named: named, speed: d.cfg.Speed, phone: phone, translated: phone,
					how: how, probe: device == "auto",
				}
				if t, ok := d.tty(path); ok && (w.probe || strings.HasPrefix(device, "usb:")) && d.cfg.cellular(phone) {
					w.modem = t.Device
				}
				all = append(all, w)
			}
		}
	}
	return all, failed
}

func (d *Dialer) uucpWays() ([]way, []*Error) {
	db, problems := uucp.Open(d.cfg.UUCPDir, d.cfg.Service)
	for _, p := range problems {
		if p.Warning {
			d.cfg.Log.Debug("uucp", "problem", p)
		} else {
			d.cfg.Log.Warn("uucp", "problem", p)
		}
	}
	routes, err := db.Routes(d.cfg.System, time.Now())
	if err != nil {
		e := &Error{Kind: NoRoute, Err: err}
		if r := new(uucp.RouteError); errors.As(err, &r) && r.Reason == uucp.NotNow {
			e.Kind, e.Next = NotNow, r.Next
		}
		return nil, []*Error{e}
	}
	// The mark ,M of a Devices line changes nothing: no line waits for its carrier
	// to be opened.
	var all []way
	for _, r := range routes {
		w := way{
			device: r.Device.Path, named: r.Device.Path, speed: r.Speed, phone: r.Phone, translated: r.Translated,
			login: r.Login, retry: r.Retry,
		}
		if w.speed == 0 {
			w.speed = d.cfg.Speed
		}
		for _, s := range r.Dialers {
			w.how = byDialers
			w.dialers = append(w.dialers, step{s.Phone, s.Translated, s.Script})
		}
		all = append(all, w)
	}
	return all, nil
}

// parse makes a script of a line's tail.
func parse(c uucp.Chat) (chat.Script, error) { return chat.Parse(c.Text, c.Where) }

// options are those of a line for this way. Until the call is made the carrier
// does not count.
func (c *Config) options(w way) line.Options {
	return line.Options{
		Settings: line.Settings{Speed: w.speed, Flow: c.Flow, Local: true},
		LockDir:  c.LockDir, SysDir: c.SysDir, Env: c.Env, Log: c.Log,
	}
}
