package fsm

import (
	"fmt"
	"strings"
	"testing"
)

// byState is the automaton written down a second time, from the RFC's
// description of each state and not from its table: what can happen there,
// what is done, and where it leads. An event that is not listed cannot happen.
var byState = map[State]map[event]string{
	Initial: {
		up: "Closed", open: "tls Starting", closing: "Initial",
	},
	Starting: {
		up: "irc scr Req-Sent", open: "Starting", closing: "tlf Initial",
	},
	Closed: {
		down: "Initial", open: "irc scr Req-Sent", closing: "Closed",
		rcrPlus: "sta Closed", rcrMinus: "sta Closed", rca: "sta Closed", rcn: "sta Closed",
		rtr: "sta Closed", rta: "Closed",
		ruc: "scj Closed", rxjPlus: "Closed", rxjMinus: "tlf Closed", rxr: "Closed",
	},
	Stopped: {
		down: "tls Starting", open: "Stopped", closing: "Closed",
		rcrPlus: "irc scr sca Ack-Sent", rcrMinus: "irc scr scn Req-Sent", rca: "sta Stopped", rcn: "sta Stopped",
		rtr: "sta Stopped", rta: "Stopped",
		ruc: "scj Stopped", rxjPlus: "Stopped", rxjMinus: "tlf Stopped", rxr: "Stopped",
	},
	Closing: {
		down: "Initial", open: "Stopping", closing: "Closing",
		toPlus: "str Closing", toMinus: "tlf Closed",
		rcrPlus: "Closing", rcrMinus: "Closing", rca: "Closing", rcn: "Closing",
		rtr: "sta Closing", rta: "tlf Closed",
		ruc: "scj Closing", rxjPlus: "Closing", rxjMinus: "tlf Closed", rxr: "Closing",
	},
	Stopping: {
		down: "Starting", open: "Stopping", closing: "Closing",
		toPlus: "str Stopping", toMinus: "tlf Stopped",
		rcrPlus: "Stopping", rcrMinus: "Stopping", rca: "Stopping", rcn: "Stopping",
		rtr: "sta Stopping", rta: "tlf Stopped",
		ruc: "scj Stopping", rxjPlus: "Stopping", rxjMinus: "tlf Stopped", rxr: "Stopping",
	},
	ReqSent: {
		down: "Starting", open: "Req-Sent", closing: "irc str Closing",
		toPlus: "scr Req-Sent", toMinus: "tlf Stopped",
		rcrPlus: "sca Ack-Sent", rcrMinus: "scn Req-Sent", rca: "irc Ack-Rcvd", rcn: "irc scr Req-Sent",
		rtr: "sta Req-Sent", rta: "Req-Sent",
		ruc: "scj Req-Sent", rxjPlus: "Req-Sent", rxjMinus: "tlf Stopped", rxr: "Req-Sent",
	},
	AckRcvd: {
		down: "Starting", open: "Ack-Rcvd", closing: "irc str Closing",
		toPlus: "scr Req-Sent", toMinus: "tlf Stopped",
		rcrPlus: "sca tlu Opened", rcrMinus: "scn Ack-Rcvd", rca: "scr Req-Sent", rcn: "scr Req-Sent",
		rtr: "sta Req-Sent", rta: "Req-Sent",
		ruc: "scj Ack-Rcvd", rxjPlus: "Req-Sent", rxjMinus: "tlf Stopped", rxr: "Ack-Rcvd",
	},
	AckSent: {
		down: "Starting", open: "Ack-Sent", closing: "irc str Closing",
		toPlus: "scr Ack-Sent", toMinus: "tlf Stopped",
		rcrPlus: "sca Ack-Sent", rcrMinus: "scn Req-Sent", rca: "irc tlu Opened", rcn: "irc scr Ack-Sent",
		rtr: "sta Req-Sent", rta: "Ack-Sent",
		ruc: "scj Ack-Sent", rxjPlus: "Ack-Sent", rxjMinus: "tlf Stopped", rxr: "Ack-Sent",
	},
	Opened: {
		down: "tld Starting", open: "Opened", closing: "tld irc str Closing",
		rcrPlus: "tld scr sca Ack-Sent", rcrMinus: "tld scr scn Req-Sent", rca: "tld scr Req-Sent", rcn: "tld scr Req-Sent",
		rtr: "tld zrc sta Stopping", rta: "tld scr Req-Sent",
		ruc: "scj Opened", rxjPlus: "Opened", rxjMinus: "tld irc str Stopping", rxr: "ser Opened",
	},
}

func TestEveryCell(t *testing.T) {
	for s := State(0); s < states; s++ {
		for e := event(0); e < events; e++ {
			want, possible := byState[s][e]
			c := table[e][s]
			if c.possible != possible {
				t.Errorf("%v in %v: possible is %v", e, s, c.possible)
				continue
			}
			if !possible {
				continue
			}
			var got strings.Builder
			for _, a := range c.actions {
				fmt.Fprintf(&got, "%v ", a)
			}
			got.WriteString(c.next.String())
			if got.String() != want {
				t.Errorf("%v in %v: %q, want %q", e, s, got.String(), want)
			}
		}
	}
}

// The marks of the RFC's table: p where TO- ends a negotiation, x where an
// answer comes after the answer.
func TestMarks(t *testing.T) {
	for s := State(0); s < states; s++ {
		for e := event(0); e < events; e++ {
			c := table[e][s]
			if want := e == toMinus && s.negotiating(); c.passive != want {
				t.Errorf("%v in %v: p is %v", e, s, c.passive)
			}
			if want := (e == rca || e == rcn) && (s == AckRcvd || s == Opened); c.crossed != want {
				t.Errorf("%v in %v: x is %v", e, s, c.crossed)
			}
		}
	}
}

// Entering a state in which the restart timer runs from one in which it does
// not always starts it: the cell has scr, str or zrc.
func TestTimerIsStarted(t *testing.T) {
	for s := State(0); s < states; s++ {
		for e := event(0); e < events; e++ {
			c := table[e][s]
			if !c.possible || s.timed() || !c.next.timed() {
				continue
			}
			starts := false
			for _, a := range c.actions {
				starts = starts || a == scr || a == str || a == zrc
			}
			if !starts {
				t.Errorf("%v in %v leads to %v without starting the timer", e, s, c.next)
			}
		}
	}
}
