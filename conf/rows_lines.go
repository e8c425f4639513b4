package conf

// Lines that are named in the entry, cellular modems, and what keeps a link.

var lineRows = []Keyword{
	{
		Name: "device", Forms: Valued | Repeat, Type: "line", Phase: Dead, Ours: true,
		Otherwise: "the lines of /etc/uucp/Systems and Devices",
		Group:     "Lines without UUCP files", slot: many(textKind(device), func(e *Entry) *[]string { return &e.Device }),
	},
	{
		Name: "speed", Forms: Valued, Type: "bps", Default: "115200", Min: 50, Max: 10000000, Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: number(func(e *Entry) *int { return &e.Speed }),
	},
	{
		Name: "flow", Forms: Valued, Type: "kind", Default: "rtscts", Rule: "rtscts, xon or none", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: flow,
	},
	{
		Name: "local", Forms: Bare, Type: "flag", Default: "false", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: onOff(func(e *Entry) *bool { return &e.Local }),
	},
	{
		Name: "phone", Forms: Valued | Repeat, Type: "number", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.Phone }),
	},
	{
		Name: "modem_init", Forms: Valued | Repeat, Type: "command", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.ModemInit }),
	},
	{
		Name: "chat", Forms: Valued, Type: "expect-send", Otherwise: "a dialogue in AT commands", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.Chat }),
	},
	{
		Name: "login_chat", Forms: Valued, Type: "expect-send", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.LoginChat }),
	},
	{
		Name: "hangup_chat", Forms: Valued, Type: "expect-send", Otherwise: "escape, ATH and DTR", Phase: Always, Ours: true,
		Group: "Lines without UUCP files", slot: one(chatKind, func(e *Entry) *string { return &e.HangupChat }),
	},
	{
		Name: "connect_cmd", Forms: Valued, Type: "command", Phase: Dead, Ours: true,
		Group: "Lines without UUCP files", slot: one(textKind(printable), func(e *Entry) *string { return &e.ConnectCmd }),
	},
}

var cellularRows = []Keyword{
	{
		Name: "apn", Forms: Valued, Type: "name[,type[,cid]]", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(apnKind, func(e *Entry) *APN { return &e.APN }),
	},
	{
		Name: "pin", Forms: Valued, Type: "digits", Rule: "four to eight digits", Phase: Dead, Secret: true, Ours: true,
		Group: "Cellular modems", slot: one(secretKind(pinDigits), func(e *Entry) *Secret { return &e.PIN }),
	},
	{
		Name: "net_mode", Forms: Valued, Type: "kind", Otherwise: "what the modem is set to", Rule: "auto, lte, wcdma or gsm", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(textKind(oneOf("auto", "lte", "wcdma", "gsm")), func(e *Entry) *string { return &e.NetMode }),
	},
	{
		Name: "carrier", Forms: Valued, Type: "plmn", Otherwise: "chosen by the modem", Rule: "five or six digits", Phase: Dead, Ours: true,
		Group: "Cellular modems", slot: one(textKind(plmn), func(e *Entry) *string { return &e.Carrier }),
	},
}

var keepingRows = []Keyword{
	{
		Name: "monitor", Forms: Valued, Type: "host", Otherwise: "off", Rule: "not beside noicmp", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: one(textKind(host), func(e *Entry) *string { return &e.Monitor }),
	},
	{
		Name: "monitor_secs", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Always, Ours: true,
		Group: "Keeping the link", slot: period(second, func(e *Entry) *duration { return &e.MonitorSecs }),
	},
	{
		Name: "monitor_fails", Forms: Valued, Type: "num", Default: "2", Min: 1, Phase: Always, Ours: true,
		Group: "Keeping the link", slot: number(func(e *Entry) *int { return &e.MonitorFails }),
	},
	{
		Name: "reset_cmd", Forms: Valued, Type: "command", Phase: Always, Ours: true,
		Otherwise: "step by step: Terminate-Request, escape and ATH, DTR, AT reset, USB",
		Group:     "Keeping the link", slot: one(textKind(printable), func(e *Entry) *string { return &e.ResetCmd }),
	},
	{
		Name: "reset_on_fail", Forms: Bare, Type: "flag", Default: "false", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: onOff(func(e *Entry) *bool { return &e.ResetOnFail }),
	},
	{
		Name: "reset_always", Forms: Bare, Type: "flag", Default: "false", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: onOff(func(e *Entry) *bool { return &e.ResetAlways }),
	},
	{
		Name: "reset_at", Forms: Valued | Repeat, Type: "hh:mm", Rule: "ten times of day at most", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: many(clockKind, func(e *Entry) *[]TimeOfDay { return &e.ResetAt }),
	},
	{
		Name: "reset_wait", Forms: Valued, Type: "secs", Default: "30", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: period(second, func(e *Entry) *duration { return &e.ResetWait }),
	},
	{
		Name: "capture", Forms: Valued, Type: "file", Otherwise: "off", Phase: Always, Ours: true,
		Group: "Keeping the link", slot: one(textKind(printable), func(e *Entry) *string { return &e.Capture }),
	},
}
