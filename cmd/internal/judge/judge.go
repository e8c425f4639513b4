// Package judge joins what conf leaves open: the little languages within
// values, whose own packages judge them.
package judge

import (
	"errors"
	"strings"

	"pppdial/conf"
	"pppdial/dial/chat"
	"pppdial/route/rtcmd"
)

// Options lets conf judge route commands and expect-send scripts.
var Options = conf.Options{
	CheckRoute: func(command string, inet6 bool) (int, error) {
		parse := rtcmd.Parse
		if inet6 {
			parse = rtcmd.Parse6
		}
		_, err := parse(command)
		var e *rtcmd.Error
		if errors.As(err, &e) {
			return e.Col, errors.New(e.Msg)
		}
		return 0, err
	},
	CheckChat: func(script string) (int, error) {
		col, err := chat.Check(script)
		var e *chat.SyntaxError
		if errors.As(err, &e) {
			return col, errors.New(strings.TrimSuffix(e.Msg+"; "+e.Hint, "; "))
		}
		return col, err
	},
}

// Hide gives an entry as it may be shown, without what its scripts and commands
// tell a modem or a host in confidence.
func Hide(e *conf.Entry) *conf.Entry {
	shown := *e
	for _, script := range []*string{&shown.Chat, &shown.LoginChat, &shown.HangupChat} {
		*script = chat.Hide(*script)
	}
	for _, command := range []*string{&shown.ConnectCmd, &shown.ResetCmd} {
		*command = chat.HideShell(*command)
	}
	shown.Device = nil
	for _, device := range e.Device {
		if command, ok := strings.CutPrefix(device, "exec:"); ok {
			device = "exec:" + chat.HideShell(command)
		}
		shown.Device = append(shown.Device, device)
	}
	shown.ModemInit = nil
	for _, command := range e.ModemInit {
		shown.ModemInit = append(shown.ModemInit, chat.HideCommand(command))
	}
	return &shown
}
