package dial

import (
	"strings"
	"time"

	"pppdial/dial/modem"
)

// A Kind says what kept a call from being made.
type Kind int

// The kinds of failure.
const (
	Locked        Kind = iota // another program has the line
	OpenFailed                // the line is not there or can't be opened
	Busy                      // BUSY
	NoCarrier                 // NO CARRIER: nobody there speaks modem, or the line was cut
	NoDialtone                // NO DIALTONE
	NoAnswer                  // NO ANSWER
	Silent                    // the modem says nothing
	ModemError                // the modem does not take a command of modem_init
	ChatFailed                // a script did not get what it waited for
	CommandFailed             // connect_cmd or exec: ended with an error
	NoRoute                   // the UUCP files do not tell a way
	NotNow                    // they do, but not at this time
	Refused                   // the modem does not dial this number: ERROR, DELAYED, BLACKLISTED
	Ringing                   // somebody calls this modem
	Interrupted               // the context ended

	// Of cellular modems.
	NoSIM         // there is no card, or it does not work
	SIMLocked     // the card serves another network or device only
	PINNeeded     // the entry has none
	PINNotNoted   // it is not entered, since it can't be noted that it was
	PINRefused    // the card has refused it, now or before; it is not entered again
	PUKNeeded     // too many wrong ones were entered
	NoSignal      // the modem hears no network
	NotRegistered // no network has taken it in time
	Denied        // the network does not want the card
	PDPRefused    // modem or network do not take the type of context
	APNRefused    // the network does not know the access point, or does not let the card use it
	AuthRefused   // the network does not take name and password
	CommandMode   // the modem has no call, and takes what is sent for commands
)

// farness orders the kinds by how far the attempt came: of several the farthest
// tells most.
var farness = [...]int{
	NoRoute: 0, NotNow: 0, OpenFailed: 1, Locked: 2, Silent: 3, ModemError: 4, NoDialtone: 5, Ringing: 5, Refused: 6,
	CommandFailed: 7, NoAnswer: 7, NoCarrier: 7, Busy: 7, ChatFailed: 8, Interrupted: 9,

	NoSIM: 4, SIMLocked: 4, PINNeeded: 4, PINNotNoted: 4, PINRefused: 4, PUKNeeded: 4, NoSignal: 5, NotRegistered: 5, Denied: 5,
	PDPRefused: 6, APNRefused: 7, AuthRefused: 7, CommandMode: 7,
}

// ofLine tells whether another number on the same line would fare no better.
func (k Kind) ofLine() bool {
	return k == OpenFailed || k == Locked || k == Silent || k == ModemError || k == Ringing || k >= NoSIM && k <= Denied
}

// ofModem tells whether another tty of the same modem would fare no better.
func (k Kind) ofModem() bool { return k == Ringing || k >= NoSIM && k <= Denied }

// An Error tells why a call was not made. It shows nothing secret.
type Error struct {
	Kind   Kind
	Device string        // "" when no line was found
	Number string        // "" when none was to be dialed
	Where  string        // "file:line:col" of the script's word; "" for the AT dialogue
	Want   string        // what was waited for
	Got    string        // the last that came instead, printable
	After  time.Duration // since the wait began
	Err    error
	Next   time.Time     // NotNow: when it may be called, zero for never
	Retry  time.Duration // Systems: at least so long between tries; 0: not said
	Others []*Error      // the attempts over other ways; this one came farthest
	Modem  *modem.Status // what a cellular modem says of the failure; nil: it was not asked, or is silent
	Called bool          // it came to dialing, over this way or another: somebody may have been called

	// Whatever else the modem says: that may be of the call before.
	ofModem bool // another tty of the same modem would fare no better
	dialed  bool // the modem has certainly called
}

// Error gives one line, which names all attempts.
func (e *Error) Error() string {
	parts := []string{"dial: " + e.text()}
	for _, o := range e.Others {
		parts = append(parts, o.text())
	}
	return strings.Join(parts, "; besides, ")
}

// text is the error without the package, and with the line named once.
func (e *Error) text() string {
	what := ""
	if e.Err != nil {
		what = e.Err.Error()
	}
	for _, floor := range []string{"line: ", "chat: ", "modem: ", "uucp: "} {
		what = strings.TrimPrefix(what, floor)
	}
	switch {
	case e.Device == "" || strings.HasPrefix(what, e.Device):
	case e.Number == "":
		what = e.Device + ": " + what
	default:
		what = e.Device + ", number " + e.Number + ": " + what
	}
	if e.Modem != nil {
		if says := e.Modem.String(); says != "" {
			what += "; the modem says: " + says
		}
	}
	return what
}

func (e *Error) Unwrap() error { return e.Err }

// Join makes one error of those of all attempts.
func Join(all []*Error) *Error {
	best := 0
	for i, e := range all {
		if farness[e.Kind] > farness[all[best].Kind] {
			best = i
		}
	}
	e := all[best]
	for i, o := range all {
		e.Retry = max(e.Retry, o.Retry)
		e.Called = e.Called || o.Called
		if i != best {
			e.Others = append(e.Others, o)
		}
	}
	return e
}
