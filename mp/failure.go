package mp

import "fmt"

// A Phase is where a link is in its life (RFC 1661, section 3.2).
type Phase int

const (
	PhaseDead Phase = iota
	PhaseEstablish
	PhaseAuthenticate
	PhaseNetwork
	PhaseTerminate
)

func (p Phase) String() string {
	switch p {
	case PhaseDead:
		return "dead"
	case PhaseEstablish:
		return "establish"
	case PhaseAuthenticate:
		return "authenticate"
	case PhaseNetwork:
		return "network"
	case PhaseTerminate:
		return "terminate"
	}
	return fmt.Sprintf("phase %d", int(p))
}

// A Kind says what ended a link.
type Kind int

const (
	Closed         Kind = iota // we were asked to
	PeerTerminated             // the peer's Terminate-Request
	Negotiation                // LCP or the network protocols could not agree
	Silent                     // no PPP frame of the peer ever came
	PeerAuth                   // the peer did not authenticate itself
	OurAuth                    // the peer refused our authentication
	PeerDead                   // Echo-Requests without an answer
	Hangup                     // the line was lost
	Loopback                   // our own frames come back
	Refused                    // no bundle takes the link
	Idle                       // nothing to carry
	ConnectTime                // the call's time is over
)

var kindNames = [...]string{
	Closed: "closed", PeerTerminated: "terminated by the peer", Negotiation: "negotiation failed",
	Silent: "no PPP from the peer", PeerAuth: "the peer did not authenticate", OurAuth: "authentication refused",
	PeerDead: "the peer is dead", Hangup: "hang-up", Loopback: "loopback", Refused: "refused",
	Idle: "idle", ConnectTime: "connect time over",
}

func (k Kind) String() string {
	if k >= 0 && int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", int(k))
}

// A Failure is how a link ended, with the evidence that explains it.
type Failure struct {
	Kind   Kind
	Phase  Phase  // in which it happened
	Up     bool   // the network had been up
	Detail string // what was seen or agreed last, in a few words
	Noise  []byte // the last received bytes that were no frame, if they are all there was
	Err    error  // of the line, or of the negotiation

	Rx, Tx Traffic // what the line has carried: frames, and octets on it
}

func (f *Failure) Error() string {
	s := "mp: " + f.Kind.String() + " in phase " + f.Phase.String()
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }
