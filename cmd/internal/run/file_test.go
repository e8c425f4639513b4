package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pppdial/conf"
)

// controlFile writes one that Load takes.
func controlFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ppp.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runCheck is ppp -n on a control file; the file's directory is left out of
// what it prints.
func runCheck(t *testing.T, text string, o Options) (stdout, stderr string, status int) {
	t.Helper()
	o.File, o.Check = controlFile(t, text), true
	var out, err strings.Builder
	status = check(o, &out, &err)
	short := strings.NewReplacer(filepath.Dir(o.File)+"/", "")
	return short.Replace(out.String()), short.Replace(err.String()), status
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, file, remote string
		status             int
		stdout             []string // begin of each entry's dump
		stderr             string
	}{
		{
			name: "all entries", file: "a\tdebug\nb\tmtu=576\n", stdout: []string{"a\n", "b\n"},
		},
		{
			name: "one of them", file: "a\tdebug\nb\tmtu=576\n", remote: "b", stdout: []string{"b\n"},
		},
		{
			name: "a word that is wrong elsewhere counts", file: "a\tdebug\nb\tmtu=0\n", remote: "a", status: StatusOptions,
			stderr: "ppp.conf:2:3: error: mtu=0: out of range; give 68 to 65535\n",
		},
		{
			name: "so does a rule that is broken elsewhere", file: "a\tdebug\nb\trecv_chap\n", remote: "a", status: StatusOptions,
			stderr: "ppp.conf:2:3: error: recv_chap needs the secret that the peer must know; give recv_passwd=\n",
		},
		{
			name: "but not in an entry that is only continued", file: "a\tcontinue=b in\nb\tmax_FSM_term=1 max_term_ms=1 continue=c\nc\tdebug\n", remote: "c", status: StatusOptions,
			stderr: "ppp.conf:2:18: error: max_FSM_term and max_term_ms exclude each other; give one of them (through continue= at ppp.conf:1:3)\n",
		},
		{
			name: "which only warns", file: "a\tcontinue=b recv_passwd=x\nb\trecv_chap\n", remote: "a", stdout: []string{"a\n"},
			stderr: "ppp.conf:2:3: warning: recv_chap needs the secret that the peer must know; give recv_passwd=\n",
		},
		{
			name: "unless it is itself asked for", file: "a\tcontinue=b recv_passwd=x\nb\trecv_chap\n", remote: "b", status: StatusOptions,
			stderr: "ppp.conf:2:3: error: recv_chap needs the secret that the peer must know; give recv_passwd=\n",
		},
		{
			name: "said once", file: "a\tcontinue=c\nb\tcontinue=c\nc\trecv_chap\n", remote: "a", status: StatusOptions,
			stderr: "ppp.conf:3:3: error: recv_chap needs the secret that the peer must know; give recv_passwd= (through continue= at ppp.conf:1:3)\n",
		},
		{
			name: "no such entry", file: "office\tdebug\n", remote: "ofice", status: StatusOptions,
			stderr: "ppp.conf: error: there is no entry \"ofice\"; did you mean \"office\"?\n",
		},
		{
			name: "a name that does not resolve", file: "a\tremotehost=nobody.invalid\n", remote: "a", stdout: []string{"a\n"},
			stderr: "ppp.conf:1:3: warning: remotehost=nobody.invalid: the name does not resolve; the entry cannot be run until it does\n",
		},
		{
			name: "scripts and route commands", file: "a\tchat='ABORT' device=/dev/x\n\tadd_route='add default'\n", status: StatusOptions,
			stderr: "ppp.conf:1:9: error: chat: ABORT without a word behind it\nppp.conf:2:25: error: add_route=\"add default\": no gateway: write an address, # for the peer, or -interface and a name\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, status := runCheck(t, tt.file, Options{Remote: tt.remote})
			if stderr != tt.stderr || status != tt.status {
				t.Errorf("status %d, want %d; stderr\n%s\nwant\n%s", status, tt.status, stderr, tt.stderr)
			}
			var labels []string
			for line := range strings.Lines(stdout) {
				if !strings.HasPrefix(line, "\t") {
					labels = append(labels, line)
				}
			}
			if got, want := strings.Join(labels, ""), strings.Join(tt.stdout, ""); got != want {
				t.Errorf("entries %q, want %q", got, want)
			}
		})
	}
}

