// Package status is the state of running interfaces as one JSON document: what
// pppstat -j prints, what daemons answer on their sockets (package rendezvous),
// and what metrics are made of. Package run fills it in, everybody else reads
// it. Keys are only ever added: see pppstat(8).
package status

import "time"

// A Document is what `pppstat -j` prints.
type Document struct {
	Bundles []Bundle `json:"bundles"`
}

// A Bundle is one interface, the links that carry it and how it came to be up
// or down.
type Bundle struct {
	Entry     string    `json:"entry"`
	Interface string    `json:"interface"`
	Unit      int       `json:"unit"` // unlike any other of this machine; NoUnit: there is no interface yet
	PID       int       `json:"pid"`
	Mode      string    `json:"mode"` // in, out, quiet
	Phase     string    `json:"phase"`
	Since     time.Time `json:"since"` // of the phase
	Up        bool      `json:"up"`    // packets can be carried

	Local    string   `json:"local,omitempty"`
	Remote   string   `json:"remote,omitempty"`
	Local6   string   `json:"local6,omitempty"`
	Remote6  string   `json:"remote6,omitempty"`
	DNS      []string `json:"dns"`
	MTU      int      `json:"mtu"`
	PeerName string   `json:"peer_name,omitempty"`

	Rx          Traffic           `json:"rx"`
	Tx          Sent              `json:"tx"`
	Drops       map[string]uint64 `json:"drops"` // by reason
	Compression Compression       `json:"compression"`
	MP          *MP               `json:"mp,omitempty"` // a multilink bundle
	Links       []Link            `json:"links"`
	Accounting  Accounting        `json:"accounting"`

	WhyUp    string    `json:"why_up,omitempty"`
	KeptUpBy string    `json:"kept_up_by,omitempty"`
	TCPOpen  int       `json:"tcp_open"` // connections that keep the link up
	WhyDown  string    `json:"why_down,omitempty"`
	Verdicts []Verdict `json:"verdicts"` // the last ones, newest last
}

// NoUnit is the unit of an entry that has no interface, as one that waits for a
// call.
const NoUnit = -1

// Phases of an interface. A link's are those from dialing to terminate.
const (
	Dead         = "dead" // nothing will happen by itself
	Dialing      = "dialing"
	Establish    = "establish"
	Authenticate = "authenticate"
	NetworkPhase = "network"
	Terminate    = "terminate"
	Holding      = "holding" // down until there is a reason to call
)

// Traffic is one direction's counters.
type Traffic struct {
	Bytes   uint64  `json:"bytes"`
	Packets uint64  `json:"packets"`
	BPS     float64 `json:"bps"` // bits a second, of late
}

// Sent is the outward direction of an interface and its queue.
type Sent struct {
	Traffic
	Queued     int    `json:"queued"` // packets
	QueueLimit int    `json:"queue_limit"`
	Urgent     uint64 `json:"urgent"` // packets that went before others, by type of service
}

// Compression says what is used in each direction. A ratio is how many times
// smaller packets have become; 1 is not at all.
type Compression struct {
	Tx      string  `json:"tx"`
	Rx      string  `json:"rx"`
	TxRatio float64 `json:"tx_ratio"`
	RxRatio float64 `json:"rx_ratio"`
	VJTx    bool    `json:"vj_tx"` // TCP headers too
	VJRx    bool    `json:"vj_rx"`
}

// MP is the state of the Multilink Protocol. Sequence numbers are the next ones
// in each direction.
type MP struct {
	MRRU        int    `json:"mrru"`
	RemoteMRRU  int    `json:"remote_mrru"`
	TxSeq       uint32 `json:"tx_seq"`
	RxSeq       uint32 `json:"rx_seq"`
	TxSSN       bool   `json:"tx_ssn"` // short sequence numbers
	RxSSN       bool   `json:"rx_ssn"`
	TxClasses   int    `json:"tx_classes"` // RFC 2686; 0: none
	RxClasses   int    `json:"rx_classes"`
	Lost        uint64 `json:"lost"`         // fragments that never came
	Resent      uint64 `json:"resent"`       // fragments sent anew when their line was lost
	Endpoint    string `json:"endpoint"`     // the peer's discriminator
	OwnEndpoint string `json:"own_endpoint"` // ours
}

// A Link is one physical line of the bundle.
type Link struct {
	Line        string    `json:"line"`
	Phase       string    `json:"phase"`
	Since       time.Time `json:"since"` // of the phase
	Speed       int       `json:"speed"` // of the line, as far as it has one; bit/s
	MeasuredBPS float64   `json:"measured_bps"`
	Benched     bool      `json:"benched"` // too slow to be of use beside the others
	Resting     bool      `json:"resting"` // silent, and asked whether it is still there
	EchoRTTMS   float64   `json:"echo_rtt_ms"`
	Origin      string    `json:"origin"` // dialed, answered, handed-over

	Rx     Traffic `json:"rx"` // frames, and octets on the line
	Tx     Traffic `json:"tx"`
	BadFCS uint64  `json:"bad_fcs"`

	LCPLocal  []string `json:"lcp_local"`
	LCPRemote []string `json:"lcp_remote"`
}

// Where a link comes from.
const (
	Dialed     = "dialed"
	Answered   = "answered"
	HandedOver = "handed-over"
)

// Accounting sums up what the interface has cost.
type Accounting struct {
	CallsTried  int   `json:"calls_tried"`
	CallsMade   int   `json:"calls_made"`
	CallsTaken  int   `json:"calls_taken"` // of the peer
	CallsFailed int   `json:"calls_failed"`
	ConnectSecs int64 `json:"connect_secs"` // of all calls, the present ones too
	LinesAdding int   `json:"lines_adding"` // being dialed now
}

// A Verdict says why a call ended.
type Verdict struct {
	Time     time.Time `json:"time"`
	Status   int       `json:"status"`
	Phase    string    `json:"phase"`
	By       string    `json:"by"`
	Evidence string    `json:"evidence"`
	Cause    string    `json:"cause"`
	Try      string    `json:"try"`
}
