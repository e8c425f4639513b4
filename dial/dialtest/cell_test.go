package dialtest

import (
	"testing"
	"time"
)

// cellular adds a cellular modem with numeric error codes, and a network behind *99#.
func cellular(t *testing.T, change func(p *Profile)) (*virtual, *machine) {
	v := newVirtual(t)
	p := LTE()
	if change != nil {
		change(p)
	}
	net := v.modem(ModemConfig{Name: "net", Number: "*99#"})
	net.served = true
	m := v.modem(ModemConfig{Name: "m", Profile: p})
	v.say(m, "AT+CMEE=1", ok, "set up")
	return v, m
}

func TestPIN(t *testing.T) {
	v, m := cellular(t, func(p *Profile) { p.Cellular.SIM.PIN, p.Cellular.SIM.PUK = "1234", "12345678" })
	v.say(m, "AT+CPIN?", "\r\n+CPIN: SIM PIN\r\n"+ok, "locked")
	v.say(m, "AT+CIMI", "\r\n+CME ERROR: 11\r\n", "SIM PIN required")
	v.say(m, "AT+CREG?", "\r\n+CREG: 0,0\r\n"+ok, "not even searching")
	v.say(m, "ATD*99#", "\r\n+CME ERROR: 11\r\n", "no call")
	v.say(m, "AT+CPIN=\"1111\"", "\r\n+CME ERROR: 16\r\n", "wrong")
	v.say(m, "AT+CMEE=2;+CPIN=1112", "\r\n+CME ERROR: incorrect password\r\n", "wrong again")
	v.say(m, "AT+CPIN=1234", ok, "right")
	v.want(m, "", "ready a moment later")
	v.pass(time.Second)
	v.want(m, "\r\n+CPIN: READY\r\n", "now")
	v.say(m, "AT+CPIN?", "\r\n+CPIN: READY\r\n"+ok, "ready")
	v.say(m, "AT+CPIN=1234", "\r\n+CME ERROR: operation not allowed\r\n", "it is not asked for")
	v.say(m, "AT+CREG?", "\r\n+CREG: 0,1\r\n"+ok, "registered")

	m.boot(v.now)
	m.echo = false
	for range 3 {
		v.say(m, "AT+CPIN=0000", bad, "wrong; a boot has reset +CMEE")
	}
	v.say(m, "AT+CPIN?", "\r\n+CPIN: SIM PUK\r\n"+ok, "three wrong ones")
	m.boot(v.now)
	m.echo = false
	v.say(m, "AT+CPIN?", "\r\n+CPIN: SIM PUK\r\n"+ok, "the card does not forget")
	v.say(m, "AT+CMEE=1;+CPIN=1234", "\r\n+CME ERROR: 16\r\n", "a PIN does not help")
	v.say(m, "AT+CPIN=\"12345678\",\"4321\"", ok, "the PUK sets a new PIN")
	m.boot(v.now)
	m.echo = false
	v.say(m, "AT+CPIN=4321", ok, "which counts from now on")
}

func TestNoSIM(t *testing.T) {
	v, m := cellular(t, func(p *Profile) { p.Cellular.SIM.Absent = true })
	v.say(m, "AT+CPIN?", "\r\n+CME ERROR: 10\r\n", "SIM not inserted")
	v.say(m, "AT+CMEE=0;+COPS?", bad, "plain ERROR without +CMEE")
}

func TestRegistration(t *testing.T) {
	v, m := cellular(t, func(p *Profile) { p.Cellular.RegisterAfter = 8 * time.Second })
	v.say(m, "AT+CREG=1;+CEREG=2;+CREG?;+CEREG?", "\r\n+CREG: 1,2\r\n\r\n+CEREG: 2,2\r\n"+ok, "searching")
	v.say(m, "AT+COPS?;+CGATT?", "\r\n+COPS: 0\r\n\r\n+CGATT: 0\r\n"+ok, "no operator yet")
	v.say(m, "ATD*99#", noCarrier, "no network, no call")
	v.say(m, "AT+CEER", "\r\n+CEER: No network service\r\n"+ok, "and it says why")
	v.pass(8 * time.Second)
	v.want(m, "\r\n+CREG: 1\r\n\r\n+CEREG: 1\r\n", "only who asked is told")
	v.say(m, "AT+COPS?;+CGATT?;+CSQ", "\r\n+COPS: 0,0,\"Test Network\",7\r\n\r\n+CGATT: 1\r\n\r\n+CSQ: 20,99\r\n"+ok, "registered")
	v.say(m, "AT+COPS=3,2;+COPS?", "\r\n+COPS: 0,2,\"00101\",7\r\n"+ok, "numeric")
	v.say(m, "AT+COPS=1,2,\"26201\"", "\r\n+CME ERROR: 30\r\n", "another operator is not there")
	v.say(m, "AT+CFUN=4", "\r\n+CREG: 0\r\n\r\n+CEREG: 0\r\n"+ok, "radio off")
	v.say(m, "AT+CFUN=1", "\r\n+CREG: 2\r\n\r\n+CEREG: 2\r\n"+ok, "radio on")
	v.say(m, "AT+CFUN=4", "\r\n+CREG: 0\r\n\r\n+CEREG: 0\r\n"+ok, "off again")
	v.pass(time.Hour)
	v.want(m, "", "a search that was given up finds nothing")
	v.say(m, "AT+CFUN?", "\r\n+CFUN: 4\r\n"+ok, "off")
	v.say(m, "AT+CFUN=1,1", ok, "reset")
	v.pass(time.Second)
	v.wantDeeds("replug m")
}

