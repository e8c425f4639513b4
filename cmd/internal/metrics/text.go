// Package metrics gives the figures of package status to Prometheus: the text
// format, and a server for who scrapes it. Package run starts it when asked; see
// ppp(8), "Metrics".
package metrics

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pppdial/cmd/internal/status"
)

// ContentType is that of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// A family is one metric: its name, its help and its samples.
type family struct {
	name, kind, help string
	samples          samples
}

// Samples gives those of a bundle.
type samples interface {
	of(*status.Bundle, sample)
}

// A sample takes a value with labels besides those of the bundle: name, value,
// name, value.
type sample func(value float64, labels ...string)

const (
	counter = "counter"
	gauge   = "gauge"
)

type (
	one       func(*status.Bundle) float64  // one sample of each bundle
	each      func(*status.Link) float64    // one of each link
	multilink func(*status.MP) uint64       // one of each bundle with multilink
	verdict   func(*status.Verdict) float64 // one of the last verdict
	many      func(*status.Bundle, sample)  // any
)

func (value one) of(b *status.Bundle, add sample) { add(value(b)) }

func (value each) of(b *status.Bundle, add sample) {
	for i := range b.Links {
		add(value(&b.Links[i]), "line", b.Links[i].Line)
	}
}

func (value multilink) of(b *status.Bundle, add sample) {
	if b.MP != nil {
		add(float64(value(b.MP)))
	}
}

func (value verdict) of(b *status.Bundle, add sample) {
	if n := len(b.Verdicts); n > 0 {
		add(value(&b.Verdicts[n-1]))
	}
}

