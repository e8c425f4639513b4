package run

import (
	"strings"
	"testing"
	"time"

	"pppdial/mp"
)

// The words of calls in which nothing but authentication is of interest.
const (
	callingWords   = "device=/dev/null localhost=0 remotehost=0 -ipv6 -ccp -vj_comp "
	answeringWords = "device=/dev/null localhost=" + ourAddr + " remotehost=" + pppdAddr + " -ipv6 -ccp -vj_comp "
	sendWords      = "send_name=me send_passwd=" + callerSecret + " "
	recvWords      = "recv_name=them recv_passwd=" + serverSecret + " "
)

// wantTimes waits until lines with text have come to the log so often.
func (e *end) wantTimes(n int, text string) {
	e.t.Helper()
	limit := time.After(patience)
	for {
		e.log.mu.Lock()
		has, news := strings.Count(e.log.b.String(), text), e.log.news
		e.log.mu.Unlock()
		if has >= n {
			return
		}
		select {
		case <-news:
		case f := <-e.lost:
			e.t.Fatalf("link lost: %v; %q came %d times, want %d", f, text, has, n)
		case <-limit:
			e.t.Fatalf("%q came %d times in %v, want %d", text, has, patience, n)
		}
	}
}

// TestAuthPPPD is what the matrix leaves out: both directions at once, rounds
// after the first, and a choice of protocols.
func TestAuthPPPD(t *testing.T) {
	const silentServer = "silent name srv " + pppdAddr + ":" + ourAddr
	for _, tt := range []struct {
		name   string
		words  string
		again  time.Duration // of our challenges
		pppd   string
		ours   []string // in our log
		times  int      // as often
		theirs string   // in pppd's
	}{
		{
			name: "MS-CHAPv2 and EAP at once", words: callingWords + sendWords + recvWords + "send_mschap recv_eap",
			pppd: "auth require-mschap-v2 remotename me user them silent " + pppdAddr + ":" + ourAddr,
			ours: []string{`authenticated to the peer by="chap MS-v2"`, `peer authenticated name=them by=eap`}, times: 1,
			theirs: "rcvd [EAP Success",
		},
		{
			name: "EAP and MS-CHAPv2 at once", words: answeringWords + sendWords + recvWords + "send_eap recv_mschap",
			pppd: "auth require-eap remotename me user them",
			ours: []string{`authenticated to the peer by=eap`, `peer authenticated name=them by="chap MS-v2"`}, times: 1,
			theirs: "rcvd [CHAP Success",
		},
		{
			name: "MS-CHAPv2 from them, again and again", words: callingWords + sendWords + "send_mschap",
			pppd: "auth require-mschap-v2 chap-interval 1 " + silentServer,
			ours: []string{"rcvd [CHAP Challenge", "rcvd [CHAP Success"}, times: 3,
		},
		{
			name: "EAP from them, again and again", words: callingWords + sendWords + "send_eap",
			pppd: "auth require-eap eap-interval 1 " + silentServer,
			ours: []string{"MD5-Challenge <Value <hidden>> <Name \"srv\">", "rcvd [EAP Success"}, times: 3,
		},
		{
			name: "MS-CHAPv2 from us, again and again", words: answeringWords + recvWords + "recv_mschap", again: 300 * time.Millisecond,
			pppd: "noauth user them",
			ours: []string{"sent [CHAP Challenge", "sent [CHAP Success"}, times: 4,
		},
		{
			name: "EAP from us, again and again", words: answeringWords + recvWords + "recv_eap", again: 300 * time.Millisecond,
			pppd: "noauth user them",
			ours: []string{"sent [EAP Request", "sent [EAP Success"}, times: 4,
		},
		{
			name: "they do EAP alone", words: answeringWords + recvWords + "recv_mschap recv_chap recv_eap recv_pap",
			pppd: "noauth user them refuse-pap refuse-chap refuse-mschap refuse-mschap-v2",
			ours: []string{`peer authenticated name=them by=eap`}, times: 1,
		},
		{
			name: "we do EAP alone", words: callingWords + sendWords + "send_eap",
			pppd: "auth require-eap require-chap require-mschap-v2 " + silentServer,
			ours: []string{`authenticated to the peer by=eap`}, times: 1,
		},
		{
			name: "we do CHAP alone", words: callingWords + sendWords + "send_chap",
			pppd: "auth require-eap require-chap require-mschap-v2 " + silentServer,
			ours: []string{`authenticated to the peer by="chap MD5"`}, times: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, line := borrowLine(t).pppd(t, strings.Fields("debug "+tt.pppd)...)
			e := newEnd(t, tt.words)
			e.entry.CHAPReauthSecs = tt.again // the file has no such short ones
			e.start(line)
			e.wantUp(1)
			for _, text := range tt.ours {
				e.wantTimes(tt.times, text)
			}
			if tt.theirs != "" {
				if err := p.WaitLog(tt.theirs, patience); err != nil {
					t.Error(err)
				}
			}
			e.close()
		})
	}
}

