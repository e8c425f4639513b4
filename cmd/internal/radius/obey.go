package radius

import (
	"bytes"
	"encoding/binary"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/rfc3576"
)

// sessionNames are the attributes by which a request says which sessions it
// means (RFC 5176, section 3): all that it has must match.
var sessionNames = map[radius.Type]func(*SessionConfig) []byte{
	rfc2866.AcctSessionID_Type:      func(c *SessionConfig) []byte { return []byte(c.Call.ID) },
	rfc2866.AcctMultiSessionID_Type: func(c *SessionConfig) []byte { return []byte(c.Bundle) },
	rfc2865.UserName_Type:           func(c *SessionConfig) []byte { return []byte(c.Grant.User) },
	rfc2865.NASPort_Type:            func(c *SessionConfig) []byte { return binary.BigEndian.AppendUint32(nil, c.Call.Port) },
	rfc2869.NASPortID_Type:          func(c *SessionConfig) []byte { return []byte(c.Call.Line) },
	rfc2865.CallingStationID_Type:   func(c *SessionConfig) []byte { return []byte(c.Call.Calling) },
	rfc2865.CalledStationID_Type:    func(c *SessionConfig) []byte { return []byte(c.Call.Called) },
	rfc2865.FramedIPAddress_Type:    func(c *SessionConfig) []byte { return c.Address.AsSlice() },
	rfc3162.FramedInterfaceID_Type:  func(c *SessionConfig) []byte { return c.InterfaceID[:] },
}

// ignored are attributes that neither name a session nor change it. The
// addresses of this machine are not its name, which NAS-Identifier is.
var ignored = map[radius.Type]bool{
	rfc2865.NASIPAddress_Type: true, rfc2869.EventTimestamp_Type: true, rfc2869.MessageAuthenticator_Type: true,
	rfc2865.ProxyState_Type: true, rfc2865.ReplyMessage_Type: true, rfc2866.AcctTerminateCause_Type: true,
	rfc3162.NASIPv6Address_Type: true, rfc2865.NASPortType_Type: true,
}

// changes are the attributes that change a session.
var changes = map[radius.Type]func(*Change) **time.Duration{
	rfc2865.SessionTimeout_Type:      func(c *Change) **time.Duration { return &c.SessionTimeout },
	rfc2865.IdleTimeout_Type:         func(c *Change) **time.Duration { return &c.IdleTimeout },
	rfc2869.AcctInterimInterval_Type: func(c *Change) **time.Duration { return &c.Interim },
}

// obey does what an authentic request asks for, or says why not; 0: done.
func (c *Client) obey(p *radius.Packet) rfc3576.ErrorCause {
	names := map[radius.Type][]byte{}
	var change Change
	changed := false
	for _, a := range p.Attributes {
		field, changes := changes[a.Type]
		switch {
		case ignored[a.Type]:
		case sessionNames[a.Type] != nil:
			names[a.Type] = a.Attribute
		case a.Type == rfc2865.NASIdentifier_Type:
			if string(a.Attribute) != c.cfg.Identifier {
				return rfc3576.ErrorCause_Value_NASIdentificationMismatch
			}
		case a.Type == rfc2865.ServiceType_Type:
			return rfc3576.ErrorCause_Value_UnsupportedService // Authorize-Only
		case changes && p.Code == radius.CodeCoARequest:
			n, err := number(a.Attribute)
			if err != nil {
				return rfc3576.ErrorCause_Value_InvalidRequest
			}
			d := time.Duration(n) * time.Second
			*field(&change), changed = &d, true
		default:
			return rfc3576.ErrorCause_Value_UnsupportedAttribute
		}
	}
	if len(names) == 0 || !changed && p.Code == radius.CodeCoARequest {
		return rfc3576.ErrorCause_Value_MissingAttribute
	}
	meant := c.find(func(s *Session) bool { return s.named(names) })
	if len(meant) == 0 {
		return rfc3576.ErrorCause_Value_SessionContextNotFound
	}
	for _, s := range meant {
		c.log.Info("RADIUS server asks", "what", p.Code, "session", s.cfg.Call.ID, "name", s.cfg.Grant.User)
		if p.Code == radius.CodeDisconnectRequest {
			c.cfg.Disconnect(s)
			continue
		}
		if change.Interim != nil {
			s.setPace(*change.Interim)
		}
		c.cfg.Change(s, change)
	}
	return 0
}

// named reports whether all names are the session's.
func (s *Session) named(names map[radius.Type][]byte) bool {
	for kind, want := range names {
		if got := sessionNames[kind](&s.cfg); len(want) == 0 || !bytes.Equal(got, want) {
			return false
		}
	}
	return true
}
