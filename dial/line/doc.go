// Package line gives the dialer its lines: ttys with modems or cables behind
// them, commands, TCP connections, and the tty on which a login shell was
// started.
//
// A tty is read and written through a descriptor of our own that never blocks,
// so that deadlines and Close free whoever waits. go.bug.st/serial sets speed,
// parity, DTR and break through a second descriptor; flow control and carrier,
// which it doesn't know, are set by termios(3). A tty is ours when three locks
// say so: the file LCK..NAME of HoneyDanBer UUCP, flock(2), and TIOCEXCL.
//
// # Carrier
//
// While a modem is dialed the line is local (CLOCAL): the carrier does not
// count. Once the call is made [Line.SetLocal] takes CLOCAL away, and the kernel
// hangs the tty up as soon as DCD goes off: reads and writes end with a
// [DownError] at once, for which nobody has to poll. The price is that the
// descriptor is dead; [Line.Hangup] opens the device again, under the same lock,
// to leave the modem idle. Lines without modem lines tell the loss of carrier by
// the text NO CARRIER, or not at all; LCP echo is there for them.
//
// The package stands on the floor above chat and uucp and is used by dial and
// by the program's login shell. A Line may be used by one reader and one writer
// at a time; Close, Name and Caps may be called from any goroutine.
package line
