package conf

// Lines that are named in the entry, cellular modems, and what keeps a link.

var lineRows = []Keyword{
	{
		Name: "device", Forms: Valued | Repeat, Type: "line", Phase: Dead, Ours: true,
		Otherwise: "the lines of /etc/uucp/Systems and Devices",
		Group:     "Lines without UUCP files", slot: many(textKind(device), func(e *Entry) *[]string { return &e.Device }),
		Man: `A line, in place of those that the UUCP files give: the path of a tty; a pattern of paths; {auto}, the first tty that answers AT; {usb:VENDOR:PRODUCT} or {usb:VENDOR:PRODUCT:INTERFACE}; {tcp:HOST:PORT}, raw or RFC 2217; {exec:COMMAND}, a program that speaks PPP on its standard input and output and has 5 seconds to end when they are closed.
Several such words are several lines.
Without {phone}, {apn}, {chat} and {connect_cmd} nothing is dialed: PPP starts at once.`,
	},
	{
		Name: "speed", Forms: Valued, Type: "bps", Default: "115200", Min: 50, Max: 10000000, Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: number(func(e *Entry) *int { return &e.Speed }),
		Man: `The speed of the line.`,
	},
	{
		Name: "flow", Forms: Valued, Type: "kind", Default: "rtscts", Rule: "rtscts, xon or none", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: flow,
		Man: `The flow control of the line: {rtscts} by its wires, {xon} by characters, {none}. The later one of this and {xon_xoff} holds.`,
	},
	{
		Name: "local", Forms: Bare, Type: "flag", Default: "false", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: onOff(func(e *Entry) *bool { return &e.Local }),
		Man: `Whether there is a carrier is ignored, as a cable without that wire wants it.`,
	},
	{
		Name: "phone", Forms: Valued | Repeat, Type: "number", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.Phone }),
		Man: `A number to dial. Several are tried in turn.`,
	},
	{
		Name: "modem_init", Forms: Valued | Repeat, Type: "command", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.ModemInit }),
		Man: `An AT command that is sent before dialing, and that the modem must answer with OK.`,
	},
	{
		Name: "chat", Forms: Valued, Type: "expect-send", Otherwise: "a dialogue in AT commands", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.Chat }),
		Man: `The dialogue with the modem that makes the call.`,
	},
	{
		Name: "login_chat", Forms: Valued, Type: "expect-send", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.LoginChat }),
		Man: `The dialogue with what answers the call, before PPP starts.`,
	},
	{
		Name: "hangup_chat", Forms: Valued, Type: "expect-send", Otherwise: "escape, ATH and DTR", Phase: Always, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.HangupChat }),
		Man: `The dialogue with the modem when the line is given up.`,
	},
	{
		Name: "connect_cmd", Forms: Valued, Type: "command", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(textKind(printable), func(e *Entry) *string { return &e.ConnectCmd }),
		Man: `A program that makes the call, the line being its standard input and output.`,
	},
}

var cellularRows = []Keyword{
	{
		Name: "apn", Forms: Valued, Type: "name[,type[,cid]]", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(apnKind, func(e *Entry) *APN { return &e.APN }),
		Man: `The access point. The type is {IP}, {IPV6}, {IPV4V6} or {PPP}, the number of the context 1, unless given. Without {phone} the number {*99***CID#} is dialed.`,
	},
	{
		Name: "pin", Forms: Valued, Type: "digits", Rule: "four to eight digits", Phase: Dead, Secret: true, Ours: true,
		Group: "Cellular modems", slot: one(secretKind(pinDigits), func(e *Entry) *Secret { return &e.PIN }),
		Man: `The PIN of the SIM card. It is entered once, and not again after it was refused.`,
	},
	{
		Name: "net_mode", Forms: Valued, Type: "kind", Default: "auto", Rule: "auto, lte, wcdma or gsm", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(textKind(oneOf("auto", "lte", "wcdma", "gsm")), func(e *Entry) *string { return &e.NetMode }),
		Man: `The kind of radio network to use.`,
	},
	{
		Name: "carrier", Forms: Valued, Type: "plmn", Otherwise: "chosen by the modem", Rule: "five or six digits", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(textKind(plmn), func(e *Entry) *string { return &e.Carrier }),
		Man: `The operator, by the number of its network.`,
	},
}

