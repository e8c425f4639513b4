// Package mp speaks PPP over lines and makes them one network interface: the
// link of RFC 1661 from Establish to Terminate, and the bundle of RFC 1990
// that one or several links carry.
//
// A [Link] is born in a [Nursery]: there it negotiates LCP and authenticates,
// without knowing to whom it will belong. Then its owner is asked, by
// [LinkConfig.Admit], and the answer, whenever it comes, sends the link into
// a [Bundle] or away. The bundle owns the network protocols, the interface's
// queue and its packets.
//
// One goroutine, a loop, owns a nursery or a bundle and everything in it. A
// line's reader and writer and the interface's reader carry bytes and do not
// think; everybody else sends a message. No mutex guards protocol state.
// Handlers take the time as an argument, deadlines are values, and the loop
// arms one timer for the earliest.
//
// The package knows nothing of control files, modems or the kernel's routes:
// package run gives it lines that talk and an interface, and listens to its
// events.
package mp
