package capture

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"pppdial/mp"
	"pppdial/mp/wire"
)

func TestMain(m *testing.M) {
	if os.Getenv(writerEnv) != "" {
		writeForever()
	}
	goleak.VerifyTestMain(m)
}

// TestHandler: what is logged is a message of the capture with its line; what is
// important is the comment of the next frame, and secrets have none.
func TestHandler(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	var plain bytes.Buffer
	r := New(Config{Entry: "rmt"})
	if err := r.Capture(name, 0); err != nil {
		t.Fatal(err)
	}
	log := slog.New(r.Handler(slog.NewTextHandler(&plain, &slog.HandlerOptions{Level: slog.LevelInfo})))
	log = log.With("entry", "rmt").With("line", "ttyA")
	log.Debug("chat sends", "text", `ATDT5551234\r`)
	log.Info("connected", "modem", "CONNECT 33600")
	log.Warn("odd\nline")
	log.Log(t.Context(), mp.LevelPacket, "rcvd [LCP ConfReq]")
	l := r.Line("ttyA")
	l.Frame(mp.Sent, []byte{0x21, 0x45})
	l.Frame(mp.Received, []byte{0x21, 0x46})
	r.Close()

	var got []string
	for _, i := range read(t, name)[0].items {
		got = append(got, i.String())
		if m := i.message; m != nil && (m["PPP_LINE"] != "ttyA" || m["PPP_ENTRY"] != "rmt" || m["PPP_EVENT"] == "") {
			t.Errorf("%v", m)
		}
	}
	want := `chat sends text=ATDT5551234\r
connected modem="CONNECT 33600"
odd` + "\ufffd" + `line
0 sent 2:2145 ["connected modem=\"CONNECT 33600\"" "odd` + "\ufffd" + `line"]
0 received 2:2146 []`
	if strings.Join(got, "\n") != want {
		t.Errorf("capture:\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if s := plain.String(); strings.Count(s, "\n") != 2 || strings.Contains(s, "ATDT") {
		t.Errorf("log:\n%s", s)
	}
}

// TestSave: after a failure there is the dialogue, the control packets and of
// data packets the headers of the last, in their order; of the call before
// nothing.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	r := New(Config{Entry: "a/b", Application: "ppp 1", Dir: dir})
	log := slog.New(r.Handler(slog.DiscardHandler))
	log.Info("the call before")
	r.Begin()
	log.Debug("chat sends", "text", "ATDT1")
	l := r.Line("ttyA")
	request := auth(wire.PAP, wire.PAPAuthReq, wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: "me", Password: secret}))
	l.Frame(mp.Sent, request)
	header := append([]byte{0xff, 3, 0, 0x21, 0x45}, make([]byte, 43)...)
	data := append(header, bytes.Repeat([]byte(secret), 80)...)
	for range 1000 {
		l.Frame(mp.Received, data)
	}
	l.Frame(mp.Sent, auth(wire.LCP, wire.TerminateRequest, nil))
	name, err := save(r, "verdict: status=10")
	if err != nil || name != filepath.Join(dir, "failed-a%2Fb.pcapng") {
		t.Fatalf("%s, %v", name, err)
	}
	all := read(t, name)
	if len(all) != 1 || all[0].comment != "verdict: status=10" || all[0].application != "ppp 1" {
		t.Fatalf("%+v", all)
	}
	items := all[0].items
	if items[0].String() != "chat sends text=ATDT1" || items[1].frame.data[3] != 0x23 ||
		items[len(items)-1].frame.data[4] != byte(wire.TerminateRequest) {
		t.Errorf("%v ... %v", items[:2], items[len(items)-1])
	}
	if n := len(items) - 3; n < 30 || n > 100 {
		t.Errorf("%d data packets", n)
	}
	for _, i := range items[2 : len(items)-1] {
		if i.frame.length != len(data) || len(i.frame.data) != tailSnap {
			t.Fatalf("data packet %v", i)
		}
	}
	b, _ := os.ReadFile(name)
	if bytes.Contains(b, []byte(secret)) || len(b) > talkLimit+tailLimit+1024 {
		t.Errorf("%d octets, or a secret among them", len(b))
	}
}

// save waits for Save.
func save(r *Recorder, cause string) (file string, err error) {
	r.Save(cause, func(f string, e error) { file, err = f, e })
	r.saves.Wait()
	return file, err
}

