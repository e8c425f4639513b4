package run

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/mp"
	"pppdial/mp/fsm"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
	"pppdial/route/tun"
)

func TestExplainCall(t *testing.T) {
	chat := func(got string) error { return &dial.Error{Kind: dial.ChatFailed, Got: got} }
	for _, tt := range []struct {
		err    error
		status int
		by     string
		says   string // in cause or try
	}{
		{&dial.Error{Kind: dial.Locked}, StatusLock, "us", "another program"},
		{&dial.Error{Kind: dial.Locked, Err: &line.LockError{PID: 42, Program: "minicom"}}, StatusLock, "us", "used by minicom"},
		{&dial.Error{Kind: dial.Locked, Err: &line.LockError{PID: 42}}, StatusLock, "us", "kill 42"},
		{&dial.Error{Kind: dial.Locked, Err: &line.LockError{Err: fs.ErrPermission}}, StatusLock, "us", "directory of the lock files"},
		{&dial.Error{Kind: dial.OpenFailed}, StatusOpen, "us", "device"},
		{&dial.Error{Kind: dial.Ringing}, StatusConnect, "line", "somebody calls"},
		{&dial.Error{Kind: dial.Busy}, StatusConnect, "modem", "busy"},
		{&dial.Error{Kind: dial.NoCarrier}, StatusConnect, "modem", "check the number"},
		{&dial.Error{Kind: dial.NoDialtone}, StatusConnect, "modem", "ATX3"},
		{&dial.Error{Kind: dial.NoAnswer}, StatusConnect, "modem", "nobody answers"},
		{&dial.Error{Kind: dial.Silent}, StatusModemInit, "modem", "says nothing"},
		{&dial.Error{Kind: dial.ModemError}, StatusModemInit, "modem", "modem_init"},
		{&dial.Error{Kind: dial.CommandFailed}, StatusCommand, "us", "run it by hand"},
		{&dial.Error{Kind: dial.NoRoute}, StatusOptions, "us", "Systems"},
		{&dial.Error{Kind: dial.NotNow}, StatusConnect, "us", "at this time"},
		{&dial.Error{Kind: dial.NotNow, Next: time.Date(2001, 2, 3, 18, 0, 0, 0, time.UTC)}, StatusConnect, "us", "2001-02-03 18:00:00"},
		{&dial.Error{Kind: dial.Refused}, StatusConnect, "modem", "does not dial"},
		{&dial.Error{Kind: dial.Interrupted}, StatusUser, "us", ""},
		{&dial.Error{Kind: dial.NoSIM}, StatusModemInit, "modem", "no SIM card"},
		{&dial.Error{Kind: dial.SIMLocked}, StatusModemInit, "modem", "locked"},
		{&dial.Error{Kind: dial.PINNeeded}, StatusModemInit, "modem", "pin="},
		{&dial.Error{Kind: dial.PINNotNoted}, StatusModemInit, "us", "can't be written"},
		{&dial.Error{Kind: dial.PINRefused}, StatusModemInit, "modem", "not entered a second time"},
		{&dial.Error{Kind: dial.PUKNeeded}, StatusModemInit, "modem", "PUK"},
		{&dial.Error{Kind: dial.NoSignal}, StatusConnect, "modem", "antenna"},
		{&dial.Error{Kind: dial.NotRegistered}, StatusConnect, "modem", "carrier="},
		{&dial.Error{Kind: dial.Denied}, StatusConnect, "modem", "does not serve this SIM card"},
		{&dial.Error{Kind: dial.PDPRefused}, StatusConnect, "modem", "apn=NAME,IP"},
		{&dial.Error{Kind: dial.APNRefused}, StatusConnect, "modem", "apn="},
		{&dial.Error{Kind: dial.AuthRefused}, StatusAuthRejected, "modem", "send_passwd"},
		{&dial.Error{Kind: dial.CommandMode}, StatusHangup, "modem", "commands"},
		{chat(""), StatusConnect, "peer", "silent"},
		{chat(`\r\nLogin incorrect\r\n\r\nlogin: `), StatusConnect, "peer", "login was refused"},
		{chat("login: mynam\r\nPassword: "), StatusConnect, "peer", "asks for a password"},
		{chat("what?"), StatusConnect, "peer", "script"},
		{fmt.Errorf("ppp.conf:1:2: chat: odd number of words"), StatusOptions, "us", "ppp -n"},
	} {
		v := explainCall(tt.err)
		if v.Status != tt.status || v.By != tt.by || v.Phase != "dialing" || !strings.Contains(v.Cause+" "+v.Try, tt.says) {
			t.Errorf("%v:\n%v\nwant status %d by %s with %q", tt.err, v, tt.status, tt.by, tt.says)
		}
	}
}

