package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/dial/dialtest"
)

const (
	noiseEnv   = "PPPTEST_NOISE" // so long instead of a little
	noiseTime  = 10 * time.Second
	noisePort  = 4000
	noisePause = 250 * time.Millisecond // between packets each way
	// Traffic is back after that, whatever has happened: a line that is called
	// again loses the half of what LCP says.
	noiseResume = 5 * time.Minute
	// So much more memory than after a fifth of the time a program may have, and so
	// many more descriptors than with all lines up.
	noiseMemory      = 16 << 20
	noiseDescriptors = 8
)

// TestNoise has bundles of one to four lines live on real terminals with bit
// errors, with octets that get lost, come twice, or come behind XON and XOFF, with
// stalls, silence and hang-ups: traffic always comes back, what arrives is what was
// sent, but for what the FCS cannot see, and nothing grows or is left over.
func TestNoise(t *testing.T) {
	t.Parallel()
	long := noiseTime
	if s := os.Getenv(noiseEnv); s != "" {
		var err error
		if long, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	for i, bitErrors := range []float64{1e-5, 1e-4, 3e-4, 1e-3} {
		lines := i + 1
		t.Run(fmt.Sprintf("%d lines", lines), func(t *testing.T) {
			t.Parallel()
			liveWithNoise(t, lines, bitErrors, long)
		})
	}
}

func liveWithNoise(t *testing.T, lines int, bitErrors float64, long time.Duration) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, seed))
	t.Logf("seed %d", seed)
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	bank.Answer(number, far.direct("mynam"))
	var modems []*dialtest.Modem
	var devices strings.Builder
	for i := range lines {
		m := newModem(t, bank, dialtest.ModemConfig{Name: fmt.Sprint("line", i), Number: fmt.Sprint(5550000 + i), Rate: 57600})
		modems = append(modems, m)
		fmt.Fprintf(&devices, "device=%s ", m.Path())
	}
	const common = " lcp_echo_interval=5 lcp_echo_fails=3 accm=0xa0000 maxdevs=4"
	far.conf("mynam localhost=%s remotehost=%s"+common, farAddr, nearAddr)
	near.conf("rmt quiet %s phone=%s localhost=%s remotehost=%s mindevs=%d outdevs=%[5]d modwait=1 modtries=1000"+common,
		devices.String(), number, nearAddr, farAddr, lines)
	call := near.call("rmt")
	call.await("waiting for traffic", slowly)

	there, back := newTalk(t, near, far, farAddr), newTalk(t, far, near, nearAddr)
	share := 8 * bitErrors // octets
	noise := func(on float64) {
		for _, m := range modems {
			m.ByteNoise(share * on)
			m.Slips(4 * bitErrors * on)
		}
	}
	noise(1)
	hangUps, stalls, silences := 0, 0, 0
	longest := time.Duration(0)
	began, settled := time.Now(), false
	var memory, descriptors int
	var quiet *dialtest.Modem // stalled or silent
	until := time.Time{}
	for time.Since(began) < long {
		there.say(random.IntN(300))
		back.say(random.IntN(300))
		time.Sleep(noisePause)
		away := max(there.away(), back.away())
		if longest = max(longest, away); away > noiseResume {
			t.Fatalf("nothing has arrived for %v, after %d hang-ups, %d stalls and %d silences", away, hangUps, stalls, silences)
		}
		if !settled && time.Since(began) > long/5 {
			settled, memory, descriptors = true, residentOf(t, call.cmd.Process.Pid), descriptorsOf(t, call.cmd.Process.Pid)
		}
		now := time.Now()
		if quiet != nil && now.After(until) {
			quiet.Stall(false)
			quiet.Silence(false)
			quiet = nil
		}
		m := modems[random.IntN(lines)]
		switch random.IntN(120) {
		case 0, 1:
			hangUps++
			m.Hangup()
		case 2, 3:
			if quiet == nil {
				stalls++
				quiet, until = m, now.Add(time.Duration(random.IntN(8000))*time.Millisecond)
				m.Stall(true)
			}
		case 4:
			if quiet == nil {
				silences++
				quiet, until = m, now.Add(time.Duration(random.IntN(25000))*time.Millisecond)
				m.Silence(true)
			}
		}
	}
	if quiet != nil {
		quiet.Stall(false)
		quiet.Silence(false)
	}
	noise(0)
	over := time.Now()
	for last := max(there.away(), back.away()); last > time.Second || time.Since(over) < time.Second; last = max(there.away(), back.away()) {
		there.say(100)
		back.say(100)
		if time.Sleep(noisePause); time.Since(over) > 2*time.Minute {
			t.Fatalf("no traffic two minutes after the end of the noise: %s", call.Log())
		}
	}
	t.Logf("%d lines, bit errors %g: %v, %d hang-ups, %d stalls, %d silences; there %s; back %s; longest silence %v; memory %d KB, after a fifth %d KB",
		lines, bitErrors, long, hangUps, stalls, silences, there, back, longest.Round(time.Millisecond), residentOf(t, call.cmd.Process.Pid)>>10, memory>>10)
	// One damaged frame of 65536 has a good FCS; there are no more of those than packets.
	for _, k := range []*talk{there, back} {
		if limit := 2 + 3*k.sent/65536; k.changed() > limit {
			t.Errorf("%s, no more than %d may", k, limit)
		}
	}
	if now := residentOf(t, call.cmd.Process.Pid); now > memory+noiseMemory {
		t.Errorf("%d bytes in use, after a fifth of the time %d", now, memory)
	}
	if now := descriptorsOf(t, call.cmd.Process.Pid); now > descriptors+noiseDescriptors+lines {
		t.Errorf("%d open files, after a fifth of the time %d", now, descriptors)
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	for _, m := range modems {
		released(t, m)
	}
	near.bare()
	far.awaitBare(time.Minute)
	for _, h := range []*journal{call.journal, far.journal} {
		if line, found, _ := h.has("panic:"); found {
			t.Errorf("%s: %s", h.who, line)
		}
	}
}

