package modem

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// PINs remembers which PINs cards have refused, so that none is entered twice: the
// third wrong one makes a card worthless without its PUK. It is shared by all
// modems of a process and may be used by several goroutines; its file is shared by
// all processes, and is read anew each time.
//
// A PIN is noted before it is entered, and forgotten when the card has taken it: a
// program that was killed between the two does not try again.
type PINs struct {
	path string

	mu    sync.Mutex        // guards what follows
	notes map[string][]note // by the number of a card, and by that of its modem
}

// A cardID tells a card. A locked one may tell its number at times only, so that
// its notes are under both.
type cardID struct {
	number string // ICCID; "": it is not told
	modem  string // the modem's number; "": it is not told
}

// names are what the notes of the card are under.
func (c cardID) names() []string {
	if c.number == "" {
		return []string{c.modem}
	}
	return []string{c.number, c.modem}
}

// maxNotes is how many PINs are noted of a card: it takes two wrong ones, but may be
// unblocked.
const maxNotes = 8

// A note is about a PIN that was entered at a card. The PIN itself is not in it,
// though four digits are soon found by who may read the file.
type note struct {
	Salt    string `json:"salt"`
	Hash    string `json:"hash"`
	Card    string `json:"card,omitempty"` // its number; "": it was not told
	Refused bool   `json:"refused"`        // else it is not known what became of it
}

// of tells whether the note may be about the card.
func (n note) of(c cardID) bool { return n.Card == "" || c.number == "" || n.Card == c.number }

func (n note) is(name, pin string) bool { return n.Hash == hash(n.Salt, name, pin) }

func hash(salt, name, pin string) string {
	sum := sha256.Sum256([]byte(salt + "\x00" + name + "\x00" + pin))
	return hex.EncodeToString(sum[:])
}

// NewPINs makes the memory; path is the file in which it outlives the process, ""
// for none.
func NewPINs(path string) *PINs { return &PINs{path: path, notes: map[string][]note{}} }

// refused tells whether the card must not be given the PIN. A nil PINs knows
// nothing.
func (p *PINs) refused(c cardID, pin string) bool {
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load()
	for _, name := range c.names() {
		if slices.ContainsFunc(p.notes[name], func(n note) bool { return n.of(c) && n.is(name, pin) }) {
			return true
		}
	}
	return false
}

// trying notes that the PIN is about to be entered.
func (p *PINs) trying(c cardID, pin string) error { return p.put(c, pin, false) }

// refuse notes that the card has not taken it.
func (p *PINs) refuse(c cardID, pin string) error { return p.put(c, pin, true) }

func (p *PINs) put(c cardID, pin string, refused bool) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.change(func() {
		for _, name := range c.names() {
			all := slices.DeleteFunc(p.notes[name], func(n note) bool { return n.of(c) && n.is(name, pin) })
			salt := rand.Text()
			all = append(all, note{salt, hash(salt, name, pin), c.number, refused})
			p.notes[name] = all[max(0, len(all)-maxNotes):]
		}
	})
}

// settle forgets a PIN of which it was not known what became of it: the card is
// unlocked. One that was refused stays noted, for then somebody else has entered
// another; so does one of a card that may be another.
func (p *PINs) settle(c cardID) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load()
	open := func(n note) bool { return !n.Refused && (n.Card == "" || n.Card == c.number) }
	if !slices.ContainsFunc(c.names(), func(name string) bool { return slices.ContainsFunc(p.notes[name], open) }) {
		return nil
	}
	return p.change(func() {
		for _, name := range c.names() {
			if p.notes[name] = slices.DeleteFunc(p.notes[name], open); len(p.notes[name]) == 0 {
				delete(p.notes, name)
			}
		}
	})
}

// load reads the file. Where it can't be read we know what we knew; save will
// complain.
func (p *PINs) load() {
	if p.path == "" {
		return
	}
	var notes map[string][]note
	b, err := os.ReadFile(p.path)
	if err == nil {
		err = json.Unmarshal(b, &notes)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.notes = map[string][]note{}
	case err == nil && notes != nil:
		p.notes = notes
	}
}

// change changes the notes and the file, while other processes keep off it.
func (p *PINs) change(f func()) error {
	if p.path == "" {
		f()
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("modem: %w", err)
	}
	lock, err := os.OpenFile(p.path+".lock", os.O_RDWR|os.O_CREATE, 0o600) // the file itself is replaced
	if err != nil {
		return fmt.Errorf("modem: %w", err)
	}
	defer lock.Close()
	for err = unix.EINTR; err == unix.EINTR; {
		err = unix.Flock(int(lock.Fd()), unix.LOCK_EX)
	}
	if err != nil {
		return fmt.Errorf("modem: lock %s: %w", lock.Name(), err)
	}
	p.load()
	f()
	return p.save()
}

// save replaces the file in one step.
func (p *PINs) save() error {
	b, err := json.Marshal(p.notes)
	if err != nil {
		return fmt.Errorf("modem: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(p.path), ".pins") // mode 0600
	if err != nil {
		return fmt.Errorf("modem: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("modem: %w", err)
	}
	return nil
}