// TestRemarks: what Linux has no use for is said, in -n and at the start.
func TestRemarks(t *testing.T) {
	const (
		file = "a\tstream_module=x recv_passwd=x\n"
		want = "ppp.conf:1:3: warning: stream_module: Linux has no STREAMS, the word has no effect\n"
	)
	if _, stderr, status := runCheck(t, file, Options{}); status != StatusOK || !strings.Contains(stderr, want) {
		t.Errorf("-n: status %d\n%s\nwant %s", status, stderr, want)
	}
	o := Options{Remote: "a", File: controlFile(t, file)}
	if _, _, diags, err := choose(o); err != nil || !strings.Contains(diags.String(), strings.TrimPrefix(want, "ppp.conf")) {
		t.Errorf("at the start: %v\n%s\nwant %s", err, diags, want)
	}
}

// TestCheckJSON: one compact object a line.
func TestCheckJSON(t *testing.T) {
	stdout, stderr, status := runCheck(t, "a\tsend_passwd=geheim send_pap\nb\tin\n", Options{JSON: true})
	if status != StatusOK || stderr != "" {
		t.Fatalf("status %d, stderr %s", status, stderr)
	}
	var modes []string
	for line := range strings.Lines(stdout) {
		var o struct {
			Entry, Mode string
			Settings    map[string]any
			Origin      map[string]string
		}
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		modes = append(modes, o.Entry+" "+o.Mode)
		if p := o.Settings["send_passwd"]; o.Entry == "a" && p != "******" {
			t.Errorf("the password is %v", p)
		}
		if from := o.Origin["send_pap"]; o.Entry == "a" && from != "ppp.conf:1:22" {
			t.Errorf("send_pap comes from %s", from)
		}
	}
	if got := strings.Join(modes, ", "); got != "a out, b in" {
		t.Error(got)
	}
}

// TestCheckHides: what may be shown to others tells no secret.
func TestCheckHides(t *testing.T) {
	const file = "a\tdevice=/dev/x send_passwd=geheim1 pin=1234 modem_init=AT+CPIN=geheim2 modem_init=ATE1 phone=1\n" +
		"\tlogin_chat='ogin: me ssword: geheim3 PPP' hangup_chat='\"\" \\qgeheim4'\n" +
		"b\tdevice=/dev/y chat='\"\" AT+CPIN=4711 OK ATDT1 CONNECT'\n" +
		"c\tdevice=/dev/z connect_cmd='chat -v ABORT BUSY \"\" ATZ OK ATDT2 CONNECT \"\" ogin: mynam ssword: geheim5 PPP'\n" +
		"\treset_cmd='exec /usr/sbin/chat -v \"\" \"AT+CPIN=geheim6\" OK <$DEVICE >$DEVICE'\n" +
		"d\tdevice='exec:chat -V -t 5 word: geheim7 && exec pppd'\n"
	for _, json := range []bool{false, true} {
		stdout, stderr, status := runCheck(t, file, Options{JSON: json})
		if status != StatusOK || stderr != "" {
			t.Fatalf("status %d, stderr %s", status, stderr)
		}
		for _, secret := range []string{"geheim", "1234", "4711"} {
			if strings.Contains(stdout, secret) {
				t.Errorf("%s shows:\n%s", secret, stdout)
			}
		}
		for _, want := range []string{
			"ogin: me ssword: ****** PPP", "AT+CPIN=******", "ATE1",
			"ogin: mynam ssword: ****** PPP", "****** OK <$DEVICE >$DEVICE", "exec:chat -V -t 5 word: ****** && exec pppd",
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("no %s:\n%s", want, stdout)
			}
		}
	}
}

// TestCheckFile: a control file that others may read is not read.
func TestCheckFile(t *testing.T) {
	path := controlFile(t, "a\tdebug\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{path: "chmod 600 " + path, path + "x": "no such file"} {
		var out, err strings.Builder
		if status := check(Options{File: file, Check: true}, &out, &err); status != StatusOptions || out.Len() > 0 || !strings.Contains(err.String(), want) {
			t.Errorf("%s: status %d, stdout %q, stderr %q", file, status, out.String(), err.String())
		}
	}
}

