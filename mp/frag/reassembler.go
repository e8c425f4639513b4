package frag

import (
	"slices"
	"time"
)

// A ReassemblerConfig is what a bundle's receiver has asked of its peer.
type ReassemblerConfig struct {
	Format  Format
	Classes int // that the peer may use; 0: 1
	MRRU    int // the longest information field of a packet
}

// maxWindow is the number of fragments that are kept while an earlier one is
// missing.
const maxWindow = 1024

// protocolRoom is what a packet may be longer than its information field: the
// protocol field, and address and control of peers that send them.
const protocolRoom = 4

// spell is the number of fragments after which buffers that were not needed for
// so long are given up.
const spell = 4096

// A Reassembler puts the packets of a bundle together.
//
// The owner passes each fragment to Input and then calls Next until it returns
// no more packets; it calls Next at the Deadline, too, and when a source was
// removed or rests.
type Reassembler struct {
	cfg     ReassemblerConfig
	window  int
	sources []*Source
	rows    []*row // by class; nil while nothing of the class came
	held    held   // a fragment that has no place before Next has made it
	base    time.Time
	late    lateness
	counts  Counters
	class   uint8 // of the packet that was returned last

	spare  [][]byte // buffers that are not in use
	excess int      // of them, the first that have not been in use since a spell began
	taken  int      // buffers since then
	out    []byte   // the owner's, to be reused at the next call
}

// Counters count what has come, and what has not.
type Counters struct {
	Fragments     uint64 // taken in
	Packets       uint64 // whole ones, delivered
	LostFragments uint64 // numbers that never came, or too late
	LostPackets   uint64 // at least so many were lost or came in part
	Discarded     uint64 // fragments of packets of which others were lost
	TimedOut      uint64 // lost fragments that were waited for in vain
	Stale         uint64 // fragments that came twice or too late
	Stray         uint64 // fragments whose number is far from the others
	Malformed     uint64 // no header, unknown class, or too long
}

// A Source is a link that fragments come over.
type Source struct {
	resting bool
	last    []int64         // by class: the position of the latest fragment that came over it,
	came    []time.Duration // and when, since the reassembler's base
	strays  int             // in a row
	stray   Seq             // the latest of them
}

// A held is a fragment that waits for its place.
type held struct {
	row *row
	pos int64
	f   fragment
}

// A fragment is a received one. Without data it is a free place.
type fragment struct {
	data       []byte
	at         time.Duration // since the reassembler's base
	begin, end bool
}

// NewReassembler returns a reassembler without sources that expects number 0
// first.
func NewReassembler(cfg ReassemblerConfig) *Reassembler {
	cfg.Classes = min(max(cfg.Classes, 1), cfg.Format.MaxClasses())
	return &Reassembler{
		cfg:    cfg,
		window: min(maxWindow, (int(cfg.Format.Numbers())+1)/8),
		rows:   make([]*row, cfg.Classes),
	}
}

// Add takes a link into the bundle. It counts from now on: what it has not
// brought may still come over it.
func (r *Reassembler) Add() *Source {
	src := &Source{last: make([]int64, r.cfg.Classes), came: make([]time.Duration, r.cfg.Classes)}
	for i, w := range r.rows {
		src.last[i] = -1
		if w != nil {
			src.last[i] = w.next - 1
		}
	}
	r.sources = append(r.sources, src)
	return src
}

// Remove takes a link out of the bundle: nothing more is awaited from it.
func (r *Reassembler) Remove(src *Source) {
	for i := range r.sources {
		if r.sources[i] == src {
			r.sources = append(r.sources[:i], r.sources[i+1:]...)
			return
		}
	}
}

// Rest says that the link has gone silent and nothing is awaited from it, or
// that it counts again. What comes over it is taken in any case.
func (src *Source) Rest(resting bool) { src.resting = resting }

// Counters returns what has been counted.
func (r *Reassembler) Counters() Counters { return r.counts }

// Input takes the information field of a multilink frame that came over src.
func (r *Reassembler) Input(now time.Time, src *Source, info []byte) {
	r.reuse()
	if r.base.IsZero() {
		r.base = now
	}
	h, data, err := ParseHeader(r.cfg.Format, info)
	switch {
	case err != nil || int(h.Class) >= len(r.rows) || len(data) > r.maxPacket():
		r.counts.Malformed++
		return
	case r.held.row != nil: // the owner has not called Next
		r.counts.Discarded++
		return
	}
	w := r.row(h.Class)
	pos, ok := r.place(w, src, h)
	if !ok {
		return
	}
	if pos > src.last[h.Class] {
		src.last[h.Class], src.came[h.Class] = pos, now.Sub(r.base)
	}
	if pos < w.next || pos < w.next+int64(r.window) && w.at(pos).data != nil {
		r.stale(now, w, pos)
		return
	}
	r.counts.Fragments++
	f := fragment{data: append(r.buffer(), data...), at: now.Sub(r.base), begin: h.Begin, end: h.End}
	if pos >= w.next+int64(r.window) {
		w.floor = pos - int64(r.window) + 1
		r.held = held{w, pos, f}
		return
	}
	if pos == w.next && w.pending > 0 {
		r.late.sample(f.at, f.at-w.since(r))
	}
	w.put(pos, f)
}

