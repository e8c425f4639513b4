package proto

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// AuthRefused is the error when the two sides have no authentication protocol
// in common, or the peer will have none.
type AuthRefused struct {
	Ours   bool        // we were to authenticate ourselves; else the peer
	Wanted []wire.Auth // by the side that demanded
	Has    []wire.Auth // of the other side, as far as it is known
	Err    error       // how the negotiation ended, if the peer ended it
}

func (e *AuthRefused) Error() string {
	var s string
	switch {
	case e.Ours && len(e.Has) == 0:
		s = fmt.Sprintf("the peer wants us to authenticate ourselves by %s, and we have nothing for that", list(e.Wanted))
	case e.Ours:
		s = fmt.Sprintf("the peer wants us to authenticate ourselves by %s, we can by %s", list(e.Wanted), list(e.Has))
	case len(e.Has) == 0:
		s = fmt.Sprintf("the peer refuses to authenticate itself, we want %s", list(e.Wanted))
	default:
		s = fmt.Sprintf("we want the peer to authenticate itself by %s, it can by %s", list(e.Wanted), list(e.Has))
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *AuthRefused) Unwrap() error { return e.Err }

func list(auths []wire.Auth) string {
	names := make([]string, len(auths))
	for i, a := range auths {
		names[i] = a.String()
	}
	return strings.Join(names, " or ")
}

// refusalTime is how soon after LCP is open a peer ends the link whose demand
// for authentication we have refused: a Terminate-Request after that time has
// another reason.
const refusalTime = 10 * time.Second

// authTalk is what was said about authentication in one negotiation.
type authTalk struct {
	// Of what we demand.
	refused []wire.Auth // by the peer
	offered []wire.Auth // by the peer instead

	// Of what the peer demands.
	demanded  []wire.Auth // and refused by us
	suggested int         // of what we allow: Naks sent
	granted   bool        // we have allowed something in the end
}

// next is what to demand: the first that the peer has not refused.
func (t *authTalk) next(demand []wire.Auth) (wire.Auth, bool) {
	for _, a := range demand {
		if !slices.Contains(t.refused, a) {
			return a, true
		}
	}
	return wire.Auth{}, false
}

// authNaked takes another protocol that the peer offers, if it is one of
// ours and not yet refused, and otherwise our next.
func (l *LCP) authNaked(o wire.Option) error {
	if l.ask.auth.Protocol == 0 {
		return nil
	}
	t := &l.auth
	t.refused = append(t.refused, l.ask.auth)
	offer, err := wire.ParseAuth(o.Data)
	if err == nil && !slices.Contains(t.offered, offer) {
		t.offered = append(t.offered, offer)
	}
	if err == nil && slices.Contains(l.cfg.Demand, offer) && !slices.Contains(t.refused, offer) {
		l.ask.auth = offer
		return nil
	}
	var ok bool
	if l.ask.auth, ok = t.next(l.cfg.Demand); !ok {
		return &AuthRefused{Wanted: l.cfg.Demand, Has: t.offered}
	}
	return nil
}

// judgeAuth answers the peer's demand: what we allow, or else one Nak for each
// protocol that we could offer, the best first, and then our best again.
func (l *LCP) judgeAuth(o wire.Option) (fsm.Verdict, []byte) {
	t := &l.auth
	demand, err := wire.ParseAuth(o.Data)
	if err == nil && slices.Contains(l.cfg.Allow, demand) {
		t.granted = true
		return fsm.Ack, nil
	}
	t.granted = false
	if err == nil && !slices.Contains(t.demanded, demand) {
		t.demanded = append(t.demanded, demand)
	}
	if len(l.cfg.Allow) == 0 {
		return fsm.Reject, nil
	}
	better := l.cfg.Allow[t.suggested%len(l.cfg.Allow)]
	t.suggested++
	return fsm.Nak, wire.AppendAuth(nil, better)[2:]
}

// settle forgets the peer's refused demand when the link has lived on without.
func (t *authTalk) settle(open time.Duration) {
	if open > refusalTime {
		t.demanded = nil
	}
}

// explain makes err the refused authentication that it is the consequence of.
func (t *authTalk) explain(err error, allow []wire.Auth) error {
	if len(t.demanded) == 0 || t.granted || !errors.Is(err, fsm.ErrImpasse) && !errors.Is(err, fsm.ErrTerminated) {
		return err
	}
	return fmt.Errorf("LCP: %w", &AuthRefused{Ours: true, Wanted: t.demanded, Has: allow, Err: err})
}
