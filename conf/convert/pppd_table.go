package convert

import "strconv"

// An optionRow says what an option of pppd becomes: do makes settings of it;
// without do there is no counterpart, for the reason why, and serious says that
// the operator must hear of it.
type optionRow struct {
	args    int
	do      func(p *pppd, o *opt)
	why     string
	serious bool
}

func isOption(s string) bool {
	_, ok := options[s]
	return ok
}

// Reasons that several options share.
const (
	whyEthernet   = "PPP over Ethernet is not what ppp does"
	whyCrypt      = "ppp does not encrypt the link (MPPE); the peer must not insist on it"
	whyTLS        = "ppp has no EAP-TLS"
	whySRP        = "ppp has no SRP"
	whyIPX        = "ppp carries no IPX"
	whyPlugin     = "an option of a plugin, and ppp has no plugins"
	whyLog        = "the log goes to standard error, under systemd to the journal"
	whyForeground = "ppp stays in the foreground; systemd runs it"
	whyHidden     = "passwords are never logged"
	whyKernel     = "PPP does not run in the kernel"
	whyEnds       = "ppp has one limit for all protocols, from the options that begin with lcp-"
	whyLocked     = "lines are always locked"
	whyDefault    = "it is so by default"
	whyRoot       = "ppp belongs to root, who writes its control file"
	whyFilter     = "packets are filtered by nftables; what is no activity is named by inact_port= and inact_icmp="
	whyAlways     = "both sides tell their magic numbers; loops are found by them"
	whyTraffic    = "there is no limit of traffic"
)

// options is the table of pppd's options, those of version 2.5 included, by
// all their names.
var options map[string]optionRow

