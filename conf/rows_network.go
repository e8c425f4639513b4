package conf

// The network interface, its addresses and routes.

var interfaceRows = []Keyword{
	{
		Name: "netmask", Forms: Valued, Type: "mask", Otherwise: "255.255.255.255", Rule: "ones, then zeros", Phase: Network,
		Group: "Interface and routes", slot: one(netmaskKind, func(e *Entry) *addr { return &e.Netmask }),
		Man: `The netmask of the interface. The link itself has two addresses and needs none; routing daemons conclude from it how the peer divides its network.`,
	},
	{
		Name: "metric", Forms: Valued, Type: "num", Default: "0", Phase: Network,
		Group: "Interface and routes", slot: number(func(e *Entry) *int { return &e.Metric }),
		Man: `The metric of the routes over the link. A link with a higher one serves only where no better route is left.`,
	},
	{
		Name: "mtu", Forms: Valued, Type: "bytes", Default: "1500", Min: 68, Max: 65535, Phase: Authenticate,
		Group: "Interface and routes", slot: number(func(e *Entry) *int { return &e.MTU }),
		Man: `The largest packet of the interface, and the largest that we tell the peer to send (the MRU of LCP). A peer that wants smaller packets lowers the interface's MTU.`,
	},
	{
		Name: "add_route", Forms: Bare | Valued | Repeat, Type: "command", Alone: "add default #", Phase: Network,
		Rule:  "the syntax of route(1M); add, delete or change",
		Group: "Interface and routes", slot: many(routeKind(false), func(e *Entry) *[]string { return &e.AddRoute }),
		Man: `A route command, carried out when the interface is configured; in quiet mode that is before the first call. {#} and {$REMOTEADDR} stand for the peer's address.
By itself it is {add default #}, the default route through the peer.
What {add} has added is deleted at the end, unless {-del_route} is given.
No program is run and no shell is involved.

Such routes are static. Where a routing daemon runs, the one or the other should have the say.`,
	},
	{
		Name: "del_route", Forms: Negated | Valued | Repeat, Type: "command", Otherwise: "what add_route has added is deleted", Phase: Network,
		Rule: "the syntax of route(1M); add, delete or change", NegatedAs: "del_route_auto",
		Group: "Interface and routes",
		slot: routeCommands(false, func(e *Entry) *[]string { return &e.DelRoute },
			func(e *Entry) *bool { return &e.DelRouteAuto }),
		Man: `A route command, carried out when the link is shut down, for what does not undo itself.
{-del_route} leaves standing what {add_route} has added.`,
	},
	{
		Name: "add_route6", Forms: Bare | Valued | Repeat, Type: "command", Alone: "add -inet6 default #", Phase: Network,
		Rule:  "the syntax of route(1M); add, delete or change",
		Group: "Interface and routes", slot: many(routeKind(true), func(e *Entry) *[]string { return &e.AddRoute6 }),
		Man: `Like {add_route}, for IPv6, carried out when IPv6 has come up on the link. By itself it is the IPv6 default route through the peer.`,
	},
	{
		Name: "del_route6", Forms: Negated | Valued | Repeat, Type: "command", Otherwise: "what add_route6 has added is deleted", Phase: Network,
		Rule: "the syntax of route(1M); add, delete or change", NegatedAs: "del_route6_auto",
		Group: "Interface and routes",
		slot: routeCommands(true, func(e *Entry) *[]string { return &e.DelRoute6 },
			func(e *Entry) *bool { return &e.DelRoute6Auto }),
		Man: `Like {del_route}, for IPv6 and {add_route6}.`,
	},
	{
		Name: "replace_route", Forms: Bare, Type: "flag", Default: "false", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: onOff(func(e *Entry) *bool { return &e.ReplaceRoute }),
		Man: `A route that stands where {add_route} wants to put one is set aside and put back at the end. Without it such a collision is reported, and the old route stays.`,
	},
	{
		Name: "proxy_arp", Forms: Negated | Valued, Type: "interface", Otherwise: "automatic, when the peer's address belongs to a local subnet", Phase: Network,
		Group: "Interface and routes", slot: one(proxyKind, func(e *Entry) *ProxyARP { return &e.ProxyARP }),
		Man: `The interface by whose MAC address the peer's address is answered for on the local network. {-proxy_arp} answers for it nowhere.`,
	},
	{
		Name: "ifname", Forms: Valued, Type: "name", Otherwise: "the next free pppN", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: one(textKind(interfaceName), func(e *Entry) *string { return &e.IfName }),
		Man: `The name of the interface.`,
	},
	{
		Name: "up_cmd", Forms: Valued | Repeat, Type: "command", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.UpCmd }),
		Man: `A command for sh(1) that is run when the link has come up, with the arguments and the environment that pppd gives its {ip-up}.
{$1} to {$6} are the interface, the tty, its speed, our address, the peer's and the label of the entry; a command that is nothing but the name of a program gets them as its arguments.
The environment has IFNAME, DEVICE, SPEED, IPLOCAL, IPREMOTE, LLLOCAL, LLREMOTE, PEERNAME (with ? for control characters), DNS1, DNS2 and USEPEERDNS, as far as they are known, and what Debian's {/etc/ppp/ip-up} adds for scripts, so that {up_cmd=/etc/ppp/ip-up} and {up_cmd="run-parts /etc/ppp/ip-up.d"} run those that are there for pppd.
Commands run one after the other, each {up_cmd} before its {down_cmd}; they are killed after 60 seconds and never hold up the link. The program waits for them at its end; a second signal ends them too. What they print is in the log.`,
	},
	{
		Name: "down_cmd", Forms: Valued | Repeat, Type: "command", Phase: Network, Ours: true,
		Group: "Interface and routes", slot: many(textKind(printable), func(e *Entry) *[]string { return &e.DownCmd }),
		Man: `Like {up_cmd}, when the link has gone down; CONNECT_TIME, BYTES_SENT and BYTES_RCVD tell what was.`,
	},
}

