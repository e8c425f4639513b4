package conf

import (
	"path"
	"slices"
	"strings"
	"unicode"
)

// Kinds of text.

// textKind is text that check is content with.
func textKind(check func(*Options, string) *fault) kind[string] {
	return kind[string]{
		parse: func(o *Options, _ *Keyword, text string) (string, error) {
			if f := check(o, text); f != nil {
				return "", f
			}
			return text, nil
		},
		text: func(s string) string { return s },
	}
}

func secretKind(check func(*Options, string) *fault) kind[Secret] {
	return kind[Secret]{
		parse: func(o *Options, _ *Keyword, text string) (Secret, error) {
			if f := check(o, text); f != nil {
				return "", f
			}
			return Secret(text), nil
		},
		text: Secret.String,
	}
}

func filled(_ *Options, s string) *fault {
	if s == "" {
		return faultf("the value is empty")
	}
	return nil
}

// octets allows what fits the length byte of PAP (RFC 1334 section 2.2.1).
func octets(_ *Options, s string) *fault {
	if len(s) > 255 {
		return faultf("longer than 255 bytes")
	}
	return nil
}

// someOctets is for what somebody must know.
func someOctets(o *Options, s string) *fault {
	if f := filled(o, s); f != nil {
		return f
	}
	return octets(o, s)
}

// printable is for what is sent as one line or is one argument of a command.
func printable(o *Options, s string) *fault {
	if i := strings.IndexFunc(s, unicode.IsControl); i >= 0 {
		return faultf("a control character").at(i)
	}
	return filled(o, s)
}

// pinDigits: 3GPP TS 31.101 has PINs of four to eight digits. The mask of a
// dump is let through, so that a dump can be read.
func pinDigits(_ *Options, s string) *fault {
	if s == hidden {
		return nil
	}
	if len(s) < 4 || len(s) > 8 || strings.Trim(s, "0123456789") != "" {
		return faultf("a PIN has four to eight digits")
	}
	return nil
}

// plmn: 3GPP TS 23.003, three digits of country and two or three of network.
func plmn(_ *Options, s string) *fault {
	if (len(s) != 5 && len(s) != 6) || strings.Trim(s, "0123456789") != "" {
		return faultf("an operator's number (PLMN) has five or six digits")
	}
	return nil
}

// interfaceName allows what the kernel does, without its template "%d".
func interfaceName(_ *Options, s string) *fault {
	switch {
	case s == "" || len(s) > 15:
		return faultf("an interface name has 1 to 15 characters")
	case s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || strings.ContainsRune("/:%\x7f", r)
	}):
		return faultf("no interface can have this name")
	}
	return nil
}

// controlLetters are the letters that stand for the control characters, each
// 0x40 above it.
func controlLetters(_ *Options, s string) *fault {
	for i, c := range s {
		if c < '@' || c > '_' {
			f := faultf("%q stands for no control character", c).at(i)
			if unicode.IsLower(c) {
				return f.try("give the letter in upper case")
			}
			return f.try(`the letters are @A-Z[\]^_`)
		}
	}
	return filled(nil, s)
}

func oneOf(words ...string) func(*Options, string) *fault {
	return func(_ *Options, s string) *fault {
		if slices.Contains(words, s) {
			return nil
		}
		return faultf("unknown").try("give %s", strings.Join(words, ", "))
	}
}

// host allows the name or the number of a host.
func host(_ *Options, s string) *fault {
	if isHost(s) {
		return nil
	}
	return faultf("neither a host name nor an address")
}

// device knows the ways to name a line.
func device(_ *Options, s string) *fault {
	scheme, rest, _ := strings.Cut(s, ":")
	switch {
	case s == "auto":
		return nil
	case strings.HasPrefix(s, "/"):
		if _, err := path.Match(s, ""); err != nil {
			return faultf("the pattern is not complete")
		}
		return printable(nil, s)
	case scheme == "exec":
		if strings.TrimSpace(rest) == "" {
			return faultf("exec: wants a command")
		}
		return printable(nil, s)
	case scheme == "tcp":
		_, _, f := hostPort(rest, 0)
		if f != nil {
			return f.try("give tcp:HOST:PORT")
		}
		return nil
	case scheme == "usb":
		return usb(rest)
	}
	f := faultf("no line is named so")
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/*?") == "" {
		return f.try("give the path, /dev/%s", s)
	}
	return f.try("give a path, auto, usb:VENDOR:PRODUCT, tcp:HOST:PORT or exec:COMMAND")
}

func usb(s string) *fault {
	f := strings.Split(s, ":")
	hex := func(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }
	if len(f) < 2 || len(f) > 3 || len(f[0]) != 4 || len(f[1]) != 4 || !hex(f[0]) || !hex(f[1]) {
		return faultf("a USB device has two numbers of four hexadecimal digits").try("give usb:VENDOR:PRODUCT or usb:VENDOR:PRODUCT:INTERFACE")
	}
	if len(f) == 3 && (f[2] == "" || len(f[2]) > 2 || !hex(f[2])) {
		return faultf("the USB interface is a number of one or two hexadecimal digits")
	}
	return nil
}

var (
	flowKind = kind[Flow]{
		parse: func(_ *Options, _ *Keyword, text string) (Flow, error) {
			i := slices.Index(flowNames[:], text)
			if i < 0 {
				return 0, oneOf(flowNames[:]...)(nil, text)
			}
			return Flow(i), nil
		},
		text: Flow.String,
	}
	proxyKind = kind[ProxyARP]{
		parse: func(o *Options, _ *Keyword, text string) (ProxyARP, error) {
			if f := interfaceName(o, text); f != nil {
				return ProxyARP{}, f
			}
			return ProxyARP{Interface: text}, nil
		},
		text: func(p ProxyARP) string { return p.Interface },
		off:  ProxyARP{Off: true},
	}
	chatKind = textKind(func(o *Options, s string) *fault {
		if f := filled(o, s); f != nil || o.CheckChat == nil {
			return f
		}
		return foreign(o.CheckChat(s))
	})
)

// routeKind is a command of the route(1M) syntax.
func routeKind(inet6 bool) kind[string] {
	return textKind(func(o *Options, s string) *fault {
		if f := filled(o, s); f != nil || o.CheckRoute == nil {
			return f
		}
		return foreign(o.CheckRoute(s, inet6))
	})
}

// foreign puts what a checker of Options found in our form.
func foreign(col int, err error) *fault {
	if err == nil {
		return nil
	}
	return faultf("%v", err).at(col - 1)
}
