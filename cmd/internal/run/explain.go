package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/mp"
	"pppdial/mp/fsm"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
	"pppdial/route/tun"
)

// This file turns what the packages report into verdicts: the exit status,
// and in plain words what is likely behind it and what to try.

// A reason is a row of the tables below.
type reason struct {
	status     int
	by         string
	cause, try string
}

// callReasons explains why no line came to talk.
var callReasons = map[dial.Kind]reason{
	dial.Locked:        {StatusLock, "us", "another program uses the line", "wait for it or end it"},
	dial.OpenFailed:    {StatusOpen, "us", "the device is not there or may not be opened", "check the name, the cable and the driver"},
	dial.Ringing:       {StatusConnect, "line", "somebody calls this line at the moment", "nothing: it is tried again when the caller had time to be answered"},
	dial.Busy:          {StatusConnect, "modem", "the number is busy", "call later, or give more numbers"},
	dial.NoCarrier:     {StatusConnect, "modem", "no modem answered at this number, or the network refused the call", "check the number; listen whether a modem answers there"},
	dial.NoDialtone:    {StatusConnect, "modem", "the telephone line is dead or not connected", "check the cable; behind a PBX, dial without waiting for the tone: modem_init=ATX3"},
	dial.NoAnswer:      {StatusConnect, "modem", "nobody answers at this number", "check the number, and the modem there"},
	dial.Silent:        {StatusModemInit, "modem", "the modem says nothing: it is switched off, or this is not its device or speed", "check device and speed; a USB modem has several ttys, try the next"},
	dial.ModemError:    {StatusModemInit, "modem", "the modem does not accept a command", "check modem_init against the modem's manual"},
	dial.ChatFailed:    {StatusConnect, "peer", "the dialogue did not go as the script says", "compare the script with what came; -d shows the dialogue"},
	dial.CommandFailed: {StatusCommand, "us", "the command that makes the call failed", "run it by hand"},
	dial.NoRoute:       {StatusOptions, "us", "the UUCP files tell no way to this system", "add it to Systems and Devices, or name a device in the entry"},
	dial.NotNow:        {StatusConnect, "us", "Systems forbids calls at this time", "wait, or change the time field"},
	dial.Refused:       {StatusConnect, "modem", "the modem does not dial this number", "check the number; after too many calls modems and networks bar it for a while"},
	dial.Interrupted:   {StatusUser, "us", "", ""},

	dial.NoSIM:         {StatusModemInit, "modem", "there is no SIM card in the modem, or it does not work", "put it in, the right way round, and switch the modem off and on"},
	dial.SIMLocked:     {StatusModemInit, "modem", "the SIM card or the modem is locked to another operator or device", "use a card that the modem takes, or have the lock removed"},
	dial.PINNeeded:     {StatusModemInit, "modem", "the SIM card wants its PIN, and the entry tells none", "give it: pin=; or take the PIN off the card in a telephone"},
	dial.PINNotNoted:   {StatusModemInit, "us", "the file of the PINs that were tried can't be written, and without a note none is entered", "make room, or make the place writable"},
	dial.PINRefused:    {StatusModemInit, "modem", "the SIM card has refused the PIN; it is not entered a second time", "correct pin=; three wrong ones block the card"},
	dial.PUKNeeded:     {StatusModemInit, "modem", "the SIM card is blocked after too many wrong PINs", "unblock it with its PUK in a telephone; ppp never enters one"},
	dial.NoSignal:      {StatusConnect, "modem", "the modem hears no network", "look at the antenna and its cable; net_mode=auto lets it take any network"},
	dial.NotRegistered: {StatusConnect, "modem", "no network has taken the modem yet", "look at the antenna, at carrier= and net_mode=; the first search in a new place takes minutes"},
	dial.Denied:        {StatusConnect, "modem", "the network does not serve this SIM card", "ask the operator whether the card is active and may roam here; look at carrier="},
	dial.PDPRefused:    {StatusConnect, "modem", "the type of the context is not to be had", "try apn=NAME,IP"},
	dial.APNRefused:    {StatusConnect, "modem", "the network does not know the access point, or this card may not use it", "check apn= with the operator"},
	dial.AuthRefused:   {StatusAuthRejected, "modem", "the network does not take name and password", "check send_name and send_passwd with the operator"},
	dial.CommandMode:   {StatusHangup, "modem", "the modem has no call any more, and takes what we send for commands", "call again"},
}

