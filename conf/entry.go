package conf

import (
	"net/netip"
	"slices"
	"time"
)

// Measured in Entry.BPS: the speed of the line is found out, not given.
const Measured = -1

// MinMTU6 is the least MTU that carries IPv6 (RFC 8200, section 5).
const MinMTU6 = 1280

// An Entry is one entry of the control file with continue= resolved, defaults
// applied and rules checked: what is in effect. There is one field per keyword
// (continue, in, out and quiet apart), named for it and in the keyword table's
// order; ppp.conf(5) says what each means.
//
// A duration of 0 means off unless its comment says otherwise. An empty string
// means that nothing was said, unless Set tells that it was.
type Entry struct {
	Label string
	Mode  Mode // in, out, quiet

	// Origin tells where each keyword was given (the last time, for those that
	// add up); what is not in it is a default or follows from other keywords.
	// The keys are the keywords as the table spells them, without a minus, and
	// del_route_auto and del_route6_auto for the negated forms of those two.
	Origin map[string]Pos
	// Set has the keywords that the control file gives.
	Set map[string]bool

	// General.
	Debug       int
	Reconfigure bool

	// Authentication.
	RecvName       []string // an empty name among them: any local user
	SendName       string   // "" is an empty name when Set["send_name"]
	SendPasswd     Secret
	RecvPasswd     Secret
	SendPAP        Choice
	SendCHAP       Choice
	RecvPAP        Choice
	RecvCHAP       Choice
	SendMSCHAP     Choice
	RecvMSCHAP     Choice
	SendEAP        Choice
	RecvEAP        Choice
	MaxAuthSecs    time.Duration
	AuthSecs       time.Duration
	CHAPReauthSecs time.Duration // 0: the peer is challenged once
	Radius         []Radius
	RadiusCoA      string // host:port
	UTMP           bool

	// The interface, routes and addresses.
	Netmask       netip.Addr // the zero Addr when not given
	Metric        int
	MTU           int
	AddRoute      []string
	DelRoute      []string
	DelRouteAuto  bool // false after -del_route
	AddRoute6     []string
	DelRoute6     []string
	DelRoute6Auto bool // false after -del_route6
	ReplaceRoute  bool
	ProxyARP      ProxyARP
	UUCPName      string
	LocalHost     []Addr // never empty
	RemoteHost    []Addr // never empty
	LocalIf       InterfaceID
	RemoteIfOnly  bool // no keyword says it: the peer may have no other
	RemoteIf      InterfaceID
	RemSysname    string
	AddrNegotiate bool
	Pool          []Range
	DNS           bool
	MSDNS         []netip.Addr
	IfName        string // "" = the next free pppN
	UpCmd         []string
	DownCmd       []string

	// Idleness and multilink.
	ActiveTimeout         time.Duration
	InactiveTimeout       time.Duration
	TollBoundary          time.Duration
	MaxConnectSecs        time.Duration
	BusyDelay             time.Duration
	IdleDelay             time.Duration
	BPS                   int // bit/s, 0 = never pace, Measured
	MaxDevs               int
	OutDevs               int
	MinDevs               int
	UnsafeMP              bool
	MP                    bool
	MPSendSSN             bool
	MPRecvSSN             bool
	MPHeaders             bool
	EndpointDiscriminator bool
	MPFrag                bool
	MPInterleave          bool

	// Control characters.
	MapCharNum []byte
	ACCM       uint32
	MapChar    []string // of @A-Z[\]^_: the letter minus 0x40 is the character
	ACCMParity bool
	RxACCM     bool

	// Calls.
	Camp        bool
	ModWait     time.Duration
	ModTries    int
	ModPause    time.Duration
	RedialLimit int // calls per hour, 0 = no limit

	// Control protocols.
	RestartMs       time.Duration
	RestartMsLim    time.Duration
	CCPRestartMs    time.Duration
	MaxFSMFail      int
	MaxFSMConf      int
	MaxFSMTerm      int           // 0 = MaxTermMs decides
	MaxTermMs       time.Duration // 0 = MaxFSMTerm decides
	LCPIdent        bool
	LCPEchos        bool
	LCPEchoInterval time.Duration
	LCPEchoFails    int
	IPv4            bool
	IPv6            bool

	// The queue and what counts as activity.
	NoICMP    bool
	QMax      int // packets
	TelnetTOS bool
	TCPMSS    bool
	InactPort []uint16
	InactICMP []uint8

	// The line's framing and compression.
	Sync         Choice // Unset: the device tells
	XonXoff      bool   // always the same as Flow == FlowXON
	PComp        bool
	AComp        bool
	VJComp       bool
	VJCompSlot   bool
	VJSlots      int
	CCP          bool
	TxPredictor1 bool
	RxPredictor1 bool
	TxBSD        int // code size in bits, 0 = off
	RxBSD        int
	TxDeflate    int // window in bits, 0 = off
	RxDeflate    int
	StreamModule []string

	// Lines without UUCP files.
	Device     []string
	Speed      int // bit/s
	Flow       Flow
	Local      bool
	Phone      []string
	ModemInit  []string
	Chat       string // expect-send, raw; At gives the position of a byte of it
	LoginChat  string
	HangupChat string
	ConnectCmd string

	// Cellular modems.
	APN     APN
	PIN     Secret
	NetMode string
	Carrier string

	// Keeping the link.
	Monitor      string // host or "auto"
	MonitorSecs  time.Duration
	MonitorFails int
	ResetCmd     string
	ResetOnFail  bool
	ResetAlways  bool
	ResetAt      []TimeOfDay
	ResetWait    time.Duration
	Capture      string

	settings []*setting // in the order in which they were applied
}

// Concerns tells whether d is about a line of the file that has a word of the
// entry, its own or one that continue= put there.
func (e *Entry) Concerns(d Diagnostic) bool {
	return slices.ContainsFunc(e.settings, func(s *setting) bool {
		return s.pos.File == d.Pos.File && s.pos.Line == d.Pos.Line
	})
}
