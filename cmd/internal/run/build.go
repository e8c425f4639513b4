package run

import (
	"encoding/binary"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/keep"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/mp"
	"pppdial/mp/fsm"
	"pppdial/mp/hdlc"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
	"pppdial/route"
	"pppdial/route/rtcmd"
)

// This file is where a keyword of the control file meets what it does: it
// turns a checked entry into the configurations of dial, mp and route. No
// other file knows both sides.

// firstRestart is how soon the first Configure-Requests are repeated: a peer
// that has just started its PPP has flushed what came before.
const firstRestart = 300_000_000 // 0.3 s

// dialConfig says how the entry's calls are made.
func dialConfig(e *conf.Entry, o *Options, pins *modem.PINs, log *slog.Logger) dial.Config {
	where := func(keyword string) func(off int) string {
		return func(off int) string { return e.At(keyword, 0, off).String() }
	}
	c := dial.Config{
		Label: e.Label, System: e.UUCPName, UUCPDir: o.UUCPDir, LockDir: o.LockDir, StateDir: o.StateDir,
		Devices: e.Device, Speed: e.Speed, Flow: lineFlow(e.Flow), Local: e.Local,
		Phones: e.Phone, ModemInit: e.ModemInit,
		Chat: dial.Chat{Text: e.Chat, Where: where("chat")}, LoginChat: dial.Chat{Text: e.LoginChat, Where: where("login_chat")},
		HangupChat: dial.Chat{Text: e.HangupChat, Where: where("hangup_chat")},
		ConnectCmd: e.ConnectCmd, Log: log, Cellular: cellular(e, pins),
		ResetCmd: e.ResetCmd, ResetWait: e.ResetWait,
	}
	return c
}

// cellular says how a cellular modem is set up; nil where the entry has none of
// the keywords for that.
func cellular(e *conf.Entry, pins *modem.PINs) *modem.Cellular {
	if !e.Set["apn"] && e.PIN == "" && e.NetMode == "" && e.Carrier == "" {
		return nil
	}
	c := &modem.Cellular{PIN: e.PIN.Reveal(), PINs: pins, Mode: modem.Mode(e.NetMode), Operator: e.Carrier}
	if e.Set["apn"] {
		c.Context = modem.Context{CID: e.APN.CID, Type: e.APN.Type, APN: e.APN.Name}
	}
	return c
}

// captureConfig says how an interface is recorded, and into which file; "": none.
func captureConfig(e *conf.Entry, o *Options, log *slog.Logger) (c capture.Config, file string) {
	return capture.Config{Entry: e.Label, Application: "pppdial " + Version, Dir: o.StateDir, Log: log}, e.Capture
}

func lineFlow(f conf.Flow) line.Flow {
	switch f {
	case conf.FlowXON:
		return line.FlowXON
	case conf.FlowNone:
		return line.FlowNone
	}
	return line.FlowRTSCTS
}

// policyConfig says when calls are made.
func policyConfig(e *conf.Entry) dial.PolicyConfig {
	return dial.PolicyConfig{
		AtOnce: e.Mode != conf.Quiet, Demand: e.Demand(), Camp: e.Camp,
		Wait: e.ModWait, Tries: e.ModTries, Pause: e.ModPause, HourLimit: e.RedialLimit,
	}
}

// linesConfig says how many lines a connection may have.
func linesConfig(e *conf.Entry) dial.LinesConfig {
	c := dial.LinesConfig{Min: e.MinDevs, Out: e.OutDevs, Max: e.MaxDevs, AnyAdds: e.UnsafeMP, Wait: e.ModWait}
	if !e.MP {
		c.Min, c.Out, c.Max = 1, 1, 1
	}
	return c
}

// A keepingPlan is how a link is kept good.
type keepingPlan struct {
	target  string // that is probed; "": nothing is
	monitor keep.MonitorConfig
	resets  keep.Resets     // when the modem is reset
	times   []time.Duration // of day, for resets
}

func keepingConfig(e *conf.Entry) keepingPlan {
	p := keepingPlan{
		target: e.Monitor, monitor: keep.MonitorConfig{Interval: e.MonitorSecs, Fails: e.MonitorFails},
		resets: keep.Resets{OnFail: e.ResetOnFail, Always: e.ResetAlways},
	}
	for _, t := range e.ResetAt {
		p.times = append(p.times, time.Duration(t))
	}
	return p
}

// resettable reports whether the entry's lines have modems to be reset, or it
// says how else it is done.
func resettable(e *conf.Entry) bool {
	return e.ResetCmd != "" || len(e.Device) > 0 && (e.APN.Name != "" || len(e.Phone) > 0 || e.Chat != "")
}

