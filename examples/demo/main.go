// Demo runs the main job end to end on one machine: two simulated modems, a
// login prompt, ppp at both ends, each in a network namespace of its own, and
// then ping and a transfer through the link.
//
//	go run ./examples/demo -ppp bin/ppp
//
// It needs root, or a kernel that lets users make namespaces, and leaves
// nothing behind.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/examples/internal/rootless"
	"pppdial/route/routetest/traffic"
)

const (
	number   = "5551234"
	caller   = "10.20.30.2"
	answerer = "10.20.30.1"
)

func main() {
	program := flag.String("ppp", "bin/ppp", "the ppp program")
	stat := flag.String("pppstat", "", "the pppstat program; empty: it is not run")
	readme := flag.String("readme", "", "a file into which to write what pppstat says")
	rate := flag.Int("rate", 115200, "line rate of the modems in bit/s")
	size := flag.Int("size", 48<<10, "bytes to transfer each way")
	debug := flag.Int("d", 2, "how often ppp gets -d")
	inside := flag.String("inside", "", "used by the demo itself: write our pid there, and run the arguments in a new network")
	flag.Parse()
	if *inside != "" {
		fatal(enter(*inside, flag.Args()))
	}
	if os.Geteuid() != 0 {
		status, err := asRoot()
		if err != nil {
			fatal(err)
		}
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := demo(ctx, *program, *stat, *readme, *rate, *size, *debug); err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "demo:", err)
	os.Exit(1)
}

// asRoot starts the demo once more as root of a user namespace.
func asRoot() (status int, err error) {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return 1, fmt.Errorf("%w: this system lets only root make network interfaces; run it as root: sudo make demo", err)
	}
	f.Close()
	return rootless.Again()
}

// enter runs a program in a network namespace of its own, in our place.
func enter(pidFile string, args []string) error {
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		return fmt.Errorf("new network namespace: %w", err)
	}
	if err := os.WriteFile(pidFile, []byte(fmt.Sprint(os.Getpid())), 0o600); err != nil {
		return err
	}
	return syscall.Exec(args[0], args, os.Environ())
}

func demo(ctx context.Context, program, stat, readme string, rate, size, debug int) (err error) {
	program, err = filepath.Abs(program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pppdemo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := configure(dir); err != nil {
		return err
	}

	say("two modems at %d bit/s; behind number %s waits a login prompt, and ppp as the login shell", rate, number)
	bank := dialtest.NewBank(dir)
	defer func() { err = errors.Join(err, bank.Close()) }()
	near, err := bank.Add(dialtest.ModemConfig{Name: "modem0", Number: "5550000", Rate: rate, Delay: 5 * time.Millisecond, ConnectAfter: time.Second})
	if err != nil {
		return err
	}
	far, err := bank.Add(dialtest.ModemConfig{Name: "modem1", Number: number, Rate: rate, Delay: 5 * time.Millisecond})
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	far.Serve(dialtest.Login{
		Banner: "Welcome to the museum\r\n", User: "mynam", Password: "xxx",
		Command: dialtest.Command{
			Command: []string{self, "-inside", dir + "/far.pid", program, "-f", dir + "/answer.conf"},
			Env:     []string{"RUNTIME_DIRECTORY=" + dir},
		},
	})
	if err := os.WriteFile(dir+"/uucp/Devices", []byte("ACUSLIP "+near.Path()+" - 38400 hayes\n"), 0o600); err != nil {
		return err
	}

	args := []string{"-inside", dir + "/near.pid", program, "-r", "rmt", "-f", dir + "/ppp.conf", "-u", dir + "/uucp"}
	for range debug {
		args = append(args, "-d")
	}
	say("ppp -r rmt")
	began := time.Now()
	call, err := start(self, args, dir)
	if err != nil {
		return err
	}
	defer call.stop()
	if err := call.await(ctx, "up local="); err != nil {
		return err
	}
	say("the interface is up after %v", time.Since(began).Round(time.Millisecond))

	if err := carry(dir, size); err != nil {
		return err
	}
	if stat != "" {
		if err := look(stat, dir, readme); err != nil {
			return err
		}
	}
	say("TERM: the link is taken down")
	status, err := call.end(ctx)
	if err != nil {
		return err
	}
	if status != 5 {
		return fmt.Errorf("ppp ended with status %d, not 5", status)
	}
	say("both ends are down, routes and interfaces are gone, status %d as for every TERM", status)
	return nil
}

// configure writes the control files of both ends and the caller's UUCP files.
func configure(dir string) error {
	if err := os.Mkdir(dir+"/uucp", 0o700); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"ppp.conf": `# the calling end
common  add_route                        # default route through the peer
rmt     remotehost=` + answerer + ` localhost=` + caller + `
        continue=common
`,
		"answer.conf": `# the answering end: the account's name chooses the entry
mynam   remotehost=` + caller + ` localhost=` + answerer + `
`,
		"uucp/Systems": `rmt Any ACUSLIP 38400 ` + number + ` "" @\r\c ogin: mynam ssword: xxx PPP` + "\n",
		"uucp/Dialers": `hayes =,-, "" ATZ OK ATDT\T CONNECT` + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func say(format string, args ...any) {
	fmt.Printf("\n== "+format+"\n", args...)
}

// carry pings the far end and sends bytes there and back.
func carry(dir string, size int) error {
	far, err := network(dir + "/far.pid")
	if err != nil {
		return err
	}
	defer far.Close()
	near, err := network(dir + "/near.pid")
	if err != nil {
		return err
	}
	defer near.Close()

	to := netip.MustParseAddr(answerer)
	var trips []string
	for i := range 5 {
		rtt, err := near.Ping(to, i, 56, 5*time.Second)
		if err != nil {
			return err
		}
		trips = append(trips, rtt.Round(100*time.Microsecond).String())
	}
	say("ping %s: %s", answerer, strings.Join(trips, ", "))

	for _, way := range []struct {
		from, to *traffic.Net
		addr     string
	}{{near, far, answerer}, {far, near, caller}} {
		rate, err := transfer(way.from, way.to, netip.MustParseAddrPort(way.addr+":7777"), size)
		if err != nil {
			return err
		}
		say("%d bytes to %s by TCP, every byte compared: %.1f KB/s", size, way.addr, rate/1e3)
	}
	return nil
}

// transfer sends bytes by TCP, compares them at the other end, and returns
// their rate.
func transfer(from, to *traffic.Net, at netip.AddrPort, size int) (rate float64, err error) {
	l, err := to.Listen(at)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	compared := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			compared <- err
			return
		}
		defer c.Close()
		got := make([]byte, size)
		if _, err = io.ReadFull(c, got); err == nil && !bytes.Equal(got, traffic.Data(size)) {
			err = traffic.ErrChanged
		}
		compared <- err
	}()
	began := time.Now()
	c, err := from.Dial(at, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.Write(traffic.Data(size)); err != nil {
		return 0, err
	}
	select {
	case err = <-compared:
	case <-time.After(20 * time.Second):
		err = errors.New("the transfer takes too long")
	}
	return float64(size) / time.Since(began).Seconds(), err
}

// network is the namespace of the process whose pid is in a file.
func network(pidFile string) (*traffic.Net, error) {
	b, err := os.ReadFile(pidFile)
	if err != nil {
		return nil, err
	}
	pid, err := strconv.Atoi(string(b))
	if err != nil {
		return nil, err
	}
	return traffic.Of(pid)
}
