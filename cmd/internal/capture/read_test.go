package capture

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// A section of a file, as a reader of pcapng sees it.
type section struct {
	application, comment string
	lines                []string // "name|description" of each interface
	items                []item   // in their order
}

// An item is a frame or a message.
type item struct {
	frame   *frame
	message map[string]string
}

func (i item) String() string {
	if i.message != nil {
		return i.message["MESSAGE"]
	}
	way := "received"
	if i.frame.sent {
		way = "sent"
	}
	return fmt.Sprintf("%d %s %d:%x %q", i.frame.id, way, i.frame.length, i.frame.data, i.frame.comments)
}

// parse reads a whole file, and finds whatever the format forbids.
func parse(b []byte) (all []section, err error) {
	for len(b) > 0 {
		kind, n, err := blockAt(b)
		if err != nil {
			return all, err
		}
		body := b[8 : n-4]
		b = b[n:]
		if kind != blockSection && len(all) == 0 {
			return all, errors.New("block before the first section")
		}
		switch kind {
		case blockSection:
			if le.Uint32(body) != byteOrder || le.Uint32(body[4:]) != 1 {
				return all, errors.New("byte order or version")
			}
			options, err := parseOptions(body[16:])
			if err != nil {
				return all, err
			}
			s := section{application: options[optApplication][0]}
			if c := options[optComment]; c != nil {
				s.comment = c[0]
			}
			all = append(all, s)
		case blockInterface:
			options, err := parseOptions(body[8:])
			if err != nil || le.Uint16(body) != linkPPP || le.Uint32(body[4:]) != snapLen {
				return all, fmt.Errorf("interface: %v", err)
			}
			s := &all[len(all)-1]
			s.lines = append(s.lines, options[optName][0]+"|"+options[optDescription][0])
		case blockPacket:
			s := &all[len(all)-1]
			f, err := parsePacket(body)
			if err != nil {
				return all, err
			}
			if int(f.id) >= len(s.lines) {
				return all, fmt.Errorf("frame of interface %d of %d", f.id, len(s.lines))
			}
			s.items = append(s.items, item{frame: f})
		case blockJournal:
			m := map[string]string{}
			for line := range strings.Lines(strings.TrimRight(string(body), "\x00")) {
				name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				if !ok || !strings.HasSuffix(line, "\n") {
					return all, fmt.Errorf("journal entry %q", body)
				}
				m[name] = value
			}
			s := &all[len(all)-1]
			s.items = append(s.items, item{message: m})
		case blockFiller:
		default:
			return all, fmt.Errorf("block type %x", kind)
		}
	}
	return all, nil
}

func parsePacket(body []byte) (*frame, error) {
	n := int(le.Uint32(body[12:]))
	f := &frame{
		id: le.Uint32(body), length: int(le.Uint32(body[16:])), data: body[20 : 20+n],
		at: time.UnixMicro(int64(le.Uint32(body[4:]))<<32 | int64(le.Uint32(body[8:]))),
	}
	options, err := parseOptions(body[20+(n+3)&^3:])
	if err != nil {
		return nil, err
	}
	f.comments = options[optComment]
	switch flags := le.Uint32([]byte(options[optFlags][0])); flags {
	case flagInbound, flagOutbound:
		f.sent = flags == flagOutbound
	default:
		return nil, fmt.Errorf("flags %x", flags)
	}
	return f, nil
}

func parseOptions(b []byte) (map[uint16][]string, error) {
	all := map[uint16][]string{}
	for len(b) >= 4 {
		code, n := le.Uint16(b), int(le.Uint16(b[2:]))
		b = b[4:]
		if code == optEnd {
			if n != 0 || len(b) != 0 {
				return nil, errors.New("end of options")
			}
			return all, nil
		}
		if (n+3)&^3 > len(b) {
			return nil, errors.New("option reaches beyond its block")
		}
		all[code] = append(all[code], string(b[:n]))
		b = b[(n+3)&^3:]
	}
	return nil, errors.New("options without an end")
}

// read parses a file.
func read(t *testing.T, name string) []section {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	all, err := parse(b)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return all
}
