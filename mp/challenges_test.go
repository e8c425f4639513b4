package mp

import "testing"

// TestChallenges: of each link its last challenge is kept, until the link
// accepts no response any more.
func TestChallenges(t *testing.T) {
	var c challenges
	a, b := new(Link), new(Link)
	var id [1]byte
	first, second, other := make([]byte, 16), make([]byte, 16), make([]byte, 16)
	c.fill(a, first)
	c.fill(b, other)
	c.fill(a, second)
	c.fill(a, id[:])
	if c.has(first) || !c.has(second) || !c.has(other) || c.has(id[:]) || c.has(nil) {
		t.Error("want the last ones, and nothing else")
	}
	c.forget(a)
	if c.has(second) || !c.has(other) || len(c.of) != 1 {
		t.Error("want that of the other link alone")
	}
}
