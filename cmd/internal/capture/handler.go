package capture

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const levelInfo = 6 // of syslog(3)

// Handler gives a handler that records what is logged, from slog.LevelDebug
// on, and passes it to next if that wants it. Packages dial and mp log the
// dialogue and what becomes of a link, without secrets.
func (r *Recorder) Handler(next slog.Handler) slog.Handler { return &handler{r: r, next: next} }

type handler struct {
	r    *Recorder
	next slog.Handler
	line string
	tail string // attributes, written out
}

func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelDebug || h.next.Enabled(ctx, l)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.next = h.next.WithAttrs(attrs)
	for _, a := range attrs {
		c.attr(a)
	}
	return &c
}

// WithGroup is not used by this program's packages; groups are left out.
func (h *handler) WithGroup(name string) slog.Handler {
	c := *h
	c.next = h.next.WithGroup(name)
	return &c
}

func (h *handler) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelDebug {
		c := *h
		rec.Attrs(func(a slog.Attr) bool { c.attr(a); return true })
		h.r.said(message{
			at: rec.Time, level: Priority(rec.Level), line: c.line,
			event: oneLine(rec.Message), text: oneLine(rec.Message + c.tail),
		})
	}
	if h.next.Enabled(ctx, rec.Level) {
		return h.next.Handle(ctx, rec)
	}
	return nil
}

// attr adds an attribute; entry and line have fields of their own.
func (h *handler) attr(a slog.Attr) {
	switch v := a.Value.Resolve().String(); a.Key {
	case "entry":
	case "line":
		h.line = oneLine(v)
	default:
		if v == "" || strings.ContainsFunc(v, func(c rune) bool { return c == ' ' || c == '"' || !unicode.IsPrint(c) }) {
			v = strconv.Quote(v)
		}
		h.tail += " " + a.Key + "=" + v
	}
}

// Priority is the number of a level in syslog(3).
func Priority(l slog.Level) int {
	switch {
	case l >= slog.LevelError:
		return 3
	case l >= slog.LevelWarn:
		return 4
	case l >= slog.LevelInfo:
		return levelInfo
	}
	return 7
}

// oneLine replaces what is not printable; a message is one line, whatever the
// peer has put into it, and no longer than is kept of it.
func oneLine(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
	for len(s) > maxMessage || !utf8.ValidString(s) {
		s = s[:min(len(s)-1, maxMessage)]
	}
	return s
}
