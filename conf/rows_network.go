package conf

// The network interface, its addresses and routes.

var interfaceRows = []Keyword{
	{
		Name: "netmask", Forms: Valued, Type: "mask", Otherwise: "255.255.255.255", Rule: "ones, then zeros", Phase: Network,
		Group: "Interface and routes", slot: one(netmaskKind, func(e *Entry) *addr { return &e.Netmask }),
	},
	{
		Name: "metric", Forms: Valued, Type: "num", Default: "0", Phase: Network,
		Group: "Interface and routes", slot: number(func(e *Entry) *int { return &e.Metric }),
	},
	{
		Name: "mtu", Forms: Valued, Type: "bytes", Default: "1500", Min: 68, Max: 65535, Phase: Authenticate,
		Rule:  "with -ipv4 at least 1280",
		Group: "Interface and routes", slot: number(func(e *Entry) *int { return &e.MTU }),
	},
	{
		Name: "add_route", Forms: Bare | Valued | Repeat, Type: "command", Alone: "add default #", Phase: Network,
		Rule:  "the syntax of route(1M); add, delete or change",
		Group: "Interface and routes", slot: many(routeKind(false), func(e *Entry) *[]string { return &e.AddRoute }),
	},
	{
		Name: "del_route", Forms: Negated | Valued | Repeat, Type: "command", Otherwise: "what add_route has added is deleted", Phase: Network,
		Rule: "the syntax of route(1M); add, delete or change", NegatedAs: "del_route_auto",
		Group: "Interface and routes",
		slot: routeCommands(false, func(e *Entry) *[]string { return &e.DelRoute },
			func(e *Entry) *bool { return &e.DelRouteAuto }),
	},
	{
		Name: "add_route6", Forms: Bare | Valued | Repeat, Type: "command", Alone: "add -inet6 default #", Phase: Network,
		Rule:  "the syntax of route(1M); add, delete or change",
		Group: "Interface and routes", slot: many(routeKind(true), func(e *Entry) *[]string { return &e.AddRoute6 }),
	},
	{
		Name: "del_route6", Forms: Negated | Valued | Repeat, Type: "command", Otherwise: "what add_route6 has added is deleted", Phase: Network,
		Rule: "the syntax of route(1M); add, delete or change", NegatedAs: "del_route6_auto",
		Group: "Interface and routes",
		slot: routeCommands(true, func(e *Entry) *[]string { return &e.DelRoute6 },
			func(e *Entry) *bool { return &e.DelRoute6Auto }),
	},
	{
		Name: "replace_route", Forms: Bare, Type: "flag", Default: "false", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: onOff(func(e *Entry) *bool { return &e.ReplaceRoute }),
	},
	{
		Name: "proxy_arp", Forms: Negated | Valued, Type: "interface", Otherwise: "automatic, when the peer's address belongs to a local subnet", Phase: Network,
		Group: "Interface and routes", slot: one(proxyKind, func(e *Entry) *ProxyARP { return &e.ProxyARP }),
	},
	{
		Name: "ifname", Forms: Valued, Type: "name", Otherwise: "the next free pppN", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: one(textKind(interfaceName), func(e *Entry) *string { return &e.IfName }),
	},
	{
		Name: "up_cmd", Forms: Valued | Repeat, Type: "command", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.UpCmd }),
	},
	{
		Name: "down_cmd", Forms: Valued | Repeat, Type: "command", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.DownCmd }),
	},
}

var addressRows = []Keyword{
	{
		Name: "uucp_name", Forms: Valued, Type: "name", Otherwise: "the label of the entry", Phase: Network,
		Group: "Addresses and names", slot: one(textKind(printable), func(e *Entry) *string { return &e.UUCPName }),
	},
	{
		Name: "localhost", Forms: Valued | Repeat, Type: "host[,mask]", Phase: Network,
		Otherwise: "the address of this machine: that of its host name, else the one that it uses towards its default route; any address in entries with device or apn, or when it has none",
		Group:     "Addresses and names", slot: many(addrSetKind, func(e *Entry) *[]Addr { return &e.LocalHost }),
	},
	{
		Name: "remotehost", Forms: Valued | Repeat, Type: "host[,mask]", Phase: Network,
		Otherwise: "the address of the label or of uucp_name, if one of them is the name of a host; else any address",
		Group:     "Addresses and names", slot: many(addrSetKind, func(e *Entry) *[]Addr { return &e.RemoteHost }),
	},
	{
		Name: "localif", Forms: Valued, Type: "id", Otherwise: "made from the MAC address of an Ethernet interface, else at random", Phase: Network,
		Rule:  "not 0",
		Group: "Addresses and names", slot: one(ifidKind, func(e *Entry) *InterfaceID { return &e.LocalIf }),
	},
	{
		Name: "remoteif", Forms: Valued, Type: "id", Otherwise: "made up when the peer has none", Phase: Network,
		Rule:  "not 0",
		Group: "Addresses and names", slot: one(ifidKind, func(e *Entry) *InterfaceID { return &e.RemoteIf }),
	},
	{
		Name: "rem_sysname", Forms: Valued, Type: "name", Otherwise: "the label of the entry", Phase: Network,
		Group: "Addresses and names", slot: one(textKind(printable), func(e *Entry) *string { return &e.RemSysname }),
	},
	{
		Name: "addr_negotiate", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Rule:  "-addr_negotiate needs both addresses known",
		Group: "Addresses and names", slot: onOff(func(e *Entry) *bool { return &e.AddrNegotiate }),
	},
	{
		Name: "pool", Forms: Valued | Repeat, Type: "range", Phase: Network, Ours: true,
		Group: "Addresses and names", slot: many(poolKind, func(e *Entry) *[]Range { return &e.Pool }),
	},
	{
		Name: "dns", Forms: Bare | Negated, Type: "flag", Otherwise: "on in entries with device or apn that do not answer, else off", Phase: Network, Ours: true,
		Group: "Addresses and names", slot: onOff(func(e *Entry) *bool { return &e.DNS }),
	},
	{
		Name: "ms_dns", Forms: Valued | Repeat, Type: "address", Phase: Network, Ours: true,
		Rule:  "two at most are offered",
		Group: "Addresses and names", slot: many(ipv4Kind, func(e *Entry) *[]addr { return &e.MSDNS }),
	},
}
