package radius

import (
	"fmt"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
)

// A record is an Accounting-Request that waits to be acknowledged: its
// attributes but Acct-Delay-Time, which is that of the moment of sending.
//
// What makes a record the same one, however often a server gets it, is
// Acct-Session-Id, Acct-Status-Type and Event-Timestamp.
type record struct {
	session string
	status  rfc2866.AcctStatusType
	stamp   time.Time               // when it happened, in whole seconds
	lasted  rfc2866.AcctSessionTime // in seconds; 0 in a Start
	attrs   []byte                  // as in a packet
}

// id names the record among all: a session has one Start, one Stop, and one
// update a second.
func (r *record) id() string {
	switch r.status {
	case rfc2866.AcctStatusType_Value_Start:
		return r.session + "/start"
	case rfc2866.AcctStatusType_Value_Stop:
		return r.session + "/stop"
	}
	return fmt.Sprintf("%s/%d", r.session, r.stamp.Unix())
}

// newRecord makes the record of a packet that holds the attributes.
func newRecord(p *radius.Packet) (*record, error) {
	b, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return parseRecord(b[headerSize:])
}

// parseRecord reads the attributes of a record.
func parseRecord(attrs []byte) (*record, error) {
	p := radius.Packet{}
	var err error
	if p.Attributes, err = radius.ParseAttributes(attrs); err != nil {
		return nil, err
	}
	r := &record{attrs: attrs}
	if r.session, err = rfc2866.AcctSessionID_LookupString(&p); err != nil {
		return nil, fmt.Errorf("attribute Acct-Session-Id: %w", err)
	}
	if r.status, err = rfc2866.AcctStatusType_Lookup(&p); err != nil {
		return nil, fmt.Errorf("attribute Acct-Status-Type: %w", err)
	}
	if r.stamp, err = rfc2869.EventTimestamp_Lookup(&p); err != nil {
		return nil, fmt.Errorf("attribute Event-Timestamp: %w", err)
	}
	r.lasted = rfc2866.AcctSessionTime_Get(&p)
	return r, nil
}

// packet makes the Accounting-Request.
func (r *record) packet(s Secret, now time.Time) ([]byte, error) {
	p := radius.New(radius.CodeAccountingRequest, s.octets)
	var err error
	if p.Attributes, err = radius.ParseAttributes(r.attrs); err != nil {
		return nil, err
	}
	delay := max(now.Sub(r.stamp)/time.Second, 0)
	p.Add(rfc2866.AcctDelayTime_Type, radius.NewInteger(uint32(delay)))
	return encode(p, false)
}

// record describes the session as it is now.
func (s *Session) record(status rfc2866.AcctStatusType, u Usage, now time.Time, cause Cause) (*record, error) {
	p := &radius.Packet{}
	integer := func(kind radius.Type, n uint32) { p.Add(kind, radius.NewInteger(n)) }
	integer(rfc2866.AcctStatusType_Type, uint32(status))
	err := text(p, rfc2866.AcctSessionID_Type, "the session's name", s.cfg.Call.ID)
	if err != nil {
		return nil, err
	}
	integer(rfc2869.EventTimestamp_Type, uint32(now.Unix()))
	if s.cfg.Bundle != "" {
		p.Add(rfc2866.AcctMultiSessionID_Type, []byte(s.cfg.Bundle))
		integer(rfc2866.AcctLinkCount_Type, uint32(u.Links))
	}
	if err := text(p, rfc2865.UserName_Type, "the peer's name", s.cfg.Grant.User); err != nil {
		return nil, err
	}
	if err := s.client.describe(p, s.cfg.Call); err != nil {
		return nil, err
	}
	integer(rfc2865.ServiceType_Type, uint32(rfc2865.ServiceType_Value_FramedUser))
	integer(rfc2865.FramedProtocol_Type, uint32(rfc2865.FramedProtocol_Value_PPP))
	integer(rfc2866.AcctAuthentic_Type, uint32(rfc2866.AcctAuthentic_Value_RADIUS))
	s.addresses(p)
	for _, c := range s.cfg.Grant.Class {
		p.Add(rfc2865.Class_Type, c)
	}
	if status == rfc2866.AcctStatusType_Value_Start {
		return newRecord(p)
	}
	integer(rfc2866.AcctSessionTime_Type, uint32(max(now.Sub(s.began)/time.Second, 0)))
	integer(rfc2866.AcctInputOctets_Type, uint32(u.In))
	integer(rfc2869.AcctInputGigawords_Type, uint32(u.In>>32))
	integer(rfc2866.AcctOutputOctets_Type, uint32(u.Out))
	integer(rfc2869.AcctOutputGigawords_Type, uint32(u.Out>>32))
	integer(rfc2866.AcctInputPackets_Type, uint32(u.InPackets))
	integer(rfc2866.AcctOutputPackets_Type, uint32(u.OutPackets))
	if status == rfc2866.AcctStatusType_Value_Stop {
		integer(rfc2866.AcctTerminateCause_Type, uint32(cause))
	}
	return newRecord(p)
}
