package hooks

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Link is what commands are told.
type Link struct {
	Interface     string // ppp0
	Device        string // /dev/ttyUSB0
	Speed         int    // of the line in bit/s
	Local, Remote netip.Addr
	// Local6 and Remote6 are the link-local addresses; without IPv4 they are
	// also the fourth and fifth argument, as they are for pppd's ipv6-up.
	Local6, Remote6 netip.Addr
	DNS             []netip.Addr // name servers that the peer has told
	Peer            string       // the authenticated name of the peer
	Param           string       // pppd's ipparam: the label of the entry

	ended *Traffic
}

// Traffic is what has passed over a link that has ended.
type Traffic struct {
	Time           time.Duration
	Sent, Received uint64 // bytes
}

// path is what pppd's own scripts begin with.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// addrs are the fourth and the fifth argument.
func (l Link) addrs() (local, remote string) {
	if l.Local.IsValid() {
		return text(l.Local), text(l.Remote)
	}
	return text(l.Local6), text(l.Remote6)
}

// args are the arguments of pppd's ip-up: interface tty speed local remote
// ipparam.
func (l Link) args() []string {
	local, remote := l.addrs()
	return []string{l.Interface, l.Device, strconv.Itoa(l.Speed), local, remote, l.Param}
}

// env is the whole environment: pppd's, what Debian's /etc/ppp/ip-up makes of
// its arguments for the scripts in ip-up.d, and a search path.
func (l Link) env() []string {
	local, remote := l.addrs()
	speed := strconv.Itoa(l.Speed)
	e := []string{
		"PATH=" + path,
		"IFNAME=" + l.Interface, "DEVICE=" + l.Device, "SPEED=" + speed,
		"PPP_IFACE=" + l.Interface, "PPP_TTY=" + l.Device, "PPP_TTYNAME=" + filepath.Base(l.Device),
		"PPP_SPEED=" + speed, "PPP_LOCAL=" + local, "PPP_REMOTE=" + remote, "PPP_IPPARAM=" + l.Param,
		"LINKNAME=" + l.Param, "CALL_FILE=" + l.Param,
		"PPPD_PID=" + strconv.Itoa(os.Getpid()), "ORIG_UID=" + strconv.Itoa(os.Getuid()), "PPPLOGNAME=root",
	}
	add := func(name string, a netip.Addr) {
		if a.IsValid() {
			e = append(e, name+"="+text(a))
		}
	}
	add("IPLOCAL", l.Local)
	add("IPREMOTE", l.Remote)
	add("LLLOCAL", l.Local6)
	add("LLREMOTE", l.Remote6)
	if len(l.DNS) > 0 {
		e = append(e, "USEPEERDNS=1")
	}
	for i, a := range l.DNS {
		add(fmt.Sprintf("DNS%d", i+1), a)
	}
	if l.Peer != "" {
		e = append(e, "PEERNAME="+plain(l.Peer))
	}
	if t := l.ended; t != nil {
		e = append(e,
			"CONNECT_TIME="+strconv.Itoa(int(t.Time.Seconds())),
			"BYTES_SENT="+strconv.FormatUint(t.Sent, 10), "BYTES_RCVD="+strconv.FormatUint(t.Received, 10))
	}
	return e
}

// plain replaces control characters, which a peer may have in its name: with a
// NUL in its environment no command can be run.
func plain(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		c, n := utf8.DecodeRuneInString(s)
		if unicode.IsControl(c) {
			b.WriteByte('?')
		} else {
			b.WriteString(s[:n]) // as it is, if it is no UTF-8
		}
		s = s[n:]
	}
	return b.String()
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
