package run

import (
	"strings"
	"testing"

	"pppdial/dial"
	"pppdial/dial/modem"
	"pppdial/mp"
)

func TestWithDiagnosis(t *testing.T) {
	says := func(s modem.Status) *modem.Status { return &s }
	well := says(modem.Status{SIM: modem.SIMReady, EPS: modem.RegHome, Signal: modem.Signal{Known: true, RSSI: 20}})
	lost := says(modem.Status{SIM: modem.SIMReady, EPS: modem.RegSearching, Signal: modem.Signal{Known: true, RSSI: 99}})
	for _, tt := range []struct {
		why   string
		link  mp.Kind
		found *dial.Error
		says  string // in the verdict
		not   string
	}{
		{"no modem to ask", mp.Hangup, nil, "the carrier was lost", "the modem says"},
		{"a hang-up for no reason that the modem knows", mp.Hangup, &dial.Error{Kind: dial.CommandMode, Modem: well}, "the carrier was lost", "takes what we send for commands"},
		{"a hang-up since the network is lost", mp.Hangup, &dial.Error{Kind: dial.NoSignal, Modem: lost}, "the modem hears no network", "the carrier was lost"},
		{"silence, and the call is up", mp.Silent, &dial.Error{Kind: dial.NoCarrier, Modem: well}, "the context is not active", ""},
		{"silence in the middle", mp.PeerDead, &dial.Error{Kind: dial.NoCarrier, Modem: well}, "the context is not active", ""},
		{"silence, and there is no call", mp.Silent, &dial.Error{Kind: dial.CommandMode, Modem: well}, "takes what we send for commands", ""},
		{"our own frames", mp.Loopback, &dial.Error{Kind: dial.CommandMode, Modem: well}, "takes what we send for commands", ""},
		{"the peer has ended it in order", mp.PeerTerminated, &dial.Error{Kind: dial.CommandMode, Modem: well}, "the peer has ended the link", "takes what we send"},
		{"before it is up: a hang-up", mp.Hangup, &dial.Error{Kind: dial.CommandMode, Modem: well}, "takes any name at first", "the carrier was lost"},
		{"before it is up: the peer ends it", mp.PeerTerminated, &dial.Error{Kind: dial.CommandMode, Modem: well}, "takes any name at first", "its log tells why"},
		{"before it is up: no agreement", mp.Negotiation, &dial.Error{Kind: dial.NoCarrier, Modem: well}, "takes any name at first", "compare localhost"},
		{"before it is up: the network is lost", mp.Hangup, &dial.Error{Kind: dial.NoSignal, Modem: lost}, "the modem hears no network", "any name"},
		{"the access point", mp.PeerTerminated, &dial.Error{Kind: dial.APNRefused, Modem: says(modem.Status{Cause: "Unknown APN"})}, "check apn=", ""},
	} {
		f := &mp.Failure{Kind: tt.link, Phase: mp.PhaseNetwork, Up: !strings.HasPrefix(tt.why, "before it is up: ")}
		v := explainLink(f, nil)
		status := v.Status
		got := withDiagnosis(v, f, tt.found)
		if text := got.String(); got.Status != status || !strings.Contains(text, tt.says) || tt.not != "" && strings.Contains(text, tt.not) {
			t.Errorf("%s: %s; want %q and not %q", tt.why, text, tt.says, tt.not)
		}
		if tt.found != nil && !strings.Contains(got.Evidence, "the modem says: "+tt.found.Modem.String()) {
			t.Errorf("%s: the evidence is %s", tt.why, got.Evidence)
		}
	}
}