func init() { // functions of the table look into it
	options = map[string]optionRow{
		"call": {args: 1, do: (*pppd).include},
		"file": {args: 1, do: (*pppd).include},

		// The line.
		"connect":    keep(1, func(p *pppd) **opt { return &p.connect }),
		"init":       keep(1, func(p *pppd) **opt { return &p.init }),
		"disconnect": keep(1, func(p *pppd) **opt { return &p.disconnect }),
		"welcome":    keep(1, func(p *pppd) **opt { return &p.welcome }),
		"pty":        keep(1, func(p *pppd) **opt { return &p.pty }),
		"crtscts":    keep(0, func(p *pppd) **opt { return &p.flow }),
		"nocrtscts":  keep(0, func(p *pppd) **opt { return &p.flow }),
		"-crtscts":   keep(0, func(p *pppd) **opt { return &p.flow }),
		"nocdtrcts":  keep(0, func(p *pppd) **opt { return &p.flow }),
		"xonxoff":    keep(0, func(p *pppd) **opt { return &p.flow }),
		"cdtrcts":    none("flow control by DTR is not what Linux can do"),
		"local":      flagged("local"),
		"modem":      {do: func(p *pppd, o *opt) { p.d.drop("local"); p.d.none(o.was(), whyDefault) }},
		"lock":       none(whyLocked),
		"nolock":     none(whyLocked),
		"sync":       flagged("sync"),
		"stop-bits":  none1("there is one stop bit"),
		"datarate":   none1("bps= fixes the rate, which is measured otherwise"),
		"notty":      none("without device= the line is the standard input"),
		"record":     {args: 1, do: func(p *pppd, o *opt) { p.d.put("capture", o.arg+".pcapng", o.was(), "as pcapng, not for pppdump") }},

		// Who calls, and how often.
		"demand":                 keep(0, func(p *pppd) **opt { return &p.demand }),
		"persist":                {do: func(p *pppd, o *opt) { p.persist, p.end = o, nil }},
		"nopersist":              {do: func(p *pppd, o *opt) { p.persist, p.end = nil, o }},
		"silent":                 keep(0, func(p *pppd) **opt { return &p.silent }),
		"passive":                none("ppp gives up after max_FSM_conf requests, and calls or waits again as its mode says"),
		"-p":                     none("ppp gives up after max_FSM_conf requests, and calls or waits again as its mode says"),
		"idle":                   keep(1, func(p *pppd) **opt { return &p.idle }),
		"holdoff":                number("modwait"),
		"maxconnect":             number("max_connect_secs"),
		"maxfail":                {args: 1, do: maxFail},
		"active-filter":          {args: 1, why: whyFilter, serious: true},
		"pass-filter":            {args: 1, why: whyFilter, serious: true},
		"active-filter-inbound":  {args: 1, why: whyFilter, serious: true},
		"pass-filter-inbound":    {args: 1, why: whyFilter, serious: true},
		"active-filter-outbound": {args: 1, why: whyFilter, serious: true},
		"pass-filter-outbound":   {args: 1, why: whyFilter, serious: true},
		"maxoctets":              none1(whyTraffic),
		"mo":                     none1(whyTraffic),
		"mo-direction":           none1(whyTraffic),
		"mo-timeout":             none1(whyTraffic),
		"callback":               {args: 1, why: "ppp does not ask to be called back", serious: true},
		"cbcp":                   {args: 1, why: "ppp does not ask to be called back", serious: true},
		"allow-number":           none1("the caller's number is not known"),
		"remotenumber":           none1("the caller's number is not known"),
		"connect-delay":          none1("ppp begins at once"),
		"child-timeout":          none1("commands have a deadline of their own"),

		// Addresses and routes.
		"ipcp-accept-local":     keep(0, func(p *pppd) **opt { return &p.acceptLocal }),
		"ipcp-accept-remote":    keep(0, func(p *pppd) **opt { return &p.acceptRemote }),
		"noipdefault":           {do: func(p *pppd, o *opt) { p.d.put("localhost", "0", o.was(), "the peer gives our address") }},
		"noremoteip":            none("whatever address the peer has, or none, is taken"),
		"nosendip":              {why: "ppp tells its address", serious: true},
		"ipcp-no-address":       flagged("-addr_negotiate"),
		"ipcp-no-addresses":     none("ppp never uses the old option that tells both addresses"),
		"netmask":               text("netmask"),
		"defaultroute":          {do: func(p *pppd, o *opt) { p.defaultRoute = o }},
		"nodefaultroute":        {do: noDefaultRoute},
		"-defaultroute":         {do: noDefaultRoute},
		"defaultroute-metric":   number("metric"),
		"replacedefaultroute":   keep(0, func(p *pppd) **opt { return &p.replaceRoute }),
		"noreplacedefaultroute": {do: func(p *pppd, o *opt) { p.replaceRoute = nil; p.d.none(o.was(), whyDefault) }},
		"defaultroute6":         flagged("add_route6"),
		"nodefaultroute6":       {do: func(p *pppd, o *opt) { p.d.drop("add_route6"); p.d.none(o.was(), whyDefault) }},
		"-defaultroute6":        {do: func(p *pppd, o *opt) { p.d.drop("add_route6"); p.d.none(o.was(), whyDefault) }},
		"proxyarp": {do: func(p *pppd, o *opt) {
			p.d.drop("proxy_arp")
			p.d.none(o.was(), "done by itself when the peer's address is on a local subnet")
		}},
		"noproxyarp":              flagged("-proxy_arp"),
		"-proxyarp":               flagged("-proxy_arp"),
		"usepeerdns":              keep(0, func(p *pppd) **opt { return &p.peerDNS }),
		"usepeerwins":             none("ppp does not ask for WINS servers"),
		"ms-dns":                  textAdd("ms_dns"),
		"dns-addr":                textAdd("ms_dns"),
		"ms-wins":                 none1("ppp offers no WINS servers"),
		"noip":                    flagged("-ipv4"),
		"-ip":                     flagged("-ipv4"),
		"+ipv6":                   {do: func(p *pppd, o *opt) { p.d.drop("ipv6"); p.d.none(o.was(), whyDefault) }},
		"noipv6":                  flagged("-ipv6"),
		"-ipv6":                   flagged("-ipv6"),
		"ipv6":                    {args: 1, do: interfaceIDs},
		"ipv6cp-use-ipaddr":       none("the identifier comes from an Ethernet address; localif= names another"),
		"ipv6cp-use-persistent":   none("the identifier comes from an Ethernet address, which persists"),
		"ipv6cp-use-remotenumber": none("the identifier comes from an Ethernet address; localif= names another"),
		"ipv6cp-accept-local":     none(whyDefault),
		"ipv6cp-accept-remote":    none(whyDefault),
		"ipv6cp-noremote":         none("whatever identifier the peer has is taken"),
		"ipv6cp-nosend":           none("ppp tells its identifier"),
		"unit":                    {args: 1, do: unit},
		"ifname":                  text("ifname"),

		// Authentication.
		"user":           keep(1, func(p *pppd) **opt { return &p.user }),
		"name":           keep(1, func(p *pppd) **opt { return &p.name }),
		"remotename":     keep(1, func(p *pppd) **opt { return &p.peer }),
		"password":       keep(1, func(p *pppd) **opt { return &p.password }),
		"auth":           keep(0, func(p *pppd) **opt { return &p.auth }),
		"noauth":         keep(0, func(p *pppd) **opt { return &p.auth }),
		"login":          keep(0, func(p *pppd) **opt { return &p.login }),
		"enable-session": none("logins are recorded (utmp) unless -utmp is said"),
		"refuse-pap":     refuse(""), "-pap": refuse("refuse-pap"),
		"refuse-chap": refuse(""), "-chap": refuse("refuse-chap"), "refuse-chap-md5": refuse("refuse-chap"), "-chap-md5": refuse("refuse-chap"),
		"refuse-mschap-v2": refuse(""), "-mschap-v2": refuse("refuse-mschap-v2"),
		"refuse-eap": refuse(""), "-eap": refuse("refuse-eap"),
		"refuse-mschap": none("ppp never uses the first version of MS-CHAP"), "-mschap": none("ppp never uses the first version of MS-CHAP"),
		"require-pap": require(""), "+pap": require("require-pap"), "+ua": {args: 1, why: "give the name and password of the file as send_name= and send_passwd=", serious: true},
		"require-chap": require(""), "+chap": require("require-chap"), "require-chap-md5": require("require-chap"), "+chap-md5": require("require-chap"),
		"require-mschap-v2": require(""), "+mschap-v2": require("require-mschap-v2"),
		"require-eap": require(""), "+eap": require("require-eap"),
		"require-mschap": {why: "ppp never uses the first version of MS-CHAP; recv_mschap is the second", serious: true},
		"+mschap":        {why: "ppp never uses the first version of MS-CHAP; recv_mschap is the second", serious: true},
		"papcrypt":       {why: "recv_passwd= is the password itself", serious: true},
		"cryptpap":       {why: "recv_passwd= is the password itself", serious: true},
		"hide-password":  none(whyHidden),
		"show-password":  none(whyHidden),
		"usehostname": {do: func(p *pppd, o *opt) {
			p.name = nil
			p.d.none(o.was(), "without send_name= the name in CHAP is that of the host")
		}},
		"domain":              {args: 1, why: "give the whole name as send_name="},
		"chap-interval":       number("chap_reauth_secs"),
		"eap-interval":        number("chap_reauth_secs"),
		"chap-restart":        number("auth_secs"),
		"pap-restart":         number("auth_secs"),
		"eap-restart":         number("auth_secs"),
		"chap-timeout":        number("max_auth_secs"),
		"pap-timeout":         {args: 1, do: positive("max_auth_secs", "there is always a limit")},
		"eap-timeout":         number("max_auth_secs"),
		"chap-max-challenge":  none1("max_auth_secs= is the limit"),
		"pap-max-authreq":     none1("max_auth_secs= is the limit"),
		"eap-max-sreq":        none1("max_auth_secs= is the limit"),
		"eap-max-rreq":        none1("max_auth_secs= is the limit"),
		"chapms-strip-domain": {why: "names are taken as they come", serious: true},
		"allow-ip":            {args: 1, why: "which address a peer may have is said by remotehost="},
		"privgroup":           none1(whyRoot),

		// Link Control Protocol and the others' timers.
		"mru":               keep(1, func(p *pppd) **opt { return &p.mru }),
		"mtu":               keep(1, func(p *pppd) **opt { return &p.mtu }),
		"default-mru":       {do: func(p *pppd, o *opt) { p.mru = nil; p.d.none(o.was(), "at 1500 bytes nothing is negotiated") }},
		"-mru":              {do: func(p *pppd, o *opt) { p.mru = nil; p.d.none(o.was(), "at 1500 bytes nothing is negotiated") }},
		"lcp-echo-interval": keep(1, func(p *pppd) **opt { return &p.echo }),
		"lcp-echo-failure":  keep(1, func(p *pppd) **opt { return &p.echoFails }),
		"lcp-echo-adaptive": none("whatever the peer sends counts as a sign of life"),
		"lcp-rtt-file":      none1("pppstat shows the round trip time"),
		"lcp-restart":       {args: 1, do: restart},
		"lcp-max-configure": number("max_FSM_conf"),
		"lcp-max-failure":   number("max_FSM_fail"),
		"lcp-max-terminate": number("max_FSM_term"),
		"ipcp-restart":      none1(whyEnds), "ipcp-max-configure": none1(whyEnds), "ipcp-max-failure": none1(whyEnds), "ipcp-max-terminate": none1(whyEnds),
		"ipv6cp-restart": none1(whyEnds), "ipv6cp-max-configure": none1(whyEnds), "ipv6cp-max-failure": none1(whyEnds), "ipv6cp-max-terminate": none1(whyEnds),
		"ccp-restart":       {args: 1, do: ccpRestart},
		"ccp-max-configure": none1(whyEnds), "ccp-max-failure": none1(whyEnds), "ccp-max-terminate": none1(whyEnds),
		"nomagic": none(whyAlways), "-mn": none(whyAlways),
		"noaccomp": flagged("-acomp"), "-ac": flagged("-acomp"),
		"nopcomp": flagged("-pcomp"), "-pc": flagged("-pcomp"),
		"asyncmap": {args: 1, do: asyncMap}, "-as": {args: 1, do: asyncMap},
		"default-asyncmap": {do: func(p *pppd, o *opt) { p.d.put("accm", "0xffffffff", o.was()) }}, "-am": {do: func(p *pppd, o *opt) { p.d.put("accm", "0xffffffff", o.was()) }},
		"escape":      {args: 1, do: escape},
		"receive-all": flagged("-rx_accm"),
		"-all":        {why: "every option is negotiated", serious: true},

		// Compression.
		"novj": flagged("-vj_comp"), "-vj": flagged("-vj_comp"),
		"novjccomp": flagged("-vj_compslot"), "-vjccomp": flagged("-vj_compslot"),
		"vj-max-slots": number("vj_slots"),
		"noccp":        flagged("-ccp"), "-ccp": flagged("-ccp"),
		"bsdcomp":   {args: 1, do: coder("bsd")},
		"nobsdcomp": flaggedAll("-rx_bsd", "-tx_bsd"), "-bsdcomp": flaggedAll("-rx_bsd", "-tx_bsd"),
		"deflate":   {args: 1, do: coder("deflate")},
		"nodeflate": {do: noDeflate}, "-deflate": {do: noDeflate},
		"nodeflatedraft": none("the number of the draft is never used"),
		"predictor1": {do: func(p *pppd, o *opt) {
			p.d.drop("rx_predictor1")
			p.d.drop("tx_predictor1")
			p.d.none(o.was(), whyDefault)
		}},
		"nopredictor1": flaggedAll("-rx_predictor1", "-tx_predictor1"), "-predictor1": flaggedAll("-rx_predictor1", "-tx_predictor1"),
		"lzs": none1("ppp has no LZS"),

		// Encryption.
		"mppe": {args: 1, why: whyCrypt, serious: true}, "+mppe": {why: whyCrypt, serious: true},
		"require-mppe": {why: whyCrypt, serious: true}, "require-mppe-40": {why: whyCrypt, serious: true}, "require-mppe-128": {why: whyCrypt, serious: true},
		"+mppe-40": {why: whyCrypt, serious: true}, "+mppe-128": {why: whyCrypt, serious: true}, "mppe-stateful": none(whyCrypt),
		"nomppe": none(whyDefault), "nomppe-40": none(whyDefault), "nomppe-128": none(whyDefault), "nomppe-stateful": none(whyDefault),
		"-mppe": none(whyDefault), "-mppe-40": none(whyDefault), "-mppe-128": none(whyDefault),
		"noecp": none(whyDefault), "-ecp": none(whyDefault),

		// Multilink.
		"multilink": {do: multilink}, "mp": {do: multilink},
		"nomultilink": flagged("-mp"), "nomp": flagged("-mp"),
		"mpshortseq":       flaggedAll("mp_recv_ssn", "mp_send_ssn"),
		"nompshortseq":     {do: func(p *pppd, o *opt) { p.d.drop("mp_recv_ssn"); p.d.drop("mp_send_ssn"); p.d.none(o.was(), whyDefault) }},
		"mrru":             none1("what may be joined follows from mtu="),
		"endpoint":         none1("the endpoint discriminator is made by ppp"),
		"noendpoint":       flagged("-endpoint_discriminator"),
		"bundle":           {args: 1, why: "bundles are told apart by rem_sysname= or the peer's name"},
		"multilink-master": none(whyDefault), "master_detach": none(whyForeground),

		// The program itself.
		"debug":        {do: func(p *pppd, o *opt) { p.d.put("debug", "2", o.was(), "every control packet") }},
		"-d":           {do: func(p *pppd, o *opt) { p.d.put("debug", "2", o.was(), "every control packet") }},
		"kdebug":       none1(whyKernel),
		"dump":         none("ppp -n shows what is in effect"),
		"dryrun":       none("ppp -n does that"),
		"show-options": none("ppp -n does that"),
		"version":      none("ppp -V does that"), "--version": none("ppp -V does that"), "help": none("ppp -h does that"), "--help": none("ppp -h does that"),
		"nodetach": none(whyForeground), "-detach": none(whyForeground), "updetach": none(whyForeground), "up_sdnotify": none("ppp notifies systemd by itself"),
		"logfile": none1(whyLog), "logfd": none1(whyLog), "nolog": none(whyLog), "nologfd": none(whyLog),
		"linkname": none1("pppstat and the sockets know a link by its label"),
		"ipparam":  none1("the commands of up_cmd and down_cmd may have words of their own"),
		"set":      none1("write up_cmd=\"env NAME=VALUE COMMAND\""), "unset": none1("write up_cmd=\"env -u NAME COMMAND\""),
		"ktune": none("sysctl sets what the kernel does"), "noktune": none("sysctl sets what the kernel does"),
		"nodetach-on-failure": none(whyForeground),
		"path":                none1("commands may be given by their whole path"),
		"ip-up-script":        textAdd("up_cmd"), "ip-down-script": textAdd("down_cmd"),
		"ip-pre-up-script": none1("commands are run when the interface is configured: up_cmd="),
		"ipv6-up-script":   none1("one up_cmd= serves both families"), "ipv6-down-script": none1("one down_cmd= serves both families"),
		"auth-up-script": none1("there is no command for that"), "auth-down-script": none1("there is no command for that"),
		"net-init-script": none1("there is no command for that"), "net-pre-up-script": none1("there is no command for that"), "net-preup-script": none1("there is no command for that"), "net-down-script": none1("there is no command for that"),

		// Other protocols and plugins.
		"ipx": {why: whyIPX, serious: true}, "+ipx": {why: whyIPX, serious: true}, "ipx-protocol": {why: whyIPX, serious: true},
		"noipx": none(whyIPX), "-ipx": none(whyIPX), "-ipx-protocol": none(whyIPX),
		"ipx-network": none1(whyIPX), "ipx-node": none1(whyIPX), "ipx-router-name": none1(whyIPX), "ipx-routing": none1(whyIPX),
		"ipxcp-accept-local": none(whyIPX), "ipxcp-accept-network": none(whyIPX), "ipxcp-accept-remote": none(whyIPX),
		"ipxcp-restart": none1(whyIPX), "ipxcp-max-configure": none1(whyIPX), "ipxcp-max-failure": none1(whyIPX), "ipxcp-max-terminate": none1(whyIPX),
		"srp-interval": none1(whySRP), "srp-pn-secret": none1(whySRP), "srp-use-pseudonym": none(whySRP),
		"ca": {args: 1, why: whyTLS, serious: true}, "capath": {args: 1, why: whyTLS, serious: true}, "cert": {args: 1, why: whyTLS, serious: true},
		"key": {args: 1, why: whyTLS, serious: true}, "pkcs12": {args: 1, why: whyTLS, serious: true}, "crl": none1(whyTLS), "crl-dir": none1(whyTLS),
		"need-peer-eap": none(whyTLS), "max-tls-version": none1(whyTLS), "tls-verify-method": none1(whyTLS), "tls-verify-key-usage": none(whyTLS),
		"plugin":             {args: 1, do: plugin},
		"radius-config-file": none1(whyRadius), "avpair": none1(whyPlugin), "map-to-ifname": none(whyPlugin), "map-to-ttyname": none(whyPlugin),
		"minconnect": none1("active_timeout= and toll_boundary= keep a link up"), "passwordfd": none1(whyPrompt), "promptprog": none1(whyPrompt),
		"ntlm_auth-helper": none1(whyPlugin), "llc-encaps": none(whyPlugin), "vc-encaps": none(whyPlugin),
		"pppoe-service": none1(whyEthernet), "rp_pppoe_service": none1(whyEthernet), "pppoe-ac": none1(whyEthernet), "rp_pppoe_ac": none1(whyEthernet),
		"pppoe-sess": none1(whyEthernet), "rp_pppoe_sess": none1(whyEthernet), "pppoe-verbose": none1(whyEthernet), "rp_pppoe_verbose": none1(whyEthernet),
		"pppoe-mac": none1(whyEthernet), "rp_pppoe_mac": none1(whyEthernet), "pppoe-host-uniq": none1(whyEthernet), "host-uniq": none1(whyEthernet),
		"pppoe-padi-timeout": none1(whyEthernet), "pppoe-padi-attempts": none1(whyEthernet),
	}
}

