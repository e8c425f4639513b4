package convert

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"pppdial/conf"
	"pppdial/dial/chat"
	"pppdial/route/rtcmd"
)

var update = flag.Bool("update", false, "write the golden files anew")

// checks judges scripts and routes as the commands do, without a name service.
func checks() conf.Options {
	return conf.Options{
		CheckChat: chat.Check,
		CheckRoute: func(command string, inet6 bool) (int, error) {
			if inet6 {
				_, err := rtcmd.Parse6(command)
				return 0, err
			}
			_, err := rtcmd.Parse(command)
			return 0, err
		},
		Lookup: func(string) ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil },
	}
}

// TestGolden: each archive of testdata is a directory of a machine. The comment
// names the files that are given to pppimport, one a line, and variables of the
// environment as NAME=VALUE; all others can be read.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("where are the archives?", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text, problems := importArchive(t, a)
			passes(t, text)
			want := map[string][]byte{"want.conf": text, "want.problems": problems}
			if *update {
				a.Files = withoutWant(a.Files)
				a.Files = append(a.Files, txtar.File{Name: "want.conf", Data: text}, txtar.File{Name: "want.problems", Data: problems})
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, f := range a.Files {
				if got, ok := want[f.Name]; ok && !bytes.Equal(got, f.Data) {
					t.Errorf("%s differs; got:\n%s", f.Name, got)
				}
				delete(want, f.Name)
			}
			for n := range want {
				if n != "" {
					t.Errorf("there is no %s", n)
				}
			}
		})
	}
}

func withoutWant(files []txtar.File) []txtar.File {
	var kept []txtar.File
	for _, f := range files {
		if !strings.HasPrefix(f.Name, "want.") {
			kept = append(kept, f)
		}
	}
	return kept
}

func importArchive(t *testing.T, a *txtar.Archive) (text, problems []byte) {
	t.Helper()
	disk := make(map[string][]byte)
	for _, f := range withoutWant(a.Files) {
		disk["/"+f.Name] = f.Data
	}
	o := Options{
		ReadFile: func(name string) ([]byte, error) {
			if src, ok := disk[name]; ok {
				return src, nil
			}
			return nil, os.ErrNotExist
		},
		Check: checks(),
	}
	env := make(map[string]string)
	o.LookupEnv = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	var files []File
	for line := range strings.Lines(string(a.Comment)) {
		line = strings.TrimSpace(line)
		if n, v, ok := strings.Cut(line, "="); ok {
			env[n] = v
		} else if line != "" && !strings.HasPrefix(line, "#") {
			src, ok := disk[line]
			if !ok {
				t.Fatalf("no file %s", line)
			}
			files = append(files, File{Name: line, Src: src})
		}
	}
	text, list := o.Convert(files)
	var b bytes.Buffer
	for _, p := range list {
		fmt.Fprintln(&b, p)
	}
	return text, b.Bytes()
}

// passes wants no error of the parser nor of the cross-field rules, and that no
// secret stands in a remark.
func passes(t *testing.T, text []byte) {
	t.Helper()
	file, diags := checks().Parse("want.conf", text)
	_, more := file.Entries()
	for _, d := range append(diags, more...) {
		if !d.Warning {
			t.Error(d)
		}
	}
	for line := range strings.Lines(string(text)) {
		if _, remark, ok := strings.Cut(line, "\t# was:"); ok && strings.Contains(remark, "geheim") {
			t.Errorf("a secret in the remark %q", remark)
		}
	}
}

// TestCaret: Huawei's commands keep theirs, any other is a control character.
func TestCaret(t *testing.T) {
	for word, want := range map[string]string{
		"AT^SYSCFG=2": "AT^SYSCFG=2", "AT^U2DIAG=0": "AT^U2DIAG=0", "AT^M": `AT\015`, "AT^M^J": `AT\015\012`, "x^ABC": `x\001BC`,
	} {
		if got := escapes1(word, false); got != want {
			t.Errorf("%s is %s, want %s", word, got, want)
		}
	}
}

