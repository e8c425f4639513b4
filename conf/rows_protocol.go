package conf

// Framing, the control protocols, the queue, compression.

var mapRows = []Keyword{
	{
		Name: "map_char_num", Forms: Valued | Repeat, Type: "num", Max: 255, Phase: Authenticate,
		Rule:  "not 0x5e; 0x7d and 0x7e are escaped anyway",
		Group: "Control characters", slot: many(escapeKind, func(e *Entry) *[]byte { return &e.MapCharNum }),
	},
	{
		Name: "accm", Forms: Valued, Type: "map", Default: "0x0", Max: 0xffffffff, Phase: Authenticate,
		Group: "Control characters", slot: one(mapKind, func(e *Entry) *uint32 { return &e.ACCM }),
	},
	{
		Name: "map_char", Forms: Valued | Repeat, Type: "letters", Phase: Authenticate,
		Rule:  `only @A-Z[\]^_`,
		Group: "Control characters", slot: many(textKind(controlLetters), func(e *Entry) *[]string { return &e.MapChar }),
	},
	{
		Name: "accm_parity", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Control characters", slot: onOff(func(e *Entry) *bool { return &e.ACCMParity }),
	},
	{
		Name: "rx_accm", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control characters", slot: onOff(func(e *Entry) *bool { return &e.RxACCM }),
	},
}

var controlRows = []Keyword{
	{
		Name: "restart_ms", Forms: Valued, Type: "ms", Default: "1000", Min: 1, Phase: Always,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.RestartMs }),
	},
	{
		Name: "restart_ms_lim", Forms: Valued, Type: "ms", Default: "8000", Min: 1, Phase: Always,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.RestartMsLim }),
	},
	{
		Name: "ccp_restart_ms", Forms: Valued, Type: "ms", Default: "6000", Min: 1, Phase: Network,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.CCPRestartMs }),
	},
	{
		Name: "max_FSM_fail", Forms: Valued, Type: "num", Default: "10", Min: 1, Phase: Always,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMFail }),
	},
	{
		Name: "max_FSM_conf", Forms: Valued, Type: "num", Default: "10", Min: 1, Phase: Always,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMConf }),
	},
	{
		Name: "max_FSM_term", Forms: Valued, Type: "num", Min: 1, Phase: Always,
		Rule:  "not beside max_term_ms",
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMTerm }),
	},
	{
		Name: "max_term_ms", Forms: Valued, Type: "ms", Default: "7000", Min: 1, Phase: Always,
		Rule:  "not beside max_FSM_term",
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.MaxTermMs }),
	},
	{
		Name: "LCP_IDENT", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.LCPIdent }),
	},
	{
		Name: "LCP_ECHOS", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.LCPEchos }),
	},
	{
		Name: "LCP_ECHO_INTERVAL", Forms: Valued, Type: "secs", Default: "10", Min: 1, Max: 120, Phase: Always,
		Group: "Control protocols", slot: period(second, func(e *Entry) *duration { return &e.LCPEchoInterval }),
	},
	{
		Name: "lcp_echo_fails", Forms: Valued, Type: "num", Default: "3", Min: 1, Phase: Always, Ours: true,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.LCPEchoFails }),
	},
	{
		Name: "ipv4", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.IPv4 }),
	},
	{
		Name: "ipv6", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.IPv6 }),
	},
}

var queueRows = []Keyword{
	{
		Name: "noicmp", Forms: Bare, Type: "flag", Default: "false", Phase: Always,
		Rule:  "not beside monitor",
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.NoICMP }),
	},
	{
		Name: "qmax", Forms: Valued, Type: "num", Default: "50", Min: 1, Max: 65535, Phase: Always,
		Group: "Queue and activity", slot: number(func(e *Entry) *int { return &e.QMax }),
	},
	{
		Name: "telnettos", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.TelnetTOS }),
	},
	{
		Name: "tcp_mss", Forms: Bare | Negated, Type: "flag", Default: "true", Phase: Always, Ours: true,
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.TCPMSS }),
	},
	{
		Name: "inact_port", Forms: Negated | Valued | Repeat, Type: "port", Default: "13 37 123 520 525", Min: 1, Max: 65535, Phase: Always,
		Group: "Queue and activity", slot: member(portKind, func(e *Entry) *[]uint16 { return &e.InactPort }),
	},
	{
		Name: "inact_icmp", Forms: Negated | Valued | Repeat, Type: "num", Default: "3 4 5 9 10 13 14", Max: 255, Phase: Always,
		Group: "Queue and activity", slot: member(icmpKind, func(e *Entry) *[]uint8 { return &e.InactICMP }),
	},
}

var framingRows = []Keyword{
	{
		Name: "sync", Forms: Bare | Negated, Type: "flag", Otherwise: "asynchronous", Phase: Dead,
		Group: "Framing", slot: choice(func(e *Entry) *Choice { return &e.Sync }),
	},
	{
		Name: "xon_xoff", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Group: "Framing", slot: xonXoff,
	},
	{
		Name: "pcomp", Forms: Negated, Type: "flag", Default: "true", Phase: Authenticate,
		Group: "Framing", slot: onOff(func(e *Entry) *bool { return &e.PComp }),
	},
	{
		Name: "acomp", Forms: Negated, Type: "flag", Default: "true", Phase: Authenticate,
		Group: "Framing", slot: onOff(func(e *Entry) *bool { return &e.AComp }),
	},
	{
		Name: "stream_module", Forms: Valued | Repeat, Type: "name", Phase: Dead,
		Remark: "Linux has no STREAMS, the word has no effect",
		Group:  "Framing", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.StreamModule }),
	},
}

var compressionRows = []Keyword{
	{
		Name: "vj_comp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.VJComp }),
	},
	{
		Name: "vj_compslot", Forms: Bare | Negated, Type: "flag", Default: "false", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.VJCompSlot }),
	},
	{
		Name: "vj_slots", Forms: Valued, Type: "num", Default: "16", Min: 2, Max: 256, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.VJSlots }),
	},
	{
		Name: "ccp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.CCP }),
	},
	{
		Name: "tx_predictor1", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.TxPredictor1 }),
	},
	{
		Name: "rx_predictor1", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.RxPredictor1 }),
	},
	{
		Name: "tx_bsd", Forms: Negated | Valued, Type: "bits", Default: "12", Min: 9, Max: 15, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.TxBSD }),
	},
	{
		Name: "rx_bsd", Forms: Negated | Valued, Type: "bits", Default: "12", Min: 9, Max: 15, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.RxBSD }),
	},
	{
		Name: "tx_deflate", Forms: Bare | Negated | Valued, Type: "bits", Alone: "15", Default: "-", Min: 9, Max: 15, Phase: Network, Ours: true,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.TxDeflate }),
	},
	{
		Name: "rx_deflate", Forms: Bare | Negated | Valued, Type: "bits", Alone: "15", Default: "-", Min: 9, Max: 15, Phase: Network, Ours: true,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.RxDeflate }),
	},
}
