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
