package dialtest

import "time"

// The modems that people use, as they answer. Each call gives a profile of its own,
// to be changed by a test.

// network is a network that has nothing to complain of.
func network(act, rssi int) *Cellular {
	return &Cellular{
		SIM:      SIM{IMSI: "262010123456789", ICCID: "89490200001234567890"},
		Operator: "Telekom.de", PLMN: "26201", AcT: act, RSSI: rssi, BER: 99,
	}
}

// EC25 is a Quectel EC25 (LTE, mini PCIe): chatty while it boots.
func EC25() *Profile {
	return &Profile{
		Name: "ec25", Manufacturer: "Quectel", Model: "EC25", Revision: "EC25EFAR06A03M4G", Serial: "867698040123456",
		Ident:   []string{"Quectel", "EC25", "Revision: EC25EFAR06A03M4G"},
		Connect: "150000000", Down: 300 * time.Millisecond,
		Cellular: network(7, 20),
		Boot: []Step{
			{After: 20 * time.Millisecond, Text: "RDY"}, {After: 40 * time.Millisecond, Text: "+CFUN: 1"},
			{After: 60 * time.Millisecond, Text: "+QUSIM: 1"}, {After: 80 * time.Millisecond, Text: "+QIND: SMS DONE"},
			{After: 100 * time.Millisecond, Text: "+QIND: PB DONE"},
		},
		Rows: []Row{
			{Command: `+QCFG="nwscanmode"`, Lines: []string{`+QCFG: "nwscanmode",0`}},
			{Command: `+QCFG="nwscanmode",*`, Delay: 300 * time.Millisecond},
			{Command: "+QPINC?", Lines: []string{`+QPINC: "SC",{tries},10`, `+QPINC: "P2",3,10`}},
			{Command: "+QCCID", Lines: []string{"+QCCID: {iccid}"}},
		},
	}
}

// SIM7600 is a SIMCom SIM7600E-H (LTE, HAT for small computers).
func SIM7600() *Profile {
	return &Profile{
		Name: "sim7600", Manufacturer: "SIMCOM INCORPORATED", Model: "SIMCOM_SIM7600E-H", Revision: "+CGMR: LE20B04SIM7600M22", Serial: "861477030123456",
		Ident: []string{
			"Manufacturer: SIMCOM INCORPORATED", "Model: SIMCOM_SIM7600E-H", "Revision: SIM7600M22_V2.0",
			"IMEI: 861477030123456", "+GCAP: +CGSM",
		},
		Connect: "115200", Down: 300 * time.Millisecond,
		Cellular: network(7, 17),
		Boot: []Step{
			{After: 20 * time.Millisecond, Text: "RDY"}, {After: 40 * time.Millisecond, Text: "+CPIN: READY"},
			{After: 60 * time.Millisecond, Text: "SMS DONE"}, {After: 100 * time.Millisecond, Text: "PB DONE"},
		},
		Rows: []Row{
			{Command: "+CNMP?", Lines: []string{"+CNMP: 2"}}, {Command: "+CNMP=*"},
			{Command: "+SPIC", Lines: []string{"+SPIC: {tries},10,3,10"}},
			{Command: "+CICCID", Lines: []string{"+ICCID: {iccid}"}},
			{Command: "+CRESET", Then: []Step{{After: 50 * time.Millisecond, Do: Replug}}},
		},
	}
}

// E398 is a Huawei E398 (LTE stick): it talks all the time, until ^CURC=0.
func E398() *Profile {
	talk := []Step{
		{After: 5 * time.Millisecond, Text: "^RSSI:18"}, {After: 10 * time.Millisecond, Text: "^HCSQ:\"LTE\",38,30,121,16"},
		{After: 15 * time.Millisecond, Text: "^SRVST:2"},
	}
	return &Profile{
		Name: "e398", Manufacturer: "huawei", Model: "E398", Revision: "11.335.05.00.00", Serial: "863781010123456",
		Ident: []string{
			"Manufacturer: huawei", "Model: E398", "Revision: 11.335.05.00.00", "IMEI: 863781010123456", "+GCAP: +CGSM,+DS,+ES",
		},
		Connect: "100000000", Down: 300 * time.Millisecond,
		Cellular: network(7, 18),
		Boot:     []Step{{After: 20 * time.Millisecond, Text: "^SYSSTART"}, {After: 40 * time.Millisecond, Text: "^SIMST:1"}},
		Rows: []Row{
			{Command: "H", Pass: true, Then: talk}, {Command: "+CGMI", Pass: true, Then: talk}, {Command: "+CSQ", Pass: true, Then: talk},
			{Command: "^CURC=0"},
			{Command: "^SYSCFGEX?", Lines: []string{`^SYSCFGEX:"00",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF`}}, {Command: "^SYSCFGEX=*"},
			{Command: "^CPIN?", Lines: []string{"^CPIN: READY,,10,{tries},10,3"}},
			{Command: "^ICCID?", Lines: []string{"^ICCID: {iccid}"}},
			{Command: "^RESET", Then: []Step{{After: 50 * time.Millisecond, Do: Replug}}},
		},
	}
}

// BC66 is a Quectel BC66 (NB-IoT) at a UART: it roams, hears little, and names
// operators by number.
func BC66() *Profile {
	c := network(9, 8)
	c.Status, c.Operator = 5, "26201"
	c.SIM = SIM{IMSI: "901405101234567", ICCID: "89882280000012345678"}
	c.Types = []string{"IP", "IPV6", "IPV4V6"}
	return &Profile{
		Name: "bc66", Manufacturer: "Quectel_Ltd", Model: "Quectel_BC66", Revision: "BC66NBR01A10", Serial: "867997030123456",
		Ident:    []string{"Quectel_Ltd", "Quectel_BC66", "Revision: BC66NBR01A10"},
		Down:     300 * time.Millisecond,
		Cellular: c,
		Boot: []Step{
			{After: 20 * time.Millisecond, Text: "RDY"}, {After: 40 * time.Millisecond, Text: "+CPIN: READY"},
			{After: 60 * time.Millisecond, Text: "+IP: 10.43.124.1"},
		},
		Rows: []Row{
			{Command: `+QCFG*`, Result: "ERROR"}, {Command: "+QNWPREFCFG*", Result: "ERROR"},
			{Command: "+CFUN=1,1", Result: "ERROR"},
			{Command: "+CGREG?", Result: "ERROR", Times: 1}, // while it is busy with the network
			{Command: "+QCCID", Lines: []string{"+QCCID: {iccid}"}},
			{Command: "+QRST=1", Then: []Step{{After: 50 * time.Millisecond, Do: Replug}}},
		},
	}
}
