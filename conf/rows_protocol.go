package conf

// Framing, the control protocols, the queue, compression.

var mapRows = []Keyword{
	{
		Name: "map_char_num", Forms: Valued | Repeat, Type: "num", Max: 255, Phase: Authenticate,
		Rule:  "not 0x5e; 0x7d and 0x7e are escaped anyway",
		Group: "Control characters", slot: many(escapeKind, func(e *Entry) *[]byte { return &e.MapCharNum }),
		Man: `A character, by its number, that is escaped when it is sent. It need not be a control character; only those can be agreed on for what the peer sends.`,
	},
	{
		Name: "accm", Forms: Valued, Type: "map", Default: "0x0", Max: 0xffffffff, Phase: Authenticate,
		Group: "Control characters", slot: one(mapKind, func(e *Entry) *uint32 { return &e.ACCM }),
		Man: `The control characters to be escaped, as a map: bit {n} for character {n}. {0xffffffff} is all of them.`,
	},
	{
		Name: "map_char", Forms: Valued | Repeat, Type: "letters", Phase: Authenticate,
		Rule:  `only @A-Z[\]^_`,
		Group: "Control characters", slot: many(textKind(controlLetters), func(e *Entry) *[]string { return &e.MapChar }),
		Man: `The control characters to be escaped, as letters: {map_char=@QS} is NUL, XON and XOFF.`,
	},
	{
		Name: "accm_parity", Forms: Bare, Type: "flag", Default: "false", Phase: Network,
		Group: "Control characters", slot: onOff(func(e *Entry) *bool { return &e.ACCMParity }),
		Man: `Characters of the map are escaped with their highest bit set, too.`,
	},
	{
		Name: "rx_accm", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control characters", slot: onOff(func(e *Entry) *bool { return &e.RxACCM }),
		Man: `{-rx_accm} keeps received control characters that the peer should have escaped. By the standard they are discarded, because something on the way may have put them in.`,
	},
}

var controlRows = []Keyword{
	{
		Name: "restart_ms", Forms: Valued, Type: "ms", Default: "1000", Min: 1, Phase: Always,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.RestartMs }),
		Man: `How long to wait for an answer before a packet of a control protocol is sent again. It doubles with every repetition. At the very beginning of a link there are quicker ones.`,
	},
	{
		Name: "restart_ms_lim", Forms: Valued, Type: "ms", Default: "8000", Min: 1, Phase: Always,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.RestartMsLim }),
		Man: `Where that doubling ends.`,
	},
	{
		Name: "ccp_restart_ms", Forms: Valued, Type: "ms", Default: "6000", Min: 1, Phase: Network,
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.CCPRestartMs }),
		Man: `The same delay for the compression control protocol. It does not double, and is longer because CCP often talks while the line is full.`,
	},
	{
		Name: "max_FSM_fail", Forms: Valued, Type: "num", Default: "10", Min: 1, Phase: Always,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMFail }),
		Man: `How often the peer may turn down our Configure-Requests, by Configure-Nak or Configure-Reject, before the link is given up.`,
	},
	{
		Name: "max_FSM_conf", Forms: Valued, Type: "num", Default: "10", Min: 1, Phase: Always,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMConf }),
		Man: `How many Configure-Requests are sent without an answer before the link is given up.`,
	},
	{
		Name: "max_FSM_term", Forms: Valued, Type: "num", Min: 1, Phase: Always,
		Rule:  "not beside max_term_ms",
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.MaxFSMTerm }),
		Man: `How many Terminate-Requests are sent without an answer before the line is dropped.`,
	},
	{
		Name: "max_term_ms", Forms: Valued, Type: "ms", Default: "7000", Min: 1, Phase: Always,
		Rule:  "not beside max_FSM_term",
		Group: "Control protocols", slot: period(millisecond, func(e *Entry) *duration { return &e.MaxTermMs }),
		Man: `For how long Terminate-Requests are sent without an answer before the line is dropped.`,
	},
	{
		Name: "LCP_IDENT", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.LCPIdent }),
		Man: `{-LCP_IDENT} does not tell the peer what program this is (Identification, RFC 1570).`,
	},
	{
		Name: "LCP_ECHOS", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.LCPEchos }),
		Man: `{-LCP_ECHOS} does not ask by Echo-Requests whether the peer is still there.`,
	},
	{
		Name: "LCP_ECHO_INTERVAL", Forms: Valued, Type: "secs", Default: "10", Min: 1, Max: 120, Phase: Always,
		Group: "Control protocols", slot: period(second, func(e *Entry) *duration { return &e.LCPEchoInterval }),
		Man: `The time between two Echo-Requests.`,
	},
	{
		Name: "lcp_echo_fails", Forms: Valued, Type: "num", Default: "3", Min: 1, Phase: Always, Ours: true,
		Group: "Control protocols", slot: number(func(e *Entry) *int { return &e.LCPEchoFails }),
		Man: `How many Echo-Requests in a row may pass without any frame from the peer before it counts as dead.`,
	},
	{
		Name: "ipv4", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.IPv4 }),
		Man: `{-ipv4} does not set up IPv4 on the link.`,
	},
	{
		Name: "ipv6", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Control protocols", slot: onOff(func(e *Entry) *bool { return &e.IPv6 }),
		Man: `{-ipv6} does not set up IPv6 on the link.`,
	},
}

