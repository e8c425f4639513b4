package dialtest

import "time"

// A Profile is a make of modem, as data. Rows are looked at first, in order; a
// command that no row takes is answered by the built-in interpreter.
type Profile struct {
	Name         string
	Manufacturer string   // +CGMI, +GMI
	Model        string   // +CGMM, +GMM
	Revision     string   // +CGMR, +GMR
	Serial       string   // +CGSN, +GSN
	Ident        []string // ATI; empty: Manufacturer, Model, "Revision: "+Revision
	Connect      string   // after "CONNECT "; "": the line rate, and nothing where there is none

	// Cellular makes it a cellular modem: it takes the commands of 3GPP TS 27.007,
	// and *99# and *99***CID# reach the bank's number "*99#".
	Cellular *Cellular

	Boot []Step        // what happens after power-on, when a program has the port open
	Down time.Duration // how long it is gone after a reset (+CFUN=1,1, Modem.Reset)
	Rows []Row
}

// Row is one line of a profile's script.
type Row struct {
	// Command is one command of a line, without AT, letters outside of quotes in upper case:
	// "I", "+CSQ", "+CGDCONT=1,\"IP\",\"x\"", "DT5551234". A final * takes any rest.
	Command string

	Times  int           // the row serves so often and is then passed over; 0: always
	Delay  time.Duration // before the answer
	Lines  []string      // information text: one block of lines, with a CR LF around it; {tries} and {iccid} are the card's
	Result string        // final result code; "": OK, or NoResult
	Pass   bool          // the interpreter answers, after Delay; Lines and Result do not count, Then does
	Then   []Step        // runs from the moment of the command, also into data mode
}

// NoResult as a Row's Result leaves the command without a final result code; the modem
// waits for the next line.
const NoResult = "-"

// Step is something that a modem does unasked.
type Step struct {
	After time.Duration // since the command, or since power-on
	Text  string        // an unsolicited result code, sent as CR LF text CR LF in command mode; in data mode it is lost
	Do    Action
}

// Action is a Step's deed.
type Action uint8

const (
	Nothing   Action = iota
	Wedge            // answers nothing any more until Modem.Reset
	Replug           // disappears from the bus and comes back after Profile.Down, as a firmware crash does
	DropCall         // the network ends the call: NO CARRIER
	Mute             // the call stays up, all data is lost
	SIMGone          // the SIM is no longer found
	LoseNet          // registration is lost, and searched for for ever
	RegainNet        // registered again
)

// Cellular is the network side of a cellular modem.
type Cellular struct {
	SIM           SIM
	RegisterAfter time.Duration // from power-on and SIM ready to registration
	Status        int           // of +CREG, +CGREG and +CEREG when registered: 1 home, 5 roaming, 3 denied, 2 searching; 0: 1
	Operator      string        // +COPS long name
	PLMN          string        // +COPS numeric
	AcT           int           // +COPS access technology: 0 GSM, 2 UTRAN, 7 E-UTRAN, 9 NB-S1
	RSSI, BER     int           // +CSQ; RSSI 0 and BER 0 stand for 20,99
	Cause         string        // +CEER after a call that failed or was dropped

	APNs     []string // that the network knows; empty: all
	APNCause string   // +CEER after a call with another one; "": Unknown APN
	Types    []string // of contexts that the modem has; empty: IP, PPP, IPV6, IPV4V6
}

// SIM is a SIM card.
type SIM struct {
	Absent bool
	PIN    string // "" for none. Three wrong ones ask for the PUK
	PUK    string
	IMSI   string // +CIMI
	ICCID  string // +CCID
}

// Hayes is the profile of an analogue modem.
func Hayes() *Profile {
	return &Profile{
		Name: "hayes", Manufacturer: "pppdial", Model: "Simulated 33600", Revision: "1",
		Ident: []string{"33600"},
	}
}

// LTE is the profile of a cellular modem that keeps to the letter of TS 27.007.
func LTE() *Profile {
	return &Profile{
		Name: "lte", Manufacturer: "pppdial", Model: "LTE1", Revision: "LTE1-1.0", Serial: "350000000000006",
		Connect: "150000000", Down: 2 * time.Second,
		Cellular: &Cellular{
			SIM:      SIM{IMSI: "001010123456789", ICCID: "8988211000000000001"},
			Operator: "Test Network", PLMN: "00101", AcT: 7, RSSI: 20, BER: 99,
		},
	}
}
