package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"pppdial/mp"
	"pppdial/mp/wire"
)

var (
	byPAP  = []wire.Auth{{Protocol: wire.PAP}}
	byCHAP = []wire.Auth{{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}}
)

func multilinked(c *mp.LinkConfig) { c.LCP.MRRU = 1500 }

// TestReconfigure: what the manual page says of a link that begins with an entry
// that says reconfigure, and goes on with that of the name which the peer has
// proved. The caller is joe, who knows the secret Geheimnis.
func TestReconfigure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		why, base, named string
		auth             []wire.Auth          // that the caller can do; nil: CHAP and PAP
		wants            func(*mp.LinkConfig) // from the daemon
		log              []string             // what there must be in the daemon's, in this order
		not              string               // what there must not be; "": nothing
		refused          string               // and why joe is not let in; "": he is
	}{
		{why: "the name selects the entry", base: "recv_chap", named: "recv_passwd=Geheimnis",
			log: []string{`_INCOMING: pts`, `peer authenticated name=joe by="chap MD5"`, `joe: pts`, `up local=`}},
		{why: "a name without an entry is nobody's", base: "recv_chap", named: "", refused: `there is no entry`},
		{why: "without a word about protocols it is PAP", named: "recv_passwd=Geheimnis",
			log: []string{`<auth pap>`, `name=joe by=pap`, `joe: pts`}},
		{why: "of both CHAP is offered first", base: "recv_pap recv_chap", named: "recv_passwd=Geheimnis",
			log: []string{`sent [LCP ConfReq id=0x1 <asyncmap 0x0> <auth chap MD5>`, `name=joe by="chap MD5"`}},
		{why: "and PAP is taken of who knows no other", base: "recv_pap recv_chap", named: "recv_passwd=Geheimnis", auth: byPAP,
			log: []string{`<auth chap MD5>`, `<auth pap>`, `name=joe by=pap`}},
		{why: "any name may be sent without recv_name", base: "recv_chap", named: "recv_passwd=Geheimnis",
			log: []string{`name=joe`}},
		{why: "of several recv_name each is welcome", base: "recv_chap recv_name=ann recv_name=joe", named: "recv_passwd=Geheimnis",
			log: []string{`name=joe`}},
		{why: "and no other, although it has an entry", base: "recv_chap recv_name=ann recv_name=jim", named: "recv_passwd=Geheimnis",
			refused: "none of those that recv_name lists"},
		{why: "recv_name in the second entry is ignored", base: "recv_chap", named: "recv_passwd=Geheimnis recv_name=ann",
			log: []string{`name=joe`}},
		{why: "the secrets are those of the second entry", base: "recv_chap recv_passwd=Geheimnis", named: "recv_passwd=anders",
			refused: "does not know recv_passwd"},
		{why: "CHAP challenges have the host name", base: "recv_chap", named: "recv_passwd=Geheimnis",
			log: []string{`sent [CHAP Challenge`, `name = "HOST"`}},
		{why: "or that of send_name in the first entry", base: "recv_chap send_name=server", named: "recv_passwd=Geheimnis",
			log: []string{`sent [CHAP Challenge`, `name = "server"`}},
		{why: "which may be said again", base: "recv_chap send_name=server", named: "recv_passwd=Geheimnis send_name=server",
			log: []string{`name=joe`}},
		{why: "but not be changed", base: "recv_chap send_name=server", named: "recv_passwd=Geheimnis send_name=other",
			refused: `another send_name than \"server\"`},
		{why: "nor may the host name", base: "recv_chap", named: "recv_passwd=Geheimnis send_name=other",
			refused: `another send_name`},
		{why: "with PAP we prove ourselves when the peer has, by the second entry", base: "recv_pap send_pap", named: "recv_passwd=Geheimnis send_name=we send_passwd=Gegenteil", auth: byPAP, wants: demand("we", "Gegenteil"),
			log: []string{`peer authenticated name=joe`, `sent [PAP AuthReq`, `authenticated to the peer by=pap`, `up local=`}},
		{why: "unless the first one says how", base: "recv_pap send_pap send_name=we send_passwd=Gegenteil", named: "recv_passwd=Geheimnis", auth: byPAP, wants: demand("we", "Gegenteil"),
			log: []string{`sent [PAP AuthReq`, `authenticated to the peer by=pap`, `up local=`}},
		{why: "then the password cannot change", base: "recv_pap send_pap send_name=we send_passwd=Gegenteil", named: "recv_passwd=Geheimnis send_passwd=anders", auth: byPAP, wants: demand("we", "Gegenteil"),
			refused: "another send_passwd"},
		{why: "with CHAP, too, our secret may come with the second entry", base: "recv_pap send_chap send_name=we", named: "recv_passwd=Geheimnis send_passwd=Gegenteil", wants: demandCHAP("we", "Gegenteil"), auth: byPAP,
			log: []string{`peer authenticated name=joe`, `sent [CHAP Response`, `authenticated to the peer by="chap MD5"`, `up local=`}},
		{why: "what LCP can agree on anew changes", base: "recv_chap", named: "recv_passwd=Geheimnis accm=0xa0000",
			log: []string{`<asyncmap 0x0>`, `negotiating anew`, `<asyncmap 0xa0000>`, `up local=`}},
		{why: "or falls back to the default", base: "recv_chap accm=0xa0000", named: "recv_passwd=Geheimnis",
			log: []string{`<asyncmap 0xa0000>`, `negotiating anew`, `<asyncmap 0x0>`, `up local=`}},
		{why: "without a difference nothing is agreed anew", base: "recv_chap accm=0xa0000", named: "recv_passwd=Geheimnis accm=0xa0000",
			log: []string{`<asyncmap 0xa0000>`, `phase network`, `up local=`}, not: `negotiating anew`},
		{why: "what has been used cannot change", base: "recv_chap", named: "recv_passwd=Geheimnis -mp",
			log: []string{`<mrru 1500>`, `link joined`, `up local=`}},
		{why: "all the rest is the second entry's", base: "recv_chap mtu=600 -ccp", named: "recv_passwd=Geheimnis mtu=576",
			log: []string{`sent [CCP ConfReq`, `mtu=576`}},
		{why: "mtu goes for packets by multilink, too, where one line is allowed", base: "recv_chap", named: "recv_passwd=Geheimnis mtu=1300 maxdevs=1", wants: multilinked,
			log: []string{`<mrru 1500>`, `negotiating anew`, `<mru 1300>`, `<mrru 1300>`, `up local=`}},
		{why: "of several each begins with that of the first entry", base: "recv_chap", named: "recv_passwd=Geheimnis mtu=1300", wants: multilinked,
			log: []string{`<mrru 1500>`, `negotiating anew`, `<mru 1300>`, `<mrru 1500>`, `up local=`}, not: `<mrru 1300>`},
		{why: "the mode words of the second entry do not count", base: "recv_chap", named: "quiet recv_passwd=Geheimnis",
			log: []string{`up local=`}},
		{why: "a second entry that says reconfigure is none", base: "recv_chap", named: "reconfigure recv_chap", refused: "says reconfigure itself"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "server")
			conf := "_INCOMING reconfigure " + tt.base + "\n"
			if tt.named != "" {
				conf += fmt.Sprintf("joe localhost=%s remotehost=%s %s\n", farAddr, nearAddr, tt.named)
			}
			daemon, c := h.serve(conf, "-d", "-d")
			joe := c.calls(calling{label: "_INCOMING", name: "joe", secret: "Geheimnis", auth: tt.auth, link: tt.wants})
			if tt.refused != "" {
				if f, _ := joe.ends(t); f.Up {
					t.Errorf("the peer is let in: %v", f)
				}
				daemon.await("the peer is not believed", slowly)
				daemon.await(tt.refused, slowly)
			} else {
				n := joe.isUp(t)
				if want := netip.MustParseAddr(nearAddr); n.Local != want {
					t.Errorf("the peer's address is %v, want %v", n.Local, want)
				}
				if err := joe.ping(n, slowly); err != nil {
					t.Error(err)
				}
				daemon.await("up local=", slowly)
				rest := daemon.Log()
				for _, text := range tt.log {
					text = strings.ReplaceAll(text, `name = "HOST"`, fmt.Sprintf("name = %q", hostName(t)))
					_, after, ok := strings.Cut(rest, text)
					if !ok {
						t.Fatalf("no %q in the log, or not in this place", text)
					}
					rest = after
				}
				if tt.not != "" && strings.Contains(daemon.Log(), tt.not) {
					t.Errorf("there is %q in the log", tt.not)
				}
				joe.bye(t)
			}
			if got := daemon.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
			for _, secret := range []string{"Geheimnis", "Gegenteil", "anders"} {
				if strings.Contains(daemon.Log(), secret) {
					t.Errorf("the log shows the secret %s", secret)
				}
			}
		})
	}
}
