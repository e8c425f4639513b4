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
	Files       *Files // that others write as well; nil: none
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
	lines   []*Line    // by number
	talk    memory
	tail    memory
	pending []string  // comments for the next frame
	file    *file     // nil: there is no capture file
	into    *Recorder // that everything goes to instead; nil: none
	masked  []byte    // scratch
	block   []byte    // scratch
}

// New makes a Recorder without a capture file.
func New(c Config) *Recorder {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Files == nil {
		c.Files = new(Files)
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
	old, cfg := r.file, r.cfg
	r.file = nil
	r.mu.Unlock()
	if old != nil {
		cfg.Files.release(old)
	}
	if name == "" {
		return nil
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	f, err := cfg.Files.take(name, limit, cfg)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		l.inFile = f.line(l.name, r.about)
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

// Rename says that the calls turn out to be another entry's.
func (r *Recorder) Rename(entry string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg.Entry, r.about = entry, "entry "+entry
}

// Join ends a Recorder: what it is shown from now on goes to another, where its
// line has turned out to belong.
func (r *Recorder) Join(to *Recorder) {
	r.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.into = to
	for _, l := range r.lines {
		l.into = to.Line(l.name)
	}
}

// A Line is the part of a Recorder that is a link's mp.Tap.
type Line struct {
	r    *Recorder
	id   uint32
	name string

	// Guarded by the Recorder's mutex.
	inFile uint32 // its number in the capture file
	into   *Line  // that everything goes to instead; nil: none
}

var _ mp.Tap = (*Line)(nil)

// Line gives the tap for a link on the line of that name.
func (r *Recorder) Line(name string) *Line {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.lines {
		if l.name == name {
			return l
		}
	}
	if len(r.lines) == maxLines {
		return r.lines[maxLines-1]
	}
	l := &Line{r: r, id: uint32(len(r.lines)), name: name}
	r.lines = append(r.lines, l)
	if r.file != nil {
		l.inFile = r.file.line(name, r.about)
	}
	return l
}

// Frame records a frame of the line. It allocates nothing once its buffers
// have grown.
func (l *Line) Frame(d mp.Direction, raw []byte) {
	r := l.r
	f := frame{at: time.Now(), id: l.id, sent: d == mp.Sent, length: len(raw)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.into != nil {
		l.into.Frame(d, raw)
		return
	}
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
	f.id = l.inFile
	f.data, f.comments = raw[:min(len(raw), snapLen)], r.pending
	r.block = appendPacket(r.block[:0], f)
	r.file.put(r.block)
	r.pending = r.pending[:0]
}

// Note records what nobody logs.
func (r *Recorder) Note(level slog.Level, text string) {
	r.said(message{at: time.Now(), level: Priority(level), event: "note", text: oneLine(text)})
}

// said records a message.
func (r *Recorder) said(m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.into != nil {
		r.into.said(m)
		return
	}
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