var queueRows = []Keyword{
	{
		Name: "noicmp", Forms: Bare, Type: "flag", Default: "false", Phase: Always,
		Rule:  "not beside monitor",
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.NoICMP }),
		Man: `ICMP packets are thrown away and never sent. It is for lines so slow that they hurt.`,
	},
	{
		Name: "qmax", Forms: Valued, Type: "num", Default: "50", Min: 1, Max: 65535, Phase: Always,
		Group: "Queue and activity", slot: number(func(e *Entry) *int { return &e.QMax }),
		Man: `The most packets that wait for the line.`,
	},
	{
		Name: "telnettos", Forms: Negated, Type: "flag", Default: "true", Phase: Always,
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.TelnetTOS }),
		Man: `{-telnettos} no longer lets ICMP, and TCP from and to the ports 23, 513 and 518, go first. What asks for low delay in its IP header goes first in any case.`,
	},
	{
		Name: "tcp_mss", Forms: Bare | Negated, Type: "flag", Default: "true", Phase: Always, Ours: true,
		Group: "Queue and activity", slot: onOff(func(e *Entry) *bool { return &e.TCPMSS }),
		Man: `The segment size that TCP connections announce is lowered to what fits the MTU.`,
	},
	{
		Name: "inact_port", Forms: Negated | Valued | Repeat, Type: "port", Default: "13 37 123 520 525", Min: 1, Max: 65535, Phase: Always,
		Group: "Queue and activity", slot: member(portKind, func(e *Entry) *[]uint16 { return &e.InactPort }),
		Man: `A TCP or UDP port, by number or by name, that packets may be sent to without counting as activity: they neither start a call nor keep one up. It adds to the list; {-inact_port} empties the list.`,
	},
	{
		Name: "inact_icmp", Forms: Negated | Valued | Repeat, Type: "num", Default: "3 4 5 9 10 13 14", Max: 255, Phase: Always,
		Group: "Queue and activity", slot: member(icmpKind, func(e *Entry) *[]uint8 { return &e.InactICMP }),
		Man: `An ICMP type that does not count as activity. It adds to the list; {-inact_icmp} empties the list.`,
	},
}

