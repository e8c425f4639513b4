package mp

import (
	"crypto/rand"
	"slices"
	"sync"
)

// Challenges are those that the servers of a nursery's links have sent lately.
// A client answers none of them: a peer that knows no secret could have us
// compute, on this link or another, the response that it owes us, also by
// another protocol, for the responses of EAP and CHAP are the same. The links
// are several loops'.
type challenges struct {
	mu   sync.Mutex
	sent [keptChallenges]string
	n    int
}

const (
	keptChallenges = 256
	leastChallenge = 8 // octets; identifiers are random as well
)

// fill makes a challenge.
func (c *challenges) fill(b []byte) {
	rand.Read(b)
	if len(b) < leastChallenge {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent[c.n%keptChallenges] = string(b)
	c.n++
}

// has reports whether a challenge is one of ours.
func (c *challenges) has(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(b) > 0 && slices.Contains(c.sent[:], string(b))
}
