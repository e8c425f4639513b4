package line

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"

	"pppdial/dial/chat"
)

// maxErrorLine is the longest line of a command's standard error that is kept
// in one piece.
const maxErrorLine = 512

// A lastLine logs what a command says, line by line, and keeps the last; both
// without what chat(8) would tell of passwords.
type lastLine struct {
	log *slog.Logger

	mu   sync.Mutex // guards what follows
	part []byte
	line string
	veil chat.Veil
}

// Write takes the next piece. It never fails.
func (w *lastLine) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		text, rest, whole := bytes.Cut(b, []byte("\n"))
		room := maxErrorLine - len(w.part)
		w.part = append(w.part, text[:min(len(text), room)]...)
		if !whole {
			break
		}
		w.finish()
		b = rest
	}
	return n, nil
}

func (w *lastLine) finish() {
	text := strings.TrimSpace(strings.ToValidUTF8(string(w.part), "?"))
	w.part = w.part[:0]
	if text == "" {
		return
	}
	w.line = w.veil.Hide(text)
	w.log.Info("the command says", "text", w.line)
}

// last is the last line that is not empty, whether or not it was ended.
func (w *lastLine) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finish()
	return w.line
}
