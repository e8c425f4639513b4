package capture

import (
	"log/slog"
	"sync"
	"time"

	"pppdial/mp"
)

// The flight recorder's bounds, for each interface.
const (
	talkLimit  = 16 << 10 // bytes of dialogue and control packets
	tailLimit  = 6 << 10  // bytes of the last data packets' headers
	talkSnap   = 512      // bytes of a control packet
	tailSnap   = 48       // bytes of a data packet: address to TCP header, no more
	maxLines   = 256      // names of lines; further ones share the last
	maxPending = 8        // comments that wait for a frame
)

// Config is what a Recorder is made of.
type Config struct {
	Entry       string // label of the control file's entry
	Application string // name and version of the program
	Dir         string // where Save writes
	Log         *slog.Logger
}

// A Recorder keeps what happens on the lines of one interface. Its methods may
// be called from any goroutine.
type Recorder struct {
	cfg   Config
	saves sync.WaitGroup
	names sync.Mutex // held while files are renamed

	mu      sync.Mutex // guards the rest; held for as long as it takes to copy a frame
	about   string     // description of the interface blocks
	lines   []string   // by number
	talk    memory
	tail    memory
	pending []string // comments for the next frame
	file    *file    // nil: there is no capture file
	masked  []byte   // scratch
	block   []byte   // scratch
}

// New makes a Recorder without a capture file.
func New(c Config) *Recorder {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Recorder{
		cfg: c, about: "entry " + c.Entry,
		talk: memory{limit: talkLimit}, tail: memory{limit: tailLimit},
	}
}

// Interface says to which network interface the lines that are named from now
// on belong.
func (r *Recorder) Interface(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.about = name + ", entry " + r.cfg.Entry
}

// Capture begins to write everything to a file of at most limit bytes together
// with its predecessor, DefaultLimit for 0, in place of the file so far; without
// a name it ends that. The error says why that can't be done; the recorder then
// goes on without a file.
func (r *Recorder) Capture(name string, limit int64) error {
	r.mu.Lock()
	old := r.file
	r.file = nil
	r.mu.Unlock()
	if old != nil {
		old.close()
	}
	if name == "" {
		return nil
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	f, err := openFile(name, limit, r.cfg)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		f.put(appendInterface(nil, l, r.about))
	}
	r.file = f
	return nil
}

// Close ends the capture file with all that was recorded so far, when what is
// being saved is saved.
func (r *Recorder) Close() {
	r.Capture("", 0)
	r.saves.Wait()
}

// Begin says that a new call is made while no line talks: the flight recorder
// forgets the one before.
func (r *Recorder) Begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.talk.forget()
	r.tail.forget()
	r.pending = r.pending[:0]
}

// A Line is the part of a Recorder that is a link's mp.Tap.
type Line struct {
	r  *Recorder
	id uint32
}

var _ mp.Tap = (*Line)(nil)

// Line gives the tap for a link on the line of that name.
func (r *Recorder) Line(name string) *Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, l := range r.lines {
		if l == name {
			return &Line{r, uint32(i)}
		}
	}
	if len(r.lines) == maxLines {
		return &Line{r, maxLines - 1}
	}
	r.lines = append(r.lines, name)
	if r.file != nil {
		r.file.put(appendInterface(nil, name, r.about))
	}
	return &Line{r, uint32(len(r.lines) - 1)}
}

// Frame records a frame of the line. It allocates nothing once its buffers
// have grown.
func (l *Line) Frame(d mp.Direction, raw []byte) {
	r := l.r
	f := frame{at: time.Now(), id: l.id, sent: d == mp.Sent, length: len(raw)}
	r.mu.Lock()
	defer r.mu.Unlock()
	snap, to := tailSnap, &r.tail
	if control := isControl(raw); control {
		r.masked = appendMasked(r.masked[:0], raw)
		raw = r.masked
		f.length = len(raw)
		snap, to = talkSnap, &r.talk
	}
	f.data = raw[:min(len(raw), snap)]
	r.block = appendPacket(r.block[:0], f)
	to.add(f.at, r.block)
	if r.file == nil {
		return
	}
	f.data, f.comments = raw[:min(len(raw), snapLen)], r.pending
	r.block = appendPacket(r.block[:0], f)
	r.file.put(r.block)
	r.pending = r.pending[:0]
}

// Note records what nobody logs.
func (r *Recorder) Note(level slog.Level, text string) {
	r.said(message{at: time.Now(), level: priority(level), event: "note", text: oneLine(text)})
}

// said records a message.
func (r *Recorder) said(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.block = appendMessage(r.block[:0], r.cfg.Entry, m)
	r.talk.add(m.at, r.block)
	if r.file == nil {
		return
	}
	r.file.put(r.block)
	if m.level <= levelInfo && len(r.pending) < maxPending {
		r.pending = append(r.pending, cut(m.text, maxComment/maxPending))
	}
}
