package convert

import (
	"fmt"
	"net/netip"
	"path"
	"strings"
)

// base is the last part of a path.
func base(name string) string { return path.Base(name) }

// A secret is one line of pap-secrets or chap-secrets.
type secret struct {
	client, server       string
	anyClient, anyServer bool // a * that was not quoted
	text                 string
	addrs                []string // that the client may use
	at                   place
	chap                 bool
}

// secrets reads the secrets that are given, or else those of the directory dir.
func (j *job) secrets(dir string) []secret {
	var ss []secret
	given := false
	for _, in := range j.inputs {
		if in.kind == secretsFile {
			in.used, given = true, true
			ss = append(ss, j.secretsOf(in.File)...)
		}
	}
	if given || dir == "" {
		return ss
	}
	for _, name := range []string{"pap-secrets", "chap-secrets"} {
		if f, ok := j.open(path.Join(dir, name), "", secretsFile); ok {
			ss = append(ss, j.secretsOf(f)...)
		}
	}
	return ss
}

func (j *job) secretsOf(f File) []secret {
	var ss []secret
	chap := strings.HasSuffix(f.Name, "chap-secrets")
	bad := func(p place, msg string) { j.fail(p, "%s", msg) }
	for _, l := range lines(optionWords(f.Name, f.Src, bad)) {
		if len(l) < 3 {
			j.fail(l[0].at, "a line of secrets has a client, a server and a secret")
			continue
		}
		s := secret{
			client: l[0].text, anyClient: l[0].text == "*" && !l[0].quoted,
			server: l[1].text, anyServer: l[1].text == "*" && !l[1].quoted,
			text: l[2].text, at: l[0].at, chap: chap,
		}
		if strings.HasPrefix(s.text, "@") && !l[2].quoted {
			inner, ok := j.open(s.text[1:], f.Name, unknownFile)
			if !ok {
				j.fail(s.at, "the secret is in the file %s, which cannot be read", s.text[1:])
				continue
			}
			words := optionWords(inner.Name, inner.Src, bad)
			if len(words) == 0 {
				j.fail(s.at, "the file %s holds no secret", s.text[1:])
				continue
			}
			s.text = words[0].text
		}
		for _, w := range l[3:] {
			if w.text == "--" { // options for this client, which pppd does not take from here either
				break
			}
			s.addrs = append(s.addrs, w.text)
		}
		ss = append(ss, s)
	}
	return ss
}

// find gives the secret for a client at a server as pppd does: the match with the
// fewest wildcards, the first of those. With CHAP a server of "" is one that says
// its name later; with PAP it has none.
func find(ss []secret, chap bool, client, server string) (secret, bool) {
	best, found := secret{}, -1
	for _, s := range ss {
		if s.chap != chap || s.client != client && !s.anyClient {
			continue
		}
		if !s.anyServer && s.server != server && (server != "" || !chap) {
			continue
		}
		exact := 0
		if !s.anyClient {
			exact += 2
		}
		if !s.anyServer {
			exact++
		}
		if exact > found {
			best, found = s, exact
		}
	}
	return best, found >= 0
}

// was is the line without its secret.
func (s secret) was() was {
	return was{s.at, base(s.at.file) + ": " + quotedIf(s.client) + " " + quotedIf(s.server) + " ******"}
}

// allowed are the words about addresses that count: those before a "-", up to a
// "*".
func (s secret) allowed() []string {
	for i, a := range s.addrs {
		switch a {
		case "-":
			return s.addrs[:i]
		case "*":
			return s.addrs[:i+1]
		}
	}
	return s.addrs
}

func isDenial(addr string) bool { return strings.HasPrefix(addr, "!") }

// permits tells whether a list of addresses has host: the first word that is
// about it counts. A name after "!" may be that of any host.
func permits(addrs []string, host string) bool {
	ip, _ := netip.ParseAddr(host)
	for _, a := range addrs {
		word := strings.TrimPrefix(a, "!")
		set, err := netip.ParsePrefix(word)
		if one, bad := netip.ParseAddr(word); bad == nil {
			set, err = netip.PrefixFrom(one, one.BitLen()), nil
		}
		switch {
		case word == "*" || word == host || err == nil && set.Contains(ip):
			return !isDenial(a)
		case err != nil && isDenial(a):
			return false
		}
	}
	return false
}

// remoteHost writes ADDRESS or ADDRESS/BITS as ppp.conf has it.
func remoteHost(a string) string {
	p, err := netip.ParsePrefix(a)
	if err != nil || !p.Addr().Is4() {
		return a
	}
	m := ^uint32(0) << (32 - p.Bits())
	return fmt.Sprintf("%v,%d.%d.%d.%d", p.Masked().Addr(), m>>24, m>>16&255, m>>8&255, m&255)
}
