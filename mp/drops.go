package mp

// A dropReason says why a packet was not carried. Each drop is counted.
type dropReason int

const (
	keep dropReason = iota
	dropQueueFull
	dropDelay        // had waited too long
	dropNoLink       // given up while no link was there
	dropProtocolDown // its network protocol is not open
	dropEarly        // received before its network protocol was open
	dropMalformed
	dropVJ         // a header that cannot be restored
	dropDecompress // a packet that cannot be decompressed
	dropICMP       // noicmp
	dropInterface  // the interface did not take it
	dropRenumbered // from an address that the interface has no longer
	dropControl    // a control packet for a line that takes nothing

	dropReasons
)

var dropNames = [dropReasons]string{
	dropQueueFull: "queue_full", dropDelay: "delay", dropNoLink: "no_link", dropProtocolDown: "protocol_down",
	dropEarly: "early", dropMalformed: "malformed", dropVJ: "vj", dropDecompress: "decompress", dropICMP: "noicmp", dropInterface: "interface",
	dropRenumbered: "renumbered", dropControl: "control",
}