// explainCall explains a failed attempt to get a line that talks. What is no
// *dial.Error is a fault of a script.
func explainCall(err error) Verdict {
	v := Verdict{Status: StatusOptions, Phase: "dialing", By: "us", Evidence: err.Error(),
		Cause: "a script is not in order", Try: "ppp -n checks the scripts of the entry"}
	var e *dial.Error
	if !errors.As(err, &e) {
		return v
	}
	r := callReasons[e.Kind]
	v.Status, v.By, v.Cause, v.Try = r.status, r.by, r.cause, r.try
	var lock *line.LockError
	switch {
	case e.Kind == dial.Locked && errors.As(e.Err, &lock):
		v.Cause, v.Try = explainLock(lock)
	case e.Kind == dial.NoCarrier && e.Modem != nil:
		v.Cause = "the network has refused the call without telling the modem why, or the modem is stuck since an earlier one"
		v.Try = "check apn=, send_name and send_passwd; reset_on_fail resets a modem that stays so"
	case e.Kind == dial.ChatFailed && e.Got == "":
		v.Cause, v.Try = "the line was silent where the script waits for an answer", "check speed and parity of the far end; some systems want a return first"
	case e.Kind == dial.ChatFailed:
		if cause, try, ok := readText(e.Got); ok {
			v.Cause, v.Try = cause, try
		}
	case e.Kind == dial.NotNow && !e.Next.IsZero():
		v.Try = "wait until " + e.Next.Format(time.DateTime)
	}
	return v
}

// explainLock says who has the line.
func explainLock(e *line.LockError) (cause, try string) {
	switch {
	case e.Err != nil:
		return "the lock of the line cannot be made", "look at the directory of the lock files"
	case e.PID != 0 && e.Program != "":
		return "the line is used by " + e.Program, fmt.Sprintf("wait for it, or end it: kill %d", e.PID)
	case e.PID != 0:
		return "the line is used by another program", fmt.Sprintf("wait for it, or end it: kill %d", e.PID)
	}
	return "another program uses the line", "wait for it or end it"
}

// linkReasons explains why PPP on a line ended.
var linkReasons = map[mp.Kind]reason{
	mp.Closed:         {StatusUser, "us", "", ""},
	mp.PeerTerminated: {StatusOK, "peer", "the peer has ended the link", ""},
	mp.Negotiation:    {StatusNegotiation, "peer", "the two sides could not agree", "-d -d shows what each wanted"},
	mp.Silent:         {StatusNegotiation, "peer", "nothing at the other end speaks", "check cable, speed and flow control, and that PPP is started there"},
	mp.PeerAuth:       {StatusPeerAuth, "peer", "the peer did not prove who it is", "compare recv_name and recv_passwd with the peer's name and password"},
	mp.OurAuth:        {StatusAuthRejected, "peer", "the peer does not accept our name or password", "check send_name and send_passwd"},
	mp.PeerDead:       {StatusPeerDead, "line", "the line no longer carries anything, or the peer has crashed", "look at the line; LCP_ECHO_INTERVAL and lcp_echo_fails set the patience"},
	mp.Hangup:         {StatusHangup, "line", "the carrier was lost, or the modem hung up", "look at the line and the modem's signal"},
	mp.Loopback:       {StatusLoopback, "peer", "the line sends back what we say: a modem in command mode, a loop plug, or a login prompt that echoes", "check that the far end starts PPP after the login; see login_chat"},
	mp.Refused:        {StatusFatal, "us", "the link is not wanted here", "see the messages before this one: they tell why"},
	mp.Idle:           {StatusIdle, "us", "there was nothing to carry", ""},
	mp.ConnectTime:    {StatusConnectTime, "us", "the time for the call is over", ""},
}

// feigned is what is behind the end of a link by a cellular modem before it had
// addresses: the modem lets everybody in, and asks the network only then.
var feigned = reason{
	cause: "the network takes any name at first, and has refused ours or the access point in truth",
	try:   `check apn=, send_name and send_passwd with the operator; some networks want no name: send_name="" send_passwd=""`,
}

