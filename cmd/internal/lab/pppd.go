package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is one run of a script of pppd: auth-up, auth-down, ip-up, ip-down,
// ipv6-up, ipv6-down.
type Event struct {
	At   time.Time // of arrival, by our clock
	Name string
	Args []string          // as pppd(8) lists them: interface, tty, speed, local, remote, ipparam
	Env  map[string]string // PEERNAME, DNS1, DNS2, CONNECT_TIME, BYTES_SENT, BYTES_RCVD where pppd sets them
}

// PPPD is a pppd on one line of the guest. Its log is its Output.
type PPPD struct {
	*Process
	tty   string
	since int // events of the guest before this one are not ours
}

// PPPD starts pppd on line i with options, one word each, and returns when it
// is ready for bytes: what comes before is flushed by pppd. With connect
// (pppd calls) that is when its script starts; with demand, when its interface
// exists. The defaults given before the options are
//
//	115200 local nocrtscts nodetach lock noipdefault
//
// A pppd that ends before it is ready is an error which holds its log.
func (n *Netns) PPPD(ctx context.Context, i int, options ...string) (*PPPD, error) {
	l := n.g.lines[i]
	words := append([]string{"exec", "pppd", l.TTY(), "115200", "local", "nocrtscts", "nodetach", "lock", "noipdefault"}, options...)
	ready := []string{"Connect: ", "Starting negotiation on "}
	for k := 1; k < len(words); k++ {
		switch {
		case words[k] == "demand":
			ready = append(ready, "Using interface ")
		case words[k-1] == "connect":
			words[k] = "echo lab: dialing >&2; " + words[k] // its stderr is the log
			ready = append(ready, "lab: dialing")
		}
	}
	for k, w := range words[2:] {
		words[k+2] = quote(w)
	}
	p := &PPPD{tty: l.TTY(), since: len(n.g.Events())}
	var err error
	if p.Process, err = n.start("pppd on "+l.TTY(), strings.Join(words, " ")); err != nil {
		return nil, err
	}
	is := false
	err = p.await(ctx, func() bool {
		is = slices.ContainsFunc(ready, func(s string) bool { return strings.Contains(string(p.out), s) })
		return is || p.done
	})
	switch {
	case is:
		return p, nil
	case err == nil:
		return nil, fmt.Errorf("lab: %s ended (%s) before it was ready:\n%s", p.name, p.fate(), p.Log())
	default:
		return nil, errors.Join(fmt.Errorf("lab: %s is not ready: %w:\n%s", p.name, err, p.Log()), p.Kill())
	}
}

// Events returns what the scripts of this pppd have told so far.
func (p *PPPD) Events() []Event {
	var own []Event
	for _, e := range p.g.Events()[p.since:] {
		if slices.Contains(e.Args, p.tty) {
			own = append(own, e)
		}
	}
	return own
}

// WaitEvent waits for an event of this pppd. One that has come already counts.
func (p *PPPD) WaitEvent(name string, timeout time.Duration) (Event, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	for {
		changed := p.g.ctl.eventsChanged()
		for _, e := range p.Events() {
			if e.Name == name {
				return e, nil
			}
		}
		select {
		case <-changed:
		case <-p.g.exited:
			return Event{}, fmt.Errorf("lab: %s: no %s: %w", p.name, name, errGone)
		case <-ctx.Done():
			return Event{}, fmt.Errorf("lab: %s: no %s after %v:\n%s", p.name, name, timeout, p.Log())
		}
	}
}

// Stop ends the pppd as an operator does, by SIGTERM, and waits for its end.
func (p *PPPD) Stop(ctx context.Context) (status int, err error) {
	if err := p.Signal("TERM"); err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// Events returns all events of the guest, in order of arrival.
func (g *Guest) Events() []Event { return g.ctl.allEvents() }