func TestExplainLink(t *testing.T) {
	ours := &proto.AuthRefused{Ours: true, Wanted: []wire.Auth{{Protocol: wire.PAP}}}
	for _, tt := range []struct {
		f      mp.Failure
		unread string
		status int
		by     string
		says   string
	}{
		{mp.Failure{Kind: mp.Closed}, "", StatusUser, "us", ""},
		{mp.Failure{Kind: mp.PeerTerminated, Up: true}, "", StatusOK, "peer", "has ended the link"},
		{mp.Failure{Kind: mp.PeerTerminated}, "", StatusNegotiation, "peer", "before it was up"},
		{mp.Failure{Kind: mp.Negotiation, Phase: mp.PhaseEstablish}, "", StatusNegotiation, "peer", "could not agree"},
		{mp.Failure{Kind: mp.Negotiation, Phase: mp.PhaseNetwork}, "", StatusNegotiation, "peer", "remotehost"},
		{mp.Failure{Kind: mp.Silent}, "", StatusNegotiation, "peer", "not a single byte"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("\r\nlogin: ")}, "", StatusNegotiation, "peer", "asks for a login"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("\r\nLogin incorrect")}, "", StatusNegotiation, "peer", "login was refused"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("\r\nERROR\r\n")}, "", StatusNegotiation, "peer", "command mode"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("\r\nNO CARRIER\r\n")}, "", StatusNegotiation, "peer", "carrier"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("router> ")}, "", StatusNegotiation, "peer", "start PPP there"},
		{mp.Failure{Kind: mp.Silent, Noise: []byte("bonjour")}, "", StatusNegotiation, "peer", "text instead of PPP"},
		{mp.Failure{Kind: mp.PeerAuth}, "", StatusPeerAuth, "peer", "recv_passwd"},
		{mp.Failure{Kind: mp.PeerAuth, Err: &proto.AuthRefused{}}, "", StatusPeerAuth, "peer", "does not want to prove"},
		{mp.Failure{Kind: mp.PeerAuth, Err: proto.ErrAuthTimeout}, "", StatusPeerAuth, "peer", "silent"},
		{mp.Failure{Kind: mp.OurAuth}, "", StatusAuthRejected, "peer", "send_passwd"},
		{mp.Failure{Kind: mp.OurAuth, Err: ours}, "", StatusAuthRejected, "peer", "the entry tells nothing"},
		{mp.Failure{Kind: mp.OurAuth, Err: proto.ErrAuthUnproved}, "", StatusAuthRejected, "peer", "without knowing our secret"},
		{mp.Failure{Kind: mp.OurAuth, Err: proto.ErrAuthReflected}, "", StatusAuthRejected, "peer", "different secrets"},
		{mp.Failure{Kind: mp.OurAuth, Err: &proto.AuthRefused{Ours: true, Has: ours.Wanted, Wanted: ours.Wanted}}, "", StatusAuthRejected, "peer", "turn it on: send_pap"},
		{mp.Failure{Kind: mp.OurAuth, Err: &proto.AuthRefused{Ours: true, Has: ours.Wanted, Wanted: authMethods(conf.Yes, conf.Yes, conf.Yes, conf.Yes)}}, "", StatusAuthRejected, "peer", "turn it on: send_mschap or send_chap or send_eap or send_pap"},
		{mp.Failure{Kind: mp.OurAuth, Err: &proto.AuthRefused{Ours: true, Has: ours.Wanted, Wanted: []wire.Auth{{Protocol: wire.CHAP, Algorithm: wire.CHAPMS}}}}, "", StatusAuthRejected, "peer", "turn it on: send_pap, send_chap"},
		{mp.Failure{Kind: mp.PeerDead}, "", StatusPeerDead, "line", "crashed"},
		{mp.Failure{Kind: mp.Hangup}, "", StatusHangup, "line", "carrier"},
		{mp.Failure{Kind: mp.Hangup}, "\r\nNO CARRIER\r\n", StatusHangup, "modem", "NO CARRIER"},
		{mp.Failure{Kind: mp.Hangup, Err: mp.ErrNoCarrier}, "", StatusHangup, "modem", "NO CARRIER"},
		{mp.Failure{Kind: mp.Hangup, Err: &line.DownError{Err: line.ErrGone}}, "", StatusHangup, "line", "unplugged"},
		{mp.Failure{Kind: mp.Hangup, Err: &line.DownError{Err: line.ErrEnded}}, "", StatusHangup, "peer", "closed the connection"},
		{mp.Failure{Kind: mp.Hangup, Err: &line.DownError{Err: &line.CommandError{Command: "x"}}}, "", StatusCommand, "us", "run it by hand"},
		{mp.Failure{Kind: mp.Loopback}, "", StatusLoopback, "peer", "sends back"},
		{mp.Failure{Kind: mp.Refused}, "", StatusFatal, "us", "not wanted"},
		{mp.Failure{Kind: mp.Idle}, "", StatusIdle, "us", "nothing to carry"},
		{mp.Failure{Kind: mp.ConnectTime}, "", StatusConnectTime, "us", "time for the call"},
	} {
		v := explainLink(&tt.f, []byte(tt.unread))
		if v.Status != tt.status || v.By != tt.by || !strings.Contains(v.String(), tt.says) {
			t.Errorf("%v:\n%v\nwant status %d by %s with %q", &tt.f, v, tt.status, tt.by, tt.says)
		}
	}
}

