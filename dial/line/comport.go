package line

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"go.bug.st/serial"
)

// A comPort is a serial port on another machine, by RFC 2217: a stream of data,
// and the port's settings and modem lines. FLOWCONTROL-SUSPEND is not obeyed: TCP
// itself stops who sends too much.
type comPort struct {
	conn *net.TCPConn

	reader telnetReader // belongs to who reads
	failed error        // that ends the stream: the carrier is lost

	writing sync.Mutex // guards what follows, and writes; taken before mu
	out     []byte
	stream  stream // conn, for tries
	tries   trier

	mu      sync.Mutex    // guards what follows; who reads never waits for a write
	answers []byte        // to be sent before anything else
	ours    map[byte]bool // options that we have on, or have offered
	theirs  map[byte]bool
	agreed  map[byte]bool // of ours
	binary  bool          // the other side's data has eight bits
	local   bool
	dcd     bool
}

func newComPort(c *net.TCPConn) *comPort {
	p := &comPort{conn: c, stream: c, ours: map[byte]bool{}, theirs: map[byte]bool{}, agreed: map[byte]bool{}, local: true}
	p.reader.option, p.reader.command = p.option, p.command
	return p
}

// negotiateTime is how long the agreement with a server may take.
const negotiateTime = 5 * time.Second

var errNoComPort = errors.New("the server speaks telnet and does not know RFC 2217 in eight bits; have it pass the bytes raw, or by telnet(rfc2217)")

// negotiate agrees upon RFC 2217 and eight bits. Data that comes meanwhile is of an
// earlier call and does not count.
func (p *comPort) negotiate() error {
	offer := []byte{
		iac, will, optBinary, iac, do, optBinary, iac, will, optSGA, iac, do, optSGA, iac, will, optComPort,
	}
	p.mu.Lock()
	for i := 0; i < len(offer); i += 3 {
		if offer[i+1] == will {
			p.ours[offer[i+2]] = true
		} else {
			p.theirs[offer[i+2]] = true
		}
	}
	p.mu.Unlock()
	if err := p.say(offer); err != nil {
		return err
	}
	p.conn.SetReadDeadline(time.Now().Add(negotiateTime))
	defer p.conn.SetReadDeadline(time.Time{})
	buf := make([]byte, 512)
	for {
		p.mu.Lock()
		done := p.agreed[optComPort] && p.agreed[optBinary] && p.binary
		refused := !p.ours[optComPort] || !p.ours[optBinary] || !p.theirs[optBinary]
		p.mu.Unlock()
		switch {
		case refused:
			return errNoComPort
		case done:
			return nil
		}
		n, err := p.conn.Read(buf)
		p.reader.read(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return errNoComPort
		} else if err != nil {
			return err
		}
	}
}

// option answers what the other side wants or offers. What is as it was gets no
// answer, or the two would never end (RFC 854).
func (p *comPort) option(verb, option byte) {
	defer p.flush()
	p.mu.Lock()
	defer p.mu.Unlock()
	say := func(verb byte) {
		if len(p.answers) < maxAnswers {
			p.answers = append(p.answers, iac, verb, option)
		}
	}
	known := option == optBinary || option == optSGA || option == optComPort
	switch verb {
	case do:
		switch {
		case !known:
			say(wont)
		case !p.ours[option]:
			p.ours[option] = true
			say(will)
			fallthrough
		default:
			p.agreed[option] = true
		}
	case dont:
		if p.agreed[option] {
			say(wont)
		}
		p.ours[option], p.agreed[option] = false, false
	case will:
		switch {
		case !known:
			say(dont)
		case !p.theirs[option]:
			p.theirs[option] = true
			say(do)
			fallthrough
		default:
			p.binary = p.binary || option == optBinary
		}
	case wont:
		p.theirs[option] = false
		if option == optBinary {
			p.binary = false
		}
	}
}

// maxAnswers bounds what waits while a server asks and does not read.
const maxAnswers = 300