// TestSavedFilesAreFew: of one entry and of all.
func TestSavedFilesAreFew(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 * keptInAll {
		r := New(Config{Entry: fmt.Sprint("caller", i%(2*keptInAll/3)), Dir: dir})
		if _, err := save(r, fmt.Sprint("call ", i)); err != nil {
			t.Fatal(err)
		}
	}
	r := New(Config{Entry: "rmt", Dir: dir})
	for i := range 10 {
		if _, err := save(r, fmt.Sprint("call ", i)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := os.ReadDir(dir)
	if err != nil || len(all) > keptInAll {
		t.Errorf("%d files, %v", len(all), err)
	}
	mine, _ := filepath.Glob(dir + "/failed-rmt*.pcapng")
	if len(mine) != keptPerEntry {
		t.Errorf("files of one entry: %v", mine)
	}
	for age, want := range []string{"call 9", "call 8", "call 7", "call 6"} {
		name := filepath.Join(dir, "failed-rmt.pcapng")
		if age > 0 {
			name = filepath.Join(dir, fmt.Sprintf("failed-rmt.%d.pcapng", age))
		}
		if s := read(t, name); s[0].comment != want {
			t.Errorf("%s is of %s, want %s", name, s[0].comment, want)
		}
	}
	if _, err := save(New(Config{Entry: "x", Dir: dir + "/none"}), ""); err == nil {
		t.Error("saved where no directory is")
	}
}

// TestManyAtOnce: lines, messages, a change of the file and saving do not get in
// one another's way.
func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	r := New(Config{Entry: "rmt", Dir: dir})
	log := slog.New(r.Handler(slog.NewTextHandler(io.Discard, nil)))
	r.cfg.Log = log
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range 300 {
				l := r.Line(fmt.Sprint("tty", i, k))
				l.Frame(mp.Sent, auth(wire.LCP, wire.EchoRequest, nil))
				log.Info("connected", "line", fmt.Sprint("tty", i))
			}
		})
	}
	wg.Go(func() {
		for i := range 20 {
			if err := r.Capture(filepath.Join(dir, fmt.Sprint(i%2, ".pcapng")), 0); err != nil {
				t.Error(err)
			}
			if _, err := save(r, "x"); err != nil {
				t.Error(err)
			}
			r.Begin()
		}
	})
	wg.Wait()
	r.Close()
	for _, n := range []string{"0.pcapng", "1.pcapng", "failed-rmt.pcapng"} {
		read(t, filepath.Join(dir, n))
	}
}

// TestSharedFile: several callers of one entry are in one file, each with its
// line, and it is there until the last has ended.
func TestSharedFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	files := new(Files)
	var all []*Recorder
	for i := range 3 {
		r := New(Config{Entry: "rmt", Files: files})
		if err := r.Capture(name, 0); err != nil {
			t.Fatal(err)
		}
		r.Interface(fmt.Sprint("ppp", i))
		r.Line("ttyA").Frame(mp.Sent, []byte{0x21, byte(i)})
		all = append(all, r)
	}
	all[0].Close()
	all[1].Line("ttyA").Frame(mp.Sent, []byte{0x21, 7})
	all[1].Close()
	all[2].Close()
	s := read(t, name)
	if len(s) != 1 || fmt.Sprint(s[0].lines) != "[ttyA|ppp0, entry rmt ttyA|ppp1, entry rmt ttyA|ppp2, entry rmt]" {
		t.Fatalf("%+v", s)
	}
	if got := fmt.Sprint(s[0].items); got != `[0 sent 2:2100 [] 1 sent 2:2101 [] 2 sent 2:2102 [] 1 sent 2:2107 []]` {
		t.Errorf("%v", got)
	}
}

// TestJoin: a line that turns out to belong elsewhere, and what is said about
// it, is recorded there from then on.
func TestJoin(t *testing.T) {
	dir := t.TempDir()
	base, unit := New(Config{Entry: "_INCOMING"}), New(Config{Entry: "rmt", Dir: dir})
	log := slog.New(base.Handler(slog.DiscardHandler)).With("line", "ttyB")
	unit.Line("ttyA").Frame(mp.Sent, []byte{0x21, 1})
	l := base.Line("ttyB")
	l.Frame(mp.Sent, []byte{0x21, 2})
	base.Join(unit)
	l.Frame(mp.Sent, []byte{0x21, 3})
	log.Info("joined")
	file, err := save(unit, "")
	if err != nil {
		t.Fatal(err)
	}
	s := read(t, file)[0]
	if fmt.Sprint(s.lines) != "[ttyA|entry rmt ttyB|entry rmt]" || fmt.Sprint(s.items) != `[0 sent 2:2101 [] 1 sent 2:2103 [] joined]` {
		t.Errorf("%v", s)
	}
}

func TestNoAllocations(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	r := New(Config{Entry: "rmt"})
	if err := r.Capture(name, 0); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l := r.Line("ttyA")
	for _, packet := range [][]byte{
		append([]byte{0x21, 0x45}, make([]byte, 1400)...),
		append([]byte{0x3d, 0xc0, 0, 0, 0, 0x21, 0x45}, make([]byte, 1400)...), // whole, in a bundle
		append([]byte{0x3d, 0x80, 0, 0, 0, 0x21, 0x45}, make([]byte, 1400)...), // its beginning
	} {
		for range 1000 {
			l.Frame(mp.Sent, packet)
		}
		if n := testing.AllocsPerRun(1000, func() { l.Frame(mp.Sent, packet) }); n != 0 {
			t.Errorf("% x...: %v allocations a frame", packet[:8], n)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, file := range []bool{false, true} {
		b.Run(fmt.Sprintf("file=%v", file), func(b *testing.B) {
			r := New(Config{Entry: "rmt"})
			if file {
				if err := r.Capture(filepath.Join(b.TempDir(), "x.pcapng"), 0); err != nil {
					b.Fatal(err)
				}
			}
			defer r.Close()
			l := r.Line("ttyA")
			packet := append([]byte{0x21, 0x45}, make([]byte, 1400)...)
			b.SetBytes(int64(len(packet)))
			b.ReportAllocs()
			for b.Loop() {
				l.Frame(mp.Sent, packet)
			}
		})
	}
}
