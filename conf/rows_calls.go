package conf

// When the link is up, over how many lines, and how calls are made.

var idleRows = []Keyword{
	{
		Name: "active_timeout", Forms: Valued, Type: "secs", Min: 1, Phase: Always,
		Otherwise: "off; in demand modes inactive_timeout, else 300", Rule: "not less than inactive_timeout",
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.ActiveTimeout }),
	},
	{
		Name: "inactive_timeout", Forms: Valued, Type: "secs", Min: 1, Phase: Always,
		Otherwise: "off; in demand modes active_timeout, else 30", Rule: "not more than active_timeout",
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.InactiveTimeout }),
	},
	{
		Name: "toll_boundary", Forms: Valued, Type: "secs", Otherwise: "off", Min: 1, Phase: Always,
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.TollBoundary }),
	},
	{
		Name: "max_connect_secs", Forms: Valued, Type: "secs", Otherwise: "off", Min: 1, Phase: Always, Ours: true,
		Group: "Idleness", slot: period(second, func(e *Entry) *duration { return &e.MaxConnectSecs }),
	},
}

var multilinkRows = []Keyword{
	{
		Name: "busy_delay", Forms: Valued, Type: "secs", Default: "10", Min: 1, Phase: Always,
		Rule:  "rounded up to a multiple of 5",
		Group: "Multilink", slot: rounded(second, 5, func(e *Entry) *duration { return &e.BusyDelay }),
	},
	{
		Name: "idle_delay", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Always,
		Rule:  "rounded up to a multiple of 5",
		Group: "Multilink", slot: rounded(second, 5, func(e *Entry) *duration { return &e.IdleDelay }),
	},
	{
		Name: "bps", Forms: Valued, Type: "bps", Otherwise: "measured", Phase: Network,
		Group: "Multilink", slot: one(bpsKind, func(e *Entry) *int { return &e.BPS }),
	},
	{
		Name: "maxdevs", Forms: Valued, Type: "num", Otherwise: "the largest of outdevs, mindevs and 4", Min: 1, Max: 64, Phase: Network,
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.MaxDevs }),
	},
	{
		Name: "outdevs", Forms: Valued, Type: "num", Default: "1", Min: 1, Max: 64, Phase: Network,
		Rule:  "not more than maxdevs",
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.OutDevs }),
	},
	{
		Name: "mindevs", Forms: Valued, Type: "num", Default: "1", Min: 1, Max: 64, Phase: Network,
		Rule:  "not more than maxdevs",
		Group: "Multilink", slot: number(func(e *Entry) *int { return &e.MinDevs }),
	},
	{
		Name: "unsafe_mp", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.UnsafeMP }),
	},
	{
		Name: "mp", Forms: Negated, Type: "flag", Default: "true", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MP }),
	},
	{
		Name: "mp_send_ssn", Forms: Bare, Type: "flag", Default: "false", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPSendSSN }),
	},
	{
		Name: "mp_recv_ssn", Forms: Bare, Type: "flag", Default: "false", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPRecvSSN }),
	},
	{
		Name: "mp_headers", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPHeaders }),
	},
	{
		Name: "endpoint_discriminator", Forms: Negated, Type: "flag", Default: "true", Phase: Establish,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.EndpointDiscriminator }),
	},
	{
		Name: "mp_frag", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPFrag }),
	},
	{
		Name: "mp_interleave", Forms: Bare, Type: "flag", Default: "false", Phase: Establish, Ours: true,
		Group: "Multilink", slot: onOff(func(e *Entry) *bool { return &e.MPInterleave }),
	},
}

var callRows = []Keyword{
	{
		Name: "in", Forms: Bare, Type: "mode", Phase: Dead,
		Group: "Modes and calls", slot: modeWord(In),
	},
	{
		Name: "out", Forms: Bare, Type: "mode", Otherwise: "with -r", Phase: Dead,
		Group: "Modes and calls", slot: modeWord(Out),
	},
	{
		Name: "quiet", Forms: Bare, Type: "mode", Phase: Dead,
		Rule:  "both addresses are known; not needed in entries with device or apn; not beside -ipv4",
		Group: "Modes and calls", slot: modeWord(Quiet),
	},
	{
		Name: "camp", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Rule:  "only in out mode",
		Group: "Modes and calls", slot: onOff(func(e *Entry) *bool { return &e.Camp }),
	},
	{
		Name: "modwait", Forms: Valued, Type: "secs", Default: "5", Phase: Always,
		Group: "Modes and calls", slot: period(second, func(e *Entry) *duration { return &e.ModWait }),
	},
	{
		Name: "modtries", Forms: Valued, Type: "num", Default: "3", Min: 1, Phase: Always,
		Group: "Modes and calls", slot: number(func(e *Entry) *int { return &e.ModTries }),
	},
	{
		Name: "modpause", Forms: Valued, Type: "secs", Default: "0", Phase: Always,
		Group: "Modes and calls", slot: period(second, func(e *Entry) *duration { return &e.ModPause }),
	},
	{
		Name: "redial_limit", Forms: Valued, Type: "num", Default: "0", Phase: Always, Ours: true,
		Group: "Modes and calls", slot: number(func(e *Entry) *int { return &e.RedialLimit }),
	},
}