// fsmConfig is the restart behaviour of LCP and the network protocols.
func fsmConfig(e *conf.Entry) fsm.Config {
	return fsm.Config{
		Restart: e.RestartMs, RestartLimit: e.RestartMsLim, FirstRestart: min(firstRestart, e.RestartMs),
		MaxConfigure: e.MaxFSMConf, MaxFailure: e.MaxFSMFail,
		MaxTerminate: e.MaxFSMTerm, MaxTermTime: e.MaxTermMs,
	}
}

// bitsPerByte counts start and stop bit.
const bitsPerByte = 10

const xonXoffMap = 1<<0x11 | 1<<0x13

// linkConfig says what a link negotiates before it is known whose it is. Speed
// is the line's in bit/s where that is its true rate, else 0.
func linkConfig(e *conf.Entry, speed int, events mp.Events, log *slog.Logger) mp.LinkConfig {
	c := mp.LinkConfig{
		LCP: proto.LCPConfig{
			FSM: fsmConfig(e), MRU: e.MTU, PFC: e.PComp, ACFC: e.AComp && e.Sync != conf.Yes,
			Demand: authMethods(e.RecvMSCHAP, e.RecvCHAP, e.RecvEAP, e.RecvPAP),
			Allow:  authMethods(e.SendMSCHAP, e.SendCHAP, e.SendEAP, e.SendPAP),
		},
		Auth: mp.AuthConfig{
			Name: e.SendName, Password: e.SendPasswd.Reveal(),
			Times: proto.AuthTimes{Interval: e.AuthSecs, Limit: e.MaxAuthSecs}, Again: e.CHAPReauthSecs,
			Later: e.Reconfigure && (!e.Set["send_passwd"] || !e.Set["send_name"] && e.SendName == ""),
		},
		EscapeParity: e.ACCMParity, KeepRx: !e.RxACCM,
		NeverPace: e.BPS == 0, Sync: e.Sync == conf.Yes,
		Events: events, Log: log,
	}
	c.Rate = float64(max(e.BPS, 0)) / bitsPerByte
	c.Limit = float64(speed) / bitsPerByte
	if c.Sync { // no start and stop bits, and a clock that is not the tty's
		c.Rate, c.Limit = float64(max(e.BPS, 0))/8, 0
	}
	if e.LCPEchos {
		c.LCP.EchoInterval, c.LCP.EchoFails = e.LCPEchoInterval, e.LCPEchoFails
	}
	if e.LCPIdent {
		host, _ := os.Hostname()
		c.LCP.Ident = strings.TrimSpace("pppdial " + Version + " " + host)
	}
	multilink(e, &c.LCP)
	c.Auth.Verify = func(c *mp.Claim) { c.Answer(accepts(e, e.RecvName, c.Name, c.CheckSecret), "") }
	// What must be escaped when sending is asked of the peer as well: the line
	// is the same.
	c.EscapeTx = escapes(e)
	c.LCP.TxACCM = c.EscapeTx[0]
	c.LCP.ACCM = c.EscapeTx[0]
	return c
}

// chosenConfig is linkConfig for the entry with which a call goes on. Lines of a
// bundle must have the same MRRU, and a further one has shown the peer that of the
// entry with which it has begun by then: that stays, unless there can be no other.
func chosenConfig(e *conf.Entry, speed int, events mp.Events, log *slog.Logger) mp.LinkConfig {
	c := linkConfig(e, speed, events, log)
	if linesConfig(e).Max > 1 {
		c.LCP.MRRU = 0
	}
	return c
}

// classes is the number of classes of fragments that mp_interleave asks for:
// urgent packets and the others.
const classes = 2

// multilink is what LCP says about it. The name by which the peer is to know
// the lines that belong together is the machine's Ethernet address or, where
// there is none, its host name.
func multilink(e *conf.Entry, c *proto.LCPConfig) {
	if !e.MP {
		return
	}
	c.MRRU, c.SendSSN, c.RecvSSN = e.MTU, e.MPSendSSN, e.MPRecvSSN
	if e.MPInterleave {
		c.Classes = classes
	}
	c.NoEndpoint = !e.EndpointDiscriminator
	if c.NoEndpoint {
		return
	}
	if mac, ok := ethernet(); ok {
		c.Endpoint = wire.MACEndpoint(mac)
	} else {
		host, _ := os.Hostname()
		c.Endpoint = wire.LocalEndpoint(host)
	}
}

// escapes is the set of characters that accm, map_char, map_char_num and
// xon_xoff name.
func escapes(e *conf.Entry) hdlc.ACCM {
	m := hdlc.FromUint32(e.ACCM)
	for _, c := range e.MapCharNum {
		m.Set(c)
	}
	for _, letters := range e.MapChar {
		for _, c := range []byte(letters) {
			m.Set(c &^ 0x60)
		}
	}
	if e.XonXoff {
		m[0] |= xonXoffMap
	}
	return m
}

