package dns

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"
)

const victim = "DNS_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		beVictim(dir)
	}
	goleak.VerifyTestMain(m)
}

var servers = []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("2001:db8::53")}

// Where nobody is.
const (
	none   = "unix:path=/nonexistent" // a bus
	absent = "/nonexistent/resolvconf"
)

// A bus is a private D-Bus with a service that plays systemd-resolved.
type bus struct {
	address string

	mu      sync.Mutex
	calls   []string
	unknown int
	old     bool
}

// startBus starts a dbus-daemon, and the service on it.
func startBus(t *testing.T, serve bool) *bus {
	t.Helper()
	b := &bus{address: "unix:path=" + filepath.Join(t.TempDir(), "bus")}
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address="+b.address)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if !serve {
		return b
	}
	c, err := dbus.Connect(b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Export(b, resolvePath, resolveService+".Manager"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RequestName(resolveService, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bus) note(format string, args ...any) *dbus.Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf(format, args...))
	if b.unknown > 0 {
		b.unknown--
		return dbus.NewError(errNoSuchLink, []any{"Link not known"})
	}
	return nil
}

func (b *bus) SetLinkDNS(index int32, a []address) *dbus.Error {
	return b.note("SetLinkDNS %d %v", index, a)
}

func (b *bus) SetLinkDefaultRoute(index int32, on bool) *dbus.Error {
	b.mu.Lock()
	old := b.old
	b.mu.Unlock()
	if old {
		return dbus.NewError(errUnknownMethod, []any{"Unknown method"})
	}
	return b.note("SetLinkDefaultRoute %d %v", index, on)
}

func (b *bus) RevertLink(index int32) *dbus.Error { return b.note("RevertLink %d", index) }

// be makes the service one that does not know the link for some calls, and
// that is of an old version.
func (b *bus) be(unknown int, old bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unknown, b.old = unknown, old
}

func (b *bus) said() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := strings.Join(b.calls, "; ")
	b.calls = nil
	return s
}

// fakeResolvconf is a program that keeps what it is told in files, as
// resolvconf does, and notes how it was called. Behind the options that the file
// broken lists, a script that it runs fails.
func fakeResolvconf(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "resolvconf")
	text := `#!/bin/sh -e
cd ` + dir + `
echo "$@" >> calls
case $1 in
-a) cat > "rec.$2" ;;
-d) rm -f "rec.$2" ;;
esac
! grep -qs -e "$1" broken
`
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// breaks makes options of the program in dir fail.
func breaks(t *testing.T, dir, options string) {
	t.Helper()
	check(t, os.WriteFile(filepath.Join(dir, "broken"), []byte(options), 0o644))
}

func contents(dir string) string {
	var all []string
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if b, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil && !slices.Contains([]string{"resolvconf", "calls", "broken"}, f.Name()) {
			all = append(all, f.Name()+": "+strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", ", "))
		}
	}
	return strings.Join(all, "; ")
}

func want(t *testing.T, why, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", why, got, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestResolved(t *testing.T) {
	b := startBus(t, true)
	dir := t.TempDir()
	k := New("lo", Options{Dir: dir, Bus: b.address, Resolvconf: absent, Copy: filepath.Join(dir, "copy")})
	check(t, k.Set(t.Context(), servers))
	want(t, "set", b.said(), "SetLinkDNS 1 [{2 [10 0 0 53]} {10 [32 1 13 184 0 0 0 0 0 0 0 0 0 0 0 83]}]; SetLinkDefaultRoute 1 true")
	want(t, "files", contents(dir), "copy: # ppp: name servers of lo, nameserver 10.0.0.53, nameserver 2001:db8::53")
	check(t, k.Set(t.Context(), servers))
	want(t, "the same again", b.said(), "")
	check(t, k.Set(t.Context(), servers[:1]))
	want(t, "another", b.said(), "SetLinkDNS 1 [{2 [10 0 0 53]}]; SetLinkDefaultRoute 1 true")
	check(t, k.Set(t.Context(), nil))
	want(t, "none", b.said(), "RevertLink 1")
	want(t, "files", contents(dir), "")
	check(t, k.Clear(t.Context()))
	want(t, "nothing is there", b.said(), "")

	b.be(2, true)
	check(t, k.Set(t.Context(), servers[:1]))
	want(t, "it has not heard of the interface, and is old", b.said(), strings.Repeat("; SetLinkDNS 1 [{2 [10 0 0 53]}]", 3)[2:])
	b.be(1, true)
	check(t, k.Clear(t.Context()))
	want(t, "the interface is gone", b.said(), "RevertLink 1")
}