// TestByteOrderMark: one at the beginning changes nothing.
func TestByteOrderMark(t *testing.T) {
	for _, src := range []string{
		"[Dialer Defaults]\nPhone = 5551234\nUsername = me\nPassword = geheim\n",
		"[connection]\ntype=gsm\n[gsm]\napn=internet\npassword=geheim\n",
		"APN=internet\nMONITOR=192.0.2.1\n",
		"system beta\nphone 5551234\ncall-password geheim\n",
		"/dev/ttyS0\npassword geheim\n",
		"ABORT BUSY\n'' ATZ\nOK ATD5551234\n",
	} {
		o := Options{Check: checks()}
		want, told := o.Convert([]File{{"f", []byte(src)}})
		got, marked := o.Convert([]File{{"f", []byte("\ufeff" + src)}})
		if string(got) != string(want) || !slices.Equal(marked, told) {
			t.Errorf("%q with a mark: %v\n%s", src, marked, got)
		}
	}
}

// TestUnsaid: what pppd does where no option says otherwise.
func TestUnsaid(t *testing.T) {
	const gaveUp = "# without maxfail pppd gave up after ten failures"
	for _, c := range []struct {
		options string
		echos   bool
		wait    time.Duration
		remark  bool
	}{
		{"", false, 5 * time.Second, false},
		{"lcp-echo-interval 30", false, 5 * time.Second, false},
		{"lcp-echo-failure 4", false, 5 * time.Second, false},
		{"lcp-echo-interval 30 lcp-echo-failure 0", false, 5 * time.Second, false},
		{"lcp-echo-interval 30 lcp-echo-failure 4", true, 5 * time.Second, false},
		{"persist", false, 30 * time.Second, true},
		{"persist idle 60", false, 30 * time.Second, true},
		{"persist holdoff 10 maxfail 0", false, 10 * time.Second, false},
		{"persist maxfail 5", false, 30 * time.Second, false},
		{"persist nopersist", false, 5 * time.Second, false},
		{"persist silent", false, 5 * time.Second, false},
		{"demand", false, 30 * time.Second, true},
		{"demand nopersist", false, 30 * time.Second, false},
	} {
		e, text, problems := converted(t, File{"peers/isp", []byte("/dev/ttyS0\n" + c.options + "\n")})
		if e.LCPEchos != c.echos || e.ModWait != c.wait || strings.Contains(text, gaveUp) != c.remark || len(problems) > 0 {
			t.Errorf("%s: echoes %v, a rest of %v; %v\n%s", c.options, e.LCPEchos, e.ModWait, problems, text)
		}
	}
}

// TestIdle: where the other program ended after a time of idleness, ppp calls
// again, and says so.
func TestIdle(t *testing.T) {
	const (
		wv   = "[Dialer Defaults]\nStupid Mode = 1\nPhone = 5551234\nUsername = me\nPassword = geheim\n"
		ends = "ppp ends with the link"
	)
	for _, c := range []struct {
		name, src string
		camp      bool
		idle      time.Duration
		warned    bool
		ends      bool // a remark that ppp ends
	}{
		{"peers/isp", "/dev/ttyS0\nidle 60\n", false, time.Minute, true, false},
		{"peers/isp", "/dev/ttyS0\nidle 60 nopersist\n", false, time.Minute, true, false},
		{"peers/isp", "/dev/ttyS0\nidle 0 nopersist\n", false, 0, false, true},
		{"peers/isp", "/dev/ttyS0\nidle 60 persist maxfail 0\n", false, time.Minute, false, false},
		{"peers/isp", "/dev/ttyS0\nidle 60 demand maxfail 0\n", false, time.Minute, false, false},
		{"peers/isp", "/dev/ttyS0\nidle 60 silent\n", false, time.Minute, false, false},
		{"wvdial.conf", wv + "Auto Reconnect = off\nIdle Seconds = 60\n", false, time.Minute, true, false},
		{"wvdial.conf", wv + "Auto Reconnect = off\nIdle Seconds = 0\n", false, 0, false, true},
		{"wvdial.conf", wv + "Auto Reconnect = on\nIdle Seconds = 60\n", false, time.Minute, false, false},
		{"wvdial.conf", wv, true, 0, false, false},
	} {
		e, text, problems := converted(t, File{c.name, []byte(c.src)})
		warned := len(problems) == 1 && strings.Contains(problems[0].Msg, "ppp calls again for the next packet")
		if e.Camp != c.camp || e.InactiveTimeout != c.idle || warned != c.warned || len(problems) > 0 && !warned || strings.Contains(text, ends) != c.ends {
			t.Errorf("%q: camp %v, idle %v; %v\n%s", c.src, e.Camp, e.InactiveTimeout, problems, text)
		}
	}
}

