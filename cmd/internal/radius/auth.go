package radius

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/vendors/microsoft"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// An Answer is what came of a question.
type Answer struct {
	Grant   *Grant // nil: refused
	Message string // for the peer, as proto.Server wants it
	Err     error  // why it was refused, unless a server did so; ErrNoServer among others
}

// Authenticate asks the servers about a peer's claim. Done gets the answer, from
// a goroutine of the Client's, unless the context ends before: a link that is
// gone wants none.
func (c *Client) Authenticate(ctx context.Context, call Call, r *proto.AuthRequest, done func(Answer)) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.Limit, ErrNoServer)
	c.questions.Go(func() {
		defer cancel()
		stop := context.AfterFunc(c.ctx, cancel)
		defer stop()
		a := c.authenticate(ctx, call, r)
		if ctx.Err() == nil || context.Cause(ctx) == ErrNoServer {
			done(a)
		}
	})
}

func (c *Client) authenticate(ctx context.Context, call Call, r *proto.AuthRequest) Answer {
	x := exchange{dial: c.cfg.Dial, request: func(s Secret) ([]byte, error) {
		p, err := c.accessRequest(call, r, s)
		if err != nil {
			return nil, err
		}
		return encode(p, true)
	}}
	p, err := x.ask(ctx, c.auth)
	if err != nil {
		return Answer{Err: err}
	}
	return c.read(p, r)
}

// read makes sense of a server's answer. One whose attributes cannot be read
// refuses (RFC 2865, section 5), and so does one that wants a dialogue, which no
// protocol of PPP but EAP has room for (section 2.1).
func (c *Client) read(p *radius.Packet, r *proto.AuthRequest) Answer {
	g, odd, err := parseGrant(p)
	for _, o := range odd {
		c.log.Warn("attribute of the RADIUS server ignored", "claim", r, "why", o)
	}
	mschap := r.Method == wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}
	switch {
	case err != nil:
		return Answer{Err: fmt.Errorf("radius: the answer: %w", err)}
	case p.Code == radius.CodeAccessChallenge:
		return Answer{Err: errors.New("radius: the server wants a dialogue with the user, for which there is no room")}
	case p.Code != radius.CodeAccessAccept && mschap:
		return Answer{Message: withText(mschapMessage(microsoft.MSCHAPError_Get(p), r.ID, "E="), g.Message)}
	case p.Code != radius.CodeAccessAccept:
		return Answer{Message: g.Message}
	}
	if g.User == "" {
		g.User = r.Name
	}
	if !mschap {
		return Answer{Grant: g, Message: g.Message}
	}
	message := mschapMessage(microsoft.MSCHAP2Success_Get(p), r.ID, "S=")
	if _, err := wire.ParseMSCHAPSuccess([]byte(message)); err != nil {
		return Answer{Err: fmt.Errorf("radius: the server accepts without the proof that MS-CHAPv2 wants (MS-CHAP2-Success): %w", err)}
	}
	return Answer{Grant: g, Message: withText(message, g.Message)}
}

// withText adds the text for the user to a message of MS-CHAPv2 that has none.
func withText(message, text string) string {
	switch {
	case message == "":
		return text
	case text == "" || strings.Contains(message, "M="):
		return message
	}
	return message + " M=" + text
}

// mschapMessage is the text behind the identifier in MS-CHAP2-Success or
// MS-CHAP-Error (RFC 2548, sections 2.3.3 and 2.1.5); empty when it is not for
// the response with that identifier. Some servers leave the identifier out of
// an error.
func mschapMessage(value []byte, id uint8, prefix string) string {
	if len(value) > 1 && strings.HasPrefix(string(value[1:]), prefix) {
		if value[0] != id && prefix == "S=" {
			return ""
		}
		value = value[1:]
	}
	if !strings.HasPrefix(string(value), prefix) {
		return ""
	}
	return string(value)
}

