package conf

// General settings, and who proves to whom who he is.

var generalRows = []Keyword{
	{
		Name: "debug", Forms: Bare | Valued, Type: "num", Alone: "1", Default: "0", Phase: Always,
		Group: "General", slot: number(func(e *Entry) *int { return &e.Debug }),
	},
	{
		Name: "continue", Forms: Valued | Repeat, Type: "label", Phase: Always,
		Rule: "an entry of the file, and no circle", Group: "General",
	},
	{
		Name: "reconfigure", Forms: Bare, Type: "flag", Default: "false", Phase: Dead,
		Group: "General", slot: onOff(func(e *Entry) *bool { return &e.Reconfigure }),
	},
}

var authRows = []Keyword{
	{
		Name: "recv_name", Forms: Valued | Repeat, Type: "name", Phase: Establish,
		Group: "Authentication", slot: many(textKind(octets), func(e *Entry) *[]string { return &e.RecvName }),
	},
	{
		Name: "send_name", Forms: Valued, Type: "name", Otherwise: "the host name where CHAP is used", Phase: Authenticate,
		Group: "Authentication", slot: one(textKind(octets), func(e *Entry) *string { return &e.SendName }),
	},
	{
		Name: "send_passwd", Forms: Valued, Type: "password", Phase: Authenticate, Secret: true,
		Group: "Authentication", slot: one(secretKind(octets), func(e *Entry) *Secret { return &e.SendPasswd }),
	},
	{
		Name: "recv_passwd", Forms: Valued, Type: "password", Phase: Authenticate, Secret: true,
		Group: "Authentication", slot: one(secretKind(someOctets), func(e *Entry) *Secret { return &e.RecvPasswd }),
	},
	{
		Name: "send_pap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendPAP }),
	},
	{
		Name: "send_chap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendCHAP }),
	},
	{
		Name: "recv_pap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvPAP }),
	},
	{
		Name: "recv_chap", Forms: Bare | Negated, Type: "flag", Otherwise: "see recv_name", Phase: Establish,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvCHAP }),
	},
	{
		Name: "send_mschap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendMSCHAP }),
	},
	{
		Name: "recv_mschap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvMSCHAP }),
	},
	{
		Name: "send_eap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.SendEAP }),
	},
	{
		Name: "recv_eap", Forms: Bare | Negated, Type: "flag", Otherwise: "unset", Phase: Establish, Ours: true,
		Rule:  "needs recv_passwd, except beside reconfigure or radius",
		Group: "Authentication", slot: choice(func(e *Entry) *Choice { return &e.RecvEAP }),
	},
	{
		Name: "max_auth_secs", Forms: Valued, Type: "secs", Default: "30", Min: 1, Phase: Authenticate,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.MaxAuthSecs }),
	},
	{
		Name: "auth_secs", Forms: Valued, Type: "secs", Default: "5", Min: 1, Phase: Authenticate,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.AuthSecs }),
	},
	{
		Name: "chap_reauth_secs", Forms: Valued, Type: "secs", Otherwise: "off", Min: 10, Max: 7200, Phase: Always,
		Group: "Authentication", slot: period(second, func(e *Entry) *duration { return &e.CHAPReauthSecs }),
	},
	{
		Name: "radius", Forms: Valued | Repeat, Type: "host[:port],file", Phase: Establish, Ours: true,
		Group: "Authentication", slot: many(radiusKind, func(e *Entry) *[]Radius { return &e.Radius }),
	},
	{
		Name: "radius_coa", Forms: Valued, Type: "host[:port]", Otherwise: "none", Phase: Establish, Ours: true,
		Group: "Authentication", slot: one(listenKind, func(e *Entry) *string { return &e.RadiusCoA }),
	},
	{
		Name: "utmp", Forms: Negated, Type: "flag", Default: "true", Phase: Network,
		Group: "Authentication", slot: onOff(func(e *Entry) *bool { return &e.UTMP }),
	},
}
