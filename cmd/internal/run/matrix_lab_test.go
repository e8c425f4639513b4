package run

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/cmd/internal/lab"
)

// labLines is how many calls with pppd run at a time.
const labLines = 3

// A labLine is a serial line of the guest, and a network namespace there with
// an echo server in it.
type labLine struct {
	*lab.Line
	index int
	net   *lab.Netns
}

// theLab is the one guest of all tests of this package, and those of its lines
// that nobody uses.
var theLab struct {
	once  sync.Once
	guest *lab.Guest
	free  chan *labLine
	err   error
}

func bootLab() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	o := lab.Options{Lines: labLines}
	if *whole {
		o.Life = time.Hour
	}
	g, err := lab.Boot(ctx, o)
	if err != nil {
		return err
	}
	theLab.guest, theLab.free = g, make(chan *labLine, labLines)
	secrets := fmt.Sprintf("me * %s *\nthem * %s *\n", callerSecret, serverSecret)
	if err := g.Secrets(ctx, secrets, secrets); err != nil {
		return err
	}
	for i := range labLines {
		n, err := g.NewNetns(ctx, fmt.Sprintf("line%d", i))
		if err == nil {
			_, err = n.Echo()
		}
		if err != nil {
			return err
		}
		theLab.free <- &labLine{g.Line(i), i, n}
	}
	return nil
}

// borrowLine is a line of the lab's guest for the time of the test.
func borrowLine(t *testing.T) *labLine {
	t.Helper()
	theLab.once.Do(func() { theLab.err = bootLab() })
	if theLab.err != nil {
		t.Fatal(theLab.err)
	}
	l := <-theLab.free
	t.Cleanup(func() { theLab.free <- l })
	return l
}

// pppd attaches to the line and starts pppd on it, until the test ends.
func (l *labLine) pppd(t *testing.T, words ...string) (*lab.PPPD, *tap) {
	t.Helper()
	conn, err := l.Attach()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p, err := l.net.PPPD(ctx, l.index, words...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("pppd %s\n%s", strings.Join(words, " "), p.Log())
		}
	})
	return p, kept(t, newTap("lab", conn))
}

const (
	pppdAddr = "10.9.0.1"
	ourAddr  = "10.9.0.2"
)

// pppdWords are pppd's options for a cell.
func pppdWords(c cell) []string {
	w := []string{"debug"}
	method := map[string]string{"pap": "pap", "chap": "chap", "mschap": "mschap-v2", "eap": "eap"}
	switch {
	case c.peer == "pppd":
		w = append(w, "silent", "name", "srv", pppdAddr+":"+ourAddr, "+ipv6")
		if c.auth == "none" {
			w = append(w, "noauth")
		} else {
			w = append(w, "auth", "require-"+method[c.auth])
		}
	default:
		w = append(w, "noauth", "user", "them", "remotename", "us")
		// Here pppd is who does without what is not wanted.
		switch c.family {
		case "ipv4":
			w = append(w, "noipv6")
		case "ipv6":
			w = append(w, "noip", "+ipv6")
		case "both":
			w = append(w, "+ipv6")
		}
		for auth, m := range method {
			if c.auth != "none" && auth != c.auth {
				w = append(w, "refuse-"+m)
			}
		}
		switch c.comp {
		case "plain":
			w = append(w, "noccp", "novj")
		case "vj":
			w = append(w, "noccp")
		}
	}
	if bits, ok := strings.CutPrefix(c.comp, "bsd"); ok {
		w = append(w, "nodeflate", "bsdcomp", "0,"+bits)
	}
	return w
}

// ourWords are our side of it.
func ourWords(c cell) string {
	var w string
	if c.peer == "pppd" {
		w, _ = authWords(c.auth)
		w += "device=/dev/null localhost=0 remotehost=0 " + familyWords(c.family) + compWords(c.comp)
	} else {
		w = "device=/dev/null localhost=" + ourAddr + " remotehost=" + pppdAddr + " "
		if c.auth != "none" {
			w += fmt.Sprintf("recv_name=them recv_passwd=%s recv_%s ", serverSecret, c.auth)
		}
		if c.ccp() {
			w += compWords(c.comp)
		}
	}
	return w
}

// matrixPPPD is a call between us and pppd.
func matrixPPPD(t *testing.T, c cell) {
	p, line := borrowLine(t).pppd(t, pppdWords(c)...)
	e := newEnd(t, ourWords(c))
	e.start(line)
	e.wantUp(c.protocols())
	await := func(text string) {
		t.Helper()
		if err := p.WaitLog(text, patience); err != nil {
			t.Fatal(err)
		}
	}
	if c.v4() {
		await("remote IP address")
	}
	if c.v6() {
		await("remote LL address")
	}
	out, in := false, false
	switch {
	case c.comp == "deflate":
		await("Deflate (15) compression enabled")
		out, in = true, true
	case strings.HasPrefix(c.comp, "bsd"):
		await(fmt.Sprintf("BSD-Compress (%s) transmit compression enabled", c.comp[3:]))
		in = true
	}
	wantAuth(t, c, e.log.String(), p.Output())
	if c.v4() && c.comp != "plain" {
		for _, verb := range []string{"sent [IPCP ConfAck", "rcvd [IPCP ConfAck"} {
			wantLine(t, "our log", e.log.String(), verb, "<compress VJ 0f 0")
			wantLine(t, "pppd's log", p.Output(), verb, "<compress VJ 0f 0")
		}
	}
	carries(t, e, c, 20*time.Second)
	wantProtocols(t, c, line, out, in)
	wantNoLoss(t, e, 2)
	e.close()
}

// wantAuth wants both logs to show the authentication.
func wantAuth(t *testing.T, c cell, ours, theirs string) {
	t.Helper()
	option := authOptions[c.auth]
	switch {
	case option == "":
		if strings.Contains(ours, "authenticated") {
			t.Error("somebody has authenticated himself")
		}
	case c.peer == "pppd":
		wantLine(t, "our log", ours, "sent [LCP ConfAck", option)
		wantLine(t, "our log", ours, "authenticated to the peer")
		wantLine(t, "pppd's log", theirs, "rcvd [LCP ConfAck", option)
		success := map[string]string{"pap": "sent [PAP AuthAck", "chap": "sent [CHAP Success", "mschap": "sent [CHAP Success", "eap": "sent [EAP Success"}
		wantLine(t, "pppd's log", theirs, success[c.auth])
	default:
		wantLine(t, "our log", ours, "rcvd [LCP ConfAck", option)
		wantLine(t, "our log", ours, "peer authenticated", "name=them")
		wantLine(t, "pppd's log", theirs, "sent [LCP ConfAck", option)
		success := map[string]string{"pap": "rcvd [PAP AuthAck", "chap": "rcvd [CHAP Success", "mschap": "rcvd [CHAP Success", "eap": "rcvd [EAP Success"}
		wantLine(t, "pppd's log", theirs, success[c.auth])
	}
}