const (
	whyRadius = "give the servers as radius=HOST,SECRETFILE"
	whyPrompt = "nobody is asked for a password; give it as send_passwd="
)

// Makers of rows.

func none(why string) optionRow  { return optionRow{why: why} }
func none1(why string) optionRow { return optionRow{args: 1, why: why} }

// keep notes the option for finish; the last one counts.
func keep(args int, field func(*pppd) **opt) optionRow {
	return optionRow{args: args, do: func(p *pppd, o *opt) {
		if had := *field(p); had != nil {
			p.d.none(had.was(), whyLater)
		}
		*field(p) = o
	}}
}

func flagged(word string) optionRow { return flaggedAll(word) }

func flaggedAll(words ...string) optionRow {
	return optionRow{do: func(p *pppd, o *opt) {
		for _, w := range words {
			p.d.flag(w, o.was())
		}
	}}
}

func number(key string) optionRow {
	return optionRow{args: 1, do: func(p *pppd, o *opt) {
		if n, ok := p.number(o); ok {
			p.d.put(key, strconv.FormatInt(n, 10), o.was())
		}
	}}
}

// positive is a number whose 0 has no counterpart.
func positive(key, zero string) func(*pppd, *opt) {
	return func(p *pppd, o *opt) {
		n, ok := p.number(o)
		switch {
		case ok && n == 0:
			p.d.none(o.was(), zero)
		case ok:
			p.d.put(key, strconv.FormatInt(n, 10), o.was())
		}
	}
}

func text(key string) optionRow {
	return optionRow{args: 1, do: func(p *pppd, o *opt) { p.d.put(key, o.arg, o.was()) }}
}

func textAdd(key string) optionRow {
	return optionRow{args: 1, do: func(p *pppd, o *opt) { p.d.add(key, o.arg, o.was()) }}
}

func refuse(name string) optionRow {
	return optionRow{do: func(p *pppd, o *opt) { p.refuse[orName(name, o)] = o }}
}

func require(name string) optionRow {
	return optionRow{do: func(p *pppd, o *opt) { p.require[orName(name, o)] = o }}
}

func orName(name string, o *opt) string {
	if name == "" {
		return o.name
	}
	return name
}
