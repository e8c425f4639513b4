package dial

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/dial/modem"
)

// A Call is a line on which the other side can be talked to. Its methods are for
// one goroutine at a time.
type Call struct {
	Line         *line.Line
	Device       string
	Number       string // "" when none was dialed
	ConnectSpeed int    // bit/s, as the modem says behind CONNECT; 0: it does not
	Connect      string // the modem's line, such as "CONNECT 33600/V34"
	Caller       modem.Caller
	Unread       []byte // came behind the dialogue: the other side may have started PPP already
	Direct       bool   // nothing was dialed

	log          *slog.Logger
	modem        *modem.Modem // nil: the line was given
	hangupScript *chat.Script // nil: none
	secrets      chat.Secrets // of the scripts
	local        bool
	cellular     bool // the modem can be asked about card and network
	d            *Dialer
	deaf         map[int]bool // interfaces of the modem at which nothing answers
	once         sync.Once
}

// Given makes a Call of a line that somebody else has opened, such as a login
// shell's standard input. Its Hangup only closes the line.
func Given(l *line.Line) *Call { return &Call{Line: l, Device: l.Name(), Direct: true} }

const (
	// hangupLimit bounds a hang-up; closing the tty drops DTR in any case.
	hangupLimit = 15 * time.Second
	// drainLimit is the part of it for output that waits.
	drainLimit = time.Second
	// scriptLimit is the part of it for hangup_chat.
	scriptLimit = 8 * time.Second
)

// Mask gives a copy of what has come over the line without the secrets that the
// call's scripts have sent, for who shows it.
func (c *Call) Mask(b []byte) []byte { return c.secrets.Mask(b) }

// Hangup leaves the modem idle, whatever state it is in, and gives the line
// back: hangup_chat, then DTR and ATH, then the escape sequence and ATH. It takes
// 15 s at most, and ends with ctx. Nobody may read or write the line any more.
func (c *Call) Hangup(ctx context.Context) {
	c.once.Do(func() {
		if c.modem == nil {
			c.Line.CloseContext(ctx)
			return
		}
		c.log.Info("hanging up")
		c.hangUp(ctx, true)
	})
}

// giveUp ends an attempt that failed. A modem that was not told to make a call
// has none to end.
func (a *attempt) giveUp(ctx context.Context) {
	if a.phase < dialing {
		a.made.Line.CloseContext(ctx)
		return
	}
	a.made.hangUp(ctx, a.phase == login)
}

// hangUp hangs up; hangup_chat is for a call that was made.
func (c *Call) hangUp(ctx context.Context, made bool) {
	ctx, cancel := context.WithTimeout(ctx, hangupLimit)
	defer cancel()
	defer c.Line.CloseContext(ctx)
	// If the modem has just gone, what is there is another: to move it takes longer.
	c.d.sighted(c.d.nameOf(c.Device))
	err := c.Line.Revive()
	if err == nil {
		err = c.Line.SetLocal(true) // the carrier is to go
	}
	if err != nil {
		c.log.Debug("the line can't be hung up", "error", err)
		return
	}
	c.drain(ctx)
	if made && c.hangupScript != nil {
		c.runHangupScript(ctx)
	}
	switch {
	case !c.Direct:
		err = c.modem.Hangup(ctx)
	case c.Line.Caps().ModemLines: // tells the other end of the cable
		err = c.Line.Hangup(ctx)
	}
	if err != nil {
		c.log.Debug("hang-up", "error", err)
	}
}

// drain lets the last of PPP go, such as the answer to a Terminate-Request.
func (c *Call) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainLimit)
	defer cancel()
	if err := c.Line.Drain(ctx); err != nil {
		c.log.Debug("output is left", "error", err)
	}
}

func (c *Call) runHangupScript(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, scriptLimit)
	defer cancel()
	r := chat.Runner{Phone: c.Number, Translated: c.Number, Timeout: scriptLimit, Secrets: &c.secrets, Log: c.log}
	if c.Line.Caps().Break {
		r.Break = c.Line.Break
	}
	if _, err := r.Run(ctx, c.Line, *c.hangupScript); err != nil {
		c.log.Info("hangup_chat failed", "error", err)
	}
}