// explainLink explains the end of a link. Unread is what came after PPP.
func explainLink(f *mp.Failure, unread []byte) Verdict {
	r := linkReasons[f.Kind]
	v := Verdict{Status: r.status, Phase: f.Phase.String(), By: r.by, Evidence: evidence(f), Cause: r.cause, Try: r.try}
	var refused *proto.AuthRefused
	var command *line.CommandError
	switch {
	case f.Kind == mp.PeerTerminated && !f.Up:
		v.Status = StatusNegotiation
		v.Cause = "the peer has ended the link before it was up"
		v.Try = "its log tells why; often it does not like our name, password or address"
	case f.Kind == mp.OurAuth && errors.As(f.Err, &refused) && len(refused.Has) == 0:
		v.Cause = "the peer wants to know who we are, and the entry tells nothing"
		v.Try = "give send_name and send_passwd"
	case f.Kind == mp.OurAuth && refused != nil:
		v.Cause = "the peer wants to know who we are by a protocol that the entry does not allow"
		v.Try = "turn it on: " + sendKeywords(refused.Wanted)
	case f.Kind == mp.OurAuth && errors.Is(f.Err, proto.ErrAuthUnproved):
		v.Cause = "the peer lets us in without knowing our secret: it may not be who it should be"
		v.Try = "check that the call goes to the right place, and send_passwd"
	case f.Kind == mp.OurAuth && errors.Is(f.Err, proto.ErrAuthReflected):
		v.Cause = "the peer wants us to answer for it: it does not know the secret that it should"
		v.Try = "check that the call goes to the right place; give both directions different secrets"
	case f.Kind == mp.PeerAuth && errors.As(f.Err, &refused):
		v.Cause = "the peer does not want to prove who it is"
		v.Try = "leave recv_name and recv_passwd out, or have it authenticate itself"
	case f.Kind == mp.PeerAuth && errors.Is(f.Err, proto.ErrAuthTimeout):
		v.Try = "it was silent for max_auth_secs; see that it has a name and a password for us"
	case f.Kind == mp.Negotiation && errors.Is(f.Err, fsm.ErrEmptyNak):
		v.Cause, v.Try = feigned.cause, feigned.try
	case f.Kind == mp.Negotiation && f.Phase == mp.PhaseNetwork:
		v.Cause = "the two sides could not agree on addresses"
		v.Try = "compare localhost and remotehost with what the peer wants; 0 takes what it gives"
	case f.Kind == mp.Silent && len(f.Noise) > 0:
		v.Evidence = fmt.Sprintf(`no PPP came, but text: "%s"`, chat.Printable(f.Noise))
		v.Cause, v.Try = "the far end sends text instead of PPP", "see what it asks for, and answer it in login_chat"
		if cause, try, ok := readText(string(f.Noise)); ok {
			v.Cause, v.Try = cause, try
		}
	case f.Kind == mp.Silent:
		v.Evidence = "not a single byte came"
	case f.Kind == mp.Hangup && (errors.Is(f.Err, mp.ErrNoCarrier) || bytes.Contains(unread, []byte("NO CARRIER"))):
		v.By, v.Evidence = "modem", mp.ErrNoCarrier.Error()
	case f.Kind == mp.Hangup && f.Detail == shellEnded:
		v.Cause, v.Try = "the line was lost, or the caller's login shell was told to end", "its own verdict tells which"
	case f.Kind == mp.Hangup && errors.As(f.Err, &command):
		v.Status, v.By, v.Cause, v.Try = StatusCommand, "us", "the command that is the line has ended", "run it by hand"
	case f.Kind == mp.Hangup && errors.Is(f.Err, line.ErrGone):
		v.Cause, v.Try = "the device was unplugged or has crashed", "look at its power supply and cable, and at dmesg"
	case f.Kind == mp.Hangup && errors.Is(f.Err, line.ErrEnded):
		v.By, v.Cause, v.Try = "peer", "the other side has closed the connection", "its log tells why"
	}
	return v
}

// explainDisagreement explains why a link goes on without a network protocol.
func explainDisagreement(f mp.Family, err error) Verdict {
	v := explainLink(&mp.Failure{Kind: mp.Negotiation, Phase: mp.PhaseNetwork, Err: err}, nil)
	if f == mp.IPv6 {
		v.Try = "compare localif and remoteif with what the peer wants"
	}
	return v
}

// sendKeyword has the words that allow a protocol.
var sendKeyword = map[wire.Auth]string{
	{Protocol: wire.PAP}:                            "send_pap",
	{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}:  "send_chap",
	{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}: "send_mschap",
	{Protocol: wire.EAP}:                            "send_eap",
}