// authMethods lists the protocols that are turned on, preferred first:
// MS-CHAPv2, by which both sides prove themselves; CHAP; EAP, whose
// MD5-Challenge is CHAP's and takes longer; and PAP, which tells the password.
func authMethods(mschap, chap, eap, pap conf.Choice) []wire.Auth {
	var m []wire.Auth
	for _, x := range []struct {
		on   conf.Choice
		auth wire.Auth
	}{
		{mschap, wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}},
		{chap, wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}},
		{eap, wire.Auth{Protocol: wire.EAP}},
		{pap, wire.Auth{Protocol: wire.PAP}},
	} {
		if x.on == conf.Yes {
			m = append(m, x.auth)
		}
	}
	return m
}

// accepts tells whether a peer's name is among those that are allowed and its
// secret good.
func accepts(e *conf.Entry, names []string, name string, check func(secret string) bool) bool {
	named, good := allowed(names, name), e.RecvPasswd != "" && check(e.RecvPasswd.Reveal())
	return named && good
}

// allowed tells whether a name is among those that are allowed, none being all.
func allowed(names []string, name string) bool {
	return len(names) == 0 || slices.Contains(names, "") || slices.Contains(names, name)
}

// bundleConfig says what the interface negotiates and how it queues.
func bundleConfig(e *conf.Entry, tun mp.Tun, events mp.Events, log *slog.Logger) mp.BundleConfig {
	c := mp.BundleConfig{
		Tun: tun, MTU: e.MTU, QueueLimit: e.QMax, NoICMP: e.NoICMP, TelnetTOS: e.TelnetTOS, ClampMSS: e.TCPMSS,
		Idle: mp.IdleConfig{
			Active: e.ActiveTimeout, Inactive: e.InactiveTimeout, Toll: e.TollBoundary,
			IgnorePorts: e.InactPort, IgnoreICMP: e.InactICMP,
		},
		MaxConnect: e.MaxConnectSecs,
		MP:         mp.MPConfig{Headers: e.MPHeaders, Whole: !e.MPFrag, BusyDelay: e.BusyDelay, IdleDelay: e.IdleDelay},
		Events:     events, Log: log,
	}
	if e.IPv4 {
		c.IPCP = &proto.IPCPConfig{
			FSM: fsmConfig(e), Local: addrSet(e.LocalHost), Remote: addrSet(e.RemoteHost), NoAddresses: !e.AddrNegotiate,
			VJ: e.VJComp, VJSlots: e.VJSlots, VJCompSlot: e.VJCompSlot, DNS: e.DNS, OurDNS: e.MSDNS,
		}
	}
	if e.IPv6 && e.MTU >= conf.MinMTU6 {
		c.IPV6CP = &proto.IPV6CPConfig{
			FSM: fsmConfig(e), Local: interfaceID(e.LocalIf, ethernetID), Remote: interfaceID(e.RemoteIf, noID), Insist: e.RemoteIfOnly,
		}
	}
	if e.CCP {
		c.CCP = &proto.CCPConfig{
			FSM: fsmConfig(e),
			Tx:  compressors(e.TxDeflate, e.TxBSD, e.TxPredictor1),
			Rx:  compressors(e.RxDeflate, e.RxBSD, e.RxPredictor1),
		}
		c.CCP.FSM.FirstRestart, c.CCP.FSM.Restart, c.CCP.FSM.RestartLimit = 0, e.CCPRestartMs, 0
	}
	return c
}

// compressors lists the methods of one direction, preferred first: Deflate
// where it is turned on, then BSD Compress, then Predictor.
func compressors(deflate, bsd int, predictor bool) []proto.Compressor {
	var all []proto.Compressor
	if deflate > 0 {
		all = append(all,
			proto.Compressor{Type: wire.CCPDeflate, Bits: uint8(deflate)},
			proto.Compressor{Type: wire.CCPDeflateDraft, Bits: uint8(deflate)})
	}
	if bsd > 0 {
		all = append(all, proto.Compressor{Type: wire.CCPBSD, Bits: uint8(bsd)})
	}
	if predictor {
		all = append(all, proto.Compressor{Type: wire.CCPPredictor1})
	}
	return all
}

// interfaceID is the identifier that the control file gives, or else that of
// otherwise.
func interfaceID(id conf.InterfaceID, otherwise func() wire.InterfaceID) (w wire.InterfaceID) {
	if id == 0 {
		return otherwise()
	}
	binary.BigEndian.PutUint64(w[:], uint64(id))
	return w
}

// noID leaves the choice to IPV6CP: a random one.
func noID() wire.InterfaceID { return wire.InterfaceID{} }

