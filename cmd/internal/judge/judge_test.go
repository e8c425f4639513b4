package judge

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pppdial/conf"
)

// TestExamples: the scripts and routes of every example are right, and each use
// that people come with has an entry.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("where are the examples?", err)
	}
	o := Options
	o.Lookup = func(string) ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("192.0.2.7")}, nil }
	found := make(map[string]bool)
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, diags := o.Parse(filepath.Base(name), src)
		entries, more := file.Entries()
		for _, d := range append(diags, more...) {
			if !d.Warning || !d.AtStart && !strings.Contains(d.Msg, "no effect in this version") {
				t.Error(d)
			}
		}
		for _, e := range entries {
			for use, is := range uses {
				if is(e) {
					found[use] = true
				}
			}
		}
	}
	for use := range uses {
		if !found[use] {
			t.Errorf("no entry for: %s", use)
		}
	}
}

// uses are the common cases, and how one tells an entry for them.
var uses = map[string]func(e *conf.Entry) bool{
	"Quectel LTE module": usb("2c7c:"),
	"SIMCom SIM7600":     usb("1e0e:9001"),
	"Huawei E398":        usb("12d1:1506"),
	"NB-IoT module":      func(e *conf.Entry) bool { return e.APN.Name != "" && !e.LCPEchos && e.Flow == conf.FlowNone },
	"analog modem with a login": func(e *conf.Entry) bool {
		return len(e.Phone) > 0 && e.LoginChat != "" && e.APN.Name == ""
	},
	"null modem": func(e *conf.Entry) bool {
		return e.Local && len(e.Phone) == 0 && e.APN.Name == "" && len(e.Device) == 1 && strings.HasPrefix(e.Device[0], "/dev/ttyS")
	},
	"several modems as one": func(e *conf.Entry) bool { return len(e.Device) > 1 && e.OutDevs > 1 },
	"on demand":             func(e *conf.Entry) bool { return e.Mode == conf.Quiet },
	"always on":             func(e *conf.Entry) bool { return e.Camp },
	"callers that log in": func(e *conf.Entry) bool {
		return len(e.Device) == 0 && e.Mode == conf.Out && len(e.RemoteHost) == 1 && e.RemoteHost[0].Single() && len(e.SendName) == 0
	},
	"callers known by PPP": func(e *conf.Entry) bool { return e.Reconfigure },
	"a program, such as ssh": func(e *conf.Entry) bool {
		return slices.ContainsFunc(e.Device, func(d string) bool { return strings.HasPrefix(d, "exec:") })
	},
	"the lines of UUCP's files": func(e *conf.Entry) bool { return e.Set["uucp_name"] },
}

func usb(id string) func(*conf.Entry) bool {
	return func(e *conf.Entry) bool {
		return len(e.Device) > 0 && strings.HasPrefix(e.Device[0], "usb:"+id)
	}
}

// TestPlaces: what is wrong in a command or a script is told at its place.
func TestPlaces(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{`a add_route='add 10.0.0.0/33 #'`, `ppp.conf:1:27: error: `},
		{`a add_route6='add 10.0.0.0/8 #'`, `ppp.conf:1:19: error: `},
		{`a login_chat='ogin: me "word: x'`, `ppp.conf:1:24: error: `},
		{`a add_route='add 10.0.0.0/8 #' login_chat='ogin: me word: x' phone=1`, ""},
	} {
		_, diags := Options.Parse("ppp.conf", []byte(tt.line+"\n"))
		var errs []string
		for _, d := range diags {
			if !d.Warning {
				errs = append(errs, d.String())
			}
		}
		if tt.want == "" && len(errs) > 0 || tt.want != "" && (len(errs) != 1 || !strings.HasPrefix(errs[0], tt.want)) {
			t.Errorf("%s: %q, want %q", tt.line, errs, tt.want)
		}
	}
}

// TestHide: what may be shown of an entry tells no secret, and the entry itself stays
// as it is.
func TestHide(t *testing.T) {
	src := "a device='exec:chat word: guess' modem_init=+CPIN=4711 login_chat='ogin: me ssword: guess' hangup_chat='x \\qguess'\n" +
		"\tconnect_cmd='chat word: guess' reset_cmd='chat word: guess'\n"
	file, diags := Options.Parse("ppp.conf", []byte(src))
	e, more := file.Entry("a")
	if diags.HasErrors() || more.HasErrors() {
		t.Fatal(diags, more)
	}
	h := Hide(e)
	if got, want := h.ModemInit[0]+", "+h.LoginChat+", "+h.HangupChat, "+CPIN=******, ogin: me ssword: ******, x ******"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := h.Device[0]+", "+h.ConnectCmd+", "+h.ResetCmd, "exec:chat word: ******, chat word: ******, chat word: ******"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if e.ModemInit[0] != "+CPIN=4711" || !strings.Contains(e.LoginChat, "guess") || !strings.Contains(e.HangupChat, "guess") ||
		!strings.Contains(e.Device[0]+e.ConnectCmd, "guess") {
		t.Errorf("the entry itself has changed: %q %q %q %q %q", e.ModemInit, e.LoginChat, e.HangupChat, e.Device, e.ConnectCmd)
	}
}
