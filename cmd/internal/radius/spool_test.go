package radius

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
)

// testRecord is a record with as little as there may be, and more.
func testRecord(t *testing.T, session string, status rfc2866.AcctStatusType, at int64, more ...*radius.AVP) *record {
	t.Helper()
	p := &radius.Packet{}
	p.Add(rfc2866.AcctStatusType_Type, radius.NewInteger(uint32(status)))
	p.Add(rfc2866.AcctSessionID_Type, []byte(session))
	p.Add(rfc2869.EventTimestamp_Type, radius.NewInteger(uint32(at)))
	p.Attributes = append(p.Attributes, more...)
	r, err := newRecord(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	start  = rfc2866.AcctStatusType_Value_Start
	update = rfc2866.AcctStatusType_Value_InterimUpdate
	stop   = rfc2866.AcctStatusType_Value_Stop
)

// What the lines of spool files, in the order of the files, leave to be sent.
func TestSpoolContents(t *testing.T) {
	line := func(mark byte, r *record) string {
		attrs := r.attrs
		if mark == markDone {
			attrs = nil
		}
		return string(appendLine(nil, mark, r.id(), attrs))
	}
	s1, u1, e1 := testRecord(t, "1", start, 100), testRecord(t, "1", update, 200), testRecord(t, "1", stop, 300)
	early, late := testRecord(t, "1", stop, 150), testRecord(t, "1", stop, 250)
	lasted := func(secs uint32) *radius.AVP { return avp(rfc2866.AcctSessionTime_Type, radius.NewInteger(secs)) }
	short, long := testRecord(t, "1", stop, 250, lasted(30)), testRecord(t, "1", stop, 120, lasted(900))
	s2 := testRecord(t, "2", start, 50)
	title := string(appendLine(nil, markText, spoolTitle+"a:1812", nil))
	for _, c := range []struct {
		why  string
		in   []string
		want []string // id@time
		bad  int
	}{
		{"nothing", []string{""}, nil, 0},
		{"a title", []string{title}, nil, 0},
		{"a record", []string{title + line('+', s1)}, []string{"1/start@100"}, 0},
		{"it was acknowledged", []string{line('+', s1) + line('-', s1)}, nil, 0},
		{"another one was", []string{line('+', s1) + line('+', s2) + line('-', s1)}, []string{"2/start@50"}, 0},
		{"in order by session", []string{line('+', e1) + line('+', s2) + line('+', s1) + line('+', u1)},
			[]string{"1/start@100", "1/200@200", "1/stop@300", "2/start@50"}, 0},
		{"an open session is stopped", []string{line('+', s1) + line('-', s1) + line('=', early)}, []string{"1/stop@150"}, 0},
		{"with the latest note", []string{line('=', early) + line('=', late)}, []string{"1/stop@250"}, 0},
		{"whatever its place", []string{line('=', late) + line('=', early)}, []string{"1/stop@250"}, 0},
		{"whatever the clock did", []string{line('=', short) + line('=', long)}, []string{"1/stop@120"}, 0},
		{"and in whatever place", []string{line('=', long) + line('=', short)}, []string{"1/stop@120"}, 0},
		{"a closed one has its own Stop", []string{line('=', late) + line('+', e1)}, []string{"1/stop@300"}, 0},
		{"and is not stopped twice", []string{line('=', late) + line('+', e1) + line('-', e1)}, nil, 0},
		{"killed while writing a new file", []string{line('+', s1) + line('+', s2), line('+', s2)}, []string{"1/start@100", "2/start@50"}, 0},
		{"an acknowledgement in either file counts", []string{line('+', s1) + line('-', s1), line('+', s1)}, nil, 0},
		{"a torn line", []string{line('+', s1) + line('+', s2)[:20]}, []string{"1/start@100"}, 1},
		{"a torn line in the middle", []string{line('+', s1)[:30] + "\n" + line('+', s2)}, []string{"2/start@50"}, 1},
		{"a changed line", []string{strings.Replace(line('+', s1), " + 1", " + 2", 1)}, nil, 1},
		{"zeros, as file systems leave them", []string{line('+', s1) + strings.Repeat("\x00", 20000)}, []string{"1/start@100"}, 1},
		{"a line without an end", []string{strings.Repeat("x", 3*maxLine) + "\n" + line('+', s1)}, []string{"1/start@100"}, 1},
		{"the name of another record", []string{string(appendLine(nil, '+', "2/start", s1.attrs))}, nil, 1},
		{"no record", []string{string(appendLine(nil, '+', "2/start", []byte{1}))}, nil, 1},
	} {
		t.Run(c.why, func(t *testing.T) {
			all := newContents()
			for _, in := range c.in {
				if err := all.read(strings.NewReader(in)); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, r := range all.pending() {
				got = append(got, fmt.Sprintf("%s@%d", r.id(), r.stamp.Unix()))
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) || all.bad != c.bad {
				t.Errorf("got %v, %d bad; want %v, %d", got, all.bad, c.want, c.bad)
			}
		})
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A process has a file of its own; the file of one that is gone goes to who
// comes next, if it has the same servers.
func TestSpoolOwners(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "place")
	a, b := []Server{{Host: "a", Port: 1812}}, []Server{{Host: "b", Port: 1812}}
	open := func(why string, servers []Server, want ...string) *spool {
		t.Helper()
		s, pending, bad, err := openSpool(dir, servers)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range pending {
			got = append(got, r.id())
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || bad != 0 {
			t.Errorf("%s: found %v, %d bad; want %v", why, got, bad, want)
		}
		return s
	}
	put := func(s *spool, r *record) {
		t.Helper()
		if err := s.append(appendLine(nil, markSend, r.id(), r.attrs), true); err != nil {
			t.Fatal(err)
		}
	}
	one := open("the first one", a)
	put(one, testRecord(t, "1", start, 1))
	two := open("its owner lives", a)
	put(two, testRecord(t, "2", start, 2))
	other := open("other servers", b)
	one.close(false)
	two.close(false)
	other2 := open("the records of other servers are not ours", b)
	three := open("both owners are gone", a, "1/start", "2/start")
	if n := len(files(t, dir)); n != 3 {
		t.Errorf("%d files, want one for each process", n)
	}
	info, err := os.Stat(three.f.Name())
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	three.close(true)
	other.close(true)
	other2.close(true)
	if left := files(t, dir); left != nil {
		t.Errorf("files are left: %v", left)
	}
}

func TestSpoolWithoutAPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, _, err := openSpool(filepath.Join(file, "dir"), nil)
	if !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
}

func FuzzSpool(f *testing.F) {
	var b []byte
	p := &radius.Packet{}
	p.Add(rfc2866.AcctStatusType_Type, radius.NewInteger(1))
	p.Add(rfc2866.AcctSessionID_Type, []byte("1"))
	p.Add(rfc2869.EventTimestamp_Type, radius.NewInteger(5))
	r, err := newRecord(p)
	if err != nil {
		f.Fatal(err)
	}
	b = appendLine(b, markText, spoolTitle, nil)
	b = appendLine(b, markSend, r.id(), r.attrs)
	b = appendLine(b, markDone, r.id(), nil)
	b = appendLine(b, markOpen, r.id(), r.attrs)
	f.Add(b)
	f.Fuzz(func(t *testing.T, in []byte) {
		c := newContents()
		if err := c.read(bytes.NewReader(in)); err != nil {
			t.Fatal(err)
		}
		for _, r := range c.pending() {
			mark, id, attrs, err := parseLine(bytes.TrimSuffix(appendLine(nil, markSend, r.id(), r.attrs), []byte("\n")))
			if err != nil || mark != markSend || id != r.id() || !bytes.Equal(attrs, r.attrs) {
				t.Fatalf("%v reads as %c %q %x %v", r, mark, id, attrs, err)
			}
			if _, err := r.packet(NewSecret("x"), time.Unix(100, 0)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