// TestExamples: the examples pass with the real checks of scripts and routes.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, stderr, status := runCheck(t, string(text), Options{}); status != StatusOK {
			t.Errorf("%s: status %d\n%s", file, status, stderr)
		}
	}
}

// TestChoose is the start of an entry: what is wrong counts as in -n, names
// have to resolve, and warnings are only about what is run.
func TestChoose(t *testing.T) {
	const file = "a\tdebug\nb\tstream_module=x remotehost=nobody.invalid\nc\trecv_chap\nd\tcontinue=e\ne\tstream_module=y\nquiet-one\tout\n"
	for _, tt := range []struct {
		name, file string
		o          Options
		diags      string
		mode       string
	}{
		{name: "good", o: Options{Remote: "a"}, mode: "out"},
		{
			name: "names must resolve", o: Options{Remote: "b"}, mode: "out",
			diags: "ppp.conf:2:3: warning: stream_module: Linux has no STREAMS, the word has no effect\n" +
				"ppp.conf:2:19: error: remotehost=nobody.invalid: the name does not resolve; the entry cannot be run until it does\n",
		},
		{name: "rules", o: Options{Remote: "c"}, mode: "out", diags: "ppp.conf:3:3: error: recv_chap needs the secret that the peer must know; give recv_passwd=\n"},
		{name: "a login answers", o: Options{Remote: "a", Login: true}, mode: "in"},
		{name: "warnings of what is continued", o: Options{Remote: "d"}, mode: "out", diags: "ppp.conf:5:3: warning: stream_module: Linux has no STREAMS, the word has no effect\n"},
		{name: "unknown", o: Options{Remote: "x"}, diags: "ppp.conf: error: there is no entry \"x\"\n"},
		{name: "a login without an entry", o: Options{Remote: "x", Login: true}, mode: "in"},
		{name: "errors elsewhere", file: "a\tdebug\nb\tmtu=1\n", o: Options{Remote: "a"}, mode: "out", diags: "ppp.conf:2:3: error: mtu=1: out of range; give 68 to 65535\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.file == "" {
				tt.file = file
			}
			tt.o.File = controlFile(t, tt.file)
			_, e, diags, err := choose(tt.o)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(diags.String(), filepath.Dir(tt.o.File)+"/", ""); got != tt.diags {
				t.Errorf("diagnostics\n%s\nwant\n%s", got, tt.diags)
			}
			mode := ""
			if e != nil {
				mode = e.Mode.String()
			}
			if mode != tt.mode {
				t.Errorf("mode %q, want %q", mode, tt.mode)
			}
		})
	}
}

// TestFaulty: names may resolve when the program is started again; other errors
// stay.
func TestFaulty(t *testing.T) {
	for _, tt := range []struct {
		file   string
		status int
		cause  string
	}{
		{"a\tmtu=0\n", StatusOptions, "the control file is in error"},
		{"a\tmtu=0\nb\tmtu=1\n", StatusOptions, "the control file has 2 errors"},
		{"a\tremotehost=nobody.invalid\n", StatusFatal, "no address"},
		{"a\tremotehost=nobody.invalid localhost=nobody.invalid\n", StatusFatal, "no address"},
		{"a\tremotehost=nobody.invalid mtu=0\n", StatusOptions, "the control file has 2 errors"},
	} {
		_, _, diags, err := choose(Options{Remote: "a", File: controlFile(t, tt.file)})
		if err != nil {
			t.Fatal(err)
		}
		if v := faulty(diags); v.Status != tt.status || !strings.Contains(v.Cause, tt.cause) {
			t.Errorf("%q: %v, want status %d and the cause %q", tt.file, v, tt.status, tt.cause)
		}
	}
}

// TestNoControlFile: an answering ppp needs none, unless it is named.
func TestNoControlFile(t *testing.T) {
	none := filepath.Join(t.TempDir(), "ppp.conf")
	if _, e, diags, err := choose(Options{File: none, Remote: "joe", Login: true}); err != nil || diags != nil || e.Mode != conf.In || e.Label != "joe" {
		t.Errorf("%v, %v, %v", e, diags, err)
	}
	for _, o := range []Options{{File: none, Remote: "joe"}, {File: none, Remote: "joe", Login: true, FileSet: true}} {
		if _, _, _, err := choose(o); err == nil || explainFile(err).Status != StatusOptions {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
