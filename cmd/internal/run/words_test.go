package run

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
	"pppdial/route/routetest/traffic"
)

// A saying is what a log must have: lines that contain all parts, which are
// separated by "...". With a ! in front there must be no such line.
type saying []string

func (s saying) check(t *testing.T, whose, log string) {
	t.Helper()
	for _, want := range s {
		parts, none := strings.CutPrefix(want, "!")
		if has := hasLine(log, strings.Split(parts, "...")); has == none {
			t.Errorf("%s log: a line with %q: %v", whose, parts, has)
		}
	}
}

func hasLine(log string, parts []string) bool {
next:
	for line := range strings.Lines(log) {
		for _, p := range parts {
			at := strings.Index(line, p)
			if at < 0 {
				continue next
			}
			line = line[at+len(p):]
		}
		return true
	}
	return false
}

const (
	callerWords   = "device=/dev/null localhost=0 remotehost=0 "
	answererWords = "device=/dev/null localhost=" + pppdAddr + " remotehost=" + ourAddr + " "
)

// TestWords: what a keyword of one side makes the two say to each other, and
// that packets pass.
func TestWords(t *testing.T) {
	for _, tt := range []struct {
		name             string
		caller, answerer string
		a, b             saying
		await            string // in the caller's log, before the others are looked for
		only6            bool
	}{
		{
			name: "nothing said",
			a: saying{
				"sent [LCP ConfReq...<asyncmap 0x0> <magic 0x...> <pcomp> <accomp>", "!<mru", "rcvd [LCP Ident",
				"sent [IPCP ConfReq...<compress VJ 0f 00>", "sent [CCP ConfReq...<bsd v1 12> <predictor 1>]",
				"sent [IPV6CP ConfReq...<addr fe80::",
			},
			await: `compression tx="bsd 12" rx="bsd 12"`,
		},
		{
			name: "mtu", caller: "mtu=576",
			a: saying{"sent [LCP ConfReq...<mru 576>", "rcvd [LCP ConfAck...<mru 576>", "up local=10.9.0.2...mtu=576", "!sent [IPV6CP"},
			b: saying{"sent [LCP ConfAck...<mru 576>", "up local=10.9.0.1...mtu=576"},
		},
		{name: "accm", caller: "accm=0xa0000", a: saying{"rcvd [LCP ConfAck...<asyncmap 0xa0000>"}, b: saying{"!sent [LCP ConfReq...<asyncmap 0xa0000>"}},
		{name: "xon_xoff", caller: "xon_xoff", a: saying{"rcvd [LCP ConfAck...<asyncmap 0xa0000>"}},
		{name: "map_char", caller: "map_char=QS", a: saying{"rcvd [LCP ConfAck...<asyncmap 0xa0000>"}},
		{name: "map_char_num", caller: "map_char_num=0x11 map_char_num=0x13", a: saying{"rcvd [LCP ConfAck...<asyncmap 0xa0000>"}},
		{
			name: "-pcomp", caller: "-pcomp",
			a: saying{"!sent [LCP ConfReq...<pcomp>", "sent [LCP ConfRej...<pcomp>", "rcvd [LCP ConfAck...<accomp>"},
			b: saying{"sent [LCP ConfReq...<pcomp>"},
		},
		{
			name: "-acomp", caller: "-acomp",
			a: saying{"!sent [LCP ConfReq...<accomp>", "sent [LCP ConfRej...<accomp>", "rcvd [LCP ConfAck...<pcomp>"},
		},
		{name: "-LCP_IDENT", caller: "-LCP_IDENT", a: saying{"!sent [LCP Ident", "rcvd [LCP Ident"}},
		{name: "LCP_ECHO_INTERVAL", caller: "LCP_ECHO_INTERVAL=1", await: "rcvd [LCP EchoRep", a: saying{"sent [LCP EchoReq"}},
		{name: "-LCP_ECHOS", caller: "-LCP_ECHOS LCP_ECHO_INTERVAL=1", answerer: "LCP_ECHO_INTERVAL=1", await: "sent [LCP EchoRep", a: saying{"!sent [LCP EchoReq"}},
		{name: "vj_slots", caller: "vj_slots=8", a: saying{"rcvd [IPCP ConfAck...<compress VJ 07 00>", "sent [IPCP ConfAck...<compress VJ 0f 00>"}},
		{name: "vj_compslot", caller: "vj_compslot", a: saying{"rcvd [IPCP ConfAck...<compress VJ 0f 01>", "sent [IPCP ConfAck...<compress VJ 0f 00>"}},
		{name: "-vj_comp", caller: "-vj_comp", a: saying{"!sent [IPCP ConfReq...<compress VJ", "sent [IPCP ConfRej...<compress VJ 0f 00>"}},
		{
			name: "dns, ms_dns", caller: "dns", answerer: "ms_dns=10.9.9.53 ms_dns=10.9.9.54",
			a: saying{"rcvd [IPCP ConfNak...<ms-dns1 10.9.9.53> <ms-dns2 10.9.9.54>", "rcvd [IPCP ConfAck...<ms-dns1 10.9.9.53> <ms-dns2 10.9.9.54>"},
		},
		{name: "-dns", caller: "-dns", a: saying{"!sent [IPCP ConfReq...<ms-dns"}},
		{name: "-ccp", caller: "-ccp", b: saying{"rcvd [LCP ProtRej...80 fd"}, a: saying{"!compression tx"}},
		{name: "tx_bsd", caller: "tx_bsd=9", await: `compression tx="bsd 9" rx="bsd 12"`},
		{name: "rx_bsd", caller: "rx_bsd=15", answerer: "tx_bsd=15", await: `compression tx="bsd 12" rx="bsd 15"`},
		{name: "one direction", caller: "-rx_bsd -rx_predictor1", await: `compression tx="bsd 12" rx=none`},
		{name: "Predictor where BSD is off", caller: "-tx_bsd", await: `compression tx=predictor1 rx="bsd 12"`},
		{name: "Deflate before both", caller: "tx_deflate rx_deflate", answerer: "tx_deflate rx_deflate", await: `compression tx="deflate 15" rx="deflate 15"`},
		{name: "Deflate, small windows", caller: "tx_deflate=9 rx_deflate=10", answerer: "tx_deflate rx_deflate", await: `compression tx="deflate 9" rx="deflate 10"`},
		{
			name: "localif, remoteif", caller: "localif=::abcd remoteif=1:2:3:4", await: "network up protocol=IPV6CP",
			a: saying{"rcvd [IPV6CP ConfAck...<addr fe80::0000:0000:0000:abcd>", "network up protocol=IPV6CP local=fe80::abcd"},
			b: saying{"network up protocol=IPV6CP...remote=fe80::abcd"},
		},
		{
			name: "the same localif", caller: "localif=::abcd", answerer: "localif=::abcd", await: "network up protocol=IPV6CP",
			a: saying{"[IPV6CP ConfNak", "network up protocol=IPV6CP", "!network up protocol=IPV6CP local=fe80::abcd remote=fe80::abcd"},
		},
		{name: "-ipv6", caller: "-ipv6", a: saying{"!sent [IPV6CP"}, b: saying{"rcvd [LCP ProtRej...80 57"}},
		{name: "-ipv4", caller: "-ipv4", a: saying{"!sent [IPCP"}, b: saying{"rcvd [LCP ProtRej...80 21"}, only6: true},
		{
			name: "empty name, PAP", caller: `send_pap send_name="" send_passwd=x`, answerer: "recv_pap recv_passwd=x",
			a: saying{`sent [PAP AuthReq id=0x1 user="" password=<hidden>]`}, b: saying{`peer authenticated name=""`},
		},
		{
			name: "empty name, CHAP", caller: `send_chap send_name="" send_passwd=x`, answerer: "recv_chap recv_passwd=x",
			a: saying{`sent [CHAP Response...<hidden>, name = ""]`}, b: saying{`peer authenticated name=""`},
		},
		{
			name: "empty name, MS-CHAPv2", caller: `send_mschap send_name="" send_passwd=x`, answerer: "recv_mschap recv_passwd=x",
			a: saying{`sent [CHAP Response...<hidden>, name = ""]`}, b: saying{`peer authenticated name=""`},
		},
		{
			name: "empty name, EAP", caller: `send_eap send_name="" send_passwd=x`, answerer: "recv_eap recv_passwd=x",
			a: saying{`sent [EAP Response...Identity`}, b: saying{`peer authenticated name=""`},
		},
		{
			name:   "order of preference",
			caller: "send_pap send_chap send_mschap send_eap send_name=me send_passwd=x", answerer: "recv_pap recv_chap recv_mschap recv_eap recv_passwd=x",
			a: saying{"rcvd [LCP ConfReq...<auth chap MS-v2>", "!<auth pap>", `authenticated to the peer by="chap MS-v2"`},
		},
		{
			name:   "offered what we have",
			caller: "send_pap send_name=me send_passwd=x", answerer: "recv_pap recv_chap recv_mschap recv_eap recv_passwd=x",
			a: saying{"rcvd [LCP ConfReq...<auth chap MS-v2>", "sent [LCP ConfNak...<auth pap>", "authenticated to the peer by=pap"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := newEnd(t, callerWords+tt.caller), newEnd(t, answererWords+tt.answerer)
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			a.wantFirst(tt.only6)
			b.wantFirst(tt.only6)
			if tt.await != "" {
				if err := a.log.await(tt.await); err != nil {
					t.Fatal(err)
				}
			}
			tt.a.check(t, "caller's", a.log.String())
			for _, text := range tt.b {
				if !strings.HasPrefix(text, "!") { // it may be a moment behind
					if err := b.log.await(strings.Split(text, "...")[0]); err != nil {
						t.Fatal(err)
					}
				}
			}
			tt.b.check(t, "answerer's", b.log.String())
			serve(t, b)
			a.exchange(tt.only6)
		})
	}
}

