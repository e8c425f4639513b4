package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// EchoPort is where Netns.Echo listens.
const EchoPort = 7

// Netns is a network namespace of the guest. Interface names and addresses are
// its own, and so is pppd's data base of bundles; lines, files and processes
// are the guest's.
type Netns struct {
	g    *Guest
	name string // "" is the initial one
}

// NewNetns makes a network namespace with its loopback up. It lives as long as
// the guest, or until DeleteNetns.
func (g *Guest) NewNetns(ctx context.Context, name string) (*Netns, error) {
	out, status, err := g.Run(ctx, fmt.Sprintf("ip netns add %s && ip -n %[1]s link set lo up", quote(name)))
	if err == nil && status != 0 {
		err = errors.New(out)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: namespace %s: %w", name, err)
	}
	return &Netns{g, name}, nil
}

// DeleteNetns removes the namespace.
func (g *Guest) DeleteNetns(ctx context.Context, n *Netns) error {
	out, status, err := g.Run(ctx, fmt.Sprintf("ip netns delete %s && rm -f /run/netns/%[1]s.tdb", quote(n.name)))
	if err == nil && status != 0 {
		err = errors.New(out)
	}
	if err != nil {
		return fmt.Errorf("lab: namespace %s: %w", n.name, err)
	}
	return nil
}

// Background starts a shell command in the guest, in this namespace.
func (n *Netns) Background(command string) (*Process, error) {
	return n.start(command, command)
}

// start runs a command which errors call by name.
func (n *Netns) start(name, command string) (*Process, error) {
	return n.g.launch("run", name, n.name+"\x00"+command)
}

// Run runs a shell command in the guest, in this namespace, and returns what
// it wrote to stdout and stderr, and its exit status. When the context ends
// first, the command is killed.
func (n *Netns) Run(ctx context.Context, command string) (output string, status int, err error) {
	p, err := n.Background(command)
	if err != nil {
		return "", 0, err
	}
	status, err = p.Wait(ctx)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(err, p.Kill())
	}
	return p.Output(), status, err
}

// Echo starts a TCP server (IPv4 and IPv6) on EchoPort that sends back what it
// gets: one connection shows both directions of a link. Kill ends it.
func (n *Netns) Echo() (*Process, error) {
	return n.serve(fmt.Sprintf("exec perl /mnt/echo %d", EchoPort), "listening")
}

// Iperf3 starts an iperf3 server. Kill ends it.
func (n *Netns) Iperf3() (*Process, error) {
	return n.serve("exec iperf3 -s --forceflush", "Server listening")
}

// serve starts a server and waits until it says that it is ready.
func (n *Netns) serve(command, ready string) (*Process, error) {
	p, err := n.Background(command)
	if err != nil {
		return nil, err
	}
	if err := p.WaitLog(ready, 20*time.Second); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// quote makes one word of the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