// flush sends the answers as far as the connection takes them at once. The others go
// before what is written next, and all of them while somebody writes.
func (p *comPort) flush() {
	for all := true; all && p.owes() && p.writing.TryLock(); {
		p.answer(func(b []byte) (n int, err error) {
			n, err = p.tries.write(&p.stream, b)
			all = n == len(b)
			return n, err
		})
		p.writing.Unlock()
	}
}

func (p *comPort) owes() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.answers) > 0
}

// command takes what the server says of its port.
func (p *comPort) command(sub []byte) {
	if len(sub) < 3 || sub[0] != optComPort || sub[1] != notifyModemState {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.dcd
	p.dcd = sub[2]&modemStateDCD != 0
	if was && !p.dcd && !p.local {
		p.failed = ErrCarrierLost
	}
}

// Read gives data, and ends with the carrier, where that counts.
func (p *comPort) Read(b []byte) (int, error) {
	for len(b) > 0 {
		if p.failed != nil {
			return 0, p.failed
		}
		n, err := p.conn.Read(b)
		if n = p.reader.read(b[:n]); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// Write writes data. How much of it went out is known in whole writes only.
func (p *comPort) Write(b []byte) (int, error) {
	defer p.flush()
	p.writing.Lock()
	defer p.writing.Unlock()
	p.out = appendData(p.out[:0], b)
	n, err := p.send(p.out)
	if err == nil {
		return len(b), nil
	}
	return countData(p.out[:n]), err
}

// countData is how many bytes of data stand in what was written.
func countData(b []byte) (n int) {
	for i := 0; i < len(b); i++ {
		if b[i] == iac {
			i++
		}
		n++
	}
	return n
}

func (p *comPort) SetReadDeadline(t time.Time) error  { return p.conn.SetReadDeadline(t) }
func (p *comPort) SetWriteDeadline(t time.Time) error { return p.conn.SetWriteDeadline(t) }

// say sends a command.
func (p *comPort) say(b []byte) error {
	defer p.flush()
	p.writing.Lock()
	defer p.writing.Unlock()
	_, err := p.send(b)
	return err
}

// send writes the answers and then b. Writing is held.
func (p *comPort) send(b []byte) (int, error) {
	if err := p.answer(p.conn.Write); err != nil {
		return 0, err
	}
	return p.conn.Write(b)
}

// answer writes the answers. Writing is held.
func (p *comPort) answer(write func([]byte) (int, error)) error {
	p.mu.Lock()
	b := p.answers
	p.answers = nil
	p.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	n, err := write(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(b[n:], p.answers...)
	return err
}

// configure sets the port up.
func (p *comPort) configure(s Settings) error {
	var b []byte
	if s.Speed > 0 {
		b = appendBaudRate(b, s.Speed)
	}
	b = appendCommand(b, setDataSize, 8)
	b = appendCommand(b, setParity, map[Parity]byte{ParityNone: 1, ParityOdd: 2, ParityEven: 3}[s.Parity])
	b = appendCommand(b, setStopSize, 1)
	b = appendCommand(b, setControl, map[Flow]byte{FlowNone: controlNoFlow, FlowXON: controlXON, FlowRTSCTS: controlRTSCTS}[s.Flow])
	p.setLocal(s.Local)
	return p.say(b)
}

func (p *comPort) setLocal(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.local = on
}

// SetMode is not used: speed and parity go through configure.
func (p *comPort) SetMode(*serial.Mode) error { return errors.ErrUnsupported }

// SetDTR makes it a port, with what follows.
func (p *comPort) SetDTR(on bool) error {
	value := byte(controlDTROff)
	if on {
		value = controlDTROn
	}
	return p.say(appendCommand(nil, setControl, value))
}

func (p *comPort) GetModemStatusBits() (*serial.ModemStatusBits, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &serial.ModemStatusBits{DCD: p.dcd}, nil
}

func (p *comPort) Break(d time.Duration) error {
	if err := p.say(appendCommand(nil, setControl, controlBreakOn)); err != nil {
		return err
	}
	time.Sleep(d)
	return p.say(appendCommand(nil, setControl, controlBreakOff))
}

// Close ends the connection. Before, DTR drops: not all servers do that.
func (p *comPort) Close() error {
	p.conn.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
	p.SetDTR(false)
	return p.conn.Close()
}
