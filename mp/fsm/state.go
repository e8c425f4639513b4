package fsm

import "fmt"

// A State of the automaton (RFC 1661, section 4.2), with the RFC's numbers.
type State uint8

const (
	Initial State = iota
	Starting
	Closed
	Stopped
	Closing
	Stopping
	ReqSent
	AckRcvd
	AckSent
	Opened

	states = iota
)

var stateNames = [states]string{
	"Initial", "Starting", "Closed", "Stopped", "Closing", "Stopping", "Req-Sent", "Ack-Rcvd", "Ack-Sent", "Opened",
}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// timed reports whether the restart timer runs in the state (RFC 1661,
// section 4.2).
func (s State) timed() bool { return s >= Closing && s <= AckSent }

// negotiating reports whether a Configure-Request of ours may be outstanding.
func (s State) negotiating() bool { return s >= ReqSent && s <= AckSent }

// An event of the automaton (RFC 1661, section 4.3).
type event uint8

const (
	up event = iota
	down
	open
	closing
	toPlus  // restart timer, counter above zero
	toMinus // restart timer, counter zero
	rcrPlus // Configure-Request, acceptable
	rcrMinus
	rca
	rcn // Configure-Nak or -Reject
	rtr
	rta
	ruc     // unknown code
	rxjPlus // Code- or Protocol-Reject that we can live with
	rxjMinus
	rxr // Echo-Request and the protocol's other codes

	events = iota
)

var eventNames = [events]string{
	"Up", "Down", "Open", "Close", "TO+", "TO-", "RCR+", "RCR-", "RCA", "RCN", "RTR", "RTA", "RUC", "RXJ+", "RXJ-", "RXR",
}

func (e event) String() string { return eventNames[e] }

// An action of the automaton (RFC 1661, section 4.4).
type action uint8

const (
	tlu action = iota // this layer up
	tld               // this layer down
	tls               // this layer started
	tlf               // this layer finished
	irc               // initialise restart count
	zrc               // zero restart count
	scr               // send Configure-Request
	sca               // send Configure-Ack
	scn               // send Configure-Nak or -Reject
	str               // send Terminate-Request
	sta               // send Terminate-Ack
	scj               // send Code-Reject
	ser               // send Echo-Reply: the packet goes to Policy.Code

	actions = iota
)

var actionNames = [actions]string{"tlu", "tld", "tls", "tlf", "irc", "zrc", "scr", "sca", "scn", "str", "sta", "scj", "ser"}

func (a action) String() string { return actionNames[a] }
