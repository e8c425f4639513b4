package status

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The keys are a promise: this is every one of them.
func TestKeys(t *testing.T) {
	doc := Document{Bundles: []Bundle{{
		Entry: "rmt", Unit: 1, Local: "a", Remote: "b", Local6: "c", Remote6: "d", PeerName: "p", WhyUp: "u", KeptUpBy: "k", WhyDown: "w",
		MP: &MP{}, Links: []Link{{}}, Verdicts: []Verdict{{}},
	}, {}}}
	doc.Complete()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", " ")
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	var keys func(prefix string, v any) []string
	keys = func(prefix string, v any) (all []string) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				all = append(all, prefix+k)
				all = append(all, keys(prefix+k+".", x)...)
			}
		case []any:
			for _, x := range v {
				all = append(all, keys(prefix, x)...)
			}
		case nil:
			t.Errorf("%s is null", prefix)
		}
		return all
	}
	var v any
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, k := range keys("", v) {
		have[k] = true
	}
	for _, k := range promised {
		if !have[k] {
			t.Errorf("the key %s is gone", k)
		}
	}
	if doc.Bundles[0].Unit != 0 {
		t.Error("not in the order of units")
	}
}

var promised = []string{
	"bundles", "bundles.entry", "bundles.interface", "bundles.unit", "bundles.pid", "bundles.mode", "bundles.phase", "bundles.since",
	"bundles.local", "bundles.remote", "bundles.local6", "bundles.remote6", "bundles.dns", "bundles.mtu", "bundles.peer_name",
	"bundles.rx.bytes", "bundles.rx.packets", "bundles.rx.bps", "bundles.tx.bytes", "bundles.tx.packets", "bundles.tx.bps", "bundles.tx.queued",
	"bundles.drops", "bundles.compression.tx", "bundles.compression.rx", "bundles.compression.tx_ratio", "bundles.compression.rx_ratio",
	"bundles.mp.mrru", "bundles.mp.tx_seq", "bundles.mp.rx_seq", "bundles.mp.tx_ssn", "bundles.mp.rx_ssn", "bundles.mp.lost", "bundles.mp.endpoint",
	"bundles.links.line", "bundles.links.phase", "bundles.links.speed", "bundles.links.measured_bps", "bundles.links.benched",
	"bundles.links.echo_rtt_ms", "bundles.links.origin", "bundles.links.rx", "bundles.links.tx", "bundles.links.bad_fcs",
	"bundles.links.lcp_local", "bundles.links.lcp_remote",
	"bundles.accounting.calls_tried", "bundles.accounting.calls_made", "bundles.accounting.connect_secs", "bundles.accounting.lines_adding",
	"bundles.why_up", "bundles.kept_up_by", "bundles.why_down",
	"bundles.verdicts.time", "bundles.verdicts.status", "bundles.verdicts.phase", "bundles.verdicts.by", "bundles.verdicts.evidence",
	"bundles.verdicts.cause", "bundles.verdicts.try",
}

func TestMinus(t *testing.T) {
	before := Bundle{
		Rx: Traffic{Bytes: 100, Packets: 1}, Tx: Sent{Traffic: Traffic{Bytes: 50}, Queued: 3, Urgent: 2},
		Drops: map[string]uint64{"delay": 3}, MP: &MP{Lost: 1, TxSeq: 7},
		Links:      []Link{{Line: "a", BadFCS: 4, Rx: Traffic{Bytes: 10}}, {Line: "gone"}},
		Accounting: Accounting{CallsTried: 4, CallsTaken: 1, LinesAdding: 1},
	}
	now := Bundle{
		Rx: Traffic{Bytes: 150, Packets: 3, BPS: 9}, Tx: Sent{Traffic: Traffic{Bytes: 20}, Queued: 5, Urgent: 6},
		Drops: map[string]uint64{"delay": 5, "vj": 1}, MP: &MP{Lost: 3, TxSeq: 9},
		Links:      []Link{{Line: "new", Rx: Traffic{Bytes: 5}}, {Line: "a", BadFCS: 5, Rx: Traffic{Bytes: 30}}},
		Accounting: Accounting{CallsTried: 6, CallsTaken: 4, LinesAdding: 2},
	}
	want := Bundle{
		Rx: Traffic{Bytes: 50, Packets: 2, BPS: 9}, Tx: Sent{Traffic: Traffic{Bytes: 20}, Queued: 5, Urgent: 4},
		Drops: map[string]uint64{"delay": 2, "vj": 1}, MP: &MP{Lost: 2, TxSeq: 9},
		Links:      []Link{{Line: "new", Rx: Traffic{Bytes: 5}}, {Line: "a", BadFCS: 1, Rx: Traffic{Bytes: 20}}},
		Accounting: Accounting{CallsTried: 2, CallsTaken: 3, LinesAdding: 2},
	}
	if d := cmp.Diff(want, now.Minus(before)); d != "" {
		t.Error(d)
	}
	if now.Drops["delay"] != 5 || now.Links[1].BadFCS != 5 || now.MP.Lost != 3 {
		t.Error("what it was taken from has changed")
	}
}

// The next call on a line counts from nothing, however many there are.
func TestMinusAnotherCall(t *testing.T) {
	first := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	before := Bundle{Links: []Link{{Line: "a", Since: first, BadFCS: 10}}}
	for since, want := range map[time.Time]uint64{first: 2, first.Local(): 2, first.Add(time.Minute): 12} {
		now := Bundle{Links: []Link{{Line: "a", Since: since, BadFCS: 12}}}
		if got := now.Minus(before).Links[0].BadFCS; got != want {
			t.Errorf("since %v: %d, want %d", since, got, want)
		}
	}
}
