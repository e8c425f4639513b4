package conf

// manual holds the paragraphs of ppp.conf(5) on each keyword, in the order of
// the table. Words in {braces} are set as they are typed. It is beside the
// tests so that the program does not carry it.
var manual = map[string]string{
	"debug": `How much is told in the log: 1 reports every step, 2 prints the packets of the control protocols, 3 the bytes of the line as well.
The options {-d} of the command add to it. Passwords are never printed.`,
	"continue": `Puts all words of the entry {label} here, as if they stood in this place.
What comes behind it on the line wins over what comes from there.
A {label} that cannot be a host name, such as {+common}, keeps people from calling it.`,
	"reconfigure": `This entry only receives callers. The peer must authenticate itself, and the name that it proves selects the entry from which the call goes on.
What the line was opened and LCP was negotiated with stays; all the rest comes from that entry or from the defaults, not from here.

Say as little as possible here: which protocols may be used to authenticate, names in {recv_name} when only some are welcome, and {send_name} when CHAP is to name us otherwise than by the host name.
A {send_name} or {send_passwd} given here cannot be given differently there.
Without both here, we authenticate ourselves by PAP only after the peer has.
Such an entry never dials.`,

	"recv_name": `The peer must authenticate itself, by this name. Several such words accept any of their names.
An empty name accepts every user of this machine who authenticates by PAP with the password of his account.
In the entry that {reconfigure} has found the word has nothing left to say.

Which protocols are used is decided by {send_pap} and its like. When none of them is given, then a name, a password, {radius} or {reconfigure} stands for PAP; in an entry with {apn} for CHAP as well. When only protocols for us are given beside {recv_name}, {recv_passwd}, {radius} or {reconfigure}, PAP is what the peer is asked for.
An entry that has one of these words, and turns off what would be asked of the peer, is in error. Only {recv_passwd} may stand in one that calls, for when {reconfigure} or {radius} chooses it for a caller; beside protocols for us it asks nothing of who is called.
With nothing at all about authentication the peer is not asked. One that sends name and password by PAP all the same is believed, whatever they are. A peer that asks us is refused, and where it insists the call fails with status 19.`,
	"send_name":   `Our name, as we authenticate ourselves and as we sign CHAP challenges. An empty value is a name, too: the empty one.`,
	"send_passwd": `The password that we send by PAP, or the secret with which we answer challenges.`,
	"recv_passwd": `The secret that the peer must know: its answers to our challenges are checked with it, and a PAP password is compared with it.
Without it, PAP passwords are those of this machine's accounts.
Give the two directions different secrets: with the same one a caller can have us answer our own challenge.`,
	"send_pap":         `Whether we authenticate ourselves by PAP when asked to.`,
	"send_chap":        `Whether we answer CHAP challenges. CHAP comes before PAP where both are allowed.`,
	"recv_pap":         `Whether the peer is asked to authenticate itself by PAP.`,
	"recv_chap":        `Whether the peer is challenged by CHAP. CHAP is asked for before PAP where both are allowed.`,
	"send_mschap":      `Whether we answer MS-CHAPv2 challenges (RFC 2759). It comes before CHAP. The peer must prove that it knows the secret, too.`,
	"recv_mschap":      `Whether the peer is challenged by MS-CHAPv2. It is asked for before CHAP.`,
	"send_eap":         `Whether we answer the MD5-Challenge of EAP (RFC 3748). It proves no more than CHAP and takes longer, so it comes behind CHAP, and before PAP.`,
	"recv_eap":         `Whether the peer is sent the MD5-Challenge of EAP. It is asked for behind CHAP and before PAP. The peer's name is its identity.`,
	"max_auth_secs":    `How long the peer may take to authenticate itself before the link is given up.`,
	"auth_secs":        `How long to wait for an answer before a PAP request or a challenge is sent again.`,
	"chap_reauth_secs": `The peer is challenged again, by CHAP, MS-CHAPv2 or EAP, at this interval for as long as the link is up.`,
	"radius": `A RADIUS server that authenticates peers and takes the accounting. The first line of {file}, which nobody but its owner may read, is the secret shared with it; the port is 1812 unless given, and accounting goes to the port above.
Several servers are tried in turn; one that is silent is not asked first for a minute.
The server decides then, and recv_passwd does not count; names that recv_name does not list are refused without asking, and so is a second name within one call.
See ppp(8) for what a server may say.`,
	"radius_coa": `The address of this machine at which requests of the RADIUS servers are taken to end sessions or to change their limits (RFC 5176); the port is 3799 unless given.
They must come from one of the servers, with a Message-Authenticator and an Event-Timestamp.
While another ppp has the address, the servers can end and change only the sessions of that one; its place is taken when it ends.
An address that the machine has not got yet is waited for.
Entries that share an address must name the same servers in {radius}.`,
	"utmp": `{-utmp} leaves out the utmp and wtmp records. Otherwise there is one for every call that we make and for every incoming one that no login has recorded.`,

	"netmask": `The netmask of the interface. The link itself has two addresses and needs none; routing daemons conclude from it how the peer divides its network.`,
	"metric":  `The metric of the routes over the link. A link with a higher one serves only where no better route is left.`,
	"mtu": `The largest packet of the interface, and the largest that we tell the peer to send (the MRU of LCP). A peer that wants smaller packets lowers the interface's MTU. Below 1280 there is no IPv6.
The lines of a multilink peer begin with the {mtu} of the entry that says {reconfigure}, and must not differ: that of the entry which its name has chosen is told to such a peer only where that has {maxdevs=1}.`,
	"add_route": `A route command, carried out when the interface is configured; in quiet mode that is before the first call. {#} and {$REMOTEADDR} stand for the peer's address.
By itself it is {add default #}, the default route through the peer.
What {add} has added is deleted at the end, unless {-del_route} is given. {delete} and {change} come before all that is added: they are for routes that others have put there, and a gateway must be reachable without ours.
No program is run and no shell is involved.

Such routes are static. Where a routing daemon runs, the one or the other should have the say.`,
	"del_route": `A route command, carried out when the link is shut down, for what does not undo itself. {delete} and {change} come before what {add_route} has added is deleted, {add} after it. Where the routes stay between calls, in {quiet} mode and with a timeout in {out} mode, that is when the program ends; with {camp} it is whenever the link breaks.
{-del_route} leaves standing what {add_route} has added.`,
	"add_route6":    `Like {add_route}, for IPv6, carried out when IPv6 has come up on the link. By itself it is the IPv6 default route through the peer.`,
	"del_route6":    `Like {del_route}, for IPv6 and {add_route6}.`,
	"replace_route": `A route that stands where {add_route} wants to put one is set aside and put back at the end. Without it such a collision is reported, and the old route stays.`,
	"proxy_arp":     `The interface by whose MAC address the peer's address is answered for on the local network. {-proxy_arp} answers for it nowhere.`,
	"ifname":        `The name of the interface.`,
	"up_cmd": `A command for sh(1) that is run when the link has come up, with the arguments and the environment that pppd gives its {ip-up}.
{$1} to {$6} are the interface, the tty, its speed, our address, the peer's (empty where it tells none) and the label of the entry; a command that is nothing but the name of a program gets them as its arguments.
The environment has IFNAME, DEVICE, SPEED, IPLOCAL, IPREMOTE, LLLOCAL, LLREMOTE, PEERNAME (with ? for control characters), DNS1, DNS2 and USEPEERDNS, as far as they are known, and what Debian's {/etc/ppp/ip-up} adds for scripts, so that {up_cmd=/etc/ppp/ip-up} and {up_cmd="run-parts /etc/ppp/ip-up.d"} run those that are there for pppd.
Commands run one after the other, each {up_cmd} before its {down_cmd}; they are killed after 60 seconds and never hold up the link. The program waits for them at its end; a second signal ends them too. What they print is in the log.`,
	"down_cmd": `Like {up_cmd}, when the link has gone down; CONNECT_TIME, BYTES_SENT and BYTES_RCVD tell what was.`,

	"uucp_name": `The name under which {/etc/uucp/Systems} tells how to call the peer.`,
	"localhost": `The addresses that this end of the link may have. The {host} is a name or an address; the {mask}, 255.255.255.255 unless given, tells which of its bits must agree. It is no netmask.
Several such words add up. A set of one address is proposed to the peer and insisted on.
{0} or {0,0} leaves the choice to the peer.`,
	"remotehost":     `The addresses that the peer may have, in the same way as {localhost}.`,
	"localif":        `The IPv6 interface identifier of this end: 64 bits as in {ffff:0123:4567:89ab} or {::abcd}. Of a whole IPv6 address the lower half counts.`,
	"remoteif":       `The IPv6 interface identifier that a peer is offered which has none, or none that can be accepted. One that tells none even then is taken to have this one.`,
	"rem_sysname":    `The name of the peer as a system. When it sends no endpoint discriminator, its lines belong together where this is the same, by whichever entries and names they come; the first line's entry counts. Where it is not given, a peer with another name is another system.`,
	"addr_negotiate": `{-addr_negotiate} does not talk to the peer about addresses and takes those that the entry gives. It saves a round trip with a peer that knows no such option, and no longer notices when the two sides are configured differently.`,
	"pool": `Addresses to be given to peers: a prefix like {192.0.2.0/24} or a range like {192.0.2.10-192.0.2.50}. A caller of an entry without {remotehost} gets one of them, and no other: the one that it had before where that is free. It is free again when the call has ended.
Addresses of this machine, and those that {localhost} and {remotehost} of the control file's entries give as numbers, are left out. When all are in use, the caller is sent away.`,
	"dns": `Asks the peer for name servers (RFC 1877) and gives them to the system: to systemd-resolved, else to resolvconf, else into the file {resolv.conf.}NAME in the runtime directory, NAME being the interface.
They are taken away when the link ends; in {quiet} entries when the program does, so that names can cause calls.`,
	"ms_dns": `A name server that the peer is told when it asks.`,

	"active_timeout": `How long the link may be idle while a TCP connection over it seems to be open. That is concluded from the packets that we send, and may be wrong.

Demand modes are {quiet}, and {out} with this or {inactive_timeout}: the call is made at once, and later whenever there is traffic.`,
	"inactive_timeout": `How long the link may be idle while no TCP connection seems to be open. Where {active_timeout} is off, an open connection keeps an idle link for two hours.`,
	"toll_boundary":    `The unit of time that calls are charged by. An idle link is kept until shortly before the end of the unit that is paid for anyway.`,
	"max_connect_secs": `The call is ended after this time, however busy it is.`,

	"busy_delay":             `How long all lines must be saturated before another is called, up to {outdevs}. A call in vain is repeated only while they are.`,
	"idle_delay":             `How long the lines must have had room to spare, without a moment of saturation, before one in excess of {mindevs} is hung up. Only lines that we have called are. When nothing passes at all, the timeouts end them all.`,
	"bps":                    `The speed of each line, in place of the measured one. A byte takes 10 bits of it, on synchronous lines 8. With 0 nothing is held back from a line.`,
	"maxdevs":                `The most lines, called and answered, that may be joined. Further calls are answered, and refused.`,
	"outdevs":                `The most lines that we call.`,
	"mindevs":                `The fewest lines: while there are fewer, another is called, if it was we who made the call and the peer has agreed to {mp}. A line that the peer does not let in is called again ever more rarely, every five minutes in the end.`,
	"unsafe_mp":              `The answering side may call additional lines, too, on lines where it awaits no call. An {in} entry awaits calls on {maxdevs} lines then, and not on all that it has. It is for peers that never do it themselves.`,
	"mp":                     `{-mp} turns off the multilink protocol (RFC 1990): the peer has one line. The older BF&I protocol has no public description; that is why a second line is refused.`,
	"mp_send_ssn":            `We send short sequence numbers if the peer asks for them.`,
	"mp_recv_ssn":            `We ask the peer to send short sequence numbers.`,
	"mp_headers":             `All packets have multilink headers, urgent ones too, also while there is only one line.`,
	"endpoint_discriminator": `{-endpoint_discriminator} does not tell the peer by which machine the lines of a bundle are known. It is for peers that cannot bear the option.`,
	"mp_frag":                `{-mp_frag} sends packets whole wherever that is possible.`,
	"mp_interleave":          `Urgent packets go between the fragments of large ones (the multi-class extension, RFC 2686), if the peer can do it.`,

	"map_char_num": `A character, by its number, that is escaped when it is sent. It need not be a control character; only those can be agreed on for what the peer sends.`,
	"accm":         `The control characters to be escaped, as a map: bit {n} for character {n}. {0xffffffff} is all of them.`,
	"map_char":     `The control characters to be escaped, as letters: {map_char=@QS} is NUL, XON and XOFF.`,
	"accm_parity":  `Characters of the map are escaped with their highest bit set, too.`,
	"rx_accm":      `{-rx_accm} keeps received control characters that the peer should have escaped. By the standard they are discarded, because something on the way may have put them in.`,

	"in": `The peer calls us. Of {in}, {out} and {quiet} the last one holds.
None of them, and no {camp}, is heeded when a login has started the program on the caller's line.`,
	"out": `We call the peer, at once. A timeout makes it a demand mode.`,
	"quiet": `We call the peer when there is traffic for it, hang up when the link is idle, and so on.
The interface is there before the first call, so both addresses must be known: given by {localhost} and {remotehost}, or by their defaults.
In entries with {device} or {apn} placeholders serve until the peer tells the real ones.`,
	"camp":     `The link is made again whenever it breaks, for ever.`,
	"modwait":  `How long the modem rests between two calls.`,
	"modtries": `How many calls in a row may fail before the program gives up for now, and what waits to be sent is thrown away.`,
	"modpause": `How long to wait after a failed series of calls before the next may begin.`,
	"redial_limit": `The most calls in an hour, counted across restarts; 0 is no limit. Operators bar SIM cards that redial fast.
What fails before the modem is told to dial is no call: a line that is away or in use and, where no script dials, a modem that says nothing or has no network.`,

	"restart_ms":        `How long to wait for an answer before a packet of a control protocol is sent again. It doubles with every repetition. At the very beginning of a link there are quicker ones.`,
	"restart_ms_lim":    `Where that doubling ends.`,
	"ccp_restart_ms":    `The same delay for the compression control protocol. It does not double, and is longer because CCP often talks while the line is full.`,
	"max_FSM_fail":      `How often the peer may turn down our Configure-Requests, by Configure-Nak or Configure-Reject, before the protocol is given up; the link when none is left. Where its answers change nothing in what we ask for, as those of a modem that is not ready yet, the next request waits for {restart_ms}.`,
	"max_FSM_conf":      `How many Configure-Requests are sent without an answer before the protocol is given up; the link when none is left.`,
	"max_FSM_term":      `How many Terminate-Requests are sent without an answer before the line is dropped.`,
	"max_term_ms":       `For how long Terminate-Requests are sent without an answer before the line is dropped.`,
	"LCP_IDENT":         `{-LCP_IDENT} does not tell the peer what program this is (Identification, RFC 1570).`,
	"LCP_ECHOS":         `{-LCP_ECHOS} does not ask by Echo-Requests whether the peer is still there.`,
	"LCP_ECHO_INTERVAL": `The time between two Echo-Requests.`,
	"lcp_echo_fails":    `How many Echo-Requests in a row may pass without any frame from the peer before it counts as dead.`,
	"ipv4":              `{-ipv4} does not set up IPv4 on the link. It cannot stand beside {quiet}, as IPv6 has no address before the first call; {out} with a timeout calls at once, and when there is traffic from then on.`,
	"ipv6":              `{-ipv6} does not set up IPv6 on the link.`,

	"noicmp":     `ICMP packets are thrown away and never sent. It is for lines so slow that they hurt.`,
	"qmax":       `The most packets that wait for the line.`,
	"telnettos":  `{-telnettos} no longer lets ICMP, and TCP from and to the ports 23, 513 and 518, go first. What asks for low delay in its IP header goes first in any case.`,
	"tcp_mss":    `The segment size that TCP connections announce is lowered to what fits the MTU.`,
	"inact_port": `A TCP or UDP port, by number or by name, that packets may be sent to without counting as activity: they neither start a call nor keep one up. It adds to the list; {-inact_port} empties the list.`,
	"inact_icmp": `An ICMP type that does not count as activity; echoes and errors of ICMPv6 go by the ICMP type that means the same. It adds to the list; {-inact_icmp} empties the list.`,

	"sync":          `The line is synchronous: frames are sent as bits, through the kernel's synchronous line discipline (N_HDLC), which takes a synchronous adapter and its driver; on any other line the call ends with that reason. Its clock is that of the adapter or the network, and {speed} says nothing of it. {-sync} says that it is not.`,
	"xon_xoff":      `The modem holds us up, and we it, by the characters XOFF and XON, which are then escaped in both directions. The same as {flow=xon}; better is {flow=rtscts}.`,
	"pcomp":         `{-pcomp} turns off the compression of the protocol field.`,
	"acomp":         `{-acomp} turns off the compression of the address and control fields. On synchronous lines it is off anyway.`,
	"stream_module": `The name of a STREAMS module of IRIX. Linux has none; the word is read, and a warning says so.`,

	"vj_comp":       `{-vj_comp} turns off the compression of TCP/IP headers (Van Jacobson, RFC 1144).`,
	"vj_compslot":   `The number of the connection is left out, too, where it is that of the packet before. After a lost packet that gives it to the wrong one, so it is no good for lines that lose bytes unnoticed, as asynchronous ones do.`,
	"vj_slots":      `How many TCP connections are remembered.`,
	"ccp":           `{-ccp} turns off the compression control protocol, and with it all compression of packets. Each direction has a method of its own. Where several are allowed and the peer agrees, Deflate comes before BSD Compress and that before Predictor.`,
	"tx_predictor1": `{-tx_predictor1} does not compress by Predictor type 1 (RFC 1978) what we send.`,
	"rx_predictor1": `{-rx_predictor1} does not accept it in what we receive.`,
	"tx_bsd":        `The largest code of BSD Compress (RFC 1977) for what we send. More bits compress better, and take more memory. {-tx_bsd} does not use it.`,
	"rx_bsd":        `The same for what we receive.`,
	"tx_deflate":    `The window of Deflate (RFC 1979) for what we send.`,
	"rx_deflate":    `The same for what we receive.`,

	"device": `A line, in place of those that the UUCP files give: the path of a tty; a pattern of paths; {auto}, the first tty that answers AT; {usb:VENDOR:PRODUCT} or {usb:VENDOR:PRODUCT:INTERFACE}; {tcp:HOST:PORT}, raw or RFC 2217; {exec:COMMAND}, a program that speaks PPP on its standard input and output and has 5 seconds to end when they are closed.
Several such words are several lines. Of a cellular modem that {auto} or {usb:} finds, one tty after the other is tried until a call comes about, or has certainly been made in vain.
Without {phone}, {chat}, {connect_cmd} and the words for cellular modems nothing is dialed: PPP starts at once.`,
	"speed":       `The speed of the line.`,
	"flow":        `The flow control of the line: {rtscts} by its wires, {xon} by characters, {none}. The later one of this and {xon_xoff} holds.`,
	"local":       `Whether there is a carrier is ignored, as a cable without that wire wants it.`,
	"phone":       `A number to dial. Several are tried in turn. A call has a minute to come about, longer if register S7 is set so by {modem_init}, and 2 seconds more for each comma in the number. Without one an entry with {apn} dials {*99***CID#}, and one with only {pin}, {net_mode} or {carrier} dials {*99#}; {ppp -n} shows no number then.`,
	"modem_init":  `An AT command that is sent before dialing, and that the modem must answer with OK within 20 seconds; {+COPS}, {+CGATT}, {+CGACT} and {+CFUN} have three minutes. Beside {chat} or {connect_cmd} it has no effect.`,
	"chat":        `The dialogue with the modem that makes the call. Nothing else is told to the modem then: what {modem_init}, {apn}, {pin}, {net_mode} and {carrier} would say belongs into it.`,
	"login_chat":  `The dialogue with what answers the call, before PPP starts.`,
	"hangup_chat": `The dialogue with the modem when the line is given up.`,
	"connect_cmd": `A program that makes the call, the line being its standard input and output. As beside {chat}, nothing else is told to the modem. A password belongs into a file, for {chat -f}: the log and {ppp -n} hide those of chat(8), ps(1) does not.`,

	"apn":      `The access point. The type is {IP}, {IPV6}, {IPV4V6} or {PPP}, the number of the context 1, unless given. What is dialed stands under {phone}.`,
	"pin":      `The PIN of the SIM card. It is entered once, and not again after it was refused.`,
	"net_mode": `The kind of radio network to use. The modem keeps it for good, when the word is gone, too; {net_mode=auto} lets it use any again.`,
	"carrier":  `The operator, by the number of its network. Without it a modem that keeps an earlier choice is told to choose by itself, unless {modem_init} tells it an operator.`,

	"monitor": `A host that is asked through this link, by ICMP, whether anything passes; {auto} asks the first hosts on the way that answer.
Every packet that comes is a sign of life too, so that a busy link is not probed.
The probes are no activity, and never cause a call.`,
	"monitor_secs": `The time between two probes.`,
	"monitor_fails": `How many probes in a row may fail before the link is broken and made again, whatever the mode.
A link that passes nothing is noticed within {monitor_secs} times {monitor_fails}.
When the link that is made then passes nothing either, the modems of its lines are reset too.`,
	"reset_cmd": `A program that resets the modem, such as by switching its power off and on. The environment variable {DEVICE} names the line. It may take a minute.
A line {exec:COMMAND} is reset in this way only.`,
	"reset_on_fail": `The modem is reset when a call has failed, or its link has never come up: mildly at first, a step harder each time that no link has held since, and not at all while another program, or another line, uses one of its ttys.
Beside the lines that are there, a further one has its modem reset when its call was not made, or has brought no PPP. While the modem rests, no first call is made either.
A modem that no network has taken yet is left looking for one for ten minutes first: the first search in a new place takes long.
It is not reset after what is no fault of a modem: a number that is busy or does not answer, no dial tone, a call that comes in, a line that another program uses, a command that should have made the call, a card, PIN, access point or password that is missing or refused, a line that sends back what we say.`,
	"reset_always": `The modem is reset whenever a link has ended; of several lines, that of the last one.`,
	"reset_at": `A time of day at which the link is broken, the modems of its lines are reset, one after the other, and the link is made again.
Without a link only the modem is reset, unless its line is in use: one that waits for a call is left alone.
Where {device} stands for several lines, that is the modem of the last call, or before the first one a modem that answers.
A time that summer time skips comes as much later; one that comes twice counts once.`,
	"reset_wait": `How long the modem is left alone after a reset by which it has started anew.`,
	"capture":    `Everything on the link's lines is written into this file as pcapng, for {wireshark} and {tshark}: the dialogue with modem and login, every frame with its direction, and the verdict. Passwords and responses are masked; what IP packets carry is not. The file and its predecessor, which has {.1} behind its name, take no more than 16 MB together; a file that is there is continued. It can be read at any time. As a service the program has directories {/tmp} and {/var/tmp} of its own, which go when it stops, so that {/var/log} is the place. {tshark -o ppp.decompress_vj:FALSE} helps where Van Jacobson compression makes TCP packets with options look malformed.`,
}