// TestAnswers: whatever the peer asks for is answered, as by the pppd of the other
// program, unless it was told to refuse.
func TestAnswers(t *testing.T) {
	const (
		gsm  = "[connection]\ntype=gsm\n[gsm]\napn=internet\nusername=me\npassword=geheim\n[ppp]\n"
		cdma = "[connection]\ntype=cdma\n[cdma]\nusername=me\npassword=geheim\n[ppp]\n"
		wv   = "[Dialer Defaults]\nStupid Mode = 1\nPhone = 5551234\nUsername = me\nPassword = geheim\nPPPD Option = "
	)
	for _, c := range []struct{ name, src, want string }{
		{"gsm", gsm, "PAP CHAP MSCHAP EAP"},
		{"gsm", gsm + "refuse-eap=true\nrefuse-chap=true\n", "PAP MSCHAP"},
		{"cdma", cdma, "PAP CHAP MSCHAP EAP"},
		{"cdma", cdma + "refuse-pap=true\nrefuse-mschapv2=true\n", "CHAP EAP"},
		{"wvdial.conf", wv + "nodeflate\n", "PAP CHAP MSCHAP EAP"},
		{"wvdial.conf", wv + "refuse-pap refuse-mschap-v2\n", "CHAP EAP"},
	} {
		e, text, problems := converted(t, File{c.name, []byte(c.src)})
		var got []string
		for i, s := range []conf.Choice{e.SendPAP, e.SendCHAP, e.SendMSCHAP, e.SendEAP} {
			if s == conf.Yes {
				got = append(got, []string{"PAP", "CHAP", "MSCHAP", "EAP"}[i])
			}
		}
		if strings.Join(got, " ") != c.want || len(problems) > 0 {
			t.Errorf("got %s, want %s; %v\n%s", got, c.want, problems, text)
		}
	}
	const ring = "[connection]\ntype=cdma\n[cdma]\nusername=me\npassword-flags=1\n"
	if _, _, problems := converted(t, File{"ring", []byte(ring)}); len(problems) != 1 || !strings.Contains(problems[0].String(), "key ring") {
		t.Errorf("a key ring: %v", problems)
	}
}