// sendKeywords are the words that allow what the peer wants of us.
func sendKeywords(wanted []wire.Auth) string {
	var known []string
	for _, m := range wanted {
		if w, ok := sendKeyword[m]; ok {
			known = append(known, w)
		}
	}
	if known == nil {
		return "send_pap, send_chap, send_mschap or send_eap, if the peer can do with one of them"
	}
	return strings.Join(known, " or ")
}

// texts are words by which those are known that do not speak PPP.
var texts = []struct {
	words      []string // in lower case
	cause, try string
}{
	{[]string{"no carrier"}, "the modem has lost the carrier", "call again"},
	{[]string{"incorrect", "invalid", "denied", "failure", "failed"}, "the login was refused", "check name and password of the login"},
	{[]string{"password:", "assword"}, "the far end still asks for a password", "answer it in login_chat"},
	{[]string{"login:", "username:", "user name:"}, "the far end still asks for a login", "answer it in login_chat"},
	{[]string{"\nok\r", "\nerror\r"}, "the modem is in command mode", "the dialogue has not made a call; see chat and phone"},
	{[]string{"$ ", "# ", "> ", "% "}, "the far end gives us a command prompt instead of PPP", "start PPP there: add its command to login_chat"},
}

// readText guesses what it is that sends text instead of what we want.
func readText(text string) (cause, try string, ok bool) {
	s := strings.ToLower(text)
	for _, t := range texts {
		for _, w := range t.words {
			if strings.Contains(s, w) {
				return t.cause, t.try, true
			}
		}
	}
	return "", "", false
}

// evidence is what was seen, in one line.
func evidence(f *mp.Failure) string {
	var parts []string
	if f.Detail != "" {
		parts = append(parts, f.Detail)
	}
	if f.Err != nil {
		parts = append(parts, f.Err.Error())
	}
	if len(parts) == 0 {
		return f.Kind.String()
	}
	return strings.Join(parts, ": ")
}

// explainInterface explains why there is no interface or no route.
func explainInterface(err error) Verdict {
	v := Verdict{Status: StatusFatal, Phase: "network", By: "us", Evidence: err.Error(),
		Cause: "the kernel does not take the interface's settings",
		Try:   "see localhost, remotehost and mtu; IPv6 wants sysctl net.ipv6.conf.default.disable_ipv6=0"}
	var open *tun.OpenError
	if !errors.As(err, &open) {
		return v
	}
	v.Phase, v.Cause, v.Try = "dead", "no network interface can be made", "see ifname and dmesg"
	switch { // what waiting does not mend
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		v.Status, v.Try = StatusNoTUN, "modprobe tun"
	case errors.Is(err, fs.ErrPermission):
		v.Status, v.Try = StatusNoTUN, "give this process CAP_NET_ADMIN and /dev/net/tun"
	}
	return v
}

// explainNoAddress explains why there is no IPv4 on a link.
func explainNoAddress(n mp.Network) Verdict {
	v := Verdict{Status: StatusNegotiation, Phase: mp.PhaseNetwork.String(), By: "us",
		Evidence: fmt.Sprintf("IPCP: the local address is %s, the peer's is %s", n.LocalText(), n.RemoteText()),
		Cause:    "neither side knows an address", Try: "give localhost= and remotehost=, here or at the peer"}
	if n.Remote.IsValid() {
		v.Cause = "the peer gives us no address"
	}
	return v
}

// explainBroken explains that SIGHUP has broken the link.
func explainBroken(phase string) Verdict {
	return Verdict{Status: StatusHangup, Phase: phase, By: "us", Evidence: "SIGHUP",
		Cause: "ppp was told to break the link, or its terminal was closed", Try: "nothing, if that was meant; a service has no terminal to lose"}
}

// explainRemoved explains that the interface is no longer there.
func explainRemoved(name, phase string, err error) Verdict {
	return Verdict{Status: StatusFatal, Phase: phase, By: "us", Evidence: err.Error(),
		Cause: "the interface " + name + " has been removed", Try: "start ppp again, and let it remove the interface: pppstat -c down breaks the link"}
}

