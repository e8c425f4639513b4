package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// The management console of user-mode Linux, in the kernel's
// arch/um/drivers/mconsole.h: a datagram each way over a local socket.
const (
	mconsoleMagic   = 0xcafebabe
	mconsoleVersion = 2
	mconsoleData    = 512
)

// mconsole gives the kernel one command of its management console, such as
// "config ssl0=null".
func (g *Guest) mconsole(command string) error {
	if err := g.askConsole(command); err != nil {
		return fmt.Errorf("lab: kernel's console: %s: %w", command, err)
	}
	return nil
}

func (g *Guest) askConsole(command string) error {
	if len(command) >= mconsoleData {
		return errors.New("too long")
	}
	g.consoleMu.Lock()
	defer g.consoleMu.Unlock()
	own := filepath.Join(g.dir, "console.sock")
	conn, err := net.DialUnix("unixgram", &net.UnixAddr{Name: own, Net: "unixgram"},
		&net.UnixAddr{Name: filepath.Join(g.dir, "uml", "lab", "mconsole"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer os.Remove(own)
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	req := binary.NativeEndian.AppendUint32(nil, mconsoleMagic)
	req = binary.NativeEndian.AppendUint32(req, mconsoleVersion)
	req = binary.NativeEndian.AppendUint32(req, uint32(len(command)))
	req = append(req, command...)
	if _, err := conn.Write(append(req, make([]byte, mconsoleData-len(command))...)); err != nil {
		return err
	}
	// the answer: error, more to come, length, text
	buf := make([]byte, 12+mconsoleData)
	n, err := conn.Read(buf)
	if err != nil {
		return err
	}
	if n < 12 {
		return fmt.Errorf("an answer of %d bytes", n)
	}
	if binary.NativeEndian.Uint32(buf) != 0 {
		return errors.New(string(bytes.Trim(buf[12:n], "\x00\n")))
	}
	return nil
}
