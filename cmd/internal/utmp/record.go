package utmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"
	"unicode"
)

// Types of records.
const (
	userProcess = 7
	deadProcess = 8
)

// Sizes of the texts of struct utmp.
const (
	lineSize = 32
	idSize   = 4
	userSize = 32
	hostSize = 256
)

// Where the fields of struct utmp are that do not depend on the machine.
const (
	atKind = 0 // a short
	atPID  = 4
	atLine = 8
	atID   = 40
	atUser = 44
	atHost = 76
)

// A layout is the rest: most machines have session and time in 32 bits, so that
// programs of 32 and of 64 bits understand each other; those that have never had
// 32 bits, and s390x, do not (bits/utmp.h, bits/wordsize.h of glibc).
type layout struct {
	session, time, addr, size int
	wide                      bool
}

var (
	narrow = layout{session: 336, time: 340, addr: 348, size: 384}
	wide   = layout{session: 336, time: 344, addr: 360, size: 400, wide: true}
)

func layoutOf(arch string) layout {
	switch arch {
	case "arm64", "loong64", "s390x":
		return wide
	}
	return narrow
}

var (
	machine = layoutOf(runtime.GOARCH)
	size    = int64(machine.size)
)

// A record is one struct utmp. What it does not name is left zero: nobody looks
// at the exit status.
type record struct {
	kind    int
	pid     int
	line    string
	id      string
	user    string
	host    string
	session int
	at      time.Time
	addr    netip.Addr
}

// ended is the record with which that of a call is replaced.
func (r record) ended(now time.Time) record {
	return record{kind: deadProcess, pid: r.pid, line: r.line, id: r.id, at: now}
}

func (l layout) append(b []byte, r record) []byte {
	order := binary.NativeEndian
	n := make([]byte, l.size)
	order.PutUint16(n[atKind:], uint16(r.kind))
	order.PutUint32(n[atPID:], uint32(r.pid))
	for _, f := range []struct {
		at, size int
		text     string
	}{{atLine, lineSize, r.line}, {atID, idSize, r.id}, {atUser, userSize, r.user}, {atHost, hostSize, r.host}} {
		copy(n[f.at:], cut(f.text, f.size))
	}
	sec, micro := r.at.Unix(), r.at.Nanosecond()/1000
	if l.wide {
		order.PutUint64(n[l.session:], uint64(r.session))
		order.PutUint64(n[l.time:], uint64(sec))
		order.PutUint64(n[l.time+8:], uint64(micro))
	} else {
		order.PutUint32(n[l.session:], uint32(r.session))
		order.PutUint32(n[l.time:], uint32(sec)) // good until 2106
		order.PutUint32(n[l.time+4:], uint32(micro))
	}
	if r.addr.IsValid() {
		copy(n[l.addr:l.addr+16], r.addr.AsSlice())
	}
	return append(b, n...)
}

func (l layout) parse(b []byte) record {
	order := binary.NativeEndian
	text := func(at, size int) string {
		s, _, _ := bytes.Cut(b[at:at+size], []byte{0})
		return string(s)
	}
	r := record{
		kind: int(order.Uint16(b[atKind:])), pid: int(int32(order.Uint32(b[atPID:]))),
		line: text(atLine, lineSize), id: text(atID, idSize), user: text(atUser, userSize), host: text(atHost, hostSize),
	}
	if l.wide {
		r.session = int(order.Uint64(b[l.session:]))
		r.at = time.Unix(int64(order.Uint64(b[l.time:])), int64(order.Uint64(b[l.time+8:]))*1000)
	} else {
		r.session = int(int32(order.Uint32(b[l.session:])))
		r.at = time.Unix(int64(order.Uint32(b[l.time:])), int64(order.Uint32(b[l.time+4:]))*1000)
	}
	switch a := [16]byte(b[l.addr : l.addr+16]); {
	case a == [16]byte{}:
	case [12]byte(a[4:]) == [12]byte{}:
		r.addr = netip.AddrFrom4([4]byte(a[:4]))
	default:
		r.addr = netip.AddrFrom16(a)
	}
	return r
}

// cut makes text fit a field. What is not printable would reach people's
// terminals.
func cut(s string, n int) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
	return s[:min(len(s), n)]
}

// put writes a record in one piece.
func put(f *os.File, at int64, r record) error {
	_, err := f.WriteAt(machine.append(nil, r), at)
	return err
}

// each calls do with every record of a file.
func each(f *os.File, do func(at int64, r record) error) error {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return err
	}
	for at := int64(0); at+size <= int64(len(b)); at += size {
		if err := do(at, machine.parse(b[at:])); err != nil {
			return err
		}
	}
	return nil
}

// Records of ours have an identifier that no getty uses, whose own are the ends
// of names of ttys: "~" and a number.
func isOurs(id string) bool { return strings.HasPrefix(id, "~") }

// ids is how many there are.
const ids = 36 * 36 * 36

func idOf(n int) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	return "~" + string([]byte{digits[n/36/36%36], digits[n/36%36], digits[n%36]})
}

// place finds where a new record belongs, and gives it its identifier: in place
// of one of ours that has ended, or at the end.
func place(f *os.File, r *record) (at int64, err error) {
	used := map[string]bool{}
	free := int64(-1)
	var end int64
	err = each(f, func(i int64, there record) error {
		end = i + size
		used[there.id] = true
		if there.kind == deadProcess && isOurs(there.id) && free < 0 {
			free, r.id = i, there.id
		}
		return nil
	})
	if err != nil || free >= 0 {
		return free, err
	}
	for n := range ids {
		if id := idOf(n); !used[id] {
			r.id = id
			return end, nil
		}
	}
	return 0, fmt.Errorf("all %d records of calls are in use", ids)
}