// wantFirst waits for IPv4, or else for IPv6; the other may come or not.
func (e *end) wantFirst(v6 bool) {
	e.t.Helper()
	for v6 && !e.v6.Local.IsValid() || !v6 && !e.v4.Local.IsValid() {
		e.wantUp(e.families() + 1)
	}
}

// exchange sends text there and back.
func (e *end) exchange(v6 bool) {
	e.t.Helper()
	to := e.v4.Remote
	if v6 {
		to = e.scoped(e.v6.Remote)
	}
	conn, err := e.net.Dial(netip.AddrPortFrom(to, echoPort), patience)
	if err != nil {
		e.t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if err := traffic.Exchange(conn, someText()[:60_000]); err != nil {
		e.t.Error(err)
	}
}

// TestWordsPPPD: the same with pppd, whose own options say the rest.
func TestWordsPPPD(t *testing.T) {
	const (
		answering = "silent noauth " + pppdAddr + ":" + ourAddr
		calling   = "noauth"
	)
	for _, tt := range []struct {
		name, words, pppd string
		ours, theirs      saying
		await             string // in our log
		awaitPPPD         string
		compressed        bool
	}{
		{
			name: "mtu", words: callerWords + "mtu=576", pppd: answering,
			ours: saying{"rcvd [LCP ConfAck...<mru 576>", "mtu=576"}, theirs: saying{"rcvd [LCP ConfReq...<mru 576>"},
		},
		{
			name: "pppd's mru", words: callerWords + "-ipv6", pppd: answering + " mru 1000",
			ours: saying{"sent [LCP ConfAck...<mru 1000>", "up local=" + ourAddr + "...mtu=1000"},
		},
		{
			name: "accm", words: callerWords + "accm=0xa0000", pppd: answering,
			ours: saying{"rcvd [LCP ConfAck...<asyncmap 0xa0000>"}, theirs: saying{"sent [LCP ConfAck...<asyncmap 0xa0000>"},
		},
		{
			name: "pppd's asyncmap", words: callerWords, pppd: answering + " asyncmap a0000",
			ours: saying{"sent [LCP ConfAck...<asyncmap 0xa0000>"},
		},
		{
			name: "pppd without asyncmap", words: callerWords, pppd: answering + " default-asyncmap",
			ours: saying{"!rcvd [LCP ConfReq...<asyncmap", "rcvd [LCP ConfRej...<asyncmap 0x0>"},
		},
		{
			name: "-pcomp -acomp", words: callerWords + "-pcomp -acomp", pppd: answering,
			ours: saying{"!sent [LCP ConfReq...comp>", "sent [LCP ConfRej...<pcomp> <accomp>"},
		},
		{
			name: "pppd's nopcomp and noaccomp", words: callerWords, pppd: answering + " nopcomp noaccomp",
			ours: saying{"rcvd [LCP ConfRej...<pcomp> <accomp>", "!rcvd [LCP ConfReq...comp>"},
		},
		{name: "pppd's nomagic", words: callerWords, pppd: answering + " nomagic", ours: saying{"!rcvd [LCP ConfReq...<magic"}},
		{
			name: "LCP_ECHO_INTERVAL", words: callerWords + "LCP_ECHO_INTERVAL=1", pppd: answering,
			await: "rcvd [LCP EchoRep",
		},
		{name: "pppd's lcp-echo-interval", words: callerWords + "-LCP_ECHOS", pppd: answering + " lcp-echo-interval 1", awaitPPPD: "rcvd [LCP EchoRep", ours: saying{"!sent [LCP EchoReq"}},
		{
			name: "vj_slots, vj_compslot", words: callerWords + "vj_slots=8 vj_compslot -ccp", pppd: answering,
			ours: saying{"rcvd [IPCP ConfAck...<compress VJ 07 01>"}, theirs: saying{"sent [IPCP ConfAck...<compress VJ 07 01>"},
		},
		{
			name: "pppd's vj-max-slots and novjccomp", words: callerWords + "vj_compslot -ccp", pppd: answering + " vj-max-slots 4 novjccomp",
			ours: saying{"sent [IPCP ConfAck...<compress VJ 03 00>"},
		},
		{name: "pppd's novj", words: callerWords + "-ccp", pppd: answering + " novj", ours: saying{"rcvd [IPCP ConfRej...<compress VJ"}},
		{
			name: "dns", words: callerWords + "dns", pppd: answering + " ms-dns 10.9.9.53 ms-dns 10.9.9.54",
			ours: saying{"rcvd [IPCP ConfAck...<ms-dns1 10.9.9.53> <ms-dns2 10.9.9.54>"},
		},
		{
			name: "ms_dns", words: answererWords + "ms_dns=10.9.9.53 ms_dns=10.9.9.54", pppd: calling + " usepeerdns noipdefault",
			awaitPPPD: "secondary DNS address 10.9.9.54", theirs: saying{"primary   DNS address 10.9.9.53"},
		},
		{
			name: "Deflate, small windows", words: callerWords + "tx_deflate=9 rx_deflate=10 -vj_comp", pppd: answering + " novj",
			await: `compression tx="deflate 9" rx="deflate 10"`, compressed: true,
		},
		{
			name: "pppd's deflate 9 towards us, none from us", words: callerWords + "-tx_bsd -tx_predictor1 rx_deflate -vj_comp", pppd: answering + " novj deflate 0,9",
			await: `compression tx=none rx="deflate 9"`, compressed: true,
		},
		{
			name: "pppd's noccp", words: callerWords, pppd: answering + " noccp",
			ours: saying{"rcvd [LCP ProtRej...80 fd", "!compression tx"},
		},
		{
			name: "localif", words: callerWords + "localif=::abcd", pppd: answering + " +ipv6 ipv6 ::1234",
			await: "network up protocol=IPV6CP local=fe80::abcd", awaitPPPD: "remote LL address fe80::0000:0000:0000:abcd",
		},
		{
			name: "pppd has the same identifier", words: callerWords + "localif=::1234", pppd: answering + " +ipv6 ipv6 ::1234",
			await: "network up protocol=IPV6CP", ours: saying{"[IPV6CP ConfNak"}, awaitPPPD: "remote LL address",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, line := borrowLine(t).pppd(t, strings.Fields("debug "+tt.pppd)...)
			e := newEnd(t, tt.words)
			e.start(line)
			e.wantFirst(false)
			if tt.await != "" {
				if err := e.log.await(tt.await); err != nil {
					t.Fatal(err)
				}
			}
			for _, text := range []string{"local  IP address", tt.awaitPPPD} {
				if err := p.WaitLog(text, patience); err != nil {
					t.Fatal(err)
				}
			}
			tt.ours.check(t, "our", e.log.String())
			tt.theirs.check(t, "pppd's", p.Output())
			if tt.compressed {
				warmUp(t, e, e.v4.Remote)
			}
			e.exchange(false)
			if n := line.in.of(wire.Compressed); (n > 0) != tt.compressed && tt.compressed {
				t.Errorf("%d compressed frames came", n)
			}
		})
	}
}
