package conf

// When the link is up, over how many lines, and how calls are made.

var idleRows = []Keyword{
	{
		Name: "active_timeout", Forms: Valued, Type: "secs", Min: 1, Phase: Always,
		Otherwise: "off; in demand modes inactive_timeout, else 300", Rule: "not less than inactive_timeout",
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.ActiveTimeout }),
		Man: `How long the link may be idle while a TCP connection over it seems to be open. That is concluded from the packets that we send, and may be wrong.

Demand modes are {quiet}, and {out} with this or {inactive_timeout}: the call is made at once, and later whenever there is traffic.`,
	},
	{
		Name: "inactive_timeout", Forms: Valued, Type: "secs", Min: 1, Phase: Always,
		Otherwise: "off; in demand modes active_timeout, else 30", Rule: "not more than active_timeout",
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.InactiveTimeout }),
		Man: `How long the link may be idle while no TCP connection seems to be open.`,
	},
	{
		Name: "toll_boundary", Forms: Valued, Type: "secs", Otherwise: "off", Min: 1, Phase: Always,
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.TollBoundary }),
		Man: `The unit of time that calls are charged by. An idle link is kept until shortly before the end of the unit that is paid for anyway.`,
	},
	{
		Name: "max_connect_secs", Forms: Valued, Type: "secs", Otherwise: "off", Min: 1, Phase: Always, Ours: true,
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.MaxConnectSecs }),
		Man: `The call is ended after this time, however busy it is.`,
	},
}

var multilinkRows = []Keyword{
	{
		Name: "busy_delay", Forms: Valued, Type: "secs", Default: "10", Min: 1, Phase: Always,
		Rule:  "rounded up to a multiple of 5",
		Group: "Multilink", slot: rounded(second, 5, func(e *Entry) *duration { return &e.BusyDelay }),
		Man: `How long all lines must be saturated before another is called, up to {outdevs}.`,
	},
	{
		Name: "idle_delay", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Always,
		Rule:  "rounded up to a multiple of 5",
		Group: "Multilink", slot: rounded(second, 5, func(e *Entry) *duration { return &e.IdleDelay }),
		Man: `How long the lines must have had room to spare, without a moment of saturation, before one in excess of {mindevs} is hung up. Only lines that we have called are. When nothing passes at all, the timeouts end them all.`,
	},
	{
		Name: "bps", Forms: Valued, Type: "bps", Otherwise: "measured", Phase: Network,
		Group: "Multilink", slot: one(bpsKind, func(e *Entry) *int { return &e.BPS }),
		Man: `The speed of each line, in place of the measured one. With 0 nothing is held back from a line.`,
	},
	{
		Name: "maxdevs", Forms: Valued, Type: "num", Otherwise: "the largest of outdevs, mindevs and 4", Min: 1, Max: 64, Phase: Network,
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.MaxDevs }),
		Man: `The most lines, called and answered, that may be joined. Further calls are refused.`,
	},
	{
		Name: "outdevs", Forms: Valued, Type: "num", Default: "1", Min: 1, Max: 64, Phase: Network,
		Rule:  "not more than maxdevs",
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.OutDevs }),
		Man: `The most lines that we call.`,
	},
	{
		Name: "mindevs", Forms: Valued, Type: "num", Default: "1", Min: 1, Max: 64, Phase: Network,
		Rule:  "not more than maxdevs",
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.MinDevs }),
		Man: `The fewest lines: while there are fewer, another is called, if it was we who made the call.`,
	},
	{
		Name: "unsafe_mp", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.UnsafeMP }),
		Man: `The answering side may call additional lines, too. It is for peers that never do it themselves.`,
	},
	{
		Name: "mp", Forms: Negated, Type: "flag", Default: "true", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MP }),
		Man: `{-mp} turns off the multilink protocol (RFC 1990): the peer has one line. The older BF&I protocol has no public description; that is why a second line is refused.`,
	},
	{
		Name: "mp_send_ssn", Forms: Bare, Type: "flag", Default: "false", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPSendSSN }),
		Man: `We send short sequence numbers if the peer asks for them.`,
	},
	{
		Name: "mp_recv_ssn", Forms: Bare, Type: "flag", Default: "false", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPRecvSSN }),
		Man: `We ask the peer to send short sequence numbers.`,
	},
	{
		Name: "mp_headers", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPHeaders }),
		Man: `Packets have multilink headers also while there is only one line.`,
	},
	{
		Name: "endpoint_discriminator", Forms: Negated, Type: "flag", Default: "true", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.EndpointDiscriminator }),
		Man: `{-endpoint_discriminator} does not tell the peer by which machine the lines of a bundle are known. It is for peers that cannot bear the option.`,
	},
	{
		Name: "mp_frag", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPFrag }),
		Man: `{-mp_frag} sends packets whole wherever that is possible.`,
	},
	{
		Name: "mp_interleave", Forms: Bare, Type: "flag", Default: "false", Phase: Establish, Ours: true,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPInterleave }),
		Man: `Urgent packets go between the fragments of large ones (the multi-class extension, RFC 2686), if the peer can do it.`,
	},
}

var callRows = []Keyword{
	{
		Name: "in", Forms: Bare, Type: "mode", Phase: Dead,
		Group: "Modes and calls", slot: modeWord(In),
		Man: `The peer calls us. Of {in}, {out} and {quiet} the last one holds.
None of them, and no {camp}, is heeded when a login has started the program on the caller's line.`,
	},
	{
		Name: "out", Forms: Bare, Type: "mode", Otherwise: "with -r", Phase: Dead,
		Group: "Modes and calls", slot: modeWord(Out),
		Man: `We call the peer, at once. A timeout makes it a demand mode.`,
	},
	{
		Name: "quiet", Forms: Bare, Type: "mode", Phase: Dead,
		Rule:  "both addresses are known; not needed in entries with device or apn",
		Group: "Modes and calls", slot: modeWord(Quiet),
		Man: `We call the peer when there is traffic for it, hang up when the link is idle, and so on.
The interface is there before the first call, so both addresses must be known: given by {localhost} and {remotehost}, or by their defaults.
In entries with {device} or {apn} placeholders serve until the peer tells the real ones.`,
	},
	{
		Name: "camp", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Rule:  "only in out mode",
		Group: "Modes and calls", slot: onOff(func(e *Entry) *bool { return &e.Camp }),
		Man: `The link is made again whenever it breaks, for ever.`,
	},
	{
		Name: "modwait", Forms: Valued, Type: "secs", Default: "5", Phase: Always,
		Group: "Modes and calls", slot: period(second, func(e *Entry) *duration { return &e.ModWait }),
		Man: `How long the modem rests between two calls.`,
	},
	{
		Name: "modtries", Forms: Valued, Type: "num", Default: "3", Min: 1, Phase: Always,
		Group: "Modes and calls", slot: number(func(e *Entry) *int { return &e.ModTries }),
		Man: `How many calls in a row may fail before the program gives up for now, and what waits to be sent is thrown away.`,
	},
	{
		Name: "modpause", Forms: Valued, Type: "secs", Default: "0", Phase: Always,
		Group: "Modes and calls", slot: period(second, func(e *Entry) *duration { return &e.ModPause }),
		Man: `How long to wait after a failed series of calls before the next may begin.`,
	},
	{
		Name: "redial_limit", Forms: Valued, Type: "num", Default: "0", Phase: Always, Ours: true,
		Group: "Modes and calls", slot: number(func(e *Entry) *int { return &e.RedialLimit }),
		Man: `The most calls in an hour, counted across restarts; 0 is no limit. Operators bar SIM cards that redial fast.`,
	},
}
