// Package dialtest is a bank of simulated modems: Hayes and cellular modems on
// pseudo-terminals that answer AT commands, call each other by number and carry
// data at a line rate, with a delay, with noise, and with every failure that a
// real line has. It serves the tests of the packages dial and cmd and the demo;
// nothing that is installed imports it.
//
//	bank := dialtest.NewBank(dir)
//	defer bank.Close()
//	a, err := bank.Add(dialtest.ModemConfig{Name: "modemA", Number: "5550001", Rate: 33600})
//	b, err := bank.Add(dialtest.ModemConfig{Name: "modemB", Number: "5551234", Rate: 33600})
//	b.Serve(dialtest.Login{User: "mynam", Password: "xxx", Command: []string{"/usr/sbin/ppp"}})
//	// A program opens a.Path(), says ATDT5551234, and meets a login prompt.
//
// The parts, from the inside out:
//
//   - the AT interpreter (machine) and the telephone exchange (exchange) are
//     plain state: time is an argument, they know no descriptor and start no
//     goroutine, so that their rules are tested in virtual time;
//   - a wire is the arithmetic of one direction of a serial line: when does which
//     byte arrive; a lane is a wire with a goroutine that delivers;
//   - a port is one pseudo-terminal and its flow control;
//   - the [Bank] holds them together. One mutex guards machines and exchange,
//     the bytes of a call pass beside it.
//
// # What a pseudo-terminal does not have
//
// DTR: the last close of the slave counts as DTR going off, the first open as DTR
// going on. The bank keeps a slave descriptor of its own, because without one the
// master reads EIO whenever no program is there, and cannot stop a writer; POLLHUP is
// therefore never seen. Opens and closes are counted by inotify instead, which needs no
// polling and does not miss a close that is followed by an open at once. inotify merges
// equal events that follow each other; each slave is watched both through its directory
// and by itself, so that two equal events never do. The TIOCEXCL of a program that was
// killed ends a moment after it, not with it.
//
// Carrier: the program reads "NO CARRIER". With [ModemConfig].CarrierHangup its tty is
// also hung up, as the kernel does when carrier drops on a tty without CLOCAL. The bank
// closes the master, for which the kernel does what TIOCVHANGUP does and asks for no
// privilege, and the name in the bank's directory points to a new pseudo-terminal.
// Programs must therefore open the name, not what it points to.
//
// RTS/CTS: while its FIFO is full the bank stops the slave's output (TCOOFF). What
// has been written is read at once, so that nothing is lost when the writer goes. A writer
// still gets some 9 to 20 KB into a pseudo-terminal with one write.
package dialtest