// place turns a number into a position; false if it cannot be right.
func (r *Reassembler) place(w *row, src *Source, h Header) (int64, bool) {
	numbers := r.cfg.Format.Numbers()
	d := numbers.Distance(Seq(w.next)&Seq(numbers), h.Seq)
	if -r.window <= d && d < 2*r.window {
		src.strays = 0
		return w.next + int64(d), true
	}
	if src.strays > 0 {
		if step := numbers.Distance(src.stray, h.Seq); step <= 0 || step > r.window {
			src.strays = 0
		}
	}
	src.strays++
	src.stray = h.Seq
	if src.strays < resync {
		r.counts.Stray++
		return 0, false
	}
	src.strays = 0
	return r.restart(w, h), true
}

// resync is the number of fragments in a row, over one link, with numbers far
// from what is expected but near each other, after which they are believed.
const resync = 4

// restart begins a row anew with the number of h.
func (r *Reassembler) restart(w *row, h Header) int64 {
	for w.pending > 0 {
		if f := w.take(); f.data != nil {
			r.counts.Discarded++
			r.release(f.data)
		}
	}
	w.lose(r)
	numbers := int64(r.cfg.Format.Numbers()) + 1
	w.next = (w.next/numbers+2)*numbers + int64(h.Seq)
	for _, src := range r.sources {
		src.last[h.Class] = w.next - 1
	}
	return w.next
}

// stale takes note of a fragment that is of no use any more.
func (r *Reassembler) stale(now time.Time, w *row, pos int64) {
	r.counts.Stale++
	if at := now.Sub(r.base); w.gaveUp.from <= pos && pos < w.gaveUp.to {
		r.late.sample(at, at-w.gaveUp.since)
	}
}

// Next returns the next whole packet, its protocol field first. The packet is
// the owner's until the next call of the reassembler.
func (r *Reassembler) Next(now time.Time) ([]byte, bool) {
	r.reuse()
	for {
		for _, w := range r.rows {
			if w == nil {
				continue
			}
			if p, ok := w.step(r, now.Sub(r.base)); ok {
				r.counts.Packets++
				r.class = w.class
				return p, true
			}
		}
		if r.held.row == nil {
			return nil, false
		}
		r.held.row.put(r.held.pos, r.held.f)
		r.held = held{}
	}
}

// Class returns the class of the packet that Next has returned last. Packets of
// different classes come in no order.
func (r *Reassembler) Class() uint8 { return r.class }

// Seq returns the number of class 0 that is wanted next.
func (r *Reassembler) Seq() Seq {
	if r.rows[0] == nil {
		return 0
	}
	return Seq(r.rows[0].next) & Seq(r.cfg.Format.Numbers())
}

// Deadline is when Next wants to be called though nothing has come, because
// what is missing will not come any more then; zero when nothing is missing.
func (r *Reassembler) Deadline() time.Time {
	var t time.Time
	for _, w := range r.rows {
		if w == nil || w.pending == 0 {
			continue
		}
		if due := r.base.Add(w.awaited(r) + r.late.patience()); t.IsZero() || due.Before(t) {
			t = due
		}
	}
	return t
}

func (r *Reassembler) row(class uint8) *row {
	w := r.rows[class]
	if w == nil {
		w = &row{class: class, slots: make([]fragment, r.window)}
		r.rows[class] = w
	}
	return w
}

func (r *Reassembler) maxPacket() int { return r.cfg.MRRU + protocolRoom }

// buffer returns an empty buffer that holds any packet.
func (r *Reassembler) buffer() []byte {
	if r.taken++; r.taken == spell {
		r.spare = slices.Delete(r.spare, 0, r.excess)
		r.taken, r.excess = 0, len(r.spare)
	}
	n := len(r.spare)
	if n == 0 {
		return make([]byte, 0, r.maxPacket())
	}
	b := r.spare[n-1]
	r.spare = r.spare[:n-1]
	r.excess = min(r.excess, n-1)
	return b[:0]
}

// release keeps a buffer for later.
func (r *Reassembler) release(b []byte) { r.spare = append(r.spare, b) }

// reuse takes back the packet that the owner has had.
func (r *Reassembler) reuse() {
	if r.out != nil {
		r.release(r.out)
		r.out = nil
	}
}
