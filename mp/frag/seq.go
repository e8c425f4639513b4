package frag

// A Seq is a sequence number of fragments. Such numbers wrap: they are compared
// by the [Numbers] they belong to and never by < and >.
type Seq uint32

// Numbers is a circle of sequence numbers: the greatest of them, all bits set.
type Numbers uint32

// The circles of RFC 1990, section 3.
const (
	LongNumbers  Numbers = 1<<24 - 1
	ShortNumbers Numbers = 1<<12 - 1
)

// Next returns the number after s.
func (n Numbers) Next(s Seq) Seq { return (s + 1) & Seq(n) }

// Add returns the number d steps after s, before it when d is negative.
func (n Numbers) Add(s Seq, d int) Seq { return Seq(uint32(int64(s)+int64(d)) & uint32(n)) }

// Distance returns the number of steps from a to b by the shorter way:
// positive when b comes after a. From the opposite side of the circle it is
// negative.
func (n Numbers) Distance(a, b Seq) int {
	half := uint32(n)>>1 + 1
	return int((uint32(b)-uint32(a)+half)&uint32(n)) - int(half)
}

// Before reports whether a comes before b.
func (n Numbers) Before(a, b Seq) bool { return n.Distance(a, b) > 0 }
