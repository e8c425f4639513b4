package dialtest

import (
	"testing"
	"time"
)

func TestEscape(t *testing.T) {
	for _, tc := range []struct {
		name  string
		do    func(v *virtual, a *machine)
		found bool
	}{
		{"guard before and after", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "+++")
			v.pass(time.Second)
		}, true},
		{"one at a time", func(v *virtual, a *machine) {
			v.pass(time.Second)
			for range 3 {
				v.send(a, "+")
				v.pass(400 * time.Millisecond)
			}
			v.pass(600 * time.Millisecond)
		}, true},
		{"no guard before", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "x")
			v.pass(999 * time.Millisecond)
			v.send(a, "+++")
			v.pass(time.Minute)
		}, false},
		{"no guard after", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "+++")
			v.pass(999 * time.Millisecond)
			v.send(a, "ATH\r")
			v.pass(time.Minute)
		}, false},
		{"within other data", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "x+++")
			v.pass(time.Minute)
		}, false},
		{"four", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "++++")
			v.pass(time.Minute)
		}, false},
		{"torn", func(v *virtual, a *machine) {
			v.pass(time.Second)
			v.send(a, "++")
			v.pass(time.Second)
			v.send(a, "+")
			v.pass(time.Minute)
		}, false},
		{"right after CONNECT", func(v *virtual, a *machine) {
			v.send(a, "+++")
			v.pass(time.Minute)
		}, false},
		{"switched off", func(v *virtual, a *machine) {
			a.s[sEscape] = 200
			a.esc.start(v.now, 200, 50)
			v.pass(time.Second)
			v.send(a, "\xc8\xc8\xc8")
			v.pass(time.Minute)
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := newVirtual(t)
			a, b := v.pair()
			tc.do(v, a)
			if !tc.found {
				v.want(a, "", "no escape")
				return
			}
			v.want(a, ok, "command mode")
			v.wantDeeds("hold a true")
			v.say(a, "ATS0?", "\r\n000\r\n"+ok, "commands are taken")
			v.say(a, "ATO", connected, "back")
			v.wantDeeds("hold a false")
			v.pass(time.Second)
			v.send(a, "+++")
			v.pass(time.Second)
			v.want(a, ok, "command mode again")
			v.say(a, "ATH", ok, "hang up")
			v.wantDeeds("hold a true", "release a", "carrier a")
			v.want(b, "", "the end is still on its way")
			v.arrive()
			v.want(b, noCarrier, "the end has arrived")
			v.wantDeeds("cut a b", "carrier b")
			v.say(a, "ATD2", connected, "and all over again")
		})
	}
}
