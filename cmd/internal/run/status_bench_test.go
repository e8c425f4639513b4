package run

import (
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
)

// waitUp waits until all interfaces are up.
func waitUp(b *testing.B, d *daemon, n int) {
	for up := 0; up < n; time.Sleep(100 * time.Millisecond) {
		up = 0
		for _, s := range look(b, d, rendezvous.Query{}).Bundles {
			if s.Phase == status.NetworkPhase {
				up++
			}
		}
	}
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkState is what one look at so many interfaces costs the daemon, all
// that there is to know of each, without its encoding.
func BenchmarkState(b *testing.B) {
	for _, n := range []int{1, 8, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newMemWorld(b)
			d, stop := w.serveUnits(b.TempDir(), n, "out camp")
			defer stop()
			waitUp(b, d, n)
			for b.Loop() {
				look(b, d, rendezvous.Query{})
			}
		})
	}
}

// BenchmarkEverything is what a daemon with so many interfaces does for pppstat
// -j, and who asks only takes the octets.
func BenchmarkEverything(b *testing.B) {
	benchmarkAsking(b, func(b *testing.B, dir string, _ int) {
		c, err := net.Dial("unix", fmt.Sprintf("%s/%d.sock", dir, os.Getpid()))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, `{"version":1,"verb":"state"}`+"\n")
		octets, err := io.Copy(io.Discard, c)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(octets)
	})
}

// BenchmarkRefresh is a refresh of pppstat, which looks at one interface of so
// many: both sides of the socket.
func BenchmarkRefresh(b *testing.B) {
	benchmarkAsking(b, func(b *testing.B, dir string, n int) {
		unit := n / 2
		doc, err := rendezvous.State(b.Context(), dir, rendezvous.Query{Target: rendezvous.Target{Unit: &unit}})
		if err != nil || len(doc.Bundles) != 1 {
			b.Fatal(err)
		}
	})
}

// benchmarkAsking measures what it costs to ask a daemon with 1, 8 and 1000
// interfaces over its socket.
func benchmarkAsking(b *testing.B, ask func(b *testing.B, dir string, n int)) {
	for _, n := range []int{1, 8, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newMemWorld(b)
			dir := b.TempDir()
			d, stop := w.serveUnits(dir, n, "out camp")
			defer stop()
			s, err := rendezvous.Listen(dir, rendezvous.Options{}, host{d})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			waitUp(b, d, n)
			before := cpuTime(b)
			for b.Loop() {
				ask(b, dir, n)
			}
			b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}