// A talk is datagrams from one host to another, which knows what should arrive.
// They have no checksum, so that the kernel hides nothing.
type talk struct {
	out, in net.PacketConn
	to      net.Addr
	sent    int

	mu             sync.Mutex
	last           time.Time // when one has arrived
	arrived, wrong int
}

func newTalk(t *testing.T, from, to *host, addr string) *talk {
	t.Helper()
	k := &talk{to: net.UDPAddrFromAddrPort(netip.MustParseAddrPort(fmt.Sprintf("%s:%d", addr, noisePort))), last: time.Now()}
	open := func(h *host, at string) (c net.PacketConn) {
		lc := net.ListenConfig{Control: func(_, _ string, rc syscall.RawConn) (err error) {
			if cerr := rc.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) }); cerr != nil {
				return cerr
			}
			return err
		}}
		if err := h.Do(func() (err error) {
			c, err = lc.ListenPacket(context.Background(), "udp4", at)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	k.out, k.in = open(from, "0.0.0.0:0"), open(to, fmt.Sprintf("0.0.0.0:%d", noisePort))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 2000); ; {
			n, _, err := k.in.ReadFrom(buf)
			if err != nil {
				return
			}
			k.mu.Lock()
			k.last = time.Now()
			if k.arrived++; n < 4 || !bytes.Equal(buf[:n], saying(binary.BigEndian.Uint32(buf), n-4)) {
				k.wrong++
			}
			k.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		k.in.Close()
		<-done
	})
	return k
}

// saying is the contents of a datagram by its number.
func saying(number uint32, n int) []byte {
	b := binary.BigEndian.AppendUint32(nil, number)
	for i := range n {
		b = append(b, byte(i*int(number%251+1)))
	}
	return b
}

// say sends a datagram. There may be no interface for it now.
func (k *talk) say(n int) {
	if _, err := k.out.WriteTo(saying(uint32(k.sent), n), k.to); err == nil {
		k.sent++
	}
}

func (k *talk) away() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.last)
}

func (k *talk) changed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wrong
}

func (k *talk) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Sprintf("%d sent, %d arrived, %d of them changed", k.sent, k.arrived, k.wrong)
}

// residentOf is the memory of a process in bytes.
func residentOf(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// descriptorsOf is how many files a process has open.
func descriptorsOf(t *testing.T, pid int) int {
	t.Helper()
	all, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