func (values many) of(b *status.Bundle, add sample) { values(b, add) }

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// families are all metrics. They are in base units, and named as Prometheus
// wants it.
var families = []family{
	{"ppp_info", gauge, "What an interface is; always 1.", many(func(b *status.Bundle, add sample) {
		add(1, "unit", strconv.Itoa(b.Unit), "mode", b.Mode, "peer", b.PeerName, "local", b.Local, "remote", b.Remote)
	})},
	{"ppp_up", gauge, "Whether the network is up.", one(func(b *status.Bundle) float64 { return truth(b.Up) })},
	{"ppp_phase", gauge, "The phase that the interface is in; 1 for that one.", many(func(b *status.Bundle, add sample) { add(1, "phase", b.Phase) })},
	{"ppp_phase_start_timestamp_seconds", gauge, "When the phase began.", one(func(b *status.Bundle) float64 { return timestamp(b.Since) })},
	{"ppp_mtu_bytes", gauge, "Largest packet that the peer takes.", one(func(b *status.Bundle) float64 { return float64(b.MTU) })},
	{"ppp_receive_bytes_total", counter, "Octets received, as the interface sees them.", one(func(b *status.Bundle) float64 { return float64(b.Rx.Bytes) })},
	{"ppp_transmit_bytes_total", counter, "Octets sent, as the interface sees them.", one(func(b *status.Bundle) float64 { return float64(b.Tx.Bytes) })},
	{"ppp_receive_packets_total", counter, "Packets received.", one(func(b *status.Bundle) float64 { return float64(b.Rx.Packets) })},
	{"ppp_transmit_packets_total", counter, "Packets sent.", one(func(b *status.Bundle) float64 { return float64(b.Tx.Packets) })},
	{"ppp_dropped_packets_total", counter, "Packets that were not carried, by reason.", many(func(b *status.Bundle, add sample) {
		for _, reason := range slices.Sorted(maps.Keys(b.Drops)) {
			add(float64(b.Drops[reason]), "reason", reason)
		}
	})},
	{"ppp_queue_packets", gauge, "Packets that wait for a line.", one(func(b *status.Bundle) float64 { return float64(b.Tx.Queued) })},
	{"ppp_queue_limit_packets", gauge, "Packets that may wait for a line.", one(func(b *status.Bundle) float64 { return float64(b.Tx.QueueLimit) })},
	{"ppp_urgent_packets_total", counter, "Packets that went before others by their type of service.", one(func(b *status.Bundle) float64 { return float64(b.Tx.Urgent) })},
	{"ppp_receive_compression_ratio", gauge, "How many times smaller received packets were.", one(func(b *status.Bundle) float64 { return b.Compression.RxRatio })},
	{"ppp_transmit_compression_ratio", gauge, "How many times smaller sent packets were.", one(func(b *status.Bundle) float64 { return b.Compression.TxRatio })},
	{"ppp_tcp_connections", gauge, "TCP connections that seem open.", one(func(b *status.Bundle) float64 { return float64(b.TCPOpen) })},
	{"ppp_multilink_lost_fragments_total", counter, "Fragments that never came.", multilink(func(m *status.MP) uint64 { return m.Lost })},
	{"ppp_multilink_resent_fragments_total", counter, "Fragments sent anew because their line was lost.", multilink(func(m *status.MP) uint64 { return m.Resent })},
	{"ppp_links", gauge, "Lines that are part of the interface.", one(func(b *status.Bundle) float64 { return float64(len(b.Links)) })},
	{"ppp_adding_links", gauge, "Lines that are being called.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.LinesAdding) })},
	{"ppp_calls_tried_total", counter, "Calls that were begun.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.CallsTried) })},
	{"ppp_calls_made_total", counter, "Calls that reached the other side.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.CallsMade) })},
	{"ppp_calls_taken_total", counter, "Calls of the peer that were taken.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.CallsTaken) })},
	{"ppp_calls_failed_total", counter, "Calls without a network in the end.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.CallsFailed) })},
	{"ppp_connected_seconds_total", counter, "Time of all connections.", one(func(b *status.Bundle) float64 { return float64(b.Accounting.ConnectSecs) })},
	{"ppp_last_call_status", gauge, "Exit status of the last call that has ended.", verdict(func(v *status.Verdict) float64 { return float64(v.Status) })},
	{"ppp_last_call_end_timestamp_seconds", gauge, "When the last call ended.", verdict(func(v *status.Verdict) float64 { return timestamp(v.Time) })},

	{"ppp_link_receive_bytes_total", counter, "Octets received on a line.", each(func(k *status.Link) float64 { return float64(k.Rx.Bytes) })},
	{"ppp_link_transmit_bytes_total", counter, "Octets sent on a line.", each(func(k *status.Link) float64 { return float64(k.Tx.Bytes) })},
	{"ppp_link_receive_frames_total", counter, "Frames received on a line.", each(func(k *status.Link) float64 { return float64(k.Rx.Packets) })},
	{"ppp_link_transmit_frames_total", counter, "Frames sent on a line.", each(func(k *status.Link) float64 { return float64(k.Tx.Packets) })},
	{"ppp_link_bad_frames_total", counter, "Frames received with a bad frame check sequence.", each(func(k *status.Link) float64 { return float64(k.BadFCS) })},
	{"ppp_link_up", gauge, "Whether a line carries packets.", each(func(k *status.Link) float64 { return truth(k.Phase == status.NetworkPhase) })},
	{"ppp_link_speed_bytes_per_second", gauge, "Nominal speed of a line, an eighth of its bit rate; 0: unknown.", each(func(k *status.Link) float64 { return float64(k.Speed) / 8 })},
	{"ppp_link_measured_bytes_per_second", gauge, "What a line was found to send; 0: unknown.", each(func(k *status.Link) float64 { return k.MeasuredBPS / 8 })},
	{"ppp_link_echo_seconds", gauge, "Round trip of the last Echo-Request; 0: unknown.", each(func(k *status.Link) float64 { return k.EchoRTTMS / 1000 })},
	{"ppp_link_benched", gauge, "Whether a line is too slow to be of use beside the others.", each(func(k *status.Link) float64 { return truth(k.Benched) })},
	{"ppp_link_resting", gauge, "Whether a line is silent and asked whether it is still there.", each(func(k *status.Link) float64 { return truth(k.Resting) })},
}

func timestamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// Append appends the text of all metrics that have a sample.
func Append(b []byte, doc *status.Document) []byte {
	for _, f := range families {
		begun := false
		for i := range doc.Bundles {
			bundle := &doc.Bundles[i]
			f.samples.of(bundle, func(value float64, labels ...string) {
				if !begun {
					begun = true
					b = append(b, "# HELP "+f.name+" "+f.help+"\n# TYPE "+f.name+" "+f.kind+"\n"...)
				}
				b = append(b, f.name+"{entry="...)
				b = appendValue(b, bundle.Entry)
				b = append(b, ",interface="...)
				b = appendValue(b, bundle.Interface)
				for n := 0; n < len(labels); n += 2 {
					b = append(b, ","+labels[n]+"="...)
					b = appendValue(b, labels[n+1])
				}
				b = append(b, "} "...)
				b = strconv.AppendFloat(b, value, 'g', -1, 64)
				b = append(b, '\n')
			})
		}
	}
	return b
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// appendValue appends a label's value in quotes.
func appendValue(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, escapes.Replace(strings.ToValidUTF8(s, "\uFFFD"))...)
	return append(b, '"')
}
