package pool

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func ranges(s ...string) (all []Range) {
	for _, r := range s {
		first, last, ok := strings.Cut(r, "-")
		if !ok {
			last = first
		}
		all = append(all, Range{addr(first), addr(last)})
	}
	return all
}

func open(t testing.TB, dir string) *Pool {
	t.Helper()
	p, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// take wants this address for a name.
func take(t *testing.T, p *Pool, name string, from []Range, want, why string) *Lease {
	t.Helper()
	l, err := p.Take(name, from, nil)
	if err != nil {
		t.Fatalf("%s: %v, want %s: %s", name, err, want, why)
	}
	if l.Addr != addr(want) {
		t.Fatalf("%s has %v, want %s: %s", name, l.Addr, want, why)
	}
	return l
}

func TestTake(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	r := ranges("192.0.2.1-192.0.2.3", "192.0.2.9")
	a := take(t, p, "ann", r, "192.0.2.1", "the first is free")
	b := take(t, p, "bob", r, "192.0.2.2", "the next")
	a2 := take(t, p, "ann", r, "192.0.2.3", "her other line is another session")
	b.Free()
	a.Free()
	a.Free()
	c := take(t, p, "cid", r, "192.0.2.9", "nobody has had it; bob may come again")
	b = take(t, p, "bob", r, "192.0.2.2", "he had it before")
	d := take(t, p, "dan", r, "192.0.2.1", "it is the only one that is free")
	if l, err := p.Take("eve", r, nil); !errors.Is(err, ErrExhausted) ||
		err.Error() != "pool: no address is left: the 4 of 192.0.2.1-192.0.2.3, 192.0.2.9 are in use or reserved" {
		t.Errorf("eve has %v (%v)", l, err)
	}
	d.Free()
	c.Free()
	take(t, p, "", r, "192.0.2.1", "it has been free for longest").Free()
	take(t, p, "dan", r, "192.0.2.1", "who has no name is not remembered").Free()
	take(t, p, "ann", ranges("192.0.2.20"), "192.0.2.20", "another pool")
	a2.Free()
	b.Free()
	p.Close()

	p = open(t, dir)
	take(t, p, "cid", r, "192.0.2.9", "remembered after a restart")
	take(t, p, "bob", r, "192.0.2.2", "remembered")
	take(t, p, "zoe", ranges("192.0.2.1-192.0.2.4"), "192.0.2.4", "nobody has had it")
}

func TestTakenOtherwise(t *testing.T) {
	p := open(t, "")
	r := ranges("192.0.2.1-192.0.2.3")
	ours := map[netip.Addr]bool{addr("192.0.2.1"): true, addr("192.0.2.3"): true}
	taken := func(a netip.Addr) bool { return ours[a] }
	l, err := p.Take("ann", r, taken)
	if err != nil || l.Addr != addr("192.0.2.2") {
		t.Fatal(l, err)
	}
	if l, err := p.Take("bob", r, taken); err == nil {
		t.Errorf("bob has %v", l.Addr)
	}
	l.Free()
	ours[l.Addr] = true
	if l, err := p.Take("ann", r, taken); err == nil {
		t.Errorf("ann has %v as before, which is ours now", l.Addr)
	}
	delete(ours, addr("192.0.2.1"))
	if l, err = p.Take("ann", r, taken); err != nil || l.Addr != addr("192.0.2.1") {
		t.Errorf("%v %v, and 192.0.2.1 is no longer ours", l, err)
	}
}

// TestModel: against a model, with several processes on one directory, some of
// which end.
func TestModel(t *testing.T) {
	base := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		start := func() *Pool {
			p, err := Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		pools := []*Pool{start(), start()}
		defer func() {
			for _, p := range pools {
				p.Close()
			}
		}()
		all := ranges("10.0.0.0-10.0.0.7", "10.0.0.4-10.0.0.11", "10.0.1.255-10.0.2.1")
		held := make([]map[netip.Addr]*Lease, len(pools))
		for i := range held {
			held[i] = map[netip.Addr]*Lease{}
		}
		had := map[string]netip.Addr{}   // by name, the last
		owner := map[netip.Addr]string{} // by address
		inUse := func(a netip.Addr) bool { return held[0][a] != nil || held[1][a] != nil }
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "process")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				pools[i].Close()
				pools[i], held[i] = start(), map[netip.Addr]*Lease{}
			case 1, 2, 3:
				for a, l := range held[i] {
					l.Free()
					delete(held[i], a)
					break
				}
			default:
				name := rapid.SampledFrom([]string{"", "ann", "bob", "c d\n", "dan", "eve"}).Draw(t, "name")
				from := all[:rapid.IntRange(1, len(all)).Draw(t, "ranges")]
				reserved := addr(fmt.Sprintf("10.0.0.%d", rapid.IntRange(0, 11).Draw(t, "reserved")))
				l, err := pools[i].Take(name, from, func(a netip.Addr) bool { return a == reserved })
				usable := func(a netip.Addr) bool {
					return !inUse(a) && a != reserved && taking{ranges: from}.ours(a)
				}
				if err != nil {
					for _, r := range from {
						for a := r.First; !r.Last.Less(a); a = a.Next() {
							if usable(a) {
								t.Fatalf("%v, and %v is free", err, a)
							}
						}
					}
					continue
				}
				if !usable(l.Addr) {
					t.Fatalf("%q has %v", name, l.Addr)
				}
				if old, ok := had[name]; name != "" && ok && l.Addr != old && usable(old) {
					t.Fatalf("%q has %v, not %v as before", name, l.Addr, old)
				}
				held[i][l.Addr] = l
				if name != "" {
					if was, ok := owner[l.Addr]; ok && had[was] == l.Addr {
						delete(had, was)
					}
					had[name], owner[l.Addr] = l.Addr, name
				}
			}
		}
	})
}