// ethernetID makes an identifier of an Ethernet address of this machine (RFC
// 4291, appendix A); none if there is no such address.
func ethernetID() wire.InterfaceID {
	m, ok := ethernet()
	if !ok {
		return wire.InterfaceID{}
	}
	return eui64(m)
}

func eui64(m [6]byte) wire.InterfaceID {
	return wire.InterfaceID{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]}
}

// ethernet is the first Ethernet address of this machine, if it has one. It is
// looked up once: the peer is to see the same in all our links, and a list of
// all interfaces takes long where there are many.
var ethernet = sync.OnceValues(findEthernet)

func findEthernet() (mac [6]byte, ok bool) {
	all, err := net.Interfaces()
	if err != nil {
		return mac, false
	}
	for _, i := range all {
		m := i.HardwareAddr
		if len(m) == len(mac) && i.Flags&net.FlagLoopback == 0 && m[0]&1 == 0 {
			return [6]byte(m), true
		}
	}
	return mac, false
}

// addrSet turns localhost= or remotehost= into what IPCP negotiates with.
// Names that do not resolve were refused before.
func addrSet(hosts []conf.Addr) []proto.AddrSet {
	var set []proto.AddrSet
	for _, h := range hosts {
		if h.Addr.IsValid() {
			set = append(set, proto.AddrSet{Addr: h.Addr, Mask: h.Mask})
		}
	}
	return set
}

// networks are the network protocols that are up on an interface; nil: not.
type networks struct{ v4, v6 *mp.Network }

// has reports whether IPv6, or else IPv4, is one of them.
func (n networks) has(inet6 bool) bool { return inet6 && n.v6 != nil || !inet6 && n.v4 != nil }

// routeState says what the kernel shall know of the interface, and which
// commands do not describe a state and are run once.
func routeState(e *conf.Entry, dev string, up networks) (s route.State, once []rtcmd.Command, err error) {
	s = route.State{
		Name: dev, Up: true, MTU: e.MTU, Metric: e.Metric, Replace: e.ReplaceRoute,
		ProxyARP: route.ProxyARP{Off: e.ProxyARP.Off, Interface: e.ProxyARP.Interface},
	}
	add := func(n *mp.Network, bits int, keyword string, commands []string, parse func(string) (rtcmd.Command, error), keep bool) error {
		s.MTU = min(s.MTU, n.MTU)
		s.Addrs = append(s.Addrs, route.Addr{Local: n.Local, Remote: n.Remote, Bits: bits})
		for _, a := range n.Former {
			s.Addrs = append(s.Addrs, route.Addr{Local: a, Former: true})
		}
		for i, text := range commands {
			c, err := parse(text)
			if err == nil && c.Action != rtcmd.Add {
				once = append(once, c)
				continue
			}
			var r route.Route
			if err == nil {
				r, err = route.FromCommand(c, n.Remote)
			}
			if err != nil {
				return &wordError{e.At(keyword, i, 0), err}
			}
			r.Keep = keep
			s.Routes = append(s.Routes, r)
		}
		return nil
	}
	if up.v4 != nil {
		bits := 0
		if e.Netmask.IsValid() {
			bits = maskBits(e.Netmask)
		}
		if err := add(up.v4, bits, "add_route", e.AddRoute, rtcmd.Parse, !e.DelRouteAuto); err != nil {
			return s, nil, err
		}
	}
	if up.v6 != nil {
		if err := add(up.v6, 0, "add_route6", e.AddRoute6, rtcmd.Parse6, !e.DelRoute6Auto); err != nil {
			return s, nil, err
		}
	}
	return s, once, nil
}

// delRoutes are the commands for the end of the link, of the protocols that
// were up.
func delRoutes(e *conf.Entry, up networks) ([]rtcmd.Command, error) {
	var all []rtcmd.Command
	add := func(keyword string, commands []string, parse func(string) (rtcmd.Command, error)) error {
		for i, text := range commands {
			c, err := parse(text)
			if err != nil {
				return &wordError{e.At(keyword, i, 0), err}
			}
			all = append(all, c)
		}
		return nil
	}
	if up.v4 != nil {
		if err := add("del_route", e.DelRoute, rtcmd.Parse); err != nil {
			return nil, err
		}
	}
	if up.v6 != nil {
		if err := add("del_route6", e.DelRoute6, rtcmd.Parse6); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func maskBits(mask netip.Addr) int {
	n := 0
	for _, b := range mask.AsSlice() {
		for ; b&0x80 != 0; b <<= 1 {
			n++
		}
	}
	return n
}

// A wordError is what is wrong within a value, with its place.
type wordError struct {
	pos conf.Pos
	err error
}

func (e *wordError) Error() string { return e.pos.String() + ": " + e.err.Error() }
func (e *wordError) Unwrap() error { return e.err }