var addressRows = []Keyword{
	{
		Name: "uucp_name", Forms: Valued, Type: "name", Otherwise: "the label of the entry", Phase: Dead,
		Group: "Addresses and names", slot: one(textKind(printable), func(e *Entry) *string { return &e.UUCPName }),
		Man: `The name under which {/etc/uucp/Systems} tells how to call the peer.`,
	},
	{
		Name: "localhost", Forms: Valued | Repeat, Type: "host[,mask]", Phase: Network,
		Otherwise: "the address of this machine: that of its host name, else the one that it uses towards its default route; any address in entries with device or apn, or when it has none",
		Group:     "Addresses and names", slot: many(addrSetKind, func(e *Entry) *[]Addr { return &e.LocalHost }),
		Man: `The addresses that this end of the link may have. The {host} is a name or an address; the {mask}, 255.255.255.255 unless given, tells which of its bits must agree. It is no netmask.
Several such words add up. A set of one address is proposed to the peer and insisted on.
{0} or {0,0} leaves the choice to the peer.`,
	},
	{
		Name: "remotehost", Forms: Valued | Repeat, Type: "host[,mask]", Phase: Network,
		Otherwise: "the address of the label or of uucp_name, if one of them is the name of a host; else any address",
		Group:     "Addresses and names", slot: many(addrSetKind, func(e *Entry) *[]Addr { return &e.RemoteHost }),
		Man: `The addresses that the peer may have, in the same way as {localhost}.`,
	},
	{
		Name: "localif", Forms: Valued, Type: "id", Otherwise: "made from the MAC address of an Ethernet interface, else at random", Phase: Network,
		Rule:  "not 0",
		Group: "Addresses and names", slot: one(ifidKind, func(e *Entry) *InterfaceID { return &e.LocalIf }),
		Man: `The IPv6 interface identifier of this end: 64 bits as in {ffff:0123:4567:89ab} or {::abcd}. Of a whole IPv6 address the lower half counts.`,
	},
	{
		Name: "remoteif", Forms: Valued, Type: "id", Otherwise: "made up when the peer has none", Phase: Network,
		Rule:  "not 0",
		Group: "Addresses and names", slot: one(ifidKind, func(e *Entry) *InterfaceID { return &e.RemoteIf }),
		Man: `The IPv6 interface identifier that a peer is offered which has none, or none that can be accepted.`,
	},
	{
		Name: "rem_sysname", Forms: Valued, Type: "name", Otherwise: "the label of the entry", Phase: Network,
		Group: "Addresses and names", slot: one(textKind(printable), func(e *Entry) *string { return &e.RemSysname }),
		Man: `The name by which the links of one peer are known to belong together when it sends no endpoint discriminator.`,
	},
	{
		Name: "addr_negotiate", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Rule:  "-addr_negotiate needs both addresses known",
		Group: "Addresses and names", slot: onOff(func(e *Entry) *bool { return &e.AddrNegotiate }),
		Man: `{-addr_negotiate} does not talk to the peer about addresses and takes those that the entry gives. It saves a round trip with a peer that knows no such option, and no longer notices when the two sides are configured differently.`,
	},
	{
		Name: "pool", Forms: Valued | Repeat, Type: "range", Phase: Network, Ours: true,
		Group: "Addresses and names", slot: many(poolKind, func(e *Entry) *[]Range { return &e.Pool }),
		Man: `Addresses to be given to peers: a prefix like {192.0.2.0/24} or a range like {192.0.2.10-192.0.2.50}. A caller of an entry without {remotehost} gets one of them, and no other: the one that it had before where that is free. It is free again when the call has ended.
Addresses of this machine, and those that {localhost} and {remotehost} of the control file's entries give as numbers, are left out. When all are in use, the caller is sent away.`,
	},
	{
		Name: "dns", Forms: Bare | Negated, Type: "flag", Otherwise: "on in entries with device or apn, else off", Phase: Network, Ours: true,
		Group: "Addresses and names", slot: onOff(func(e *Entry) *bool { return &e.DNS }),
		Man: `Asks the peer for name servers (RFC 1877) and gives them to the system: to systemd-resolved, else to resolvconf, else into the file {resolv.conf.}NAME in the runtime directory, NAME being the interface.
They are taken away when the link ends; in {quiet} entries when the program does, so that names can cause calls.`,
	},
	{
		Name: "ms_dns", Forms: Valued | Repeat, Type: "address", Phase: Network, Ours: true,
		Rule:  "two at most are offered",
		Group: "Addresses and names", slot: many(ipv4Kind, func(e *Entry) *[]addr { return &e.MSDNS }),
		Man: `A name server that the peer is told when it asks.`,
	},
}
