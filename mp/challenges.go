package mp

import (
	"crypto/rand"
	"sync"
)

// Challenges are those that the servers of a nursery's links accept responses
// to: of each link its last. A client answers none of them: a peer that knows no
// secret could have us compute, on this link or another, the response that it
// owes us, also by another protocol, for the responses of EAP and CHAP are the
// same. The links are several loops'.
type challenges struct {
	mu sync.Mutex
	of map[*Link]string
}

const leastChallenge = 8 // octets; identifiers are random as well

// fill makes a challenge for a link, in place of the one before.
func (c *challenges) fill(k *Link, b []byte) {
	rand.Read(b)
	if len(b) < leastChallenge {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[*Link]string{}
	}
	c.of[k] = string(b)
}

// forget says that a link accepts no response any more.
func (c *challenges) forget(k *Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, k)
}

// has reports whether a challenge is one of ours.
func (c *challenges) has(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ours := range c.of {
		if ours == string(b) {
			return true
		}
	}
	return false
}
