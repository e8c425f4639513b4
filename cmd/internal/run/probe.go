package run

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/dial/modemmanager"
)

// defaultSpeed is that of speed=.
const defaultSpeed = 115200

// A prober finds modems.
type prober func(context.Context, dial.Config) ([]dial.Found, []*dial.Error)

// realProber looks at this machine.
var realProber prober = func(ctx context.Context, c dial.Config) ([]dial.Found, []*dial.Error) {
	c.Inhibit = modemmanager.New("", c.Log)
	d, err := dial.New(c)
	if err != nil {
		return nil, []*dial.Error{{Kind: dial.OpenFailed, Err: err}}
	}
	defer d.Close()
	return d.Probe(ctx)
}

// findModems is -p: it tells which modems there are, and prints an entry for each.
func findModems(ctx context.Context, o Options, find prober, log *slog.Logger, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer stop()
	found, failed := find(ctx, dial.Config{Devices: o.Devices, Speed: defaultSpeed, LockDir: o.LockDir, Log: log})
	if len(found) == 0 {
		v := explainCall(dial.Join(failed))
		fmt.Fprintln(stderr, v)
		return v.Status
	}
	for _, e := range failed {
		why := e.Error()
		if e.Kind == dial.Silent {
			why = e.Device + ": no modem answers"
		}
		fmt.Fprintln(stderr, "ppp:", strings.TrimPrefix(why, "dial: "))
	}
	labels := map[string]int{}
	for i, f := range found {
		label := labelFor(f.Survey)
		if labels[label]++; labels[label] > 1 {
			label = fmt.Sprintf("%s-%d", label, labels[label])
		}
		if i > 0 {
			fmt.Fprintln(stdout)
		}
		twin := slices.ContainsFunc(found, func(o dial.Found) bool { return o.Device != f.Device && usbName(o) == usbName(f) })
		io.WriteString(stdout, remarks(f)+entryFor(label, f, twin))
	}
	return StatusOK
}

// labelFor makes a label of the name of the model.
func labelFor(s *modem.Survey) string {
	words := strings.FieldsFunc(strings.ToLower(s.Model), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
	if len(words) == 0 || words[len(words)-1][0] < 'a' {
		return "modem"
	}
	return words[len(words)-1]
}

// usbName is how an entry names a modem on USB; "" where it is on none.
func usbName(f dial.Found) string {
	if f.TTY.Vendor == "" {
		return ""
	}
	return fmt.Sprintf("usb:%s:%s:%x", f.TTY.Vendor, f.TTY.Product, f.TTY.Interface)
}

// remarks is what there is to know of a modem.
func remarks(f dial.Found) string {
	var b strings.Builder
	s := f.Survey
	who := cmp.Or(s.Name(), "a modem that does not tell its name")
	if s.Firmware != "" {
		who += ", firmware " + s.Firmware
	}
	if imei := s.MaskedIMEI(); imei != "" {
		who += ", IMEI " + imei
	}
	fmt.Fprintf(&b, "# %s\n# %s", who, f.Device)
	if len(f.Others) > 0 {
		fmt.Fprintf(&b, " is for calls, %s takes commands beside it", strings.Join(f.Others, ", "))
	}
	if f.TTY.Vendor != "" {
		fmt.Fprintf(&b, "; USB port %s", f.TTY.Port())
	}
	b.WriteString("\n")
	if says := s.String(); says != "" {
		fmt.Fprintf(&b, "# %s\n", says)
	}
	if k, ok := dial.Blame(&s.Status); ok {
		fmt.Fprintf(&b, "# Calls fail as it is: %s; %s\n", callReasons[k].cause, callReasons[k].try)
	}
	return b.String()
}

// entryFor writes an entry that calls over the modem; twin is whether another one has
// the same name on USB.
func entryFor(label string, f dial.Found, twin bool) string {
	var b strings.Builder
	write := func(text, remark string) {
		if remark != "" {
			text += "\t# " + remark
		}
		b.WriteString("\t" + text + "\n")
	}
	b.WriteString(label)
	switch name := usbName(f); {
	case name != "" && !twin:
		write(conf.Word("device", name), "")
	case name != "":
		write(conf.Word("device", f.Device), name+" are several")
	default:
		write(conf.Word("device", f.Device), "")
	}
	if f.Speed != 0 && f.Speed != defaultSpeed {
		write(fmt.Sprintf("speed=%d", f.Speed), "")
	}
	if f.Flow == line.FlowNone {
		write("flow=none", "the wire CTS is off, or not connected")
	}
	if !f.Survey.Cellular() {
		write("phone=5551234", "the number to call")
		write(`# login_chat='ogin: NAME ssword: \qPASSWORD'`, "where a login comes before PPP")
		write("add_route", "")
		return b.String()
	}
	apn, remark := accessPoint(f.Survey.Contexts)
	write(apn, remark)
	if f.Survey.SIM == modem.SIMNeedsPIN {
		write("# pin=", "the card wants it")
	}
	write(`send_name="" send_passwd=""`, "most networks take any")
	write("add_route", "")
	return b.String()
}

// accessPoint takes the context that the modem has kept for data.
func accessPoint(all []modem.Context) (word, remark string) {
	var best modem.Context
	for _, c := range all {
		// What telephony uses has names of its own (GSMA IR.88).
		if c.APN != "" && !strings.Contains(c.APN, ",") && !slices.Contains([]string{"ims", "sos", "xcap"}, strings.ToLower(c.APN)) && (best.APN == "" || c.CID < best.CID) {
			best = c
		}
	}
	if best.APN == "" {
		return "apn=internet", "a guess: the operator tells the right one"
	}
	value := best.APN
	if !slices.Contains([]string{"IP", "IPV6", "IPV4V6", "PPP"}, best.Type) {
		best.Type = "IP"
	}
	if best.Type != "IP" || best.CID != 1 {
		value += "," + best.Type
	}
	if best.CID != 1 {
		value += fmt.Sprintf(",%d", best.CID)
	}
	return conf.Word("apn", value), "as the modem has it"
}
