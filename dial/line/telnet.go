package line

import "encoding/binary"

// The telnet protocol (RFC 854, 855) as far as RFC 2217 needs it.
const (
	iac  = 255
	dont = 254
	do   = 253
	wont = 252
	will = 251
	sb   = 250
	se   = 240

	optBinary  = 0  // RFC 856: eight bits, and CR is a CR
	optSGA     = 3  // RFC 858
	optComPort = 44 // RFC 2217
)

// Commands of RFC 2217, section 3; the other side's have 100 added.
const (
	setBaudRate       = 1
	setDataSize       = 2
	setParity         = 3
	setStopSize       = 4
	setControl        = 5
	setModemStateMask = 11
	purgeData         = 12
	notifyModemState  = 107

	controlNoFlow   = 1
	controlXON      = 2
	controlRTSCTS   = 3
	controlBreakOn  = 5
	controlBreakOff = 6
	controlDTROn    = 8
	controlDTROff   = 9
	controlRTSOn    = 11

	modemStateDCD = 0x80

	purgeBoth = 3
)

// appendData doubles IAC, so that data stays data.
func appendData(dst, data []byte) []byte {
	for _, c := range data {
		if c == iac {
			dst = append(dst, iac)
		}
		dst = append(dst, c)
	}
	return dst
}

// appendCommand writes a command of the COM-PORT option.
func appendCommand(dst []byte, command byte, value ...byte) []byte {
	dst = append(dst, iac, sb, optComPort, command)
	return append(appendData(dst, value), iac, se)
}

func appendBaudRate(dst []byte, speed int) []byte {
	return appendCommand(dst, setBaudRate, binary.BigEndian.AppendUint32(nil, uint32(speed))...)
}

// maxSub is the longest subnegotiation that is kept; those of RFC 2217 have a
// handful of bytes, the signature apart.
const maxSub = 256

// A telnetReader takes the data out of a stream of telnet, and what is said
// between.
type telnetReader struct {
	state telnetState
	verb  byte
	sub   []byte

	option  func(verb, option byte) // WILL, WONT, DO, DONT
	command func(sub []byte)        // option, command, value of a subnegotiation
}

type telnetState uint8

const (
	inData telnetState = iota
	inIAC
	inOption
	inSub
	inSubIAC
)

// read takes the data of b to its front and gives its length.
func (t *telnetReader) read(b []byte) (n int) {
	for _, c := range b {
		switch t.state {
		case inData:
			if c == iac {
				t.state = inIAC
				continue
			}
			b[n] = c
			n++
		case inIAC:
			switch {
			case c == iac:
				t.state = inData
				b[n] = c
				n++
			case c >= will:
				t.state, t.verb = inOption, c
			case c == sb:
				t.state, t.sub = inSub, t.sub[:0]
			default: // NOP, GA and the like
				t.state = inData
			}
		case inOption:
			t.state = inData
			t.option(t.verb, c)
		case inSub:
			if c == iac {
				t.state = inSubIAC
			} else if len(t.sub) < maxSub {
				t.sub = append(t.sub, c)
			}
		case inSubIAC:
			switch c {
			case iac:
				t.state = inSub
				if len(t.sub) < maxSub {
					t.sub = append(t.sub, c)
				}
			default: // SE; anything else ends it too
				t.state = inData
				t.command(t.sub)
			}
		}
	}
	return n
}

// isTelnet tells by the first bytes whether a server speaks telnet: its
// negotiation begins at once. What is no telnet hardly begins so.
func isTelnet(first []byte) bool {
	return len(first) >= 3 && first[0] == iac && first[1] >= will && first[1] <= dont
}
