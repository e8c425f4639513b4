package convert

import (
	"path"
	"regexp"
	"strings"
)

// kind is the program whose file it is.
type kind uint8

const (
	unknownFile kind = iota
	optionsFile      // pppd
	chatFile         // chat(8)
	secretsFile      // pap-secrets, chap-secrets
	wvdialFile
	gatewayFile // /etc/default/ppp
	taylorFile  // sys, port, dial, call of Taylor UUCP
	keyFile     // NetworkManager
)

var (
	wvdialHead  = regexp.MustCompile(`(?im)^[ \t]*\[[ \t]*dialer\b`)
	keyfileHead = regexp.MustCompile(`(?m)^\[connection\]`)
	gatewayLine = regexp.MustCompile(`(?m)^[ \t]*(export[ \t]+)?(START|PROVIDER|PERSIST|APN|PDPTYPE|RESET_\w+|HOLDOFF|DEFAULTROUTE|MONITOR)=`)
	taylorLine  = regexp.MustCompile(`(?m)^[ \t]*(system|port|dialer)[ \t]+[^ \t\r\n#]+[ \t]*$`)
	taylorMore  = regexp.MustCompile(`(?m)^[ \t]*(phone|address|time|chat|type|device|dialer|call-login|chat-fail|complete|port)[ \t]+[^ \t\r\n]`)
	chatSign    = regexp.MustCompile(`^(ABORT|TIMEOUT|CONNECT|REPORT|SAY|ECHO|HANGUP|OK|AT([DZEHFSVX+^&$#\\].*)?|.*(ogin|word):.*)$`)
)

// kindOf tells by name and content whose file it is.
func kindOf(f File) kind {
	base := path.Base(f.Name)
	src := strings.TrimPrefix(string(f.Src), "\ufeff")
	switch {
	case strings.HasSuffix(base, "pap-secrets"), strings.HasSuffix(base, "chap-secrets"):
		return secretsFile
	case wvdialHead.MatchString(src):
		return wvdialFile
	case keyfileHead.MatchString(src) || strings.HasSuffix(base, ".nmconnection"):
		return keyFile
	case len(gatewayLine.FindAllString(src, 3)) >= 2:
		return gatewayFile
	case taylorLine.MatchString(src) && taylorMore.MatchString(src):
		return taylorFile
	case base == "call" && !strings.Contains(f.Name, "peers/"):
		return taylorFile
	}
	if dir := path.Base(path.Dir(f.Name)); dir == "chatscripts" {
		return chatFile
	}
	options, scripts := 0, 0
	for _, w := range optionWords(f.Name, f.Src, nil) {
		switch {
		case isOption(w.text), strings.HasPrefix(w.text, "/dev/"):
			options++
		case chatSign.MatchString(w.text):
			scripts++
		}
	}
	switch {
	case options == 0 && scripts == 0:
		return unknownFile
	case scripts > options:
		return chatFile
	}
	return optionsFile
}