var framingRows = []Keyword{
	{
		Name: "sync", Forms: Bare | Negated, Type: "flag", Otherwise: "asynchronous", Phase: Dead,
		Group: "Framing", slot: choice(func(e *Entry) *Choice { return &e.Sync }),
		Man: `The line is synchronous: frames are sent as bits, through the kernel's synchronous line discipline (N_HDLC), which takes a synchronous adapter and its driver; on any other line the call ends with that reason. {-sync} says that it is not.`,
	},
	{
		Name: "xon_xoff", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Group: "Framing", slot: xonXoff,
		Man: `The modem holds us up, and we it, by the characters XOFF and XON, which are then escaped in both directions. The same as {flow=xon}; better is {flow=rtscts}.`,
	},
	{
		Name: "pcomp", Forms: Negated, Type: "flag", Default: "true", Phase: Authenticate,
		Group: "Framing", slot: onOff(func(e *Entry) *bool { return &e.PComp }),
		Man: `{-pcomp} turns off the compression of the protocol field.`,
	},
	{
		Name: "acomp", Forms: Negated, Type: "flag", Default: "true", Phase: Authenticate,
		Group: "Framing", slot: onOff(func(e *Entry) *bool { return &e.AComp }),
		Man: `{-acomp} turns off the compression of the address and control fields. On synchronous lines it is off anyway.`,
	},
	{
		Name: "stream_module", Forms: Valued | Repeat, Type: "name", Phase: Dead,
		Remark: "Linux has no STREAMS, the word has no effect",
		Group:  "Framing", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.StreamModule }),
		Man: `The name of a STREAMS module of IRIX. Linux has none; the word is read, and a warning says so.`,
	},
}

var compressionRows = []Keyword{
	{
		Name: "vj_comp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.VJComp }),
		Man: `{-vj_comp} turns off the compression of TCP/IP headers (Van Jacobson, RFC 1144).`,
	},
	{
		Name: "vj_compslot", Forms: Bare | Negated, Type: "flag", Default: "false", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.VJCompSlot }),
		Man: `The number of the connection is left out, too, where it is that of the packet before. After a lost packet that gives it to the wrong one, so it is no good for lines that lose bytes unnoticed, as asynchronous ones do.`,
	},
	{
		Name: "vj_slots", Forms: Valued, Type: "num", Default: "16", Min: 2, Max: 256, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.VJSlots }),
		Man: `How many TCP connections are remembered.`,
	},
	{
		Name: "ccp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.CCP }),
		Man: `{-ccp} turns off the compression control protocol, and with it all compression of packets. Each direction has a method of its own. Where several are allowed and the peer agrees, Deflate comes before BSD Compress and that before Predictor.`,
	},
	{
		Name: "tx_predictor1", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.TxPredictor1 }),
		Man: `{-tx_predictor1} does not compress by Predictor type 1 (RFC 1978) what we send.`,
	},
	{
		Name: "rx_predictor1", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Compression", slot: onOff(func(e *Entry) *bool { return &e.RxPredictor1 }),
		Man: `{-rx_predictor1} does not accept it in what we receive.`,
	},
	{
		Name: "tx_bsd", Forms: Negated | Valued, Type: "bits", Default: "12", Min: 9, Max: 15, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.TxBSD }),
		Man: `The largest code of BSD Compress (RFC 1977) for what we send. More bits compress better, and take more memory. {-tx_bsd} does not use it.`,
	},
	{
		Name: "rx_bsd", Forms: Negated | Valued, Type: "bits", Default: "12", Min: 9, Max: 15, Phase: Network,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.RxBSD }),
		Man: `The same for what we receive.`,
	},
	{
		Name: "tx_deflate", Forms: Bare | Negated | Valued, Type: "bits", Alone: "15", Default: "-", Min: 9, Max: 15, Phase: Network, Ours: true,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.TxDeflate }),
		Man: `The window of Deflate (RFC 1979) for what we send.`,
	},
	{
		Name: "rx_deflate", Forms: Bare | Negated | Valued, Type: "bits", Alone: "15", Default: "-", Min: 9, Max: 15, Phase: Network, Ours: true,
		Group: "Compression", slot: number(func(e *Entry) *int { return &e.RxDeflate }),
		Man: `The same for what we receive.`,
	},
}