func TestDenied(t *testing.T) {
	v, m := cellular(t, func(p *Profile) { p.Cellular.Status = 3 })
	v.say(m, "AT+CGREG?", "\r\n+CGREG: 0,3\r\n"+ok, "denied")
	v.say(m, "AT+CGATT=1", "\r\n+CME ERROR: 30\r\n", "no service")
}

func TestPacketCall(t *testing.T) {
	v, m := cellular(t, func(p *Profile) { p.Cellular.Cause = "Regular deactivation" })
	v.say(m, "AT+CGDCONT=3,\"IPV4V6\",\"internet\";+CGDCONT?", "\r\n+CGDCONT: 3,\"IPV4V6\",\"internet\",\"\",0,0\r\n"+ok, "defined")
	v.say(m, "AT+CGDCONT=2,\"X25\",\"internet\"", "\r\n+CME ERROR: 50\r\n", "no such type")
	v.say(m, "ATD*99***2#", bad, "not defined")
	v.say(m, "ATD*99***3#", "\r\nCONNECT 150000000\r\n", "defined")
	v.wantDeeds("connect m net")
	v.ex.drop(v.now, m)
	v.want(m, noCarrier, "the network ends the call")
	v.say(m, "AT+CEER", "\r\n+CEER: Regular deactivation\r\n"+ok, "with a cause")
	v.say(m, "AT+CGDCONT=3;+CGDCONT?", ok, "undefined")
	v.say(m, "ATDT*99#", "\r\nCONNECT 150000000\r\n", "context 1 is the default bearer's")
}

func TestPacketNumbers(t *testing.T) {
	for number, want := range map[string]string{
		"*99#": "1", "*99***1#": "1", "*99***4#": "4", "*99**PPP*2#": "2", "*99***#": "1", "*98#": "", "5551234": "", "*99": "",
	} {
		if cid, ok := packetCID(number); cid != want || ok != (want != "") {
			t.Errorf("%s: %q %t, want %q", number, cid, ok, want)
		}
	}
}

// TestBC66 repeats the dialogue of a Quectel BC66 with chat(8), as its user
// posted it to linux-ppp in February 2021.
func TestBC66(t *testing.T) {
	v, m := cellular(t, func(p *Profile) {
		p.Ident = []string{"Quectel_Ltd", "Quectel_BC66", "Revision: BC66NBR01A10"}
		p.Connect = ""
		p.Cellular = &Cellular{Status: 5, PLMN: "26201", AcT: 9, RSSI: 8}
	})
	m.echo = true
	m.setDTR(v.now, false)
	m.setDTR(v.now, true)
	m.cell.copsFormat = 2
	for _, s := range [][2]string{
		{"AT\r", "AT\r" + ok},
		{"ATE0\r", "ATE0\r" + ok},
		{"ATI\r", "\r\nQuectel_Ltd\r\nQuectel_BC66\r\nRevision: BC66NBR01A10\r\n" + ok},
		{"AT+CSQ\r", "\r\n+CSQ: 8,0\r\n" + ok},
		{"AT+CPIN?\r", "\r\n+CPIN: READY\r\n" + ok},
		{"AT+COPS?\r", "\r\n+COPS: 0,2,\"26201\",9\r\n" + ok},
		{"AT+CGREG?\r", "\r\n+CGREG: 0,5\r\n" + ok},
		{"ATZ\r", ok},
		{"AT+CGDCONT=1,\"IP\",\"iot.1nce.net\",,0,0\r", "AT+CGDCONT=1,\"IP\",\"iot.1nce.net\",,0,0\r" + ok},
		{"ATDT*99#\r", "ATDT*99#\r" + connected},
	} {
		v.send(m, s[0])
		v.want(m, s[1], "the BC66 does")
	}
}

