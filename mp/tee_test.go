package mp_test

import (
	"bytes"
	"sync"

	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// A teeLine keeps what is written to it.
type teeLine struct {
	*mptest.Line
	mu  sync.Mutex
	out []byte
}

func (l *teeLine) Write(b []byte) (int, error) { return l.keep(b, l.Line.Write) }

func (l *teeLine) TryWrite(b []byte) (int, error) { return l.keep(b, l.Line.TryWrite) }

func (l *teeLine) keep(b []byte, write func([]byte) (int, error)) (int, error) {
	n, err := write(b)
	l.mu.Lock()
	l.out = append(l.out, b[:n]...)
	l.mu.Unlock()
	return n, err
}

// take returns what was written since.
func (l *teeLine) take() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.out
	l.out = nil
	return b
}

// octets are the frames as they stand on the line.
func (l *teeLine) octets() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all [][]byte
	for _, f := range bytes.Split(l.out, []byte{0x7e}) {
		if len(f) > 0 {
			all = append(all, f)
		}
	}
	return all
}

func (l *teeLine) frames() (all [][]byte) {
	for _, f := range l.octets() {
		dec := hdlc.Decoder{MaxFrame: 2000}
		dec.Feed(append(bytes.Clone(f), 0x7e))
		if got, ok := dec.Next(); ok {
			all = append(all, bytes.Clone(got))
		}
	}
	return all
}

// rejects are the protocols that were Rejected.
func (l *teeLine) rejects() (all []wire.Protocol) {
	for _, f := range l.frames() {
		if info, ok := bytes.CutPrefix(f, []byte("\xff\x03\xc0\x21")); ok && wire.Code(info[0]) == wire.ProtocolReject {
			all = append(all, wire.Protocol(info[4])<<8|wire.Protocol(info[5]))
		}
	}
	return all
}