func TestExplainDisagreement(t *testing.T) {
	for f, want := range map[mp.Family]string{mp.IPv4: "localhost and remotehost", mp.IPv6: "localif and remoteif"} {
		v := explainDisagreement(f, fmt.Errorf("what they want: %w", fsm.ErrImpasse))
		if v.Evidence != "what they want: no agreement" || v.Cause != "the two sides could not agree on addresses" || !strings.Contains(v.Try, want) {
			t.Errorf("IPv%d: %v", f, v)
		}
	}
}

// TestEveryKindIsExplained: none is left to be status 0, or fails without a cause and
// something to try.
func TestEveryKindIsExplained(t *testing.T) {
	helps := func(r reason) bool {
		return r.by != "" && (!Verdict{Status: r.status, By: r.by}.failure() || r.cause != "" && r.try != "")
	}
	for k := range dial.Interrupted + 1 {
		if r := callReasons[k]; r.status == StatusOK || !helps(r) {
			t.Errorf("dial kind %d is not explained", k)
		}
	}
	for k := range mp.ConnectTime + 1 {
		if r, ok := linkReasons[k]; !ok || !helps(r) {
			t.Errorf("%v is not explained", k)
		}
	}
}

func TestExplainInterface(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		says   string
	}{
		{&tun.OpenError{Err: unix.ENOENT}, StatusNoTUN, "modprobe tun"},
		{&tun.OpenError{Err: unix.ENODEV}, StatusNoTUN, "modprobe tun"},
		{&tun.OpenError{Err: unix.EACCES}, StatusNoTUN, "CAP_NET_ADMIN"},
		{&tun.OpenError{Err: unix.EPERM}, StatusNoTUN, "CAP_NET_ADMIN"},
		{&tun.OpenError{Err: unix.ENFILE}, StatusFatal, "no network interface"},
		{&tun.OpenError{Err: unix.EBUSY}, StatusFatal, "ifname"},
		{errors.New("x"), StatusFatal, "settings"},
	} {
		if v := explainInterface(tt.err); v.Status != tt.status || v.Cause == "" || v.Try == "" || !strings.Contains(v.Cause+" "+v.Try, tt.says) {
			t.Errorf("%v:\n%v\nwant status %d with %q", tt.err, v, tt.status, tt.says)
		}
	}
}

func TestExplainClaim(t *testing.T) {
	for pid, want := range map[int]string{42: "pppstat shows it; kill 42 ends it", 0: "pppstat shows it"} {
		if v := explainClaim(&rendezvous.OwnedError{Label: "rmt", PID: pid}); v.Status != StatusLock || v.Try != want {
			t.Errorf("pid %d: %v", pid, v)
		}
	}
}

func TestVerdictIsOneLine(t *testing.T) {
	v := Verdict{Status: 8, Phase: "dialing", By: "modem", Evidence: "a \"b\"\r\n", Cause: "c"}
	if got, want := v.String(), `verdict: status=8 phase=dialing by=modem evidence="a \"b\"\r\n" cause="c"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestVerdictOfTheOwner: a login shell says what the owner of its entry has found,
// also one that is older and tells it in words only.
func TestVerdictOfTheOwner(t *testing.T) {
	v := Verdict{Status: 11, Phase: "authenticate", By: "peer", Evidence: "CHAP: refused", Cause: "it is another", Try: "compare"}
	if got := verdictOf(v.result()); got != v {
		t.Errorf("got  %v\nwant %v", got, v)
	}
	old := rendezvous.Result{Status: 16, Text: "verdict: ..."}
	if got, want := verdictOf(old), (Verdict{Status: 16, Phase: "dead", By: "us", Evidence: "verdict: ..."}); got != want {
		t.Errorf("of an older one:\ngot  %v\nwant %v", got, want)
	}
}
