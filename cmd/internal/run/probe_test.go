package run

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/dial/usb"
)

func survey(maker, model string, change func(*modem.Survey)) *modem.Survey {
	s := &modem.Survey{Status: modem.NewStatus()}
	s.Manufacturer, s.Model = maker, model
	if change != nil {
		change(s)
	}
	return s
}

// TestFindModems: what is printed is right, and is a control file without an error.
func TestFindModems(t *testing.T) {
	ready := func(s *modem.Survey) {
		s.SIM, s.EPS, s.Operator, s.Tech, s.Signal = modem.SIMReady, modem.RegHome, "Telekom.de", "LTE", modem.Signal{Known: true, RSSI: 20}
		s.Firmware, s.IMEI = "EC25EFAR06A03M4G", "867698040123456"
		s.Contexts = []modem.Context{{CID: 2, Type: "IP", APN: "internet"}, {CID: 1, Type: "IPV4V6", APN: "IMS"}, {CID: 3, Type: "IP", APN: "a,b"}}
	}
	onUSB := func(name, port string) usb.TTY {
		return usb.TTY{Name: name, Vendor: "2c7c", Product: "0125", Interface: 3, Device: "/sys/devices/" + port}
	}
	silent := &dial.Error{Kind: dial.Silent, Device: "/dev/ttyS0", Err: modem.ErrSilent}
	locked := &dial.Error{Kind: dial.Locked, Device: "/dev/ttyS1", Err: &line.LockError{Path: "/dev/ttyS1", PID: 1, Program: "init"}}
	for _, c := range []struct {
		why    string
		found  []dial.Found
		failed []*dial.Error
		status int
		out    string
		err    string
	}{
		{
			why:    "an LTE module, and ttys without",
			found:  []dial.Found{{Device: "/dev/ttyUSB3", TTY: onUSB("ttyUSB3", "1-1"), Others: []string{"/dev/ttyUSB2"}, Survey: survey("Quectel", "EC25", ready)}},
			failed: []*dial.Error{silent, locked},
			out: `# Quectel EC25, firmware EC25EFAR06A03M4G, IMEI 86769804*******
# /dev/ttyUSB3 is for calls, /dev/ttyUSB2 takes commands beside it; USB port 1-1
# SIM ready, registered, home network, network Telekom.de LTE, signal -73 dBm
ec25	device=usb:2c7c:0125:3
	apn=internet,IP,2	# as the modem has it
	send_name="" send_passwd=""	# most networks take any
	add_route
`,
			err: "ppp: /dev/ttyS0: no modem answers\nppp: /dev/ttyS1 is used by init (pid 1)\n",
		},
		{
			why: "two that are alike",
			found: []dial.Found{
				{Device: "/dev/ttyUSB3", TTY: onUSB("ttyUSB3", "1-1"), Survey: survey("", "EC25", nil)},
				{Device: "/dev/ttyUSB7", TTY: onUSB("ttyUSB7", "1-2"), Survey: survey("", "EC25", ready)},
			},
			out: `# EC25
# /dev/ttyUSB3; USB port 1-1
ec25	device=/dev/ttyUSB3	# usb:2c7c:0125:3 are several
	phone=5551234	# the number to call
	# login_chat='ogin: NAME ssword: \qPASSWORD'	# where a login comes before PPP
	add_route

# EC25, firmware EC25EFAR06A03M4G, IMEI 86769804*******
# /dev/ttyUSB7; USB port 1-2
# SIM ready, registered, home network, network Telekom.de LTE, signal -73 dBm
ec25-2	device=/dev/ttyUSB7	# usb:2c7c:0125:3 are several
	apn=internet,IP,2	# as the modem has it
	send_name="" send_passwd=""	# most networks take any
	add_route
`,
		},
		{
			why: "at a UART with three wires, locked card",
			found: []dial.Found{{Device: "/dev/ttyS1", Speed: 9600, Flow: line.FlowNone, Survey: survey("Quectel_Ltd", "Quectel_BC66", func(s *modem.Survey) {
				s.SIM = modem.SIMNeedsPIN
			})}},
			out: `# Quectel_Ltd Quectel_BC66
# /dev/ttyS1
# SIM wants its PIN
# Calls fail as it is: the SIM card wants its PIN, and the entry tells none; give it: pin=; or take the PIN off the card in a telephone
bc66	device=/dev/ttyS1
	speed=9600
	flow=none	# the wire CTS is off, or not connected
	apn=internet	# a guess: the operator tells the right one
	# pin=	# the card wants it
	send_name="" send_passwd=""	# most networks take any
	add_route
`,
		},
		{
			why: "it says nothing of itself", found: []dial.Found{{Device: "tcp:[::1]:2000", Speed: 115200, Survey: survey("", "33600", func(s *modem.Survey) {
				s.Contexts = nil
			})}},
			out: "# 33600\n# tcp:[::1]:2000\nmodem\tdevice=tcp:[::1]:2000\n\tphone=5551234\t# the number to call\n" +
				"\t# login_chat='ogin: NAME ssword: \\qPASSWORD'\t# where a login comes before PPP\n\tadd_route\n",
		},
		{
			why: "nothing", failed: []*dial.Error{locked, silent}, status: StatusModemInit,
			err: `verdict: status=18 phase=dialing by=modem evidence="dial: /dev/ttyS0: no answer in time; besides, /dev/ttyS1 is used by init (pid 1)" ` +
				`cause="the modem says nothing: it is switched off, or this is not its device or speed" try="check device and speed; a USB modem has several ttys, try the next"` + "\n",
		},
		{
			why: "used", failed: []*dial.Error{locked}, status: StatusLock,
			err: `verdict: status=6 phase=dialing by=us evidence="dial: /dev/ttyS1 is used by init (pid 1)" cause="the line is used by init" try="wait for it, or end it: kill 1"` + "\n",
		},
		{
			why: "no tty", failed: []*dial.Error{{Kind: dial.OpenFailed, Device: "auto", Err: errors.New("no tty has hardware")}}, status: StatusOpen,
			err: `verdict: status=7 phase=dialing by=us evidence="dial: auto: no tty has hardware" cause="the device is not there or may not be opened" try="check the name, the cable and the driver"` + "\n",
		},
	} {
		t.Run(c.why, func(t *testing.T) {
			var asked dial.Config
			find := func(_ context.Context, c2 dial.Config) ([]dial.Found, []*dial.Error) {
				asked = c2
				return c.found, c.failed
			}
			var stdout, stderr strings.Builder
			o := Options{Devices: []string{"auto"}, LockDir: "/var/lock"}
			if got := findModems(t.Context(), o, find, slog.New(slog.DiscardHandler), &stdout, &stderr); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if d := cmp.Diff(c.out, stdout.String()); d != "" {
				t.Errorf("stdout: %s", d)
			}
			if d := cmp.Diff(c.err, stderr.String()); d != "" {
				t.Errorf("stderr: %s", d)
			}
			if len(asked.Devices) != 1 || asked.Speed != 115200 || asked.LockDir != "/var/lock" {
				t.Errorf("asked for %+v", asked)
			}
			k := checks
			k.Lookup = func(string) ([]netip.Addr, error) { return []netip.Addr{netip.IPv4Unspecified()}, nil }
			file, diags := k.Parse("ppp.conf", []byte(stdout.String()))
			entries, more := file.Entries()
			for _, d := range append(diags, more...) {
				if !d.Warning || !d.AtStart {
					t.Error(d)
				}
			}
			if len(entries) != len(c.found) {
				t.Errorf("%d entries for %d modems", len(entries), len(c.found))
			}
		})
	}
}