// explainFile explains why there is no control file.
func explainFile(err error) Verdict {
	v := Verdict{Status: StatusOptions, Phase: "dead", By: "us", Evidence: err.Error(), Cause: "the control file cannot be used"}
	var owner *conf.OwnerError
	switch {
	case errors.As(err, &owner):
		v.Try = owner.Mend
	case errors.Is(err, fs.ErrNotExist):
		v.Cause, v.Try = "there is no control file", "write one, or name it with -f; ppp.conf(5) tells how"
	}
	return v
}

// faulty explains that the control file is in error. What depends on the hour is
// no reason to give up for good.
func faulty(diags conf.Diagnostics) Verdict {
	n, first, passing := 0, "", true
	for _, d := range diags {
		if !d.Warning {
			if n++; first == "" {
				first = d.String()
			}
			passing = passing && d.AtStart
		}
	}
	v := Verdict{Status: StatusOptions, Phase: "dead", By: "us", Evidence: first,
		Cause: "the control file is in error", Try: "mend it; ppp -n checks it"}
	switch {
	case passing:
		v.Status, v.Cause = StatusFatal, "a name in the control file has no address, or none that a link can have"
		v.Try = "see that the name service answers when ppp starts, or give the address"
	case n > 1:
		v.Cause = fmt.Sprintf("the control file has %d errors", n)
	}
	return v
}

func notRoot(o Options) Verdict {
	v := Verdict{Status: StatusNotRoot, Phase: "dead", By: "us", Evidence: "not run as root",
		Cause: "a network interface is root's to make", Try: "sudo ppp -r " + o.Remote}
	switch {
	case o.Listen:
		v.Try = "sudo ppp -l"
	case o.Login:
		v.Cause = "no ppp is running that takes the lines of login shells"
		v.Try = "have root start ppp -l, or ppp -r " + o.Remote
	}
	return v
}

// explainListen explains why login shells cannot bring their lines.
func explainListen(err error) Verdict {
	return Verdict{Status: StatusFatal, Phase: "dead", By: "us", Evidence: err.Error(),
		Cause: "login shells cannot bring their lines", Try: "see who listens there: pppstat -j"}
}

// notALine explains that the standard input is no line.
func notALine(err error, label string) Verdict {
	return Verdict{Status: StatusOpen, Phase: "dead", By: "us", Evidence: err.Error(),
		Cause: "without -r the standard input must be the line", Try: "ppp -r " + label}
}

// explainClaim explains why an entry cannot be served.
func explainClaim(err error) Verdict {
	v := Verdict{Status: StatusLock, Phase: "dead", By: "us", Evidence: err.Error(), Cause: "the entry cannot be claimed"}
	var owned *rendezvous.OwnedError
	if errors.As(err, &owned) {
		v.Cause = "another ppp serves this entry already"
		v.Try = "pppstat shows it"
		if owned.PID != 0 {
			v.Try += fmt.Sprintf("; kill %d ends it", owned.PID)
		}
	}
	return v
}

// plainLink is why an entry with -mp has one line, as ppp -n says it, too.
const plainLink = "-mp allows one line; the BF&I protocol, which would join more, has no public description"

// explainFull explains why a line cannot join those that are there.
func explainFull(e *conf.Entry) Verdict {
	v := Verdict{Status: StatusFatal, Phase: mp.PhaseAuthenticate.String(), By: "us", Evidence: "a line too many",
		Cause: "there are as many lines as maxdevs allows", Try: "make maxdevs= larger"}
	if !e.MP {
		v.Cause, v.Try = plainLink, "take -mp out of the entry, if the peer knows multilink"
	}
	return v
}

// explainElsewhere explains why a caller's line is not let in.
func explainElsewhere(owned *rendezvous.OwnedError) Verdict {
	who := "another process"
	if owned.PID != 0 {
		who = fmt.Sprintf("pid %d", owned.PID)
	}
	return Verdict{Status: StatusLock, Phase: mp.PhaseAuthenticate.String(), By: "us",
		Evidence: who + " serves this caller",
		Cause:    "another ppp has the caller's other lines",
		Try:      "have ppp -l take all of them, and no ppp -r"}
}

// explainSync explains why a line cannot be driven synchronously.
func explainSync(err error) Verdict {
	return Verdict{Status: StatusOpen, Phase: "dead", By: "us", Evidence: err.Error(),
		Cause: "the line is asynchronous, as modems and cables are", Try: "take the word sync out of the entry"}
}
