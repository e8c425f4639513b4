package fsm

// Counts are what a machine has seen and dropped, since it was made.
type Counts struct {
	Malformed  uint64 // packets and options that cannot be read
	Stale      uint64 // answers to no request of ours, or to an older one
	Duplicate  uint64 // further answers to a request that we had repeated
	Mismatch   uint64 // Acks and Rejects of something that we have not asked for
	Crossed    uint64 // answers to a request that had its answers
	Impossible uint64 // events that cannot happen in their state
	ReAcked    uint64 // Configure-Requests that a settled machine just Acked again

	NaksSent, RejectsSent         uint64
	NaksReceived, RejectsReceived uint64
	EmptyNaks                     uint64 // of NaksReceived: without any option
	Restarts                      uint64 // of the timer
}
