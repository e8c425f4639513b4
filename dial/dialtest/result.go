package dialtest

import "strings"

// The final and intermediate result codes of ITU-T V.250 section 6.3.4, by their verbose texts.
const (
	resOK         = "OK"
	resConnect    = "CONNECT"
	resRing       = "RING"
	resNoCarrier  = "NO CARRIER"
	resError      = "ERROR"
	resNoDialtone = "NO DIALTONE"
	resBusy       = "BUSY"
	resNoAnswer   = "NO ANSWER"
)

// numeric maps the verbose texts to what ATV0 asks for. The codes of connections
// above 1200 bit/s are those of the Hayes Smartmodem line; makes differ.
var numeric = map[string]string{
	resOK: "0", resConnect: "1", resRing: "2", resNoCarrier: "3", resError: "4",
	"CONNECT 1200": "5", resNoDialtone: "6", resBusy: "7", resNoAnswer: "8",
	"CONNECT 2400": "10", "CONNECT 4800": "11", "CONNECT 9600": "12", "CONNECT 14400": "13",
	"CONNECT 19200": "14", "CONNECT 33600": "84", "CONNECT 57600": "18", "CONNECT 115200": "19",
}

// code is a result's numeric form.
func code(text string) string {
	if n, ok := numeric[text]; ok {
		return n
	}
	if strings.HasPrefix(text, resConnect) {
		return numeric[resConnect]
	}
	return numeric[resError]
}

// heard is what a modem set to ATXn reports of a result: X0 and X1 hear no tones, X2 only
// the dial tone, X3 only the busy tone; X0 does not tell the rate.
func heard(text string, x int) string {
	switch {
	case text == resBusy && x < 3, text == resNoDialtone && x != 2 && x != 4:
		return resNoCarrier
	case strings.HasPrefix(text, resConnect) && x == 0:
		return resConnect
	}
	return text
}

// cme is the table of errors of 3GPP TS 27.007 section 9.2 that the bank uses.
var cme = map[int]string{
	3: "operation not allowed", 4: "operation not supported", 10: "SIM not inserted",
	11: "SIM PIN required", 12: "SIM PUK required", 16: "incorrect password",
	21: "invalid index", 30: "no network service", 50: "incorrect parameters",
}