// TestAuthPPPDRefused has wrong secrets on either side.
func TestAuthPPPDRefused(t *testing.T) {
	for _, tt := range []struct {
		name     string
		words    string
		pppd     string
		kind     mp.Kind
		evidence string // of the verdict
		status   int    // of pppd
	}{
		{
			name: "our secret, MS-CHAPv2", words: callingWords + "send_name=me send_passwd=wrong send_mschap",
			pppd: "auth require-mschap-v2 name srv " + pppdAddr + ":" + ourAddr,
			kind: mp.OurAuth, evidence: "CHAP: refused: wrong name or password (E=691): Access denied", status: 11,
		},
		{
			name: "our secret, EAP", words: callingWords + "send_name=me send_passwd=wrong send_eap",
			pppd: "auth require-eap name srv " + pppdAddr + ":" + ourAddr,
			kind: mp.OurAuth, evidence: "EAP: refused", status: 11,
		},
		{
			name: "their secret, MS-CHAPv2", words: answeringWords + recvWords + "recv_mschap",
			pppd: "noauth user them password wrong",
			kind: mp.PeerAuth, evidence: "CHAP: refused: wrong name or password (E=691)", status: 19,
		},
		{
			name: "their secret, EAP", words: answeringWords + recvWords + "recv_eap",
			pppd: "noauth user them password wrong",
			kind: mp.PeerAuth, evidence: "EAP: refused", status: 19,
		},
		{
			name: "their name, EAP", words: answeringWords + recvWords + "recv_eap",
			pppd: "noauth user me",
			kind: mp.PeerAuth, evidence: "EAP: refused", status: 19,
		},
		{
			name: "they do PAP alone", words: answeringWords + recvWords + "recv_mschap recv_eap",
			pppd: "noauth user them refuse-eap refuse-chap refuse-mschap refuse-mschap-v2",
			kind: mp.PeerAuth, evidence: "we want the peer to authenticate itself by chap MS-v2 or eap, it can by pap",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, line := borrowLine(t).pppd(t, strings.Fields("debug "+tt.pppd)...)
			e := newEnd(t, tt.words)
			e.start(line)
			select {
			case f := <-e.lost:
				e.link = nil
				if v := explainLink(f, nil); f.Kind != tt.kind || !strings.Contains(v.Evidence, tt.evidence) {
					t.Errorf("lost with %v\n%v\nwant %v with %q", f, v, tt.kind, tt.evidence)
				}
			case n := <-e.up:
				t.Fatalf("the network is up: %v", n)
			case <-time.After(patience):
				t.Fatalf("nothing after %v", patience)
			}
			if tt.status != 0 {
				if status, err := p.Wait(t.Context()); err != nil || status != tt.status {
					t.Errorf("pppd: status %d, %v; want %d", status, err, tt.status)
				}
			}
		})
	}
}