// TestCallers: who is let in, and with which address, is what pppd says, or less.
func TestCallers(t *testing.T) {
	const (
		options = "name srv\nrequire-chap\nsilent\n"
		login   = "require-pap\nlogin\nsilent\n"
		noAddr  = "pppd lets it have no address"
	)
	for _, c := range []struct {
		name, options, secrets string
		callers                string // CLIENT@ADDRESSES, "any" being the sum of all
		told                   string // in the problems, or that there are none
		remark                 string
	}{
		{"any address", options, "joe srv geheim *", "joe@any", "", ""},
		{"its address", options, "joe srv geheim 192.0.2.60", "joe@192.0.2.60", "", ""},
		{"its addresses", options, "joe srv geheim 192.0.2.60 192.0.2.64/30", "joe@192.0.2.60+192.0.2.64,255.255.255.252", "", ""},
		{"several", options, "joe srv geheim 192.0.2.60\nann srv geheim2 192.0.2.61", "joe@192.0.2.60 ann@192.0.2.61", "", ""},
		{"three words", options, "joe srv geheim\nann srv geheim *", "ann@any", "1: warning: joe is left out: " + noAddr, "joe srv ******; " + noAddr},
		{"a minus", options, "joe srv geheim - *\nann srv geheim *", "ann@any", "", "joe srv ******; " + noAddr},
		{"minus behind", options, "joe srv geheim 192.0.2.60 - *", "joe@192.0.2.60", "", ""},
		{"not that one", options, "joe srv geheim !192.0.2.3 *\nann srv geheim *", "ann@any", "1: warning: joe is left out: its addresses !192.0.2.3 * cannot be said by remotehost=", "cannot be said"},
		{"by unit", options, "joe srv geheim 192.0.2.0/24+\nann srv geheim *", "ann@any", "1: warning: joe is left out", "cannot be said"},
		{"nobody", options, "joe srv geheim -", "", "no line of the secrets lets it in", noAddr},
		{"no secrets", options, "", "", "no line of the secrets lets it in", ""},

		{"any but", options, "* srv geheim *\njoe srv geheim2 -\nann srv geheim3 *", "ann@any", "1: warning: a line for any client", noAddr},
		{"the best match", options, "joe * geheim *\njoe srv geheim2 -\nann srv geheim *", "ann@any", "", noAddr},
		{"another server", options, "joe other geheim *\nann srv geheim *", "ann@any", "", ""},
		{"the host's name", "require-chap\nsilent\n", "joe box geheim *\nann * geheim *\nbob box geheim *", "ann@any", "1: warning: the callers of the server box are left out", ""},
		{"Debian", "require-pap\nsilent\n", "* hostname \"\" *\nguest hostname \"*\" -\njoe * geheim 192.0.2.60", "joe@192.0.2.60", "", ""},

		{"the options' address", options + "192.0.2.1:192.0.2.50\n", "joe srv geheim !192.0.2.3 192.0.2.0/24\nann srv geheim2 *", "joe@192.0.2.50 ann@192.0.2.50", "", ""},
		{"not the options' address", options + "192.0.2.1:192.0.2.50\n", "joe srv geheim 192.0.2.60", "joe@192.0.2.60", "", ""},
		{"one of them not", options + "192.0.2.1:192.0.2.50\n", "joe srv geheim 192.0.2.60\nann srv geheim2 *", "joe@192.0.2.60 ann@192.0.2.50", "", ""},
		{"denied the options' address", options + "192.0.2.1:192.0.2.50\n", "joe srv geheim !192.0.2.50 *\nann srv geheim *", "ann@192.0.2.50", "1: warning: joe is left out", ""},
		{"the peer's idea", options + "ipcp-accept-remote\n192.0.2.1:192.0.2.50\n", "joe srv geheim 192.0.2.60", "joe@192.0.2.60", "", ""},

		{"accounts", login, "joe * \"\" *\nann * \"\" *", "joe+ann@any", "", ""},
		{"the account's address", login, "joe * \"\" 192.0.2.60", "joe@192.0.2.60", "", ""},
		{"their addresses", login, "joe * \"\" 192.0.2.60\nann * \"\" *", "joe@192.0.2.60 ann@any", "", ""},
		{"any account", login, "* * \"\" *", "@any", "", "any account of this machine"},
		{"any account but", login, "* * \"\" *\nguest * \"*\" -\njoe * \"\" *", "joe@any", "1: warning: a line for any client", noAddr},
		{"both passwords", login, "joe * \"\" *\nann * geheim *", "joe@any", "2: warning: ann is left out: the secret and the password of the account", ""},
		{"no account", login, "guest * \"*\" -", "", "add recv_name= for each account", noAddr},
		{"the host's accounts", login, "* box \"\" *", "", "1: warning: the callers of the server box are left out", ""},
		{"CHAP beside login", login + "require-chap\nrequire-eap\n", "joe * \"\" *", "joe@any", "4: warning: require-chap is left out: accounts prove themselves by PAP", ""},
		{"login without PAP", options + "login\n", "joe srv geheim *", "joe@any", "", "login; it is for PAP only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			secrets := "chap-secrets"
			if strings.Contains(c.options, "pap") {
				secrets = "pap-secrets"
			}
			text, list := Options{Check: checks()}.Convert([]File{{"/p/options.ttyS1", []byte(c.options)}, {"/p/" + secrets, []byte(c.secrets + "\n")}})
			passes(t, text)
			var problems strings.Builder
			for _, p := range list {
				fmt.Fprintln(&problems, p)
			}
			if got := admitted(text); got != c.callers {
				t.Errorf("lets in %q, want %q", got, c.callers)
			}
			if !strings.Contains(problems.String(), c.told) || c.told == "" && len(list) > 0 || !strings.Contains(string(text), c.remark) {
				t.Errorf("wants %q told and the remark %q; told %s", c.told, c.remark, &problems)
			}
			if t.Failed() {
				t.Logf("%s", text)
			}
		})
	}
}