// TestWaysInTurn: what is not there, or does not want them, is passed over.
func TestWaysInTurn(t *testing.T) {
	silent := startBus(t, false)
	for _, tc := range []struct {
		why, bus, program, want, log string
	}{
		{"no bus, but resolvconf", none, "resolvconf", "rec.lo.ppp: nameserver 10.0.0.53; resolv.conf.lo: # lo: resolvconf has them as lo.ppp, nameserver 10.0.0.53", "by=resolvconf"},
		{"a bus without systemd-resolved", silent.address, "resolvconf", "rec.lo.ppp: nameserver 10.0.0.53; resolv.conf.lo: # lo: resolvconf has them as lo.ppp, nameserver 10.0.0.53", "by=resolvconf"},
		{"resolvconf fails when it has them", none, "broken", "rec.lo.ppp: nameserver 10.0.0.53; resolv.conf.lo: # lo: resolvconf has them as lo.ppp, nameserver 10.0.0.53", "exit status 1"},
		{"nothing at all", none, "absent", "resolv.conf.lo: # lo: nobody else takes them, nameserver 10.0.0.53", `by="the file `},
	} {
		t.Run(tc.why, func(t *testing.T) {
			dir := t.TempDir()
			program := absent
			if tc.program != "absent" {
				program = fakeResolvconf(t, dir)
			}
			if tc.program == "broken" {
				breaks(t, dir, "-a")
			}
			var log bytes.Buffer
			k := New("lo", Options{Dir: dir, Bus: tc.bus, Resolvconf: program, Log: slog.New(slog.NewTextHandler(&log, nil))})
			check(t, k.Set(t.Context(), servers[:1]))
			want(t, "set", contents(dir), tc.want)
			if !strings.Contains(log.String(), tc.log) {
				t.Errorf("no %q in the log:\n%s", tc.log, log.String())
			}
			check(t, k.Set(t.Context(), servers))
			if got := contents(dir); strings.Count(got, "nameserver 2001:db8::53") != strings.Count(tc.want, "nameserver") {
				t.Errorf("after another Set: %s", got)
			}
			check(t, k.Clear(t.Context()))
			want(t, "cleared", contents(dir), "")
		})
	}
}

// TestNobody: when not even the file can be written, that is an error.
func TestNobody(t *testing.T) {
	k := New("lo", Options{Dir: "/nonexistent", Bus: none, Resolvconf: absent})
	if err := k.Set(t.Context(), servers); err == nil || !strings.HasPrefix(err.Error(), "dns: nobody takes the name servers of lo: ") {
		t.Errorf("error %v", err)
	}
	check(t, k.Clear(t.Context()))
}

// TestOthersFile: what belongs to a living process stays.
func TestOthersFile(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Bus: none, Resolvconf: absent}
	first, second := New("lo", o), New("lo", o)
	check(t, first.Set(t.Context(), servers))
	if err := second.Set(t.Context(), servers); err == nil || !strings.Contains(err.Error(), "belongs to another ppp") {
		t.Errorf("error %v", err)
	}
	check(t, Recover(t.Context(), o))
	if contents(dir) == "" {
		t.Error("Recover has removed what is in use")
	}
	check(t, first.Clear(t.Context()))
}

// beVictim gives name servers to resolvconf and waits for its death.
func beVictim(dir string) {
	k := New("ppp7", Options{Dir: dir, Bus: none, Resolvconf: filepath.Join(dir, "resolvconf"), Copy: filepath.Join(dir, "copy")})
	if err := k.Set(context.Background(), servers); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {}
}

// TestKilled: what a killed process has left is taken away by the next one.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	program := fakeResolvconf(t, dir)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("the victim says %q, %v", line, err)
	}
	o := Options{Dir: dir, Resolvconf: program, Copy: filepath.Join(dir, "copy")}
	before := contents(dir)
	check(t, Recover(t.Context(), o))
	want(t, "while it lives", contents(dir), before)
	cmd.Process.Kill()
	cmd.Wait()
	// A file without a lock that resolvconf knows nothing of, and one that
	// was being written.
	check(t, os.WriteFile(filepath.Join(dir, "resolv.conf.ppp8"), []byte("# ppp8: nobody else takes them\n"), 0o644))
	check(t, os.WriteFile(filepath.Join(dir, "resolv.conf.ppp9.new"), nil, 0o644))
	check(t, Recover(t.Context(), o))
	want(t, "after its death", contents(dir), "")
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	check(t, err)
	want(t, "calls of resolvconf", string(calls), "-a ppp7.ppp\n-d ppp7.ppp\n")
}

// TestOthersCopy: the last interface that has servers has the copy, and a file
// that pppd has written is not taken away.
func TestOthersCopy(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Bus: none, Resolvconf: absent, Copy: filepath.Join(dir, "copy")}
	first, second := New("ppp0", o), New("ppp1", o)
	check(t, first.Set(t.Context(), servers[:1]))
	check(t, second.Set(t.Context(), servers[:1]))
	check(t, first.Clear(t.Context()))
	if got := contents(dir); !strings.Contains(got, "copy: # ppp: name servers of ppp1,") {
		t.Errorf("when the other is gone: %s", got)
	}
	check(t, second.Clear(t.Context()))
	check(t, os.WriteFile(o.Copy, []byte("nameserver 10.0.0.53\n"), 0o644))
	check(t, Recover(t.Context(), o))
	want(t, "pppd's file", contents(dir), "copy: nameserver 10.0.0.53")
}

// TestNamespaces: without a word to the contrary the services of the system are
// asked first.
func TestNamespaces(t *testing.T) {
	var names []string
	for _, w := range New("ppp0", Options{Dir: "/run/pppdial"}).ways() {
		names = append(names, w.String())
	}
	all := []string{"systemd-resolved", "resolvconf", "the file /run/pppdial/resolv.conf.ppp0"}
	if HostNamespace() != slices.Equal(names, all) || !HostNamespace() && !slices.Equal(names, all[2:]) {
		t.Errorf("ways %q", names)
	}
}
