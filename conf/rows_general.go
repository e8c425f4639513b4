package conf

// General settings, and who proves to whom who he is.

var generalRows = []Keyword{
	{
		Name: "debug", Forms: Bare | Valued, Type: "num", Alone: "1", Default: "0", Phase: Always,
		Group: "General", slot: number(func(e *Entry) *int { return &e.Debug }),
		Man: `How much is told in the log: 1 reports every step, 2 prints the packets of the control protocols, 3 the bytes of the line as well.
The options {-d} of the command add to it. Passwords are never printed.`,
	},
	{
		Name: "continue", Forms: Valued | Repeat, Type: "label", Phase: Always,
		Rule: "an entry of the file, and no circle", Group: "General",
		Man: `Puts all words of the entry {label} here, as if they stood in this place.
What comes behind it on the line wins over what comes from there.
A {label} that cannot be a host name, such as {+common}, keeps people from calling it.`,
	},
	{
		Name: "reconfigure", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Group: "General", slot: onOff(func(e *Entry) *bool { return &e.Reconfigure }),
		Man: `This entry only receives callers. The peer must authenticate itself, and the name that it proves selects the entry from which the call goes on.
What the line was opened and LCP was negotiated with stays; all the rest comes from that entry or from the defaults, not from here.

Say as little as possible here: which protocols may be used to authenticate, names in {recv_name} when only some are welcome, and {send_name} when CHAP is to name us otherwise than by the host name.
A {send_name} or {send_passwd} given here cannot be given differently there.
With neither here, we authenticate ourselves by PAP only after the peer has.
Such an entry never dials.`,
	},
}

var authRows = []Keyword{
	{
		Name: "recv_name", Forms: Valued | Repeat, Type: "name", Phase: Establish,
		Group: "Authentication", slot: many(textKind(octets), func(e *Entry) *[]string { return &e.RecvName }),
		Man: `The peer must authenticate itself, by this name. Several such words accept any of their names.
An empty name accepts every user of this machine who authenticates by PAP with the password of his account.
In the entry that {reconfigure} has found the word has nothing left to say.

Which protocols are used is decided by {send_pap} and its like. When none of them is given, then a name, a password or {reconfigure} stands for PAP; in an entry with {apn} for CHAP as well.
With nothing at all about authentication the peer is not asked, and what it asks of us is agreed to.`,
	},
	{
		Name: "send_name", Forms: Valued, Type: "name", Otherwise: "the host name where CHAP is used", Phase: Authenticate,
		Group: "Authentication", slot: one(textKind(octets), func(e *Entry) *string { return &e.SendName }),
		Man: `Our name, as we authenticate ourselves and as we sign CHAP challenges. An empty value is a name, too: the empty one.`,
	},
	{
		Name: "send_passwd", Forms: Valued, Type: "password", Phase: Authenticate, Secret: true,
		Group: "Authentication", slot: one(secretKind(octets), func(e *Entry) *Secret { return &e.SendPasswd }),
		Man: `The password that we send by PAP, or the secret with which we answer challenges.`,
	},
	{
		Name: "recv_passwd", Forms: Valued, Type: "password", Phase: Authenticate, Secret: true,
		Group: "Authentication", slot: one(secretKind(someOctets), func(e *Entry) *Secret { return &e.RecvPasswd }),
		Man: `The secret that the peer must know: its answers to our challenges are checked with it, and a PAP password is compared with it.
Without it, PAP passwords are those of this machine's accounts.
Give the two directions different secrets: with the same one a caller can have us answer our own challenge.`,
	},
	{
		Name: "send_pap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendPAP }),
		Man: `Whether we authenticate ourselves by PAP when asked to.`,
	},
	{
		Name: "send_chap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendCHAP }),
		Man: `Whether we answer CHAP challenges. CHAP comes before PAP where both are allowed.`,
	},
	{
		Name: "recv_pap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvPAP }),
		Man: `Whether the peer is asked to authenticate itself by PAP.`,
	},
	{
		Name: "recv_chap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvCHAP }),
		Man: `Whether the peer is challenged by CHAP. CHAP is asked for before PAP where both are allowed.`,
	},
	{
		Name: "send_mschap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendMSCHAP }),
		Man: `Whether we answer MS-CHAPv2 challenges (RFC 2759). It comes before CHAP. The peer must prove that it knows the secret, too.`,
	},
	{
		Name: "recv_mschap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvMSCHAP }),
		Man: `Whether the peer is challenged by MS-CHAPv2. It is asked for before CHAP.`,
	},
	{
		Name: "send_eap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendEAP }),
		Man: `Whether we answer the MD5-Challenge of EAP (RFC 3748). It proves no more than CHAP and takes longer, so it comes behind CHAP, and before PAP.`,
	},
	{
		Name: "recv_eap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvEAP }),
		Man: `Whether the peer is sent the MD5-Challenge of EAP. It is asked for behind CHAP and before PAP. The peer's name is its identity.`,
	},
	{
		Name: "max_auth_secs", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Authenticate,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.MaxAuthSecs }),
		Man: `How long the peer may take to authenticate itself before the link is given up.`,
	},
	{
		Name: "auth_secs", Forms: Valued, Type: "secs", Default: "5", Min: 1, Phase: Authenticate,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.AuthSecs }),
		Man: `How long to wait for an answer before a PAP request or a challenge is sent again.`,
	},
	{
		Name: "chap_reauth_secs", Forms: Valued, Type: "secs", Otherwise: "off", Min: 10, Max: 7200, Phase: Always,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.CHAPReauthSecs }),
		Man: `The peer is challenged again, by CHAP, MS-CHAPv2 or EAP, at this interval for as long as the link is up.`,
	},
	{
		Name: "radius", Forms: Valued | Repeat, Type: "host[:port],file", Phase: Establish, Ours: true,
		Group: "Authentication", slot: many(radiusKind, func(e *Entry) *[]Radius { return &e.Radius }),
		Man: `A RADIUS server that authenticates peers and takes the accounting. The first line of {file}, which nobody but its owner may read, is the secret shared with it; the port is 1812 unless given, and accounting goes to the port above.
Several servers are tried in turn; one that is silent is not asked first for a minute.
The server decides then, and recv_passwd does not count; names that recv_name does not list are refused without asking.
See ppp(8) for what a server may say.`,
	},
	{
		Name: "radius_coa", Forms: Valued, Type: "host[:port]", Otherwise: "none", Phase: Establish, Ours: true,
		Group: "Authentication", slot: one(listenKind, func(e *Entry) *string { return &e.RadiusCoA }),
		Man: `The address of this machine at which requests of the RADIUS servers are taken to end sessions or to change their limits (RFC 5176); the port is 3799 unless given.
They must come from one of the servers, with a Message-Authenticator and an Event-Timestamp.`,
	},
	{
		Name: "utmp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Authentication", slot: onOff(func(e *Entry) *bool { return &e.UTMP }),
		Man: `{-utmp} leaves out the utmp and wtmp records. Otherwise there is one for every call that we make and for every incoming one that no login has recorded.`,
	},
}