// accessRequest makes the question. EAP's MD5-Challenge is CHAP's: identifier,
// secret and challenge are hashed alike.
func (c *Client) accessRequest(call Call, r *proto.AuthRequest, s Secret) (*radius.Packet, error) {
	p := radius.New(radius.CodeAccessRequest, s.octets)
	var err error
	set := func(e error) { err = errors.Join(err, e) }
	set(text(p, rfc2865.UserName_Type, "the peer's name", r.Name))
	switch r.Method {
	case wire.Auth{Protocol: wire.PAP}:
		if len(r.Password) > maxPassword {
			return nil, fmt.Errorf("a password of %d octets is too long for RADIUS, which takes %d", len(r.Password), maxPassword)
		}
		set(rfc2865.UserPassword_SetString(p, r.Password))
	case wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}:
		v, e := wire.ParseMSCHAPResponse(r.Response)
		if e != nil {
			return nil, e
		}
		set(microsoft.MSCHAPChallenge_Set(p, r.Challenge))
		set(microsoft.MSCHAP2Response_Set(p, mschap2Response(r.ID, v)))
	case wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}, wire.Auth{Protocol: wire.EAP}:
		if len(r.Response) != chapResponse {
			return nil, fmt.Errorf("a response of %d octets is none of CHAP, which has %d", len(r.Response), chapResponse)
		}
		p.Add(rfc2865.CHAPPassword_Type, append([]byte{r.ID}, r.Response...))
		set(rfc2865.CHAPChallenge_Set(p, r.Challenge))
	default:
		return nil, fmt.Errorf("no RADIUS server can check %v", r.Method)
	}
	if err != nil {
		return nil, err
	}
	p.Add(rfc2865.ServiceType_Type, radius.NewInteger(uint32(rfc2865.ServiceType_Value_FramedUser)))
	p.Add(rfc2865.FramedProtocol_Type, radius.NewInteger(uint32(rfc2865.FramedProtocol_Value_PPP)))
	err = c.describe(p, call)
	if call.ID != "" {
		err = errors.Join(err, text(p, rfc2866.AcctSessionID_Type, "the session's name", call.ID))
	}
	return p, err
}

const (
	maxPassword  = 128 // RFC 2865, section 5.2
	chapResponse = 16
	maxValue     = 253
)

// mschap2Response is the value of MS-CHAP2-Response (RFC 2548, section 2.3.2).
func mschap2Response(id uint8, v wire.MSCHAPResponse) []byte {
	b := append([]byte{id, 0}, v.PeerChallenge[:]...)
	b = append(b, make([]byte, 8)...)
	return append(b, v.NTResponse[:]...)
}

// describe says which machine asks, and about which of its lines.
func (c *Client) describe(p *radius.Packet, call Call) error {
	err := text(p, rfc2865.NASIdentifier_Type, "the name of this machine", c.cfg.Identifier)
	p.Add(rfc2865.NASPort_Type, radius.NewInteger(call.Port))
	p.Add(rfc2865.NASPortType_Type, radius.NewInteger(uint32(call.Type)))
	for _, a := range []struct {
		kind        radius.Type
		what, value string
	}{
		{rfc2869.NASPortID_Type, "the line's name", call.Line},
		{rfc2865.CallingStationID_Type, "the calling number", call.Calling},
		{rfc2865.CalledStationID_Type, "the called number", call.Called},
		{rfc2869.ConnectInfo_Type, "what the modem says", call.Connect},
	} {
		if a.value != "" {
			err = errors.Join(err, text(p, a.kind, a.what, a.value))
		}
	}
	return err
}

// text adds an attribute with a text, which may not be empty.
func text(p *radius.Packet, kind radius.Type, what, value string) error {
	if len(value) == 0 || len(value) > maxValue {
		return fmt.Errorf("%s has %d octets; RADIUS takes 1 to %d", what, len(value), maxValue)
	}
	p.Add(kind, []byte(value))
	return nil
}
