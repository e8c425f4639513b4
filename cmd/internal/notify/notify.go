// Package notify tells systemd how a service is (sd_notify(3)): a datagram of
// NAME=value lines to the socket that $NOTIFY_SOCKET names. Without that
// nothing is told, and that is no error.
//
// Only cmd/internal/run imports this package.
package notify

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// What may be told besides Status.
const (
	Ready    = "READY=1"
	Stopping = "STOPPING=1"
	Alive    = "WATCHDOG=1"
)

// Status is one line for systemctl status.
func Status(text string) string {
	return "STATUS=" + strings.NewReplacer("\n", " ", "\r", " ").Replace(text)
}

// sendTime is how long systemd may take to make room; who sends has other
// things to do.
const sendTime = time.Second

// Send tells systemd all of the states at once.
func Send(states ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		defer c.Close()
		c.SetWriteDeadline(time.Now().Add(sendTime))
		_, err = c.Write([]byte(strings.Join(states, "\n") + "\n"))
	}
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Watchdog is how often Alive must be told at least, 0 when nobody waits for
// it. To be sure it is told twice as often.
func Watchdog() (time.Duration, error) {
	text := os.Getenv("WATCHDOG_USEC")
	if text == "" {
		return 0, nil
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil // meant for another process
	}
	usec, err := strconv.ParseInt(text, 10, 64)
	if err != nil || usec <= 0 {
		return 0, errors.New("notify: WATCHDOG_USEC=" + strconv.Quote(text) + " is no time")
	}
	return time.Duration(usec) * time.Microsecond, nil
}