var keepingRows = []Keyword{
	{
		Name: "monitor", Forms: Valued, Type: "host", Otherwise: "off", Rule: "not beside noicmp", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: one(textKind(host), func(e *Entry) *string { return &e.Monitor }),
		Man: `A host that is asked through this link, by ICMP, whether anything passes; {auto} asks the first hosts on the way that answer.
Every packet that comes is a sign of life too, so that a busy link is not probed.
The probes are no activity, and never cause a call.`,
	},
	{
		Name: "monitor_secs", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Always, Ours: true,
		Group: "Keeping the link", slot: period(second, func(e *Entry) *duration { return &e.MonitorSecs }),
		Man: `The time between two probes.`,
	},
	{
		Name: "monitor_fails", Forms: Valued, Type: "num", Default: "2", Min: 1, Phase: Always, Ours: true,
		Group: "Keeping the link", slot: number(func(e *Entry) *int { return &e.MonitorFails }),
		Man: `How many probes in a row may fail before the link is broken and made again, whatever the mode.
A link that passes nothing is noticed within {monitor_secs} times {monitor_fails}.
When the link that is made then passes nothing either, the modem is reset too.`,
	},
	{
		Name: "reset_cmd", Forms: Valued, Type: "command", Phase: Always, Ours: true,
		Otherwise: "step by step: Terminate-Request, escape and ATH, DTR, AT reset, USB",
		Group:     "Keeping the link", slot: one(textKind(printable), func(e *Entry) *string { return &e.ResetCmd }),
		Man: `A program that resets the modem, such as by switching its power off and on. The environment variable {DEVICE} names the line. It may take a minute.
A line {exec:COMMAND} is reset in this way only.`,
	},
	{
		Name: "reset_on_fail", Forms: Bare, Type: "flag", Default: "false", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: onOff(func(e *Entry) *bool { return &e.ResetOnFail }),
		Man: `The modem is reset when a call has failed: mildly at first, a step harder each time that no link has held since.`,
	},
	{
		Name: "reset_always", Forms: Bare, Type: "flag", Default: "false", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: onOff(func(e *Entry) *bool { return &e.ResetAlways }),
		Man: `The modem is reset whenever a link has ended.`,
	},
	{
		Name: "reset_at", Forms: Valued | Repeat, Type: "hh:mm", Rule: "ten times of day at most", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: many(clockKind, func(e *Entry) *[]TimeOfDay { return &e.ResetAt }),
		Man: `A time of day at which the link is broken, the modem reset and the link made again.
Without a link only the modem is reset, unless its line is in use: one that waits for a call is left alone.
A time that summer time skips comes as much later; one that comes twice counts once.`,
	},
	{
		Name: "reset_wait", Forms: Valued, Type: "secs", Default: "30", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: period(second, func(e *Entry) *duration { return &e.ResetWait }),
		Man: `How long the modem is left alone after a reset by which it has started anew.`,
	},
	{
		Name: "capture", Forms: Valued, Type: "file", Otherwise: "off", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: one(textKind(printable), func(e *Entry) *string { return &e.Capture }),
		Man: `Everything on the link's lines is written into this file as pcapng, for {wireshark} and {tshark}: the dialogue with modem and login, every frame with its direction, and the verdict. Passwords and responses are masked; what IP packets carry is not. The file and its predecessor, which has {.1} behind its name, take no more than 16 MB together; a file that is there is continued. It can be read at any time. {tshark -o ppp.decompress_vj:FALSE} helps where Van Jacobson compression makes TCP packets with options look malformed.`,
	},
}