// TestKilled: the addresses of a killed process are free, and its names are
// remembered.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "POOL_TEST_DIR="+dir)
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir)
	r := ranges("192.0.2.1-192.0.2.2")
	take(t, p, "bob", r, "192.0.2.2", "the other process has the first").Free()
	c.Process.Kill()
	c.Wait()
	take(t, p, "cid", r[:1], "192.0.2.1", "the other process is no more")
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("POOL_TEST_DIR"); dir != "" {
		p, err := Open(dir, nil)
		if err == nil {
			_, err = p.Take("ann", ranges("192.0.2.1-192.0.2.2"), nil)
		}
		fmt.Println("ready", err)
		select {}
	}
	os.Exit(m.Run())
}

func TestManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	p, q := open(t, dir), open(t, dir)
	r := ranges("10.0.0.1-10.0.0.200")
	var mu sync.Mutex
	inUse := map[netip.Addr]bool{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			pool := []*Pool{p, q}[i%2]
			for k := range 200 {
				l, err := pool.Take(fmt.Sprint("peer", i, k%30), r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if inUse[l.Addr] {
					t.Errorf("%v is given twice", l.Addr)
				}
				inUse[l.Addr] = true
				mu.Unlock()
				if k%10 < 2 {
					continue // stays up
				}
				mu.Lock()
				delete(inUse, l.Addr)
				mu.Unlock()
				l.Free()
				if k > 90 {
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestCompact: the file does not grow for ever, and keeps what counts; what is
// not ours to read does no harm.
func TestCompact(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	r := ranges("10.0.0.1-10.0.0.2")
	for i := range 2 * longLines {
		l, err := p.Take(fmt.Sprint("peer", i), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.Free()
	}
	p.Close()
	name := filepath.Join(dir, "pool")
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("nonsense\n10.0.0.1 x\nfe80::1 \"x\"\n\n10.0.0.2 \"ann\"\n10.0.0.1 \"bo")
	f.Close()
	p = open(t, dir)
	take(t, p, "ann", r, "10.0.0.2", "she had it")
	b, err := os.ReadFile(name)
	if err != nil || bytes.Count(b, []byte("\n")) > 3 {
		t.Errorf("%d octets, %v:\n%s", len(b), err, b)
	}
}

func TestOpenFails(t *testing.T) {
	var log bytes.Buffer
	_, err := Open(filepath.Join(t.TempDir(), "none"), slog.New(slog.NewTextHandler(&log, nil)))
	if err == nil || !strings.HasPrefix(err.Error(), "pool: addresses cannot be remembered: open ") {
		t.Error(err)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte(`10.0.0.1 "a b"`))
	f.Fuzz(func(t *testing.T, line []byte) {
		a, name, ok := parseLine(line)
		if !ok {
			return
		}
		again := appendLine(nil, a, name)
		if b, n, ok := parseLine(again[:len(again)-1]); !ok || b != a || n != name || bytes.Count(again, []byte("\n")) != 1 {
			t.Errorf("%q became %q", line, again)
		}
	})
}

func BenchmarkTake(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p := open(b, b.TempDir())
			r := ranges("10.0.0.0-10.0.255.255")
			for i := range n {
				if _, err := p.Take(fmt.Sprint("peer", i), r, nil); err != nil {
					b.Fatal(err)
				}
			}
			i := 0
			for b.Loop() {
				i++
				l, err := p.Take(fmt.Sprint("caller", i%1000), r, nil)
				if err != nil {
					b.Fatal(err)
				}
				l.Free()
			}
		})
	}
}
