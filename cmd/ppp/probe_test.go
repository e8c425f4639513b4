package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// find runs ppp -p on the host.
func (h *host) find(args ...string) (stdout, stderr string, status int) {
	h.t.Helper()
	cmd := exec.Command(program, append([]string{"-p"}, args...)...)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := h.start(cmd); err != nil {
		h.t.Fatal(err)
	}
	cmd.Wait()
	return out.String(), said.String(), cmd.ProcessState.ExitCode()
}

// TestProbe: ppp -p finds the modems that people use, and the entry that it prints
// calls over them.
func TestProbe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		profile func() *dialtest.Profile
		device  string // "": all of them
		label   string
		says    []string
	}{
		{dialtest.EC25, "", "ec25", []string{
			"# Quectel EC25, firmware EC25EFAR06A03M4G, IMEI 86769804*******\n# /dev/ttyUSB3 is for calls, /dev/ttyUSB2 takes commands beside it; USB port 1-1\n",
			"# SIM ready, registered, home network, network Telekom.de LTE, signal -73 dBm\n", "ec25\tdevice=usb:2c7c:0125:3\n",
		}},
		{dialtest.SIM7600, "", "sim7600e-h", []string{
			"# SIMCOM INCORPORATED SIMCOM_SIM7600E-H, firmware LE20B04SIM7600M22, IMEI 86147703*******\n# /dev/ttyUSB3 is for calls", "device=usb:1e0e:9001:3\n",
		}},
		{dialtest.E398, "usb:12d1:1506", "e398", []string{
			"# huawei E398, firmware 11.335.05.00.00, IMEI 86378101*******\n# /dev/ttyUSB0 is for calls, /dev/ttyUSB2 takes", "device=usb:12d1:1506:0\n",
		}},
		{dialtest.BC66, "/dev/bc66", "bc66", []string{
			"# Quectel_Ltd Quectel_BC66, firmware BC66NBR01A10, IMEI 86799703*******\n# /dev/bc66\n", "SIM ready, registered, roaming, network 26201 NB-IoT, signal -97 dBm\n",
			"bc66\tdevice=/dev/bc66\n",
		}},
	} {
		p := tt.profile()
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "near")
			bank, bus := h.newMachine()
			var modem *dialtest.Modem
			if _, ok := sticks[p.Name]; ok {
				modem = onUSB(t, bus, p)
			} else {
				modem = newModem(t, bank, dialtest.ModemConfig{Name: p.Name, Profile: p})
			}
			bank.Answer("*99#", operator{addr: cellAddr}.service())
			out, said, status := h.find(strings.Fields(tt.device)...)
			t.Logf("\n%s%s", said, out)
			if status != 0 {
				t.Fatalf("status %d", status)
			}
			for _, s := range tt.says {
				if !strings.Contains(out, s) {
					t.Errorf("it does not say %s", s)
				}
			}
			for tty := range strings.Lines(said) {
				if !strings.HasSuffix(tty, ": no modem answers\n") {
					t.Errorf("it says %s", tty)
				}
			}
			released(t, modem)
			h.file("ppp.conf", out)
			call := h.call(tt.label)
			call.await("up local="+cellAddr.String(), slowly)
			_, _, status = h.find(filepath.Join("/dev", filepath.Base(modem.Path())))
			if status != 6 {
				t.Errorf("status %d of a probe of the line that is used, want 6", status)
			}
			if got := call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
			released(t, modem)
		})
	}
}

// TestProbeNothing: there are ttys, and no modem.
func TestProbeNothing(t *testing.T) {
	t.Parallel()
	h := newHost(t, "near")
	h.newMachine()
	for args, want := range map[string]int{"": 7, "/dev/ttyUSB0": 7, "usb:2c7c:0125": 7} {
		out, said, status := h.find(strings.Fields(args)...)
		if out != "" || status != want || !strings.HasPrefix(said, "verdict: status=7 ") {
			t.Errorf("ppp -p %s: status %d, stdout %q, stderr %q", args, status, out, said)
		}
	}
}

// TestReenumeration: a modem vanishes in the midst of a call, comes back under
// another name, and is called again.
func TestReenumeration(t *testing.T) {
	t.Parallel()
	for _, device := range []string{"usb:2c7c:0125:3", "/dev/ttyUSB3"} {
		t.Run(strings.ReplaceAll(device, "/", "_"), func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "near")
			bank, bus := h.newMachine()
			modem := onUSB(t, bus, dialtest.EC25())
			bank.Answer("*99#", operator{addr: cellAddr}.service())
			h.conf("cell device=%s %s camp", device, cellWords)
			call := h.call("cell")
			first := modem.Path()
			call.await("up local=", slowly)
			for i, lose := range []func(){
				modem.Reset, // its firmware crashes
				func() { // it is pulled out and plugged in again
					modem.Unplug()
					call.await("waiting for the modem to come back", slowly)
					if err := modem.Plug(); err != nil {
						t.Error(err)
					}
				},
			} {
				lost := time.Now()
				lose()
				call.awaitTimes("up local=", i+2, slowly)
				t.Logf("up again over %s after %v", filepath.Base(modem.Path()), time.Since(lost).Round(time.Millisecond))
			}
			if modem.Path() == first {
				t.Errorf("the modem is still %s", first)
			}
			if got := call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
			released(t, modem)
		})
	}
}