// admitted are the callers of an import, with their addresses.
func admitted(text []byte) string {
	o := checks()
	o.Lookup = func(name string) ([]netip.Addr, error) { return nil, fmt.Errorf("no host %s", name) }
	file, _ := o.Parse("result", text)
	entries, _ := file.Entries()
	var callers []string
	for _, e := range entries {
		if e.Reconfigure || strings.HasPrefix(e.Label, "+") {
			continue
		}
		var hosts []string
		for _, h := range e.RemoteHost {
			hosts = append(hosts, strings.TrimSuffix(fmt.Sprintf("%v,%v", h.Addr, h.Mask), ",255.255.255.255"))
		}
		name := e.Label
		if len(e.RecvName) > 0 {
			name = strings.Join(e.RecvName, "+")
		}
		callers = append(callers, name+"@"+strings.Replace(strings.Join(hosts, "+"), "0.0.0.0,0.0.0.0", "any", 1))
	}
	return strings.Join(callers, " ")
}

// TestKeyfileIPv4: routes and name servers of a keyfile's own are taken over, or it
// is said that they are not.
func TestKeyfileIPv4(t *testing.T) {
	const noRoute = "only IPv4 routes through the peer"
	for _, c := range []struct {
		keys   string
		routes string
		told   string
		remark string
	}{
		{"", "add default #", "", ""},
		{"route1=10.0.0.0/8\n", "add default #|add -net 10.0.0.0/8 #", "", "was: route1"},
		{"route1=10.0.0.0/8,0.0.0.0,50\nnever-default=true\nroute2=192.0.2.9\n", "add -net 10.0.0.0/8 # 50|add -net 192.0.2.9/32 #", "", "there is no default route"},
		{"route1=10.0.0.0/8,192.0.2.1\n", "add default #", noRoute, noRoute},
		{"route1=x\n", "add default #", noRoute, noRoute},
		{"route1=10.0.0.0/8\nroute1_options=mtu=1000\n", "add default #|add -net 10.0.0.0/8 #", noRoute, noRoute},
		{"[ipv6]\nroute1=2001:db8::/32\n", "add default #", noRoute, noRoute},
		{"route1=10.0.0.0/8\nmethod=disabled\n", "", noRoute, noRoute},
		{"dns=192.0.2.1;\n", "add default #", "only the peer's name servers", "only the peer's name servers"},
		{"dns=192.0.2.1;\nignore-auto-dns=true\n", "add default #", "no name servers are set", "no name servers are set"},
	} {
		e, text, problems := converted(t, File{"x.nmconnection", []byte("[connection]\ntype=gsm\n[gsm]\napn=internet\n[ipv4]\n" + c.keys)})
		told := len(problems) == 1 && strings.Contains(problems[0].Msg, c.told)
		if c.told == "" {
			told = len(problems) == 0
		}
		if got := strings.Join(e.AddRoute, "|"); got != c.routes || !told || !strings.Contains(text, c.remark) {
			t.Errorf("%q: routes %q, want %q; %v\n%s", c.keys, got, c.routes, problems, text)
		}
	}
}
