// Package frag splits packets over the links of a bundle and puts them
// together again, as RFC 1990 (the PPP Multilink Protocol) says, and RFC 2686
// for packets of several classes.
//
// A [Splitter] is asked by the lines: whenever one has room for more, it gets
// the next piece of the packet that is being sent, cut to its share. So no line
// waits while there is something to send, and numbers are given in the order in
// which lines take the pieces. A [Reassembler] takes fragments in the order in
// which they come and returns whole packets in the order in which they were
// numbered.
//
// Both are state and bytes alone: they start no goroutine, read no clock, and
// once they have seen a few packets they allocate nothing. Time is an argument,
// a deadline a value. Each belongs to one goroutine at a time, the bundle's.
package frag
