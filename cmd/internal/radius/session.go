package radius

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc3162"

	"pppdial/mp/wire"
)

// Usage is what a link has carried since its session began.
type Usage struct {
	In, Out               uint64 // octets from the peer, to the peer
	InPackets, OutPackets uint64
	Links                 int // that its bundle has had until now
}

// A Cause is why a session ended (Acct-Terminate-Cause).
type Cause = rfc2866.AcctTerminateCause

// Causes that a session's owner may have.
const (
	UserRequest    = rfc2866.AcctTerminateCause_Value_UserRequest
	LostCarrier    = rfc2866.AcctTerminateCause_Value_LostCarrier
	IdleTimeout    = rfc2866.AcctTerminateCause_Value_IdleTimeout
	SessionTimeout = rfc2866.AcctTerminateCause_Value_SessionTimeout
	AdminReset     = rfc2866.AcctTerminateCause_Value_AdminReset
	AdminReboot    = rfc2866.AcctTerminateCause_Value_AdminReboot
	PortError      = rfc2866.AcctTerminateCause_Value_PortError
	NASError       = rfc2866.AcctTerminateCause_Value_NASError
	NASRequest     = rfc2866.AcctTerminateCause_Value_NASRequest
	NASReboot      = rfc2866.AcctTerminateCause_Value_NASReboot // it was killed
	UserError      = rfc2866.AcctTerminateCause_Value_UserError
)

// SessionConfig is what the accounting of a link needs to know.
type SessionConfig struct {
	Call  Call
	Grant *Grant // as its authentication got it

	Bundle      string // Acct-Multi-Session-Id, the same for all links of a bundle; empty: none
	Links       int    // that the bundle has had, this one included
	Address     netip.Addr
	InterfaceID wire.InterfaceID // zero: none
	// Usage tells what was carried until now. It is called by a goroutine of the
	// session's and may wait.
	Usage func() Usage
}

// noteEvery is how old the figures may be that the Stop of a session has when
// we were killed.
const noteEvery = time.Minute

// A Session is the accounting of a link.
type Session struct {
	cfg    SessionConfig // fixed
	client *Client
	began  time.Time

	over    chan struct{} // closed when it has ended
	end     sync.Once
	ticking sync.WaitGroup
	pace    chan time.Duration // new intervals between Interim-Updates
}

// Config is what the session was opened with.
func (s *Session) Config() SessionConfig { return s.cfg }

// Open begins a session: the servers get a Start.
func (c *Client) Open(cfg SessionConfig) (*Session, error) {
	s := &Session{cfg: cfg, client: c, began: time.Now(), over: make(chan struct{}), pace: make(chan time.Duration)}
	u := Usage{Links: cfg.Links}
	start, err := s.record(rfc2866.AcctStatusType_Value_Start, u, s.began, 0)
	if err != nil {
		return nil, &requestError{err}
	}
	note, err := s.record(rfc2866.AcctStatusType_Value_Stop, u, s.began, NASReboot)
	if err != nil {
		return nil, &requestError{err}
	}
	c.accountant.box.Put(func() {
		c.accountant.add(start)
		c.accountant.remember(note)
	})
	c.add(s)
	s.ticking.Go(s.tick)
	return s, nil
}

// Close ends the session: the servers get a Stop. A second one does nothing.
func (s *Session) Close(u Usage, cause Cause) {
	s.end.Do(func() {
		now := time.Now()
		s.client.remove(s)
		close(s.over)
		stop, err := s.record(rfc2866.AcctStatusType_Value_Stop, u, now, cause)
		if err != nil {
			s.client.log.Error("accounting record lost", "record", s.cfg.Call.ID, "error", err)
			return
		}
		a := s.client.accountant
		s.client.closing.Go(func() {
			s.ticking.Wait()
			a.box.Put(func() { a.add(stop) })
		})
	})
}

// abandon leaves the session to the note on the disk.
func (s *Session) abandon() {
	s.end.Do(func() {
		s.client.remove(s)
		close(s.over)
		s.ticking.Wait()
	})
}

// setPace changes how often there are Interim-Updates; 0: never.
func (s *Session) setPace(d time.Duration) {
	select {
	case s.pace <- d:
	case <-s.over:
	}
}

// tick sends Interim-Updates, and notes what the Stop would be.
func (s *Session) tick() {
	note := time.NewTicker(noteEvery)
	defer note.Stop()
	update := time.NewTicker(time.Hour)
	defer update.Stop()
	pace := func(d time.Duration) {
		update.Stop()
		if d > 0 {
			update.Reset(max(d, minInterim*time.Second))
		}
	}
	pace(s.cfg.Grant.Interim)
	for {
		interim := false
		select {
		case <-s.over:
			return
		case d := <-s.pace:
			pace(d)
			continue
		case <-note.C:
		case <-update.C:
			interim = true
		}
		if s.cfg.Usage != nil {
			s.report(s.cfg.Usage(), time.Now(), interim)
		}
	}
}

func (s *Session) report(u Usage, now time.Time, interim bool) {
	a := s.client.accountant
	if note, err := s.record(rfc2866.AcctStatusType_Value_Stop, u, now, NASReboot); err == nil {
		a.box.Put(func() { a.remember(note) })
	}
	if !interim {
		return
	}
	if r, err := s.record(rfc2866.AcctStatusType_Value_InterimUpdate, u, now, 0); err == nil {
		a.box.Put(func() { a.add(r) })
	}
}

// addresses adds those of the peer.
func (s *Session) addresses(p *radius.Packet) {
	if a := s.cfg.Address; a.Is4() {
		p.Add(rfc2865.FramedIPAddress_Type, a.AsSlice())
	}
	if s.cfg.InterfaceID != (wire.InterfaceID{}) {
		p.Add(rfc3162.FramedInterfaceID_Type, append([]byte(nil), s.cfg.InterfaceID[:]...))
	}
	for _, x := range s.cfg.Grant.Prefixes {
		v, err := radius.NewIPv6Prefix(&net.IPNet{IP: x.Addr().AsSlice(), Mask: net.CIDRMask(x.Bits(), 128)})
		if err == nil {
			p.Add(rfc3162.FramedIPv6Prefix_Type, v)
		}
	}
}
