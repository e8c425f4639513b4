package run

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/capture"
)

// Where the journal and the local syslog listen; tests put their own there.
var (
	journalSocket = "/run/systemd/journal/socket"
	syslogSocket  = "/dev/log"
)

// levelFor turns the number of -d into a level: -4 tells more, -8 prints
// packets, -12 raw bytes.
func levelFor(debug int) slog.Level { return slog.Level(-4 * min(max(debug, 0), 3)) }

// newLogger picks where the log goes: to the journal with its fields when
// stderr is the journal's, to the local syslog when stderr is the line itself,
// else to stderr as plain lines.
func newLogger(level slog.Leveler, stderr *os.File, isLine bool) *slog.Logger {
	h := &handler{level: level, mu: new(sync.Mutex)}
	switch {
	case (isJournal(stderr) || isLine) && h.dial(journalSocket):
		h.format = journalRecord
	case isLine && h.dial(syslogSocket):
		h.format = syslogRecord
	case isLine:
		h.w, h.format = io.Discard, syslogRecord
	default:
		h.w, h.format, h.plain = stderr, plainRecord, true
	}
	return slog.New(h)
}

// isJournal reports whether f is the stream that JOURNAL_STREAM names
// (systemd.exec(5)).
func isJournal(f *os.File) bool {
	dev, ino, ok := strings.Cut(os.Getenv("JOURNAL_STREAM"), ":")
	if !ok {
		return false
	}
	fi, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && strconv.FormatUint(uint64(st.Dev), 10) == dev && strconv.FormatUint(st.Ino, 10) == ino
}

// A handler writes one line, or one datagram, an event.
type handler struct {
	level  slog.Leveler
	mu     *sync.Mutex
	w      io.Writer
	format func(b *bytes.Buffer, r slog.Record, attrs []slog.Attr)
	plain  bool // lines for people
	attrs  []slog.Attr
}

func (h *handler) dial(path string) bool {
	c, err := net.Dial("unixgram", path)
	if err != nil {
		return false
	}
	h.w = c
	return true
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

func (h *handler) WithAttrs(a []slog.Attr) slog.Handler {
	c := *h
	c.attrs = append(append([]slog.Attr(nil), h.attrs...), a...)
	return &c
}

// WithGroup is not used by this program's packages; groups are left out.
func (h *handler) WithGroup(string) slog.Handler { return h }

func (h *handler) Handle(_ context.Context, r slog.Record) error {
	attrs := append([]slog.Attr(nil), h.attrs...)
	r.Attrs(func(a slog.Attr) bool { attrs = append(attrs, a); return true })
	var b bytes.Buffer
	h.format(&b, r, attrs)
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(b.Bytes())
	return err
}

// text is the event's message in front of which stand entry, line and
// interface, and behind it everything else as key=value. It is one line, whatever the
// peer has put into it.
func text(r slog.Record, attrs []slog.Attr) string {
	var lead, tail strings.Builder
	for _, a := range attrs {
		if _, ok := a.Value.Any().(Verdict); ok {
			continue // it is the message
		}
		v := a.Value.Resolve().String()
		switch a.Key {
		case "entry", "line", "interface":
			lead.WriteString(v + ": ")
		default:
			if v == "" || strings.ContainsFunc(v, func(c rune) bool { return c == ' ' || c == '"' || !unicode.IsPrint(c) }) {
				v = strconv.Quote(v)
			}
			tail.WriteString(" " + a.Key + "=" + v)
		}
	}
	return oneLine(lead.String() + r.Message + tail.String())
}

// oneLine replaces what is not printable.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
}

func plainRecord(b *bytes.Buffer, r slog.Record, attrs []slog.Attr) {
	b.WriteString(r.Time.Format("15:04:05.000 "))
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(text(r, attrs) + "\n")
}

func syslogRecord(b *bytes.Buffer, r slog.Record, attrs []slog.Attr) {
	const daemon = 3 << 3
	fmt.Fprintf(b, "<%d>%s ppp[%d]: %s", daemon|capture.Priority(r.Level), r.Time.Format(time.Stamp), os.Getpid(), text(r, attrs))
}

// journalRecord is the journal's native protocol: NAME=value lines, and for a
// value of several lines its length in front.
func journalRecord(b *bytes.Buffer, r slog.Record, attrs []slog.Attr) {
	field := func(name, v string) {
		if !strings.Contains(v, "\n") {
			b.WriteString(name + "=" + v + "\n")
			return
		}
		b.WriteString(name + "\n")
		binary.Write(b, binary.LittleEndian, uint64(len(v)))
		b.WriteString(v + "\n")
	}
	field("MESSAGE", text(r, attrs))
	field("PRIORITY", strconv.Itoa(capture.Priority(r.Level)))
	field("SYSLOG_IDENTIFIER", "ppp")
	if e, ok := events[r.Message]; ok {
		field("PPP_EVENT", e)
	}
	for _, a := range attrs {
		if v, ok := a.Value.Any().(Verdict); ok {
			field("PPP_EVENT", eventVerdict)
			for _, x := range [][2]string{
				{"STATUS", strconv.Itoa(v.Status)}, {"PHASE", v.Phase}, {"BY", v.By},
				{"EVIDENCE", v.Evidence}, {"CAUSE", v.Cause}, {"TRY", v.Try},
			} {
				field("PPP_"+x[0], x[1])
			}
			continue
		}
		field("PPP_"+fieldName(a.Key), a.Value.Resolve().String())
	}
}

// fieldName makes of a key what the journal takes in the name of a field.
func fieldName(key string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z':
			return c - 'a' + 'A'
		case 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			return c
		}
		return '_'
	}, key)
}

// sameTTY reports whether two files are one terminal.
func sameTTY(a, b *os.File) bool {
	x, y := ttyNumber(a), ttyNumber(b)
	return x != 0 && x == y
}

// ttyNumber is the device number of a terminal, and 0 of everything else.
func ttyNumber(f *os.File) (number uint64) {
	c, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	c.Control(func(fd uintptr) {
		var st unix.Stat_t
		if _, err := unix.IoctlGetTermios(int(fd), unix.TCGETS); err != nil {
			return
		}
		if err := unix.Fstat(int(fd), &st); err == nil {
			number = uint64(st.Rdev)
		}
	})
	return number
}

// hungUp reports whether a terminal is one no more: the kernel has hung it up.
func hungUp(f *os.File) (gone bool) {
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	c.Control(func(fd uintptr) {
		_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		gone = err == unix.EIO
	})
	return gone
}