func TestScript(t *testing.T) {
	v, m := cellular(t, func(p *Profile) {
		p.Rows = []Row{
			{Command: "+CSQ", Times: 2, Lines: []string{"+CSQ: 99,99"}},
			{Command: "+QCFG=\"NWSCANMODE\",*", Delay: 300 * time.Millisecond},
			{Command: "+CGATT?", Delay: 2 * time.Second, Pass: true, Then: []Step{{After: time.Second, Text: "+QIND: SMS DONE"}}},
			{Command: "+CRASH", Result: NoResult, Then: []Step{{After: time.Second, Do: Replug}}},
			{Command: "+COPS=0", Result: "+CME ERROR: 100"},
			{Command: "D*99#", Times: 1, Pass: true, Then: []Step{{Text: "RDY"}, {After: 3 * time.Second, Do: Mute}, {After: 5 * time.Second, Do: DropCall}}},
			{Command: "D*99#", Times: 1, Delay: time.Second, Result: "NO CARRIER"},
			{Command: "+WEDGE", Pass: true, Then: []Step{{Do: Wedge}}},
			{Command: "+SIM", Then: []Step{{After: 1, Do: SIMGone}}},
			{Command: "+NET", Then: []Step{{After: 1, Do: LoseNet}, {After: time.Second, Do: RegainNet}}},
		}
	})
	v.say(m, "AT+CSQ;+CSQ;+csq", "\r\n+CSQ: 99,99\r\n\r\n+CSQ: 99,99\r\n\r\n+CSQ: 20,99\r\n"+ok, "twice from the script, then built in")
	v.say(m, "AT+QCFG=\"NWSCANMODE\",3,1", "", "slow")
	v.say(m, "AT", "", "waits its turn")
	v.pass(300 * time.Millisecond)
	v.want(m, ok+ok, "both")
	v.say(m, "AT+CGATT?;+CMEE?", "", "slower")
	v.pass(time.Second)
	v.want(m, "\r\n+QIND: SMS DONE\r\n", "something else comes first")
	v.pass(time.Second)
	v.want(m, "\r\n+CGATT: 1\r\n\r\n+CMEE: 1\r\n"+ok, "built in")
	v.say(m, "AT+COPS=0", "\r\n+CME ERROR: 100\r\n", "fails")
	v.say(m, "AT+CRASH", "", "no answer")
	v.pass(time.Second)
	v.wantDeeds("replug m")
	v.say(m, "AT+NET", ok, "loses the network")
	v.pass(1)
	v.say(m, "AT+CREG?", "\r\n+CREG: 0,2\r\n"+ok, "searching")
	v.pass(time.Second)
	v.say(m, "AT+CREG?", "\r\n+CREG: 0,1\r\n"+ok, "back")

	v.say(m, "ATD*99#", "\r\nRDY\r\n\r\nCONNECT 150000000\r\n", "a result code nobody asked for")
	v.pass(4 * time.Second)
	v.wantDeeds("connect m net", "mute m")
	v.pass(time.Second)
	v.want(m, noCarrier, "the call is dropped")
	v.say(m, "ATD*99#", "", "the second call")
	v.pass(time.Second)
	v.want(m, noCarrier, "fails")

	v.say(m, "AT+SIM", ok, "loses the SIM")
	v.pass(1)
	v.want(m, "\r\n+CPIN: NOT INSERTED\r\n", "reported")
	v.say(m, "AT+CPIN?", "\r\n+CME ERROR: 10\r\n", "gone")
	v.say(m, "AT+WEDGE", "", "wedged")
	v.say(m, "AT", "", "for good")
	m.setDTR(v.now, false)
	m.setDTR(v.now, true)
	v.say(m, "AT", "", "DTR does not help")
	m.boot(v.now)
	v.say(m, "AT", "AT\r"+ok, "a boot does")
}

func TestBoot(t *testing.T) {
	v := newVirtual(t)
	m := v.modem(ModemConfig{Name: "m", Profile: &Profile{Boot: []Step{{After: 3 * time.Second, Text: "RDY"}, {After: 4 * time.Second, Text: "+CFUN: 1"}}}})
	v.pass(3 * time.Second)
	v.want(m, "\r\nRDY\r\n", "it has booted")
	m.boot(v.now)
	v.pass(3500 * time.Millisecond)
	v.want(m, "\r\nRDY\r\n", "what was to come of the first life does not come")
}
